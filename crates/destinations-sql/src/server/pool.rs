//! The connections of one destination: made when they are needed, kept while they work.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use cartage_destinations_api::{Result, Statement};
use cartage_schema::Table;

use super::{Server, ServerSession};
use crate::engine::SqlSession;
use crate::row::Row;
use crate::statements::TableRef;
use crate::statements::ddl::Existing;

/// Connects, and keeps connections that are idle.
#[derive(Debug)]
pub(crate) struct Pool<S: Server> {
    // Connections end before what serves them.
    idle: Mutex<Vec<S::Session>>,
    server: S,
}

/// A connection of a pool; it goes back there unless it is of no more use.
#[derive(Debug)]
pub struct Pooled<'a, S: Server> {
    pool: &'a Pool<S>,
    /// There until the value is dropped.
    session: Option<S::Session>,
}

impl<S: Server> Pool<S> {
    /// A pool without connections.
    pub(crate) fn new(server: S) -> Self {
        Self { idle: Mutex::new(Vec::new()), server }
    }

    /// The server that the connections lead to.
    pub(crate) fn server(&self) -> &S {
        &self.server
    }

    /// A connection that is not shared.
    ///
    /// # Errors
    /// See [`Server::connect`].
    pub(crate) fn session(&self) -> Result<Pooled<'_, S>> {
        let pop = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let idle = std::iter::from_fn(pop).find(ServerSession::answers);
        let session = idle.map_or_else(|| self.server.connect(), Ok)?;
        Ok(Pooled { pool: self, session: Some(session) })
    }
}

impl<S: Server> Deref for Pooled<'_, S> {
    type Target = S::Session;

    fn deref(&self) -> &S::Session {
        self.session.as_ref().expect("it is there until the value is dropped")
    }
}

impl<S: Server> Drop for Pooled<'_, S> {
    fn drop(&mut self) {
        let clean = self.session.take().filter(ServerSession::is_clean);
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(clean);
    }
}

/// What the connection does; the other methods are made of these.
impl<S: Server> SqlSession for Pooled<'_, S> {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        (**self).execute(statement)
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        (**self).query(statement)
    }

    fn begin(&self) -> Result<()> {
        (**self).begin()
    }

    fn commit(&self) -> Result<()> {
        (**self).commit()
    }

    fn roll_back(&self) {
        (**self).roll_back();
    }

    fn create_dataset(&self, dataset: &str) -> Result<()> {
        (**self).create_dataset(dataset)
    }

    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        (**self).drop_empty_dataset(dataset)
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        (**self).has_dataset(dataset)
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        (**self).tables(dataset)
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        (**self).has_table(dataset, table)
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        (**self).columns(table)
    }

    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        (**self).existing(dataset, tables)
    }

    fn may_create_datasets(&self) -> Result<bool> {
        (**self).may_create_datasets()
    }

    fn lock_dataset(&self, staging: &str) -> Result<()> {
        (**self).lock_dataset(staging)
    }

    fn unlock_dataset(&self, staging: &str) {
        (**self).unlock_dataset(staging);
    }
}
