//! DuckDB's spelling: types, names, emptying a table.
//!
//! The database file is attached as [`CATALOG`], and every name begins with it. DuckDB takes the first of
//! two parts for a database wherever there is one of that name, so that `"raw"."items"` would be ambiguous
//! in `raw.duckdb`, and `"temp"."items"` would be another table.

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::types::{self, Decimals};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_schema::{Column, DataType};

/// The name under which the database file is attached, whatever the file is called.
pub const CATALOG: &str = "cartage";

const INTEGERS: [(u32, &str); 5] =
    [(8, "TINYINT"), (16, "SMALLINT"), (32, "INTEGER"), (64, "BIGINT"), (128, "HUGEINT")];
const DECIMALS: Decimals = Decimals { name: "DECIMAL", digits: 38, scale: 38 };

/// How DuckDB spells types, names and statements.
#[derive(Clone, Copy, Debug, Default)]
pub struct DuckDbDialect;

impl Dialect for DuckDbDialect {
    fn column_type(&self, column: &Column) -> Result<String> {
        Ok(match types::of(column)? {
            DataType::Text => "VARCHAR".to_owned(),
            DataType::Double => "DOUBLE".to_owned(),
            DataType::Bool => "BOOLEAN".to_owned(),
            DataType::Bigint => types::integer("duckdb", column.precision, &INTEGERS)?,
            DataType::Binary => "BLOB".to_owned(),
            DataType::Json => "JSON".to_owned(),
            DataType::Decimal => DECIMALS.of("duckdb", column, 38, 9)?,
            DataType::Wei => DECIMALS.of("duckdb", column, 38, 0)?,
            DataType::Date => "DATE".to_owned(),
            DataType::Time => "TIME".to_owned(),
            DataType::Timestamp if column.has_timezone() => "TIMESTAMP WITH TIME ZONE".to_owned(),
            DataType::Timestamp => naive_timestamp(column.precision)?.to_owned(),
        })
    }

    fn dataset(&self, dataset: &str) -> String {
        format!("{}.{}", self.quote(CATALOG), self.quote(dataset))
    }

    fn fold(&self, name: &str) -> String {
        name.to_lowercase()
    }

    /// `TRUNCATE` is spelt as a delete: DuckDB makes the same of both, and dlt writes this.
    fn empty_table(&self, table: &TableRef) -> String {
        format!("DELETE FROM {} WHERE 1=1", self.qualified(table))
    }

    fn adds_many_columns(&self) -> bool {
        false
    }

    /// An index costs more than looking through the few rows that such a table has.
    fn primary_key(&self, _columns: &[&str]) -> Option<String> {
        None
    }
}

/// DuckDB's dialect for columns that are stored as they are: for rows that are read once and dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uncompressed;

impl Dialect for Uncompressed {
    fn column_type(&self, column: &Column) -> Result<String> {
        Ok(format!("{} USING COMPRESSION uncompressed", DuckDbDialect.column_type(column)?))
    }

    fn dataset(&self, dataset: &str) -> String {
        DuckDbDialect.dataset(dataset)
    }
}

/// A text in a statement, for places that take no parameters: those of `ATTACH`, and of table functions,
/// which need their arguments while the statement is planned.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn naive_timestamp(digits: Option<u32>) -> Result<&'static str> {
    Ok(match digits {
        None | Some(6) => "TIMESTAMP",
        Some(0) => "TIMESTAMP_S",
        Some(3) => "TIMESTAMP_MS",
        Some(9) => "TIMESTAMP_NS",
        Some(digits) => {
            return Err(Error::terminal(format!("duckdb has no timestamp with {digits} fraction digits"))
                .with_remedy("use a precision of 0, 3, 6 or 9"));
        }
    })
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
        DuckDbDialect.column_type(&column).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn types_are_those_that_dlt_creates() {
        let plain = |data_type| type_of(data_type, None, None, None);
        let expected = [
            (DataType::Text, "VARCHAR"),
            (DataType::Double, "DOUBLE"),
            (DataType::Bool, "BOOLEAN"),
            (DataType::Bigint, "BIGINT"),
            (DataType::Decimal, "DECIMAL(38,9)"),
            (DataType::Wei, "DECIMAL(38,0)"),
            (DataType::Timestamp, "TIMESTAMP WITH TIME ZONE"),
            (DataType::Date, "DATE"),
            (DataType::Time, "TIME"),
            (DataType::Binary, "BLOB"),
            (DataType::Json, "JSON"),
        ];
        for (data_type, name) in expected {
            assert_eq!(plain(data_type), name);
        }
        for (bits, name) in
            [(8, "TINYINT"), (16, "SMALLINT"), (32, "INTEGER"), (64, "BIGINT"), (128, "HUGEINT")]
        {
            assert_eq!(type_of(DataType::Bigint, Some(bits), None, None), name);
        }
        for (digits, name) in [(0, "TIMESTAMP_S"), (3, "TIMESTAMP_MS"), (6, "TIMESTAMP"), (9, "TIMESTAMP_NS")]
        {
            assert_eq!(type_of(DataType::Timestamp, Some(digits), None, Some(false)), name);
            assert_eq!(type_of(DataType::Timestamp, Some(digits), None, None), "TIMESTAMP WITH TIME ZONE");
        }
        assert_eq!(type_of(DataType::Decimal, Some(10), Some(2), None), "DECIMAL(10,2)");
        assert_eq!(type_of(DataType::Text, Some(100), None, None), "VARCHAR");
    }

    #[test]
    fn types_that_duckdb_lacks_are_refused() {
        assert!(type_of(DataType::Bigint, Some(256), None, None).contains("256 bits"));
        assert!(type_of(DataType::Decimal, Some(50), Some(2), None).contains("precision 50"));
        assert!(type_of(DataType::Timestamp, Some(4), None, Some(false)).contains("4 fraction digits"));
    }
}
