//! The ledger: what a load in flight is going to do, and which of it is done.
//!
//! The table lives in the staging dataset, not in the dataset, so that readers and dlt never see it.
//! It holds rows of loads in flight only.
//!
//! A load begins by writing a row for each thing that it will do once. The doer turns that row's state from
//! [`EntryState::Planned`] to [`EntryState::Done`] in the same transaction, and continues only if one row was
//! changed. A load that takes over deletes the rows of the other load. Both need the row, so that one of them waits
//! for the other or fails: this counts on no constraint that the database would have to enforce, as many do not.

use cartage_destinations_api::{LoadKey, Param, SqlScript, Statement, ledger::BEGUN};
use cartage_schema::{Column, DataType};
use xxhash_rust::xxh3::xxh3_128;

use super::dialect::{Dialect, TableRef};

/// Name of the ledger's table.
pub const TABLE: &str = "_cartage_ledger";

/// How far a thing is that a load does once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// Not done, as far as other transactions see.
    Planned,
    /// Carried out, in the same transaction as its entry.
    Done,
}

impl EntryState {
    fn number(self) -> i64 {
        match self {
            Self::Planned => 0,
            Self::Done => 1,
        }
    }

    /// Reads the rows of [`entries`].
    pub fn of(number: i64) -> Self {
        if number == 0 { Self::Planned } else { Self::Done }
    }
}

/// Creates the ledger in a staging dataset that is there.
///
/// # Errors
/// Terminal if the dialect lacks one of its types.
pub fn create(dialect: &dyn Dialect, staging: &str) -> cartage_destinations_api::Result<Statement> {
    let text = dialect.column_type(&Column::typed("entry", DataType::Text, false))?;
    let moment = dialect.column_type(&Column::typed("recorded_at", DataType::Timestamp, false))?;
    let key = dialect.primary_key(&["entry_key"]).map(|key| format!(", {key}")).unwrap_or_default();
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {} (entry_key {} NOT NULL, pipeline {} NOT NULL, \
         load_id {} NOT NULL, entry {text} NOT NULL, state SMALLINT NOT NULL, recorded_at {moment} NOT NULL{key}){}",
        table(dialect, staging),
        dialect.short_text(64),
        dialect.short_text(255),
        dialect.short_text(64),
        dialect.table_options()
    );
    Ok(Statement::new("create the ledger of loads in flight", sql))
}

/// Rows that one statement writes: it has six parameters for each.
const ROWS_AT_ONCE: usize = 64;

/// Writes the entries of a load, which must not be there yet.
pub fn plan(
    dialect: &dyn Dialect,
    staging: &str,
    load: &LoadKey,
    entries: &[(&str, EntryState)],
    now_micros: i64,
) -> SqlScript {
    let statements =
        entries.chunks(ROWS_AT_ONCE).map(|rows| insert(dialect, staging, load, rows, now_micros));
    SqlScript { statements: statements.collect() }
}

