//! One connection: statements, transactions, and what is in the database.
//!
//! DuckDB's lists (`duckdb_tables()` and the like) go through all catalogs, and the first one parses every built-in
//! view: 14 ms, a seventh of a small run. So a table is asked for by its name wherever its name is known.

use std::sync::Arc;
use std::time::Instant;

use cartage_destinations_api::{Param, Result, Statement};
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_destinations_sql::{Row, SqlSession, SqlValue};
use cartage_schema::Table;
use duckdb::types::{TimeUnit, Value};
use duckdb::{Connection, params_from_iter};

use crate::database::Database;
use crate::error;
use crate::handle::DatabaseHandle;
use crate::schema_sql::{CATALOG, DuckDbDialect, literal};

/// Tables up to which each is asked for the columns that it lacks; beyond, one list of all columns costs less.
const FEW_TABLES: usize = 16;

/// One connection, used by one thread. The file is closed with the last one, unless a load is in flight.
#[derive(Debug)]
pub struct Session<'a> {
    connection: Option<(Connection, Arc<Database>)>,
    handle: &'a DatabaseHandle,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.connection.take();
        self.handle.close_unless_in_flight();
    }
}

impl<'a> Session<'a> {
    pub(crate) fn open(handle: &'a DatabaseHandle, database: Arc<Database>) -> Result<Self> {
        let connection = database.connection()?;
        Ok(Self { connection: Some((connection, database)), handle })
    }

    fn connection(&self) -> &Connection {
        &self.connection.as_ref().expect("it is there until the session ends").0
    }

    fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        let begun = Instant::now();
        self.connection().execute_batch(sql).map_err(|cause| error::statement(purpose, &cause))?;
        tracing::debug!(seconds = begun.elapsed().as_secs_f64(), "{purpose}");
        Ok(())
    }

    /// Whether a table has all of these columns: an appender is refused for others.
    fn has_columns(&self, dataset: &str, table: &str, columns: &[&str]) -> bool {
        self.connection().appender_with_columns_to_catalog_and_db(table, CATALOG, dataset, columns).is_ok()
    }

    /// Names of the columns of a table that is there.
    pub(crate) fn column_names(&self, table: &TableRef) -> Result<Vec<String>> {
        let name = literal(&DuckDbDialect.qualified(table));
        let statement = Statement::new(
            format!("read the columns of {}", table.table),
            format!("SELECT name FROM pragma_table_info({name})"),
        );
        self.query(&statement)?.iter().map(|row| row.text(0)).collect()
    }

    fn all_columns(&self, dataset: &str) -> Result<Existing> {
        let statement = Statement::new(
            "read the columns of the dataset",
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? \
             AND lower(schema_name) = lower(?) ORDER BY table_name, column_index",
        )
        .with_params(vec![CATALOG.into(), dataset.into()]);
        let rows = self.query(&statement)?;
        let columns = rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?)));
        Ok(Existing::of(&DuckDbDialect, &columns.collect::<Result<Vec<_>>>()?))
    }
}

impl SqlSession for Session<'_> {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        let begun = Instant::now();
        let values = statement.params.iter().map(value);
        let changed = self.connection().execute(&statement.sql, params_from_iter(values));
        let rows = changed.map_err(|cause| error::statement(&statement.purpose, &cause))? as u64;
        tracing::debug!(rows, seconds = begun.elapsed().as_secs_f64(), "{}", statement.purpose);
        Ok(rows)
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        let begun = Instant::now();
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let mut prepared = self.connection().prepare(&statement.sql).map_err(failed)?;
        let params = statement.params.iter().map(value);
        let mut answer = prepared.query(params_from_iter(params)).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = answer.next().map_err(failed)? {
            let values = (0..row.as_ref().column_count()).map(|column| Ok(answered(row.get(column)?)));
            rows.push(Row(values.collect::<duckdb::Result<_>>().map_err(failed)?));
        }
        let seconds = begun.elapsed().as_secs_f64();
        tracing::debug!(rows = rows.len(), seconds, "{}", statement.purpose);
        Ok(rows)
    }

    fn begin(&self) -> Result<()> {
        self.control("BEGIN TRANSACTION", "begin a transaction")
    }

    fn commit(&self) -> Result<()> {
        self.control("COMMIT", "commit")
    }

    /// A failed commit has undone the transaction already, so there may be none left to undo.
    fn roll_back(&self) {
        if let Err(cause) = self.connection().execute_batch("ROLLBACK") {
            tracing::debug!(%cause, "nothing to roll back");
        }
    }

    fn create_dataset(&self, dataset: &str) -> Result<()> {
        let create = format!("CREATE SCHEMA IF NOT EXISTS {}", DuckDbDialect.dataset(dataset));
        self.execute(&Statement::new(format!("create dataset {dataset}"), create)).map(drop)
    }

    /// DuckDB refuses to drop a dataset that has something in it.
    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        let drop = format!("DROP SCHEMA IF EXISTS {}", DuckDbDialect.dataset(dataset));
        self.execute(&Statement::new(format!("remove dataset {dataset}"), drop)).map(std::mem::drop)
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        let statement = Statement::new(
            "whether the dataset is there",
            "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND lower(schema_name) = lower(?)",
        );
        self.has_row(&statement.with_params(vec![CATALOG.into(), dataset.into()]))
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let statement = Statement::new(
            "list the tables of the dataset",
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? \
             AND lower(schema_name) = lower(?) ORDER BY table_name",
        );
        let rows = self.query(&statement.with_params(vec![CATALOG.into(), dataset.into()]))?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// An appender looks up just one name, and is dropped without a row. Something of this name that takes no rows,
    /// such as a view, is a terminal error and ends the transaction.
    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        match self.connection().appender_to_catalog_and_db(table, CATALOG, dataset) {
            Ok(_) => Ok(true),
            Err(cause) if error::is_absent(&cause) => Ok(false),
            Err(cause) => Err(error::no_table(dataset, table, &cause)),
        }
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let statement = Statement::new(
            format!("read the columns of {}", table.table),
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? \
             AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) ORDER BY column_index",
        )
        .with_params(vec![
            CATALOG.into(),
            table.dataset.as_str().into(),
            table.table.as_str().into(),
        ]);
        self.query(&statement)?.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// Of a table that lacks no column, the columns that it should have.
    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
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
            existing.insert(&DuckDbDialect, &table.table, self.column_names(&table)?);
        }
        Ok(existing)
    }
}

fn value(param: &Param) -> Value {
    match param {
        Param::Text(text) => Value::Text(text.clone()),
        Param::Int(number) => Value::BigInt(*number),
        Param::Timestamp(micros) => Value::Timestamp(TimeUnit::Microsecond, *micros),
        // `Param` may grow; whatever has no value is null.
        _ => Value::Null,
    }
}

fn answered(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Boolean(value) => SqlValue::Int(value.into()),
        Value::TinyInt(number) => SqlValue::Int(number.into()),
        Value::SmallInt(number) => SqlValue::Int(number.into()),
        Value::Int(number) => SqlValue::Int(number.into()),
        Value::BigInt(number) => SqlValue::Int(number),
        Value::UTinyInt(number) => SqlValue::Int(number.into()),
        Value::USmallInt(number) => SqlValue::Int(number.into()),
        Value::UInt(number) => SqlValue::Int(number.into()),
        Value::Text(text) | Value::Enum(text) => SqlValue::Text(text),
        // Nothing else is asked for; what it says is better than nothing.
        other => SqlValue::Text(format!("{other:?}")),
    }
}
