//! What a dataset in memory holds: tables, staged rows, the ledger.

use std::collections::{BTreeMap, BTreeSet};

use cartage_destinations_api::{JobHandle, LoadKey, Result, StoredState, ledger, system, taken_over};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// One row: column to value, nulls absent.
pub(crate) type Row = Map<String, Value>;

/// A table in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryTable {
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) not_null: BTreeSet<String>,
    pub(crate) rows: Vec<Row>,
}

/// Everything that is stored; a copy of it is a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    pub(crate) tables: IndexMap<String, MemoryTable>,
    pub(crate) staged: IndexMap<(LoadKey, String), Vec<Row>>,
    pub(crate) ledger: BTreeSet<(String, String, String)>,
    /// Of entries in the ledger's sense, those that the engine works on.
    handles: BTreeMap<(String, String, String), Handle>,
}

impl Contents {
    pub(crate) fn has(&self, load: &LoadKey, entry: &str) -> bool {
        self.ledger.contains(&key(load, entry))
    }

    /// The rows of `table` that match; none where there is no such table.
    pub(crate) fn find(&self, table: &str, matches: impl Fn(&Row) -> bool) -> Vec<&Row> {
        let rows = self.tables.get(table).map_or(&[][..], |table| &table.rows);
        rows.iter().filter(|row| matches(row)).collect()
    }

    pub(crate) fn is_complete(&self, load: &LoadKey) -> bool {
        let is_this =
            |row: &Row| text(row, "load_id") == load.load_id && text(row, "schema_name") == load.schema;
        !self.find(system::LOADS_TABLE, is_this).is_empty()
    }

    pub(crate) fn newest_state(&self, pipeline: &str) -> Option<StoredState> {
        let complete: BTreeSet<String> =
            self.find(system::LOADS_TABLE, |_| true).into_iter().map(|row| text(row, "load_id")).collect();
        let states = self.find(system::STATE_TABLE, |row| {
            text(row, "pipeline_name") == pipeline && complete.contains(&text(row, "_dlt_load_id"))
        });
        let newest = states.into_iter().max_by_key(|row| (text(row, "_dlt_load_id"), number(row, "version")));
        newest.map(|row| {
            let hash = row.get("version_hash").and_then(Value::as_str).map(str::to_owned);
            StoredState::new(number(row, "version"), hash, text(row, "state"), text(row, "_dlt_load_id"))
        })
    }

    /// Forgets what is recorded of the loads of this pipeline that are abandoned or complete.
    pub(crate) fn forget(&mut self, pipeline: &str, gone: impl Fn(&str) -> bool) {
        self.ledger.retain(|(whose, id, _)| whose != pipeline || !gone(id));
        self.handles.retain(|(whose, id, _), _| whose != pipeline || !gone(id));
    }

    pub(crate) fn record(&mut self, load: &LoadKey, entry: &str) {
        self.ledger.insert(key(load, entry));
    }

    /// Refuses a load that may not write any more.
    pub(crate) fn check_in_flight(&self, load: &LoadKey) -> Result<()> {
        if self.has(load, ledger::BEGUN) { Ok(()) } else { Err(taken_over(load)) }
    }

    /// The handle of an entry that is in flight and not done; a new one where it has none.
    pub(crate) fn handle(&mut self, load: &LoadKey, entry: &str) -> Result<Option<JobHandle>> {
        self.check_in_flight(load)?;
        if self.has(load, entry) {
            return Ok(None);
        }
        let handle = self.handles.entry(key(load, entry)).or_default();
        Ok(Some(JobHandle::new(format!("{}/{}/{entry}/{}", load.pipeline, load.load_id, handle.number))))
    }

    /// The next attempt at an entry is a submission of its own.
    pub(crate) fn renew_handle(&mut self, load: &LoadKey, entry: &str) {
        if let Some(handle) = self.handles.get_mut(&key(load, entry)) {
            handle.number += 1;
        }
    }
}

/// What the ledger holds of something that the engine works on.
#[derive(Clone, Copy, Debug, Default)]
struct Handle {
    /// Counts the attempts that failed at the engine, each of which had a handle of its own.
    number: u32,
}

fn key(load: &LoadKey, entry: &str) -> (String, String, String) {
    (load.pipeline.clone(), load.load_id.clone(), entry.to_owned())
}

pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) fn text(row: &Row, column: &str) -> String {
    row.get(column).map(plain).unwrap_or_default()
}

pub(crate) fn number(row: &Row, column: &str) -> u64 {
    row.get(column).and_then(Value::as_u64).unwrap_or_default()
}
