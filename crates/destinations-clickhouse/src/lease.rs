//! Locks: tables that one session makes and nobody else can make as long as they are there.
//!
//! ClickHouse has no locks that end with a connection. So who holds one says so again and again; when that stops for a
//! minute, or its process is gone from the same machine, another one may take the lock away. The statements that the other
//! process has sent are ended first, so that none of them is done behind the back of the new holder.

use std::cell::Cell;
use std::fs;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::Row;
use cartage_destinations_sql::statements::Dialect as _;
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::client::Client;
use crate::dialect::ClickHouseDialect;
use crate::statement;

/// A holder that says nothing for that long is gone.
const LEASE: Duration = Duration::from_mins(1);
/// How often a holder says that it is there.
const BEAT: Duration = Duration::from_secs(10);
const TABLE_EXISTS: i32 = 57;
const NO_TABLE: i32 = 60;

/// The table of one lock.
#[derive(Clone, Debug)]
pub(crate) struct LeaseTable {
    client: Client,
    /// With the database, quoted.
    table: String,
    /// As the system tables have it.
    name: String,
    /// What follows its columns.
    options: &'static str,
    /// The same under which it is taken away from a holder that is gone.
    taken: String,
    taken_name: String,
}

/// Who holds a lock.
struct Holder {
    /// The id of the lease.
    lease: String,
    /// Since when nothing was heard of it.
    silence: Duration,
}

impl LeaseTable {
    pub(crate) fn new(client: &Client, dialect: &ClickHouseDialect, name: &str) -> Self {
        let name = format!("_cartage_lock_{:032x}", xxh3_128(name.as_bytes()));
        let taken = format!("{name}_{}", Uuid::new_v4().simple());
        Self {
            client: client.clone(),
            table: dialect.in_database(&name),
            taken: dialect.in_database(&taken),
            taken_name: taken,
            options: dialect.table_options(),
            name,
        }
    }

    /// Makes the table; `false` if it already exists.
    fn make(&self, lease: &str) -> Result<bool> {
        let sql = format!(
            "CREATE TABLE {} (`lease` String, `beat` DateTime64(3, 'UTC')){} COMMENT {lease} \
             AS SELECT {lease} AS `lease`, now64(3, 'UTC') AS `beat`",
            self.table,
            self.options,
            lease = statement::literal(lease)
        );
        self.client.run_unless("take a lock", sql, TABLE_EXISTS)
    }

    fn query(&self, purpose: &str, sql: String) -> Result<Vec<Row>> {
        statement::rows(&self.client.run(purpose, statement::text(&Statement::new(purpose, sql)))?)
    }

    /// The id of the lease that a table of the database stands for.
    fn lease_of(&self, name: &str) -> Result<Option<String>> {
        let database = statement::literal(&self.client.config().login.database);
        let rows = self.query(
            "who holds the lock",
            format!(
                "SELECT comment FROM system.tables WHERE database = {database} AND name = {}",
                statement::literal(name)
            ),
        )?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    fn read(&self) -> Result<Option<Holder>> {
        let Some(lease) = self.lease_of(&self.name)? else { return Ok(None) };
        let last = self.query(
            "when its holder was there",
            format!(
                "SELECT ifNull(dateDiff('second', maxOrNull(beat), now64(3, 'UTC')), 0) FROM {} WHERE lease = {}",
                self.table,
                statement::literal(&lease)
            ),
        );
        // It may be gone by now.
        let silence = last.ok().and_then(|rows| rows.first().and_then(|row| row.int(0).ok()));
        let silence = Duration::from_secs(silence.unwrap_or(0).max(0).unsigned_abs());
        Ok(Some(Holder { lease, silence }))
    }

    /// Takes the lock away from a holder that is gone; `false` if there is none such.
    fn take_away(&self) -> Result<bool> {
        let Some(holder) = self.read()? else { return Ok(true) };
        let owner = holder.lease.rsplit_once('-').map_or("", |(owner, _)| owner).to_owned();
        if !is_gone(&owner) && holder.silence < LEASE {
            return Ok(false);
        }
        // Before, so that it is done again where it fails; and behind, since nothing keeps others from sending until then.
        self.client.end_statements_of(&owner)?;
        let rename = |from: &str, to: &str| format!("RENAME TABLE {from} TO {to}");
        if !self.client.run_unless("take a lock away", rename(&self.table, &self.taken), NO_TABLE)? {
            return Ok(false);
        }
        if self.lease_of(&self.taken_name)?.is_some_and(|taken| taken != holder.lease) {
            // Another session took it away before, and has made its own by now.
            self.client.run("give a lock back", rename(&self.taken, &self.table))?;
            return Ok(false);
        }
        tracing::debug!(owner, "a lock is taken away from a process that is gone");
        self.client.end_statements_of(&owner)?;
        self.client.run("remove a lock", format!("DROP TABLE IF EXISTS {}", self.taken))?;
        Ok(true)
    }

    /// Who holds the lock, in words for people; empty where that is not known.
    pub(crate) fn holder(&self) -> Result<String> {
        let Some(holder) = self.read()? else { return Ok(String::new()) };
        let mut parts = holder.lease.rsplit('-');
        let process = parts.nth(2).unwrap_or_default().to_owned();
        Ok(format!(" (process {process}, last heard of {} seconds ago)", holder.silence.as_secs()))
    }

    fn beat(&self, lease: &str) -> Result<()> {
        let sql = format!("INSERT INTO {} SELECT {}, now64(3, 'UTC')", self.table, statement::literal(lease));
        self.client.run_quickly("keep a lock", sql)
    }
}

/// A lock that is held until the value is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    table: LeaseTable,
    id: String,
    taken: Instant,
    /// Whether another session was seen to hold the lock.
    is_lost: Cell<bool>,
    /// Ends the thread when it is dropped.
    ends: Option<Sender<()>>,
    beats: Option<JoinHandle<()>>,
}

