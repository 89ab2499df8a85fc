//! SQLite's spelling: types, names, changes of tables.

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::{Dialect, TableRef, types};
use cartage_schema::{Column, DataType};

use crate::moments::timestamp_text;

/// What the names of tables begin with whose rows are in flight.
pub const IN_FLIGHT: &str = "_cartage_in_flight__";

/// Digits of a number that a `REAL` keeps, whatever they are.
pub(crate) const REAL_DIGITS: u32 = 15;

const INTEGERS: [(u32, &str); 3] = [(16, "SMALLINT"), (32, "INTEGER"), (64, "BIGINT")];

/// SQLite's dialect for one dataset and the rows in flight for it.
#[derive(Clone, Debug)]
pub struct SqliteDialect {
    dataset: String,
}

impl SqliteDialect {
    /// The dialect for a dataset; tables of any other one are rows in flight.
    pub fn new(dataset: impl Into<String>) -> Self {
        Self { dataset: dataset.into() }
    }

    /// The dataset whose tables have their own names.
    pub(crate) fn own_dataset(&self) -> &str {
        &self.dataset
    }

    /// The name that a table has in the file.
    pub(crate) fn table_name(&self, dataset: &str, table: &str) -> String {
        if dataset == self.dataset { table.to_owned() } else { format!("{IN_FLIGHT}{table}") }
    }
}

impl Dialect for SqliteDialect {
    /// The types that dlt declares, except where SQLite would make another value of what is stored: it makes floats
    /// of decimals and of JSON numbers unless the name of the type tells it to leave them alone.
    fn column_type(&self, column: &Column) -> Result<String> {
        Ok(match types::of(column)? {
            DataType::Text => text(column),
            DataType::Double => "DOUBLE".to_owned(),
            DataType::Bool => "BOOLEAN".to_owned(),
            DataType::Bigint => types::integer("SQLite", column.precision, &INTEGERS)?,
            DataType::Binary => "BLOB".to_owned(),
            DataType::Json => "JSON_TEXT".to_owned(),
            DataType::Decimal => decimal(column, 38, 9),
            DataType::Wei => decimal(column, 78, 0),
            DataType::Date => "DATE".to_owned(),
            DataType::Time => "TIME".to_owned(),
            DataType::Timestamp => "DATETIME".to_owned(),
        })
    }

    fn dataset(&self, _dataset: &str) -> String {
        self.quote("main")
    }

    fn qualified(&self, table: &TableRef) -> String {
        let name = self.table_name(&table.dataset, &table.table);
        format!("{}.{}", self.dataset(&table.dataset), self.quote(&name))
    }

    /// The letters of ASCII are compared without case, no others.
    fn fold(&self, name: &str) -> String {
        name.to_ascii_lowercase()
    }

    fn create_dataset(&self, _dataset: &str) -> Option<String> {
        None
    }

    fn empty_table(&self, table: &TableRef) -> String {
        format!("DELETE FROM {}", self.qualified(table))
    }

    fn set_not_null(&self, _table: &TableRef, _column: &Column) -> Result<Option<String>> {
        Ok(None)
    }

    fn set_type(&self, _table: &TableRef, column: &Column) -> Result<String> {
        Err(Error::terminal(format!("SQLite cannot change the type of {}", column.name)))
    }

    fn swap_tables(&self, staged: &TableRef, target: &TableRef) -> Vec<String> {
        let name = self.table_name(&target.dataset, &target.table);
        vec![
            format!("DROP TABLE IF EXISTS {}", self.qualified(target)),
            format!("ALTER TABLE {} RENAME TO {}", self.qualified(staged), self.quote(&name)),
        ]
    }

    fn rename_table(&self, from: &TableRef, to: &TableRef) -> String {
        let name = self.table_name(&to.dataset, &to.table);
        format!("ALTER TABLE {} RENAME TO {}", self.qualified(from), self.quote(&name))
    }

    /// SQLite goes through all rows for each row that a condition asks for, but looks a list up.
    fn looks_in_lists(&self) -> bool {
        true
    }

    fn adds_many_columns(&self) -> bool {
        false
    }

    /// A float has as many digits as it takes to read it back, and bytes are hexadecimal.
    fn as_text(&self, column: &str) -> String {
        let name = self.quote(column);
        format!(
            "CASE typeof({name}) WHEN 'blob' THEN hex({name}) WHEN 'real' THEN \
             CASE WHEN CAST(format('%!.15g', {name}) AS REAL) = {name} THEN format('%!.15g', {name}) \
             ELSE format('%!.17g', {name}) END ELSE CAST({name} AS TEXT) END"
        )
    }

    fn timestamp_literal(&self, micros: i64) -> String {
        // Moments that a timestamp cannot have are refused before, and compare with none.
        format!("'{}'", timestamp_text(micros).unwrap_or_default())
    }
}

fn text(column: &Column) -> String {
    match column.precision {
        Some(length) => format!("VARCHAR({length})"),
        None if column.unique == Some(true) => "VARCHAR(128)".to_owned(),
        None => "TEXT".to_owned(),
    }
}

/// Numbers of few digits as dlt declares them. SQLite would round longer ones in such a column; `BLOB` in the name of
/// the type says that values stay what they are.
fn decimal(column: &Column, precision: u32, scale: u32) -> String {
    let precision = column.precision.unwrap_or(precision);
    let scale = column.scale.unwrap_or(scale);
    let name = if precision <= REAL_DIGITS { "NUMERIC" } else { "NUMERIC_BLOB" };
    format!("{name}({precision}, {scale})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(column: &Column) -> String {
        SqliteDialect::new("raw").column_type(column).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn types_are_those_that_dlt_declares_or_keep_what_those_would_round() {
        let expected = [
            (DataType::Text, "TEXT"),
            (DataType::Double, "DOUBLE"),
            (DataType::Bool, "BOOLEAN"),
            (DataType::Bigint, "BIGINT"),
            (DataType::Decimal, "NUMERIC_BLOB(38, 9)"),
            (DataType::Wei, "NUMERIC_BLOB(78, 0)"),
            (DataType::Timestamp, "DATETIME"),
            (DataType::Date, "DATE"),
            (DataType::Time, "TIME"),
            (DataType::Binary, "BLOB"),
            (DataType::Json, "JSON_TEXT"),
        ];
        for (data_type, name) in expected {
            assert_eq!(type_of(&Column::typed("c", data_type, true)), name);
        }
        let sized = |data_type, precision, scale| {
            type_of(&Column { precision: Some(precision), scale, ..Column::typed("c", data_type, true) })
        };
        assert_eq!(sized(DataType::Decimal, 10, Some(2)), "NUMERIC(10, 2)");
        assert_eq!(sized(DataType::Text, 10, None), "VARCHAR(10)");
        assert_eq!(sized(DataType::Bigint, 16, None), "SMALLINT");
        assert!(sized(DataType::Bigint, 128, None).contains("128 bits"));
        let id = Column { unique: Some(true), ..Column::typed("_dlt_id", DataType::Text, false) };
        assert_eq!(type_of(&id), "VARCHAR(128)");
    }

    #[test]
    fn tables_in_flight_are_beside_those_of_the_dataset() {
        let dialect = SqliteDialect::new("raw");
        assert_eq!(dialect.qualified(&TableRef::new("raw", "items")), r#""main"."items""#);
        assert_eq!(
            dialect.qualified(&TableRef::new("raw_staging", "items")),
            r#""main"."_cartage_in_flight__items""#
        );
    }
}
