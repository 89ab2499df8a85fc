//! A session: statements that are requests of their own, and the leases that it holds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::server::ServerSession;
use cartage_destinations_sql::statements::TableRef;
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::{Row, SqlSession};
use cartage_schema::Table;

use crate::catalog::Catalog;
use crate::client::Client;
use crate::dialect::ClickHouseDialect;
use crate::lease::{Lease, LeaseTable};
use crate::statement;

/// Requests to a server, and leases.
pub struct Session {
    client: Client,
    dialect: ClickHouseDialect,
    leases: RefCell<HashMap<String, Lease>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(client: Client, dialect: ClickHouseDialect) -> Self {
        Self { client, dialect, leases: RefCell::default() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn dialect(&self) -> &ClickHouseDialect {
        &self.dialect
    }

    fn catalog(&self) -> Catalog<'_> {
        Catalog { client: &self.client, dialect: &self.dialect }
    }

    /// Runs a statement without parameters.
    pub(crate) fn run_sql(&self, purpose: impl Into<String>, sql: impl Into<String>) -> Result<()> {
        self.execute(&Statement::new(purpose, sql)).map(drop)
    }

    /// Takes a lease, or sees that another session has it.
    fn lease(&self, name: &str) -> Result<bool> {
        let taken = Lease::take(LeaseTable::new(&self.client, &self.dialect, name))?;
        let is_taken = taken.is_some();
        self.leases.borrow_mut().extend(taken.map(|lease| (name.to_owned(), lease)));
        Ok(is_taken)
    }

    fn give_up(&self, name: &str) {
        let lease = self.leases.borrow_mut().remove(name);
        drop(lease);
    }
}

impl SqlSession for Session {
    /// The server does not say how many rows a statement has changed: 0 is returned.
    fn execute(&self, statement: &Statement) -> Result<u64> {
        self.client.run(&statement.purpose, statement::text(statement)).map(|_| 0)
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        let answer = self.client.run(&statement.purpose, statement::text(statement))?;
        statement::rows(&answer).map_err(|error| error.context(&statement.purpose))
    }

    /// There are no transactions: each statement is done when it is answered.
    fn begin(&self) -> Result<()> {
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        Ok(())
    }

    fn roll_back(&self) {}

    fn create_dataset(&self, dataset: &str) -> Result<()> {
        self.catalog().create_dataset(dataset)
    }

    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        self.catalog().drop_empty_dataset(dataset)
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

    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        self.catalog().existing(dataset, tables)
    }

    fn lock_dataset(&self, staging: &str) -> Result<()> {
        let limit =
            self.client.config().server.lock_timeout.map(|cartage_destinations_api::Seconds(limit)| limit);
        let name = format!("tables\0{staging}");
        let mut pauses = crate::lease::Pauses::new(limit);
        while !self.lease(&name)? {
            if !pauses.pause() {
                return Err(Error::transient(format!("other loads are changing the tables of {staging}"))
                    .with_remedy(
                        "raise lock_timeout of the destination, or wait until the other load is prepared",
                    ));
            }
        }
        Ok(())
    }

    fn unlock_dataset(&self, staging: &str) {
        self.give_up(&format!("tables\0{staging}"));
    }
}

impl ServerSession for Session {
    const FREES_LOCKS: &'static str = "wait a minute: the lock ends by itself";

    fn is_clean(&self) -> bool {
        self.leases.borrow().is_empty()
    }

    /// Whether the leases of the session are still its own.
    fn answers(&self) -> bool {
        self.leases.borrow().values().all(Lease::is_held)
    }

    fn try_lock(&self, name: &str, _broke: bool) -> Result<bool> {
        self.lease(name)
    }

    fn unlock(&self, name: &str) {
        self.give_up(name);
    }

    fn holder(&self, name: &str) -> Result<String> {
        LeaseTable::new(&self.client, &self.dialect, name).holder()
    }
}
