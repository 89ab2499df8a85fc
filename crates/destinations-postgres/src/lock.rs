//! The right to load: an advisory lock of the server for each pipeline and dataset.
//!
//! It belongs to one connection, so it ends with the process that holds it, whatever happens to that. The
//! ledger keeps rows from being doubled even where the lock is lost; the lock keeps two machines from
//! doing the work twice.

use std::sync::{Mutex, PoisonError};

use cartage_destinations_api::{Error, LoadKey, Param, Result, Statement};
use cartage_destinations_sql::SqlValue;
use xxhash_rust::xxh3::xxh3_64;

use crate::client::Session;
use crate::pool::Pool;

/// How long a connection of ours that broke may keep its lock.
const PATIENCE: &str = "5s";

/// The lock of one destination value, held or not.
#[derive(Debug, Default)]
pub(crate) struct LoadLock {
    held: Mutex<Option<(i64, Session)>>,
}

impl LoadLock {
    /// Takes the lock of the load's pipeline, or sees that it is still held.
    ///
    /// # Errors
    /// Locked if another process holds it, naming it.
    pub(crate) fn acquire(&self, pool: &Pool, load: &LoadKey) -> Result<()> {
        let key = key(&["load", &load.pipeline, &pool.config().dataset]);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|(known, session)| *known == key && !session.is_closed()) {
            return Ok(());
        }
        // Dropping a connection that holds another lock, or that broke, gives its lock up. The server may take
        // its time to notice.
        let broke = held.take().is_some_and(|(known, _)| known == key);
        let session = pool.connect()?;
        if broke {
            wait_for(&session, key)?;
        }
        let take = Statement::new("take the lock of the pipeline", "SELECT pg_try_advisory_lock($1)")
            .with_params(vec![Param::Int(key)]);
        let taken = session.query(&take)?;
        if !matches!(taken.first().map(|row| row.0.as_slice()), Some([SqlValue::Int(1)])) {
            return Err(taken_by(&session, key, load, &pool.config().dataset));
        }
        *held = Some((key, session));
        Ok(())
    }

    /// Gives the lock up where it is held.
    pub(crate) fn release(&self) {
        if let Some((key, session)) = self.held.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let give = Statement::new("give the lock of the pipeline up", "SELECT pg_advisory_unlock($1)")
                .with_params(vec![Param::Int(key)]);
            if let Err(error) = session.execute(&give) {
                tracing::debug!(%error, "the lock ends with its connection");
            }
        }
    }
}

/// Waits some seconds for a lock that is about to be given up; whether it was is seen afterwards.
fn wait_for(session: &Session, key: i64) -> Result<()> {
    session.control(&format!("SET lock_timeout = '{PATIENCE}'"), "say how long to wait for the lock")?;
    let waiting = session.control(
        &format!("SELECT pg_advisory_lock({key}); SELECT pg_advisory_unlock({key})"),
        "wait for the lock",
    );
    if let Err(error) = waiting {
        tracing::debug!(%error, "the lock is still held");
    }
    session.control("SET lock_timeout = 0", "wait as long as it takes again")
}

/// Lets one transaction at a time change what a dataset has in common: schemas, tables, the ledger's table.
pub(crate) fn of_dataset(staging: &str) -> Statement {
    Statement::new("wait for others that change tables", "SELECT pg_advisory_xact_lock($1)")
        .with_params(vec![Param::Int(key(&["tables", staging]))])
}

/// Advisory locks are numbers; the name of what is locked is hashed.
fn key(parts: &[&str]) -> i64 {
    xxh3_64(format!("cartage\0{}", parts.join("\0")).as_bytes()).cast_signed()
}

fn taken_by(session: &Session, key: i64, load: &LoadKey, dataset: &str) -> Error {
    // The server shows a key of 64 bits in two halves.
    let statement = Statement::new(
        "who holds the lock",
        "SELECT coalesce(host(a.client_addr), 'a socket'), a.pid::text, a.backend_start::text \
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND (l.classid::bigint << 32) | l.objid::bigint = $1 LIMIT 1",
    )
    .with_params(vec![Param::Int(key)]);
    let holder = session.query(&statement).and_then(|rows| {
        let Some(row) = rows.first() else { return Ok(String::new()) };
        let (address, pid, since) = (row.text(0)?, row.text(1)?, row.text(2)?);
        Ok(format!(" (connected from {address} since {since}, server process {pid})"))
    });
    let holder = holder.unwrap_or_default();
    Error::locked(format!(
        "another process{holder} is loading pipeline {} into dataset {dataset}",
        load.pipeline
    ))
    .with_remedy(
        "wait until it ends; if its machine is gone, end the server process with pg_terminate_backend",
    )
}
