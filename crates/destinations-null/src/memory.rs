//! [`Memory`]: rows in maps, one lock as transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cartage_destinations_api::{
    Capabilities, DatasetReader, Description, Destination, Error, FileFormat, Job, JobFile, LoadCommit,
    LoadKey, LoadPlan, LoadStatus, PreparedLoad, Result, Staging, StateSync, StoredSchema, StoredState,
    system,
};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::engine::{Engine, Handle, Moment};
use crate::memory_load;
use crate::memory_place::MemoryPlace;

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
    pub(crate) handles: BTreeMap<(String, String, String), Handle>,
}

impl Contents {
    pub(crate) fn has(&self, load: &LoadKey, entry: &str) -> bool {
        self.ledger.contains(&(load.pipeline.clone(), load.load_id.clone(), entry.to_owned()))
    }

    /// The rows of `table` that match; none where there is no such table.
    fn find(&self, table: &str, matches: impl Fn(&Row) -> bool) -> Vec<&Row> {
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

    /// Forgets what is recorded of the loads of this pipeline that are given up or complete.
    pub(crate) fn forget(&mut self, pipeline: &str, gone: impl Fn(&str) -> bool) {
        self.ledger.retain(|(whose, id, _)| whose != pipeline || !gone(id));
        self.handles.retain(|(whose, id, _), _| whose != pipeline || !gone(id));
    }

    pub(crate) fn record(&mut self, load: &LoadKey, entry: &str) {
        self.ledger.insert((load.pipeline.clone(), load.load_id.clone(), entry.to_owned()));
    }
}

/// A dataset in memory with transactions and a ledger. Reads `jsonl` without codec.
#[derive(Debug)]
pub struct Memory {
    capabilities: Capabilities,
    contents: Mutex<Contents>,
    pub(crate) engine: Engine,
    pub(crate) place: Option<MemoryPlace>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// An empty dataset.
    pub fn new() -> Self {
        let mut capabilities = Capabilities::sql("memory");
        capabilities.files.preferred_format = FileFormat::Jsonl;
        capabilities.files.supported_formats = vec![FileFormat::Jsonl];
        Self { capabilities, contents: Mutex::default(), engine: Engine::default(), place: None }
    }

    /// Lets jobs and follow-ups run beside the process: the first `times` questions about one find it still running.
    #[must_use]
    pub fn running(mut self, times: u32) -> Self {
        self.engine = Engine::working(times);
        self
    }

    /// Lets the engine read files of `place` by itself.
    #[must_use]
    pub fn reading(mut self, place: &MemoryPlace) -> Self {
        self.capabilities.files.staging_formats = vec![FileFormat::Jsonl];
        self.capabilities.files.staging_schemes = vec![MemoryPlace::SCHEME.to_owned()];
        self.place = Some(place.clone());
        self
    }

    /// The place whose files the engine reads.
    pub fn place(&self) -> Option<&MemoryPlace> {
        self.place.as_ref()
    }

    /// How often each job and follow-up was submitted where they [run](Self::running), by pipeline, load id and entry
    /// in the ledger with slashes between.
    pub fn submissions(&self) -> BTreeMap<String, u32> {
        self.engine.submissions()
    }

    /// Has `hook` asked at each [`Moment`] of what runs; in place of the hook before.
    pub fn interfere(&self, hook: impl Fn(Moment, &str) -> Result<()> + Send + Sync + 'static) {
        self.engine.interfere(hook);
    }

    /// Runs `change` as a transaction: after an error everything is as before.
    pub(crate) fn transact<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T>) -> Result<T> {
        let mut contents = self.lock();
        let mut draft = contents.clone();
        let result = change(&mut draft)?;
        *contents = draft;
        Ok(result)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, table: &str, matches: impl Fn(&Row) -> bool) -> Vec<Row> {
        self.lock().find(table, matches).into_iter().cloned().collect()
    }
}

impl Destination for Memory {
    fn description(&self) -> Description {
        Description::new("memory", "memory of this process", "data")
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        let started = self
            .lock()
            .ledger
            .iter()
            .any(|(pipeline, id, _)| (pipeline, id) == (&load.pipeline, &load.load_id));
        if started {
            return Ok(LoadStatus::Started);
        }
        Ok(if self.lock().is_complete(load) { LoadStatus::Complete } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let prepared = self.transact(|contents| {
            memory_load::begin(contents, plan)?;
            memory_load::prepare(contents, plan)
        })?;
        self.engine.cancel_others(&plan.key);
        Ok(prepared)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        memory_load::open_job(self, plan, job)
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.transact(|contents| memory_load::complete(contents, commit))
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        Some(self)
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }
}

impl StateSync for Memory {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        Ok(self.lock().newest_state(pipeline))
    }

    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>> {
        self.find(system::VERSION_TABLE, |row| text(row, "schema_name") == name)
            .last()
            .map(stored_schema)
            .transpose()
    }

    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>> {
        self.find(system::VERSION_TABLE, |row| text(row, "version_hash") == hash)
            .last()
            .map(stored_schema)
            .transpose()
    }
}

impl DatasetReader for Memory {
    fn tables(&self) -> Result<Vec<String>> {
        Ok(self.lock().tables.keys().cloned().collect())
    }

    fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        Ok(known(&self.lock(), table)?.columns.clone())
    }

    fn count(&self, table: &str) -> Result<u64> {
        Ok(known(&self.lock(), table)?.rows.len() as u64)
    }

    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>> {
        let contents = self.lock();
        let table = known(&contents, table)?;
        let shown = |row: &Row| {
            table
                .columns
                .iter()
                .map(|(name, _)| row.get(name).filter(|value| !value.is_null()).map(plain))
                .collect()
        };
        Ok(table.rows.iter().map(shown).collect())
    }
}

fn known<'a>(contents: &'a Contents, table: &str) -> Result<&'a MemoryTable> {
    contents.tables.get(table).ok_or_else(|| Error::terminal(format!("there is no table {table}")))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text(row: &Row, column: &str) -> String {
    row.get(column).map(plain).unwrap_or_default()
}

fn number(row: &Row, column: &str) -> u64 {
    row.get(column).and_then(Value::as_u64).unwrap_or_default()
}

fn stored_schema(row: &Row) -> Result<StoredSchema> {
    let document = system::decode_schema(&text(row, "schema"))?;
    Ok(StoredSchema::new(
        text(row, "schema_name"),
        number(row, "version"),
        text(row, "version_hash"),
        document,
    ))
}

#[cfg(test)]
mod tests {
    use cartage_destinations_api::WithStaging;

    use super::*;

    #[test]
    fn memory_passes_the_conformance_suite() {
        cartage_destinations_api::conformance::all(&|| Box::new(Memory::new()));
    }

    #[test]
    fn memory_passes_the_conformance_suite_with_jobs_that_run_beside_it() {
        cartage_destinations_api::conformance::all(&|| Box::new(Memory::new().running(2)));
    }

    #[test]
    fn memory_passes_the_conformance_suite_behind_a_staging_place() {
        for times in [None, Some(1)] {
            cartage_destinations_api::conformance::all(&|| {
                let place = MemoryPlace::default();
                let memory = Memory::new().reading(&place);
                let memory = times.into_iter().fold(memory, Memory::running);
                Box::new(WithStaging::new(Box::new(memory), Box::new(place)).unwrap())
            });
        }
    }
}