impl Lease {
    /// Takes the lock unless another session holds it.
    pub(crate) fn take(table: LeaseTable) -> Result<Option<Self>> {
        let id = format!("{}-{}", process(), &Uuid::new_v4().simple().to_string()[..8]);
        let is_made = match table.make(&id) {
            Ok(is_made) => is_made || (table.take_away()? && table.make(&id)?),
            // The answer may be lost, and the lock taken.
            Err(_) if matches!(table.lease_of(&table.name), Ok(Some(lease)) if lease == id) => true,
            Err(error) => return Err(error),
        };
        if !is_made {
            return Ok(None);
        }
        let (ends, ended) = channel::<()>();
        let (of_thread, lease) = (table.clone(), id.clone());
        let beats = std::thread::Builder::new().name("clickhouse-lock".to_owned()).spawn(move || {
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = of_thread.beat(&lease) {
                    tracing::debug!(%error, "a lock could not be kept");
                }
            }
        });
        let beats = beats.map_err(|cause| {
            Error::transient("cannot start a thread that keeps a lock").with_source(cause)
        })?;
        let (taken, is_lost) = (Instant::now(), Cell::new(false));
        Ok(Some(Self { table, id, taken, is_lost, ends: Some(ends), beats: Some(beats) }))
    }

    /// Whether the lock was not taken away.
    pub(crate) fn is_held(&self) -> bool {
        match self.table.read() {
            Ok(Some(holder)) if holder.lease == self.id => true,
            Ok(_) => {
                self.is_lost.set(true);
                false
            }
            Err(_) => false,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(beats) = self.beats.take() {
            // It ends by itself; a panic of it has been reported.
            let _ = beats.join();
        }
        if self.is_lost.get() || (self.taken.elapsed() > LEASE && !self.is_held()) {
            return;
        }
        if let Err(error) =
            self.table.client.run("release a lock", format!("DROP TABLE IF EXISTS {}", self.table.table))
        {
            tracing::debug!(%error, "the lock ends by itself");
        }
    }
}

/// Ever longer pauses until a limit is reached, where there is one.
pub(crate) struct Pauses {
    next: Duration,
    deadline: Option<Instant>,
}

impl Pauses {
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self { next: Duration::from_millis(20), deadline: limit.map(|limit| Instant::now() + limit) }
    }

    /// Waits; `false` once the limit is reached.
    pub(crate) fn pause(&mut self) -> bool {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return false;
        }
        std::thread::sleep(self.next);
        self.next = (self.next * 2).min(Duration::from_secs(1));
        true
    }
}

/// What tells this process from all others: machine, number and beginning.
pub(crate) fn process() -> String {
    let number = std::process::id();
    format!("cartage-{}-{number}-{}", machine(), began(number).unwrap_or(0))
}

/// The machine as long as it is not started anew; containers with processes of their own are machines of their own.
fn machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let processes = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if boot.is_empty() {
        // Nothing is known, so that nothing can be said about processes.
        return "unknown".to_owned();
    }
    format!("{:016x}", xxh3_64(format!("{boot}\0{}", processes.display()).as_bytes()))
}

/// When a process of this machine began, in ticks of its clock; `None` if there is none of this number.
fn began(process: u32) -> Option<u64> {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything.
    let (_, rest) = state.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Whether a process of this machine has ended.
fn is_gone(owner: &str) -> bool {
    let parts: Vec<&str> = owner.split('-').collect();
    let [_, of_machine, number, beginning] = parts.as_slice() else { return false };
    let here = machine();
    here != "unknown"
        && *of_machine == here
        && number
            .parse()
            .is_ok_and(|number| began(number).map(|began| began.to_string()) != Some((*beginning).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_processes_of_this_machine_are_known_to_be_gone() {
        let own = process();
        assert!(!is_gone(&own), "{own}");
        let (rest, _) = own.rsplit_once('-').unwrap();
        assert!(is_gone(&format!("{rest}-1")), "a process of the same number that began at another time");
        assert!(!is_gone("cartage-0000000000000000-1-1") && !is_gone("cartage") && !is_gone(""));
    }
}
