//! Locks of the server: the right to load a pipeline into a dataset, and that to change what a dataset has in common.
//!
//! They belong to one connection, so they end with the process that holds them, whatever happens to that. The ledger
//! keeps rows from being doubled even where a lock is lost; the locks keep two machines from doing the work twice.

use std::sync::{Mutex, PoisonError};

use cartage_destinations_api::{Error, LoadKey, Result, Statement};
use cartage_destinations_sql::SqlValue;
use xxhash_rust::xxh3::xxh3_128;

use crate::client::Session;
use crate::pool::Pool;

/// Seconds that the server may take to notice that the process or connection which holds a lock is gone.
const PATIENCE: u64 = 5;
/// Seconds that others may change tables: as long as it takes.
const FOREVER: u64 = 365 * 24 * 60 * 60;

/// The lock of one destination value, held or not.
#[derive(Debug, Default)]
pub(crate) struct LoadLock {
    held: Mutex<Option<(String, Session)>>,
}

impl LoadLock {
    /// Takes the lock of the load's pipeline, or sees that it is still held.
    ///
    /// # Errors
    /// Locked if another process holds it, naming it.
    pub(crate) fn acquire(&self, pool: &Pool, load: &LoadKey) -> Result<()> {
        let dataset = &pool.config().datasets.dataset;
        let name = name(&["load", &load.pipeline, dataset]);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, session)) = held.take() {
            if known == name && session.answers() {
                *held = Some((known, session));
                return Ok(());
            }
            give(&session, &known);
        }
        let session = pool.connect()?;
        if !take(&session, &name, PATIENCE)? {
            return Err(taken_by(&session, &name, load, dataset));
        }
        *held = Some((name, session));
        Ok(())
    }

    /// Gives the lock up where it is held.
    pub(crate) fn release(&self) {
        if let Some((name, session)) = self.held.lock().unwrap_or_else(PoisonError::into_inner).take() {
            give(&session, &name);
        }
    }
}

impl Drop for LoadLock {
    /// The server takes its time with connections that end.
    fn drop(&mut self) {
        self.release();
    }
}

/// Lets one session at a time change tables of a dataset and its ledger, until [`release_dataset`] or its end.
pub(crate) fn lock_dataset(session: &Session, staging: &str, limit: Option<u64>) -> Result<()> {
    session.set_locked(true);
    if take(session, &name(&["tables", staging]), limit.unwrap_or(FOREVER))? {
        return Ok(());
    }
    Err(Error::transient(format!("others change the tables of {staging}"))
        .with_remedy("raise lock_timeout of the destination, or wait until the other load is prepared"))
}

/// Ends what [`lock_dataset`] has begun.
pub(crate) fn release_dataset(session: &Session, staging: &str) {
    session.set_locked(!give(session, &name(&["tables", staging])));
}

/// Gives a lock up; `false` if it stays until the connection ends.
fn give(session: &Session, name: &str) -> bool {
    let give = Statement::new("give a lock up", "SELECT RELEASE_LOCK(?)").with_params(vec![name.into()]);
    let given = session.query(&give);
    if let Err(error) = &given {
        tracing::debug!(%error, "the lock ends with its connection");
    }
    given.is_ok()
}

fn take(session: &Session, name: &str, seconds: u64) -> Result<bool> {
    let take = Statement::new("take a lock", "SELECT GET_LOCK(?, ?)")
        .with_params(vec![name.into(), cartage_destinations_api::Param::Int(seconds.cast_signed())]);
    let taken = session.query(&take)?;
    Ok(matches!(taken.first().map(|row| row.0.as_slice()), Some([SqlValue::Int(1)])))
}

/// Names of locks have at most 64 characters; what is locked is hashed.
fn name(parts: &[&str]) -> String {
    format!("cartage-{:032x}", xxh3_128(parts.join("\0").as_bytes()))
}

fn taken_by(session: &Session, name: &str, load: &LoadKey, dataset: &str) -> Error {
    let statement = Statement::new(
        "who holds the lock",
        "SELECT CAST(IS_USED_LOCK(?) AS CHAR), (SELECT CONCAT(user, '@', host) FROM information_schema.processlist \
         WHERE id = IS_USED_LOCK(?))",
    )
    .with_params(vec![name.into(), name.into()]);
    let holder = session.query(&statement).and_then(|rows| {
        let Some(row) = rows.first() else { return Ok(String::new()) };
        let (id, user) =
            (row.optional_text(0)?.unwrap_or_default(), row.optional_text(1)?.unwrap_or_default());
        Ok(format!(" (connected as {user}, connection {id} of the server)"))
    });
    let (pipeline, holder) = (&load.pipeline, holder.unwrap_or_default());
    Error::locked(format!("another process{holder} is loading pipeline {pipeline} into dataset {dataset}"))
        .with_remedy("wait until it ends; if its machine is gone, end its connection with KILL at the server")
}
