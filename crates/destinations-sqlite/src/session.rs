//! One connection: statements, transactions, and what is in the file.

use std::path::Path;
use std::time::{Duration, Instant};

use cartage_destinations_api::{Error, Param, Result, Statement};
use cartage_destinations_sql::statements::TableRef;
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::{Row, SqlSession, SqlValue};
use cartage_schema::Table;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::error;
use crate::moments::timestamp_text;
use crate::schema_sql::{IN_FLIGHT, SqliteDialect};

/// How long a statement waits for another writer.
const BUSY: Duration = Duration::from_mins(1);

/// One connection, used by one thread.
#[derive(Debug)]
pub struct Session<'a> {
    connection: Connection,
    dialect: &'a SqliteDialect,
}

impl<'a> Session<'a> {
    /// Opens the file, and makes it where it is not there and `may_create`.
    ///
    /// A commit is on the disk when it returns: the package that a load came from is gone a moment later.
    pub(crate) fn open(path: &Path, dialect: &'a SqliteDialect, may_create: bool) -> Result<Self> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, may_create);
        let open = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY)?;
            // Readers and the writer do not wait for each other; dlt sets the same.
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            // As in other programs: rows of the user that refer to replaced ones stay.
            connection.pragma_update(None, "foreign_keys", "OFF")?;
            Ok(connection)
        };
        let connection = open().map_err(|cause| error::open(path, &cause))?;
        Ok(Self { connection, dialect })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The table that readers see.
    pub(crate) fn table_of_dataset(&self, table: &str) -> TableRef {
        TableRef::new(self.dialect.own_dataset(), table)
    }

    fn control(&self, sql: &str, purpose: &str) -> Result<()> {
        let begun = Instant::now();
        self.connection.execute_batch(sql).map_err(|cause| error::statement(purpose, &cause))?;
        tracing::debug!(seconds = begun.elapsed().as_secs_f64(), "{purpose}");
        Ok(())
    }

    /// The names of all tables of the file.
    fn names(&self) -> Result<Vec<String>> {
        let statement = Statement::new(
            "list the tables of the file",
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             ORDER BY name",
        );
        self.query(&statement)?.iter().map(|row| row.text(0)).collect()
    }

    fn name(&self, table: &TableRef) -> String {
        self.dialect.table_name(&table.dataset, &table.table)
    }
}

impl SqlSession for Session<'_> {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        let begun = Instant::now();
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let params = statement.params.iter().map(value).collect::<Result<Vec<_>>>()?;
        let changed = self.connection.execute(&statement.sql, params_from_iter(params)).map_err(failed)?;
        let rows = changed as u64;
        tracing::debug!(rows, seconds = begun.elapsed().as_secs_f64(), "{}", statement.purpose);
        Ok(rows)
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let begun = Instant::now();
        let mut prepared = self.connection.prepare(&statement.sql).map_err(failed)?;
        let columns = prepared.column_count();
        let params = statement.params.iter().map(value).collect::<Result<Vec<_>>>()?;
        let mut answer = prepared.query(params_from_iter(params)).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = answer.next().map_err(failed)? {
            let values = (0..columns).map(|column| Ok(answered(row.get_ref(column)?)));
            rows.push(Row(values.collect::<rusqlite::Result<_>>().map_err(failed)?));
        }
        tracing::debug!(rows = rows.len(), seconds = begun.elapsed().as_secs_f64(), "{}", statement.purpose);
        Ok(rows)
    }

    /// A transaction that reads first and writes later would fail where another one wrote in between, so the right to
    /// write is taken at its beginning.
    fn begin(&self) -> Result<()> {
        self.control("BEGIN IMMEDIATE", "begin a transaction")
    }

    fn commit(&self) -> Result<()> {
        self.control("COMMIT", "commit")
    }

    fn roll_back(&self) {
        // A full disk, say, has ended the transaction already.
        if !self.connection.is_autocommit()
            && let Err(cause) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::debug!(%cause, "the transaction ends with the connection");
        }
    }

    /// The file is the dataset.
    fn create_dataset(&self, _dataset: &str) -> Result<()> {
        Ok(())
    }

    fn drop_empty_dataset(&self, _dataset: &str) -> Result<()> {
        Ok(())
    }

    fn has_dataset(&self, _dataset: &str) -> Result<bool> {
        Ok(true)
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let is_dataset = dataset == self.dialect.own_dataset();
        let named = |name: String| match name.strip_prefix(IN_FLIGHT) {
            None => is_dataset.then_some(name),
            Some(table) => (!is_dataset).then(|| table.to_owned()),
        };
        Ok(self.names()?.into_iter().filter_map(named).collect())
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        let name = self.name(&TableRef::new(dataset, table));
        let statement = Statement::new(
            format!("whether there is a table {table}"),
            "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)",
        );
        self.has_row(&statement.with_params(vec![Param::Text(name)]))
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let statement = Statement::new(
            format!("read the columns of {}", table.table),
            "SELECT name, type FROM pragma_table_info(?, 'main') ORDER BY cid",
        );
        let rows = self.query(&statement.with_params(vec![Param::Text(self.name(table))]))?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        let mut existing = Existing::default();
        for table in tables {
            let columns = self.columns(&TableRef::new(dataset, &table.name))?;
            if !columns.is_empty() {
                existing.insert(self.dialect, &table.name, columns.into_iter().map(|(name, _)| name));
            }
        }
        Ok(existing)
    }
}

fn value(param: &Param) -> Result<Value> {
    Ok(match param {
        Param::Text(text) => Value::Text(text.clone()),
        Param::Int(number) => Value::Integer(*number),
        Param::Timestamp(micros) => Value::Text(timestamp_text(*micros).ok_or_else(|| {
            Error::terminal(format!(
                "the timestamp {micros} (microseconds since 1970) is not before the year 10000"
            ))
        })?),
        // `Param` may grow; whatever has no value is null.
        _ => Value::Null,
    })
}

fn answered(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Int(number),
        ValueRef::Real(number) => SqlValue::Text(format!("{number:?}")),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            SqlValue::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}
