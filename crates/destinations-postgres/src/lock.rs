//! Locks of the server: they end with their connection, or with their transaction.

use cartage_destinations_api::{Param, Result, Statement};
use cartage_destinations_sql::server::ServerSession;
use cartage_destinations_sql::{SqlSession as _, SqlValue};
use xxhash_rust::xxh3::xxh3_64;

use crate::client::Session;

/// How long a connection of ours that broke may keep its lock.
const PATIENCE: &str = "5s";

impl ServerSession for Session {
    const FREES_LOCKS: &'static str = "end the server process with pg_terminate_backend";

    fn is_clean(&self) -> bool {
        !self.spoiled().get() && self.answers()
    }

    fn answers(&self) -> bool {
        !self.is_closed()
    }

    fn try_lock(&self, name: &str, broke: bool) -> Result<bool> {
        let key = key(&[name]);
        if broke {
            wait_for(self, key)?;
        }
        let take = Statement::new("take the lock of the pipeline", "SELECT pg_try_advisory_lock($1)")
            .with_params(vec![Param::Int(key)]);
        let taken = self.query(&take)?;
        Ok(matches!(taken.first().map(|row| row.0.as_slice()), Some([SqlValue::Int(1)])))
    }

    fn unlock(&self, name: &str) {
        let give = Statement::new("release the lock of the pipeline", "SELECT pg_advisory_unlock($1)")
            .with_params(vec![Param::Int(key(&[name]))]);
        if let Err(error) = self.execute(&give) {
            tracing::debug!(%error, "the lock ends with its connection");
        }
    }

    fn holder(&self, name: &str) -> Result<String> {
        // The server shows a key of 64 bits in two halves.
        let statement = Statement::new(
            "who holds the lock",
            "SELECT coalesce(host(a.client_addr), 'a socket'), a.pid::text, a.backend_start::text \
             FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
             AND (l.classid::bigint << 32) | l.objid::bigint = $1 LIMIT 1",
        )
        .with_params(vec![Param::Int(key(&[name]))]);
        let rows = self.query(&statement)?;
        let Some(row) = rows.first() else { return Ok(String::new()) };
        let (address, pid, since) = (row.text(0)?, row.text(1)?, row.text(2)?);
        Ok(format!(" (connected from {address} since {since}, server process {pid})"))
    }
}

/// Waits some seconds for a lock that is about to be released; whether it was is seen afterwards.
fn wait_for(session: &Session, key: i64) -> Result<()> {
    session.control(&format!("SET lock_timeout = '{PATIENCE}'"), "set how long to wait for the lock")?;
    let waiting = session.control(
        &format!("SELECT pg_advisory_lock({key}); SELECT pg_advisory_unlock({key})"),
        "wait for the lock",
    );
    if let Err(error) = waiting {
        tracing::debug!(%error, "the lock is still held");
    }
    session.control("SET lock_timeout = 0", "reset how long to wait for locks")
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
