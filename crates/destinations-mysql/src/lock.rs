//! Locks of the server, which end with their connection.

use cartage_destinations_api::{Error, Param, Result, Statement};
use cartage_destinations_sql::server::ServerSession;
use cartage_destinations_sql::{SqlSession as _, SqlValue};
use mysql_async::prelude::Queryable;
use xxhash_rust::xxh3::xxh3_128;

use crate::client::Session;

/// Seconds that the server may take to notice that the process or connection which holds a lock is gone.
const PATIENCE: u64 = 5;
/// Seconds that others may change tables: as long as it takes.
const FOREVER: u64 = 365 * 24 * 60 * 60;

impl ServerSession for Session {
    const FREES_LOCKS: &'static str = "end its connection with KILL at the server";

    fn is_clean(&self) -> bool {
        !self.is_spoiled()
    }

    fn answers(&self) -> bool {
        self.with(|conn| self.runtime().block_on(conn.ping())).is_ok()
    }

    /// Waits in any case: the server may not have noticed yet that another process is gone.
    fn try_lock(&self, name: &str, _broke: bool) -> Result<bool> {
        take(self, &hashed(name), PATIENCE)
    }

    fn unlock(&self, name: &str) {
        give(self, &hashed(name));
    }

    fn holder(&self, name: &str) -> Result<String> {
        let statement = Statement::new(
            "who holds the lock",
            "SELECT CAST(id AS CHAR), CONCAT(user, '@', host) FROM information_schema.processlist \
             WHERE id = IS_USED_LOCK(?)",
        )
        .with_params(vec![hashed(name).as_str().into()]);
        let rows = self.query(&statement)?;
        let Some(row) = rows.first() else { return Ok(String::new()) };
        Ok(format!(" (connected as {}, connection {} of the server)", row.text(1)?, row.text(0)?))
    }
}

/// Lets one session at a time change tables of a dataset and its ledger, until [`release_dataset`] or its end.
pub(crate) fn lock_dataset(session: &Session, staging: &str, limit: Option<u64>) -> Result<()> {
    session.locked.set(true);
    if take(session, &hashed(&format!("tables\0{staging}")), limit.unwrap_or(FOREVER))? {
        return Ok(());
    }
    Err(Error::transient(format!("other loads are changing the tables of {staging}"))
        .with_remedy("raise lock_timeout of the destination, or wait until the other load is prepared"))
}

/// Ends what [`lock_dataset`] has begun.
pub(crate) fn release_dataset(session: &Session, staging: &str) {
    session.locked.set(!give(session, &hashed(&format!("tables\0{staging}"))));
}

/// Gives a lock up; `false` if it stays until the connection ends.
fn give(session: &Session, name: &str) -> bool {
    let give = Statement::new("release a lock", "SELECT RELEASE_LOCK(?)").with_params(vec![name.into()]);
    let given = session.query(&give);
    if let Err(error) = &given {
        tracing::debug!(%error, "the lock ends with its connection");
    }
    given.is_ok()
}

fn take(session: &Session, name: &str, seconds: u64) -> Result<bool> {
    let take = Statement::new("take a lock", "SELECT GET_LOCK(?, ?)")
        .with_params(vec![name.into(), Param::Int(seconds.cast_signed())]);
    let taken = session.query(&take)?;
    Ok(matches!(taken.first().map(|row| row.0.as_slice()), Some([SqlValue::Int(1)])))
}

/// Names of locks have at most 64 characters; what is locked is hashed.
fn hashed(name: &str) -> String {
    format!("cartage-{:032x}", xxh3_128(name.as_bytes()))
}
