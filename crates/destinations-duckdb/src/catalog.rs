//! What is in the database: datasets, tables, columns.
//!
//! DuckDB's lists (`duckdb_tables()` and the like) go through all catalogs, and the first one parses every built-in
//! view: 14 ms, a seventh of a small run. So a table is asked for by its name wherever its name is known.

use cartage_destinations_api::Result;
use cartage_destinations_api::sql::ddl::Existing;
use cartage_destinations_api::sql::{Dialect as _, Statement, TableRef};
use cartage_schema::Table;

use crate::client::Session;
use crate::error;
use crate::schema_sql::{CATALOG, DuckDbDialect, literal};

/// Tables up to which each is asked for the columns that it lacks; beyond, one list of all columns costs less.
const FEW_TABLES: usize = 16;

impl Session {
    /// Names of the tables of a dataset, sorted; empty where there is no such dataset.
    pub(crate) fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let statement = Statement::new(
            "list the tables of the dataset",
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? \
             AND lower(schema_name) = lower(?) ORDER BY table_name",
        )
        .with_params(vec![CATALOG.into(), dataset.into()]);
        self.query(&statement, |row| row.get(0))
    }

    pub(crate) fn has_dataset(&self, dataset: &str) -> Result<bool> {
        let statement = Statement::new(
            "whether the dataset is there",
            "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND lower(schema_name) = lower(?)",
        )
        .with_params(vec![CATALOG.into(), dataset.into()]);
        Ok(!self.query(&statement, |_| Ok(()))?.is_empty())
    }

    /// Whether a table is there. An appender looks up just one name, and is given up without a row.
    ///
    /// # Errors
    /// Terminal if something of this name is there that takes no rows, such as a view. That ends a transaction.
    pub(crate) fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        match self.connection.appender_to_catalog_and_db(table, CATALOG, dataset) {
            Ok(_) => Ok(true),
            Err(cause) if error::is_absent(&cause) => Ok(false),
            Err(cause) => Err(error::no_table(dataset, table, &cause)),
        }
    }

    /// Those of `tables` that are there, with their columns; of one that lacks none, those that it should have.
    pub(crate) fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        let mut existing = Existing::default();
        let mut lacking = Vec::new();
        for table in tables {
            if !self.has_table(dataset, &table.name)? {
                continue;
            }
            let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
            if self.has_columns(dataset, &table.name, &columns) {
                existing.insert(&DuckDbDialect, &table.name, columns.into_iter().map(str::to_owned));
            } else {
                lacking.push(TableRef::new(dataset, &table.name));
            }
        }
        if lacking.len() > FEW_TABLES {
            return self.all_columns(dataset);
        }
        for table in lacking {
            existing.insert(&DuckDbDialect, &table.table, self.columns(&table)?);
        }
        Ok(existing)
    }

    /// Whether a table has all of these columns: an appender is refused for others.
    fn has_columns(&self, dataset: &str, table: &str, columns: &[&str]) -> bool {
        self.connection.appender_with_columns_to_catalog_and_db(table, CATALOG, dataset, columns).is_ok()
    }

    /// The columns of a table that is there.
    pub(crate) fn columns(&self, table: &TableRef) -> Result<Vec<String>> {
        let name = literal(&DuckDbDialect.qualified(table));
        let statement = Statement::new(
            format!("read the columns of {}", table.table),
            format!("SELECT name FROM pragma_table_info({name})"),
        );
        self.query(&statement, |row| row.get(0))
    }

    fn all_columns(&self, dataset: &str) -> Result<Existing> {
        let statement = Statement::new(
            "read the columns of the dataset",
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? \
             AND lower(schema_name) = lower(?) ORDER BY table_name, column_index",
        )
        .with_params(vec![CATALOG.into(), dataset.into()]);
        let columns: Vec<(String, String)> = self.query(&statement, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut existing = Existing::default();
        for table in columns.chunk_by(|a, b| a.0 == b.0) {
            let names = table.iter().map(|(_, column)| column.clone());
            existing.insert(&DuckDbDialect, &table[0].0, names);
        }
        Ok(existing)
    }
}
