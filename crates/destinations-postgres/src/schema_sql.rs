//! PostgreSQL's spelling: types, and names of at most 63 bytes.

use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::Dialect;
use cartage_destinations_sql::statements::types::{self, Decimals};
use cartage_schema::{Column, DataType};

const INTEGERS: [(u32, &str); 3] = [(16, "smallint"), (32, "integer"), (64, "bigint")];
const DECIMALS: Decimals = Decimals { name: "numeric", digits: 1000, scale: 1000 };

/// How PostgreSQL spells types, names and statements.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresDialect;

impl Dialect for PostgresDialect {
    fn column_type(&self, column: &Column) -> Result<String> {
        let fraction = || types::fraction("postgres", column.precision);
        Ok(match types::of(column)? {
            DataType::Text => sized("varchar", column.precision, ""),
            DataType::Double => "double precision".to_owned(),
            DataType::Bool => "boolean".to_owned(),
            DataType::Bigint => types::integer("postgres", column.precision, &INTEGERS)?,
            DataType::Binary => "bytea".to_owned(),
            DataType::Json => "jsonb".to_owned(),
            DataType::Decimal => DECIMALS.of("postgres", column, 38, 9)?,
            DataType::Wei => DECIMALS.of("postgres", column, 156, 78)?,
            DataType::Date => "date".to_owned(),
            DataType::Time => sized("time", fraction()?, " without time zone"),
            DataType::Timestamp => {
                let zone = if column.has_timezone() { " with time zone" } else { " without time zone" };
                sized("timestamp", fraction()?, zone)
            }
        })
    }

    fn placeholder(&self, number: usize) -> String {
        format!("${number}")
    }

    /// The server cuts off the rest without an error.
    fn longest_name(&self) -> Option<usize> {
        Some(63)
    }
}

fn sized(name: &str, size: Option<u32>, rest: &str) -> String {
    match size {
        Some(size) => format!("{name}({size}){rest}"),
        None => format!("{name}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(
        data_type: DataType,
        precision: Option<u32>,
        scale: Option<u32>,
        timezone: Option<bool>,
    ) -> String {
        let column = Column { precision, scale, timezone, ..Column::typed("c", data_type, true) };
        PostgresDialect.column_type(&column).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn types_are_those_that_dlt_creates() {
        let plain = |data_type| type_of(data_type, None, None, None);
        let expected = [
            (DataType::Text, "varchar"),
            (DataType::Double, "double precision"),
            (DataType::Bool, "boolean"),
            (DataType::Bigint, "bigint"),
            (DataType::Decimal, "numeric(38,9)"),
            (DataType::Wei, "numeric(156,78)"),
            (DataType::Timestamp, "timestamp with time zone"),
            (DataType::Date, "date"),
            (DataType::Time, "time without time zone"),
            (DataType::Binary, "bytea"),
            (DataType::Json, "jsonb"),
        ];
        for (data_type, name) in expected {
            assert_eq!(plain(data_type), name);
        }
        for (bits, name) in [(8, "smallint"), (16, "smallint"), (32, "integer"), (64, "bigint")] {
            assert_eq!(type_of(DataType::Bigint, Some(bits), None, None), name);
        }
        assert_eq!(type_of(DataType::Text, Some(100), None, None), "varchar(100)");
        assert_eq!(type_of(DataType::Decimal, Some(10), Some(2), None), "numeric(10,2)");
        assert_eq!(type_of(DataType::Time, Some(3), None, None), "time(3) without time zone");
        assert_eq!(type_of(DataType::Timestamp, Some(3), None, None), "timestamp(3) with time zone");
        assert_eq!(type_of(DataType::Timestamp, None, None, Some(false)), "timestamp without time zone");
        assert_eq!(
            type_of(DataType::Timestamp, Some(0), None, Some(false)),
            "timestamp(0) without time zone"
        );
    }

    #[test]
    fn types_that_postgres_lacks_are_refused() {
        assert!(type_of(DataType::Bigint, Some(128), None, None).contains("128 bits"));
        assert!(type_of(DataType::Decimal, Some(2000), Some(2), None).contains("precision 2000"));
        assert!(type_of(DataType::Timestamp, Some(9), None, None).contains("9 fraction digits"));
    }
}
