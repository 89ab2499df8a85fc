//! A connection as a session: statements, transactions, and what is at the server.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_destinations_sql::{InformationSchema, Row, SqlSession};
use cartage_schema::Table;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::client::{Session, params, row, rows};
use crate::error;
use crate::lock;

impl Session {
    fn catalog(&self) -> InformationSchema<'_, Self> {
        InformationSchema::new(self, &self.about().dialect, "column_type")
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
        self.catalog().has_dataset(dataset)
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        self.catalog().tables(dataset)
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        self.catalog().has_table(dataset, table)
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        self.catalog().columns(table)
    }

    fn existing(&self, dataset: &str, _tables: &[&Table]) -> Result<Existing> {
        self.catalog().existing(dataset)
    }

    /// Whether the user may make databases of any name.
    fn may_create_datasets(&self) -> Result<bool> {
        self.has_row(&Statement::new(
            "whether datasets may be created",
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
