//! A connection as a session: statements, transactions, and what is in the database.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_destinations_sql::{Row, SqlSession};
use cartage_schema::Table;

use tokio_postgres::types::ToSql;

use crate::client::{Session, value};
use crate::error;
use crate::lock;
use crate::params::Bound;
use crate::schema_sql::PostgresDialect;

impl SqlSession for Session {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        self.runtime()
            .block_on(self.client().execute(&statement.sql, &params))
            .map_err(|cause| error::statement(&statement.purpose, &cause))
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        let failed = |cause| error::statement(&statement.purpose, &cause);
        let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        let rows = self.runtime().block_on(self.client().query(&statement.sql, &params)).map_err(failed)?;
        let values = |row: &tokio_postgres::Row| {
            (0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>().map(Row)
        };
        rows.iter().map(values).collect::<Result<_, _>>().map_err(failed)
    }

    /// Begins a transaction. Until its end is known the connection is not reused, even if the caller panics.
    fn begin(&self) -> Result<()> {
        self.control("BEGIN", "begin a transaction")?;
        self.spoiled().set(true);
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        self.control("COMMIT", "commit")?;
        self.spoiled().set(false);
        Ok(())
    }

    fn roll_back(&self) {
        self.spoiled().set(self.control("ROLLBACK", "undo the transaction").is_err());
    }

    /// Even `IF NOT EXISTS` needs the right to make one, so it is looked for.
    fn create_dataset(&self, dataset: &str) -> Result<()> {
        if self.has_dataset(dataset)? {
            return Ok(());
        }
        let create = format!("CREATE SCHEMA {}", PostgresDialect.dataset(dataset));
        self.execute(&Statement::new(format!("create dataset {dataset}"), create)).map(drop)
    }

    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        if !self.has_dataset(dataset)? || !self.tables(dataset)?.is_empty() {
            return Ok(());
        }
        let drop = format!("DROP SCHEMA {}", PostgresDialect.dataset(dataset));
        self.execute(&Statement::new(format!("remove dataset {dataset}"), drop)).map(std::mem::drop)
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        let statement = Statement::new(
            format!("whether there is a dataset {dataset}"),
            "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
        );
        self.has_row(&statement.with_params(vec![dataset.into()]))
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let statement = Statement::new(
            "list the tables of the dataset",
            "SELECT c.relname::text FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1",
        );
        self.query(&statement.with_params(vec![dataset.into()]))?.iter().map(|row| row.text(0)).collect()
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        let statement = Statement::new(
            format!("whether there is a table {table}"),
            "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
        );
        self.has_row(&statement.with_params(vec![dataset.into(), table.into()]))
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let statement = Statement::new(
            format!("read the columns of {}", table.table),
            "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) \
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') \
             AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        )
        .with_params(vec![table.dataset.as_str().into(), table.table.as_str().into()]);
        self.query(&statement)?.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// One question for all tables of the dataset.
    fn existing(&self, dataset: &str, _tables: &[&Table]) -> Result<Existing> {
        let statement = Statement::new(
            "read the columns of the dataset",
            "SELECT c.relname::text, a.attname::text FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
             ORDER BY c.relname, a.attnum",
        );
        let rows = self.query(&statement.with_params(vec![dataset.into()]))?;
        let columns = rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?)));
        Ok(Existing::of(&PostgresDialect, &columns.collect::<Result<Vec<_>>>()?))
    }

    fn may_create_datasets(&self) -> Result<bool> {
        self.has_row(&Statement::new(
            "whether datasets may be created",
            "SELECT 1 WHERE has_database_privilege(current_database(), 'CREATE')",
        ))
    }

    fn lock_dataset(&self, staging: &str) -> Result<()> {
        self.execute(&lock::of_dataset(staging)).map(drop)
    }
}