fn insert(
    dialect: &dyn Dialect,
    staging: &str,
    load: &LoadKey,
    entries: &[(&str, EntryState)],
    now_micros: i64,
) -> Statement {
    let row = |nth: usize| {
        let places: Vec<String> = (1..=6).map(|column| dialect.placeholder(6 * nth + column)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..entries.len()).map(row).collect();
    let params = entries.iter().flat_map(|(entry, state)| {
        [
            Param::Text(key(load, entry)),
            load.pipeline.as_str().into(),
            load.load_id.as_str().into(),
            (*entry).into(),
            Param::Int(state.number()),
            Param::Timestamp(now_micros),
        ]
    });
    let sql = format!(
        "INSERT INTO {} (entry_key, pipeline, load_id, entry, state, recorded_at) VALUES {}",
        table(dialect, staging),
        rows.join(", ")
    );
    Statement::new(format!("write {} entries of the load into the ledger", entries.len()), sql)
        .with_params(params.collect())
}

/// Says that a planned entry is done; changes no row if it is done already, or the load was taken over.
pub fn claim(
    dialect: &dyn Dialect,
    staging: &str,
    load: &LoadKey,
    entry: &str,
    now_micros: i64,
) -> Statement {
    set_done(dialect, staging, load, entry, now_micros, &format!("mark '{entry}' as done"), true)
}

/// Holds the load for the transaction that is open: no other load takes over before its end. Changes no row if
/// one has taken over.
pub fn hold(dialect: &dyn Dialect, staging: &str, load: &LoadKey, now_micros: i64) -> Statement {
    set_done(
        dialect,
        staging,
        load,
        BEGUN,
        now_micros,
        "check that this load is in flight, and lock it",
        false,
    )
}

fn set_done(
    dialect: &dyn Dialect,
    staging: &str,
    load: &LoadKey,
    entry: &str,
    now_micros: i64,
    purpose: &str,
    only_planned: bool,
) -> Statement {
    let planned = if only_planned { " AND state = 0" } else { "" };
    let sql = format!(
        "UPDATE {} SET state = 1, recorded_at = {} WHERE entry_key = {}{planned}",
        table(dialect, staging),
        dialect.placeholder(1),
        dialect.placeholder(2)
    );
    Statement::new(purpose, sql)
        .with_params(vec![Param::Timestamp(now_micros), Param::Text(key(load, entry))])
}

/// Asks for the state of one entry; a row if it is there.
pub fn state(dialect: &dyn Dialect, staging: &str, load: &LoadKey, entry: &str) -> Statement {
    let place = dialect.placeholder(1);
    let sql = format!("SELECT state FROM {} WHERE entry_key = {place}", table(dialect, staging));
    Statement::new(format!("whether '{entry}' is done"), sql).with_params(vec![Param::Text(key(load, entry))])
}

/// Asks for the entries of one load; two columns, entry and state.
pub fn entries(dialect: &dyn Dialect, staging: &str, load: &LoadKey) -> Statement {
    let sql = format!("SELECT entry, state FROM {} WHERE {}", table(dialect, staging), of_load(dialect));
    Statement::new("what this load has done already", sql).with_params(load_params(load))
}

/// Waits until no transaction is open that changes an entry of another load of the pipeline, and keeps new ones away
/// until the end of the one that is open.
pub(crate) fn hold_others(
    dialect: &dyn Dialect,
    staging: &str,
    load: &LoadKey,
    now_micros: i64,
) -> Statement {
    let sql = format!(
        "UPDATE {} SET recorded_at = {} WHERE pipeline = {} AND load_id <> {}",
        table(dialect, staging),
        dialect.placeholder(1),
        dialect.placeholder(2),
        dialect.placeholder(3)
    );
    let mut params = vec![Param::Timestamp(now_micros)];
    params.extend(load_params(load));
    Statement::new("wait for what other loads of this pipeline are about to commit", sql).with_params(params)
}

/// Asks for the entries of all other loads of the pipeline; three columns, load id, entry and state.
pub(crate) fn entries_of_others(dialect: &dyn Dialect, staging: &str, load: &LoadKey) -> Statement {
    let sql = format!(
        "SELECT load_id, entry, state FROM {} WHERE pipeline = {} AND load_id <> {}",
        table(dialect, staging),
        dialect.placeholder(1),
        dialect.placeholder(2)
    );
    Statement::new("what other loads of this pipeline left behind", sql).with_params(load_params(load))
}

/// Asks for all loads in flight: pipeline and load id.
pub fn loads_in_flight(dialect: &dyn Dialect, staging: &str) -> Statement {
    Statement::new(
        "which loads are in flight",
        format!("SELECT DISTINCT pipeline, load_id FROM {}", table(dialect, staging)),
    )
}

/// Asks whether any load is in flight; a row if there is one.
pub fn any(dialect: &dyn Dialect, staging: &str) -> Statement {
    Statement::new(
        "whether loads are in flight",
        format!("SELECT 1 FROM {} LIMIT 1", table(dialect, staging)),
    )
}

/// Deletes the ledger entries of one load.
pub fn forget(dialect: &dyn Dialect, staging: &str, load: &LoadKey) -> Statement {
    let sql = format!("DELETE FROM {} WHERE {}", table(dialect, staging), of_load(dialect));
    Statement::new("forget what is recorded for this load", sql).with_params(load_params(load))
}

/// Drops the table of the ledger.
pub fn drop(dialect: &dyn Dialect, staging: &str) -> Statement {
    Statement::new("remove the empty ledger", format!("DROP TABLE IF EXISTS {}", table(dialect, staging)))
}

fn of_load(dialect: &dyn Dialect) -> String {
    format!("pipeline = {} AND load_id = {}", dialect.placeholder(1), dialect.placeholder(2))
}

fn load_params(load: &LoadKey) -> Vec<Param> {
    vec![load.pipeline.as_str().into(), load.load_id.as_str().into()]
}

/// Entries are longer than what every database can compare fast, so they are found by a hash.
fn key(load: &LoadKey, entry: &str) -> String {
    let text = format!("{}\0{}\0{entry}", load.pipeline, load.load_id);
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

fn table(dialect: &dyn Dialect, staging: &str) -> String {
    dialect.qualified(&TableRef::new(staging, TABLE))
}
