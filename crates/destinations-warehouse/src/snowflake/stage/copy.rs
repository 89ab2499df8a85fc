//! `COPY INTO` with a cast for each column.

use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::{Column, DataType, Table};

use crate::snowflake::dialect::SnowflakeDialect;

/// A file on a stage.
#[derive(Debug)]
pub(super) struct Source {
    /// As the statement names it, with the sign of a stage before it.
    pub(super) place: String,
    /// Whether it goes when it is loaded.
    pub(super) is_ours: bool,
}

/// One file into one table.
#[derive(Debug)]
pub(super) struct Copy<'a> {
    pub(super) dialect: &'a SnowflakeDialect,
    pub(super) target: &'a TableRef,
    pub(super) table: &'a Table,
    /// The columns that the file has; all where that is not known: what it lacks becomes null.
    pub(super) columns: Option<&'a [String]>,
    pub(super) source: &'a Source,
    pub(super) use_vectorized_scanner: bool,
}

impl Copy<'_> {
    /// The statement. Files that were loaded before are loaded again (`FORCE`), since the ledger knows what is to be
    /// done, and the history of the table may know files whose rows were undone.
    pub(super) fn sql(&self) -> Result<String> {
        let is_in_file = |column: &&Column| self.columns.is_none_or(|columns| columns.contains(&column.name));
        let columns: Vec<&Column> = self.table.complete_columns().filter(is_in_file).collect();
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let values = columns.iter().map(|column| self.value(column)).collect::<Result<Vec<_>>>()?;
        let scanner = if self.use_vectorized_scanner { " USE_VECTORIZED_SCANNER = TRUE" } else { "" };
        let purge = if self.source.is_ours { " PURGE = TRUE" } else { "" };
        Ok(format!(
            "COPY INTO {} ({}) FROM (SELECT {} FROM {}) FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE \
             BINARY_AS_TEXT = FALSE{scanner}) ON_ERROR = ABORT_STATEMENT FORCE = TRUE{purge}",
            self.dialect.qualified(self.target),
            self.dialect.column_list(&names),
            values.join(", "),
            self.source.place
        ))
    }

    /// Files have the names of the schema, whatever the table has.
    fn value(&self, column: &Column) -> Result<String> {
        let value = format!("$1:\"{}\"", column.name.replace('"', "\"\""));
        if column.data_type == Some(DataType::Json) {
            return Ok(format!("PARSE_JSON({value}::VARCHAR)"));
        }
        Ok(format!("{value}::{}", self.dialect.column_type(column)?))
    }
}
