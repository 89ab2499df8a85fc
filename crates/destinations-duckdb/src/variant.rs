//! DuckDB's dialect with one thing changed.

use cartage_destinations_api::Result;
use cartage_destinations_api::sql::{Dialect, TableRef};
use cartage_schema::Column;

use crate::schema_sql::DuckDbDialect;

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Known rows are updated in place, so that columns keep their values which the schema does not know.
    UpdatesInPlace,
    /// Columns are stored as they are: for rows that are read once and dropped.
    Uncompressed,
}

impl Dialect for Variant {
    fn column_type(&self, column: &Column) -> Result<String> {
        let plain = DuckDbDialect.column_type(column)?;
        Ok(if *self == Self::Uncompressed {
            format!("{plain} USING COMPRESSION uncompressed")
        } else {
            plain
        })
    }

    fn dataset(&self, dataset: &str) -> String {
        DuckDbDialect.dataset(dataset)
    }

    fn fold(&self, name: &str) -> String {
        DuckDbDialect.fold(name)
    }

    fn empty_table(&self, table: &TableRef) -> String {
        DuckDbDialect.empty_table(table)
    }

    fn adds_columns_together(&self) -> bool {
        DuckDbDialect.adds_columns_together()
    }

    fn updates_by_replacing(&self) -> bool {
        *self != Self::UpdatesInPlace && DuckDbDialect.updates_by_replacing()
    }
}
