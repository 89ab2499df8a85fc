//! The ledger: what a load in flight has done already, written in the same transactions.
//!
//! The table lives in the staging dataset, not in the dataset, so that readers and dlt never see it.
//! It holds rows of loads in flight only.

use super::dialect::{Dialect, TableRef};
use super::script::{Param, SqlScript, Statement};
use crate::plan::LoadKey;

/// Name of the ledger's table.
pub const TABLE: &str = "_cartage_ledger";

/// Entry that says that a load is in flight: the first one that it writes, gone once it is complete or
/// another load of the pipeline has taken over.
pub const BEGUN: &str = "begun";

/// Entry of the tables that a refresh drops.
pub const DROP: &str = "drop";
/// Entry of the tables that are emptied before the first job.
pub const TRUNCATE: &str = "truncate";
/// Entry of the columns that get wider types.
pub const WIDEN: &str = "widen";

/// Entry of one job.
pub fn job_entry(job_id: &str) -> String {
    format!("job:{job_id}")
}

/// Entry of the follow-up of one chain.
pub fn follow_up_entry(root: &str) -> String {
    format!("follow-up:{root}")
}

/// Entry that says that a staged table was made for this load.
pub fn staged_entry(staged_table: &str) -> String {
    format!("{STAGED_PREFIX}{staged_table}")
}

/// Start of the entries that [`staged_entry`] makes.
pub const STAGED_PREFIX: &str = "staged:";

/// Creates the ledger where it is not there yet. The key makes a second writer of the same entry fail
/// instead of doubling rows.
pub fn create(dialect: &dyn Dialect, staging_dataset: &str) -> SqlScript {
    let mut script = SqlScript::default();
    script.push(
        "create the dataset for what is in flight",
        format!("CREATE SCHEMA IF NOT EXISTS {}", dialect.dataset(staging_dataset)),
    );
    script.extend(create_table(dialect, staging_dataset).into());
    script
}

/// Creates the table in a staging dataset that is there.
pub fn create_table(dialect: &dyn Dialect, staging_dataset: &str) -> Statement {
    Statement::new(
        "create the ledger of loads in flight",
        format!(
            "CREATE TABLE IF NOT EXISTS {} (pipeline VARCHAR(255) NOT NULL, load_id VARCHAR(64) NOT NULL, \
             entry VARCHAR(1024) NOT NULL, recorded_at TIMESTAMP NOT NULL, PRIMARY KEY (pipeline, load_id, entry))",
            table(dialect, staging_dataset)
        ),
    )
}

/// Writes one entry.
pub fn record(
    dialect: &dyn Dialect,
    staging_dataset: &str,
    load: &LoadKey,
    entry: &str,
    now_micros: i64,
) -> Statement {
    insert(dialect, staging_dataset, load, &[entry], now_micros)
}

/// Writes many entries, with a statement for [`ENTRIES_AT_ONCE`] of them.
pub fn record_all(
    dialect: &dyn Dialect,
    staging_dataset: &str,
    load: &LoadKey,
    entries: &[&str],
    now_micros: i64,
) -> SqlScript {
    let statements = entries
        .chunks(ENTRIES_AT_ONCE)
        .map(|entries| insert(dialect, staging_dataset, load, entries, now_micros))
        .collect();
    SqlScript { statements }
}

/// Entries that one statement writes: it has four parameters for each.
pub const ENTRIES_AT_ONCE: usize = 64;

fn insert(
    dialect: &dyn Dialect,
    staging_dataset: &str,
    load: &LoadKey,
    entries: &[&str],
    now_micros: i64,
) -> Statement {
    let row = |nth: usize| {
        let places: Vec<String> = (1..=4).map(|column| dialect.placeholder(4 * nth + column)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..entries.len()).map(row).collect();
    let params = entries.iter().flat_map(|entry| {
        [
            load.pipeline.as_str().into(),
            load.load_id.as_str().into(),
            (*entry).into(),
            Param::Timestamp(now_micros),
        ]
    });
    Statement::new(
        format!("remember that '{}' is done", entries.join("', '")),
        format!(
            "INSERT INTO {} (pipeline, load_id, entry, recorded_at) VALUES {}",
            table(dialect, staging_dataset),
            rows.join(", ")
        ),
    )
    .with_params(params.collect())
}

/// Asks for all loads in flight: pipeline and load id.
pub fn loads_in_flight(dialect: &dyn Dialect, staging_dataset: &str) -> Statement {
    Statement::new(
        "which loads are in flight",
        format!("SELECT DISTINCT pipeline, load_id FROM {}", table(dialect, staging_dataset)),
    )
}

/// Asks which of some entries a load has; one column, one row an entry that is there.
pub fn among(dialect: &dyn Dialect, staging_dataset: &str, load: &LoadKey, entries: &[&str]) -> Statement {
    let places: Vec<String> = (0..entries.len()).map(|nth| dialect.placeholder(nth + 3)).collect();
    let mut params = vec![load.pipeline.as_str().into(), load.load_id.as_str().into()];
    params.extend(entries.iter().map(|entry| Param::from(*entry)));
    Statement::new(
        format!("whether '{}' is done already", entries.join("', '")),
        format!(
            "SELECT entry FROM {} WHERE pipeline = {} AND load_id = {} AND entry IN ({})",
            table(dialect, staging_dataset),
            dialect.placeholder(1),
            dialect.placeholder(2),
            places.join(", ")
        ),
    )
    .with_params(params)
}

/// Asks for the entries of one load; one column, one row an entry.
pub fn entries(dialect: &dyn Dialect, staging_dataset: &str, load: &LoadKey) -> Statement {
    Statement::new(
        "what this load has done already",
        format!(
            "SELECT entry FROM {} WHERE pipeline = {} AND load_id = {}",
            table(dialect, staging_dataset),
            dialect.placeholder(1),
            dialect.placeholder(2)
        ),
    )
    .with_params(vec![load.pipeline.as_str().into(), load.load_id.as_str().into()])
}

/// Asks for all entries of one pipeline; two columns, load id and entry.
pub fn entries_of_pipeline(dialect: &dyn Dialect, staging_dataset: &str, pipeline: &str) -> Statement {
    Statement::new(
        "what earlier loads of this pipeline left behind",
        format!(
            "SELECT load_id, entry FROM {} WHERE pipeline = {}",
            table(dialect, staging_dataset),
            dialect.placeholder(1)
        ),
    )
    .with_params(vec![pipeline.into()])
}

/// Forgets one load.
pub fn forget(dialect: &dyn Dialect, staging_dataset: &str, load: &LoadKey) -> Statement {
    Statement::new(
        "forget what is recorded for this load",
        format!(
            "DELETE FROM {} WHERE pipeline = {} AND load_id = {}",
            table(dialect, staging_dataset),
            dialect.placeholder(1),
            dialect.placeholder(2)
        ),
    )
    .with_params(vec![load.pipeline.as_str().into(), load.load_id.as_str().into()])
}

fn table(dialect: &dyn Dialect, staging_dataset: &str) -> String {
    dialect.qualified(&TableRef::new(staging_dataset, TABLE))
}
