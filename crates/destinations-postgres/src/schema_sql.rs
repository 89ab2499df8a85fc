//! PostgreSQL's spelling: types, and names of at most 63 bytes.

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::Dialect;
use cartage_schema::{Column, DataType};

/// PostgreSQL's dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresDialect;

impl Dialect for PostgresDialect {
    fn column_type(&self, column: &Column) -> Result<String> {
        let Some(data_type) = column.data_type else {
            return Err(Error::terminal("the column has no type"));
        };
        Ok(match data_type {
            DataType::Text => sized("varchar", column.precision, ""),
            DataType::Double => "double precision".to_owned(),
            DataType::Bool => "boolean".to_owned(),
            DataType::Bigint => integer(column.precision)?.to_owned(),
            DataType::Binary => "bytea".to_owned(),
            DataType::Json => "jsonb".to_owned(),
            DataType::Decimal => decimal(column, 38, 9)?,
            DataType::Wei => decimal(column, 156, 78)?,
            DataType::Date => "date".to_owned(),
            DataType::Time => sized("time", fraction(column.precision)?, " without time zone"),
            DataType::Timestamp => {
                let zone = if column.has_timezone() { " with time zone" } else { " without time zone" };
                sized("timestamp", fraction(column.precision)?, zone)
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

fn integer(bits: Option<u32>) -> Result<&'static str> {
    Ok(match bits {
        Some(..=16) => "smallint",
        Some(..=32) => "integer",
        None | Some(..=64) => "bigint",
        Some(bits) => {
            return Err(Error::terminal(format!("postgres has no integer of {bits} bits"))
                .with_remedy("use a decimal with a scale of 0"));
        }
    })
}

fn decimal(column: &Column, precision: u32, scale: u32) -> Result<String> {
    let precision = column.precision.unwrap_or(precision);
    let scale = column.scale.unwrap_or(scale);
    if !(1..=1000).contains(&precision) || scale > precision {
        return Err(Error::terminal(format!(
            "postgres has no decimal of precision {precision} and scale {scale}"
        ))
        .with_remedy("use a precision of 1 to 1000 and a scale not larger than it"));
    }
    Ok(format!("numeric({precision},{scale})"))
}

fn fraction(digits: Option<u32>) -> Result<Option<u32>> {
    match digits {
        Some(digits) if digits > 6 => {
            Err(Error::terminal(format!("postgres has no time with {digits} fraction digits"))
                .with_remedy("use a precision of 0 to 6"))
        }
        digits => Ok(digits),
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
