//! A connection as a session: statements, transactions, and what is at the server.
//!
//! The server's own tables compare names without case, so that what they give is compared again here.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_destinations_sql::{Row, SqlSession};
use cartage_schema::Table;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::client::{Session, params, row, rows};
use crate::error;
use crate::lock;

impl Session {
    /// Whether two names of datasets or tables are the same.
    fn is_same(&self, left: &str, right: &str) -> bool {
        let dialect = &self.about().dialect;
        dialect.fold(left) == dialect.fold(right)
    }

    /// Rows whose first column is the name of the dataset; `sql` has one place for it.
    fn of_dataset(&self, dataset: &str, purpose: &str, sql: &str) -> Result<Vec<Row>> {
        let statement = Statement::new(purpose, sql).with_params(vec![dataset.into()]);
        let mut rows = self.query(&statement)?;
        rows.retain(|row| row.text(0).is_ok_and(|found| self.is_same(&found, dataset)));
        Ok(rows)
    }

    /// Table, name and type of each column of a dataset.
    fn all_columns(&self, dataset: &str) -> Result<Vec<(String, String, String)>> {
        let sql = "SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns \
                   WHERE table_schema = ? ORDER BY BINARY table_name, ordinal_position";
        let rows = self.of_dataset(dataset, "read the columns of the dataset", sql)?;
        rows.iter().map(|row| Ok((row.text(1)?, row.text(2)?, row.text(3)?))).collect()
    }
}

impl SqlSession for Session {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        let run = |conn: &mut Conn| {
            if statement.params.is_empty() {
                // Not all statements can be prepared.
                self.runtime().block_on(conn.query_drop(&statement.sql))?;
            } else {
                self.runtime().block_on(conn.exec_drop(&statement.sql, params(statement)))?;
            }
            Ok(conn.affected_rows())
        };
        self.with(run).map_err(|cause| error::statement(&statement.purpose, &cause))
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        let run = |conn: &mut Conn| self.runtime().block_on(rows(conn, statement));
        let rows = self.with(run).map_err(|cause| error::statement(&statement.purpose, &cause))?;
        Ok(rows.into_iter().map(row).collect())
    }

    fn begin(&self) -> Result<()> {
        self.in_transaction.set(true);
        self.control("START TRANSACTION", "begin a transaction")
    }

    fn commit(&self) -> Result<()> {
        self.control("COMMIT", "commit")?;
        self.in_transaction.set(false);
        Ok(())
    }

    /// The connection is not used again: what a transaction has kept for itself in temporary tables is not undone.
    fn roll_back(&self) {
        self.broken.set(true);
        if let Err(error) = self.control("ROLLBACK", "undo the transaction") {
            tracing::debug!(%error, "the transaction ends with its connection");
        }
    }

    /// Even `IF NOT EXISTS` needs the right to make one, so it is looked for.
    fn create_dataset(&self, dataset: &str) -> Result<()> {
        let create = self.about().dialect.create_dataset(dataset);
        match create {
            Some(create) if !self.has_dataset(dataset)? => {
                self.control(&create, &format!("create dataset {dataset}"))
            }
            _ => Ok(()),
        }
    }

    /// The server would remove it with all that is in it, so everything that can be in it is looked for.
    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        let content = "SELECT table_schema FROM information_schema.tables WHERE table_schema = ? UNION ALL \
                       SELECT routine_schema FROM information_schema.routines WHERE routine_schema = ? UNION ALL \
                       SELECT event_schema FROM information_schema.events WHERE event_schema = ? LIMIT 1";
        let content = Statement::new(format!("whether dataset {dataset} is empty"), content)
            .with_params(vec![dataset.into(); 3]);
        if !self.has_dataset(dataset)? || self.has_row(&content)? {
            return Ok(());
        }
        let name = self.about().dialect.dataset(dataset);
        self.control(&format!("DROP DATABASE {name}"), &format!("remove dataset {dataset}"))
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        let sql = "SELECT schema_name FROM information_schema.schemata WHERE schema_name = ?";
        Ok(!self.of_dataset(dataset, "whether the dataset is there", sql)?.is_empty())
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let sql = "SELECT table_schema, table_name FROM information_schema.tables \
                   WHERE table_schema = ? AND table_type = 'BASE TABLE'";
        let rows = self.of_dataset(dataset, "list the tables of the dataset", sql)?;
        let mut tables = rows.iter().map(|row| row.text(1)).collect::<Result<Vec<_>>>()?;
        tables.sort();
        Ok(tables)
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        let sql = "SELECT table_schema, table_name FROM information_schema.tables \
                   WHERE table_schema = ? AND table_name = ? AND table_type = 'BASE TABLE'";
        let statement = Statement::new(format!("whether there is a table {table}"), sql)
            .with_params(vec![dataset.into(), table.into()]);
        let rows = self.query(&statement)?;
        let is_it =
            |row: &Row| Ok(self.is_same(&row.text(0)?, dataset) && self.is_same(&row.text(1)?, table));
        Ok(rows.iter().map(is_it).collect::<Result<Vec<bool>>>()?.contains(&true))
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let mut columns = self.all_columns(&table.dataset)?;
        columns.retain(|(name, ..)| self.is_same(name, &table.table));
        Ok(columns.into_iter().map(|(_, column, type_name)| (column, type_name)).collect())
    }

    /// One question for all tables of the dataset.
    fn existing(&self, dataset: &str, _tables: &[&Table]) -> Result<Existing> {
        let columns = self.all_columns(dataset)?.into_iter().map(|(table, column, _)| (table, column));
        Ok(Existing::of(&self.about().dialect, &columns.collect::<Vec<_>>()))
    }

    /// Whether somebody may make databases of any name.
    fn may_create_datasets(&self) -> Result<bool> {
        self.has_row(&Statement::new(
            "whether datasets may be made",
            "SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'CREATE' \
             AND grantee = CONCAT('''', REPLACE(current_user(), '@', '''@'''), '''')",
        ))
    }

    fn lock_dataset(&self, staging: &str) -> Result<()> {
        lock::lock_dataset(self, staging, self.about().lock_timeout)
    }

    fn unlock_dataset(&self, staging: &str) {
        lock::release_dataset(self, staging);
    }
}
