//! [`Memory`]: rows in maps, one lock as transaction.

use std::collections::BTreeMap;

use cartage_destinations_api::{
    Capabilities, Chain, DatasetReader, Description, Destination, Error, FileFormat, Job, JobFile,
    LoadCommit, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Result, Staging, StateSync, StoredSchema,
    StoredState, system,
};

use crate::contents::{Contents, MemoryTable, Row, number, plain, text};
use crate::database::Database;
use crate::engine::{Engine, Moment};
use crate::memory_place::MemoryPlace;
use crate::{memory_jobs, memory_load};

/// A dataset in memory with transactions and a ledger. Reads `jsonl` without codec.
#[derive(Debug)]
pub struct Memory {
    capabilities: Capabilities,
    database: Database,
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
        Self { capabilities, database: Database::default() }
    }

    /// Lets jobs and follow-ups run beside the process: the first `times` questions about one find it still running.
    #[must_use]
    pub fn running(mut self, times: u32) -> Self {
        self.database.engine = Engine::working(times);
        self
    }

    /// Lets the engine read files of `place` by itself.
    #[must_use]
    pub fn reading(mut self, place: &MemoryPlace) -> Self {
        self.capabilities.files.staging_formats = vec![FileFormat::Jsonl];
        self.capabilities.files.staging_schemes = vec![MemoryPlace::SCHEME.to_owned()];
        self.database.place = Some(place.clone());
        self
    }

    /// The place whose files the engine reads.
    pub fn place(&self) -> Option<&MemoryPlace> {
        self.database.place.as_ref()
    }

    /// How often each job and follow-up was submitted where they [run](Self::running), by pipeline, load id and entry
    /// in the ledger with slashes between.
    pub fn submissions(&self) -> BTreeMap<String, u32> {
        self.database.engine.submissions()
    }

    /// Has `hook` asked at each [`Moment`] of what runs; in place of the hook before.
    pub fn interfere(&self, hook: impl Fn(Moment, &str) -> Result<()> + Send + Sync + 'static) {
        self.database.engine.interfere(hook);
    }

    fn find(&self, table: &str, matches: impl Fn(&Row) -> bool) -> Vec<Row> {
        self.database.lock().find(table, matches).into_iter().cloned().collect()
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
            .database
            .lock()
            .ledger
            .iter()
            .any(|(pipeline, id, _)| (pipeline, id) == (&load.pipeline, &load.load_id));
        if started {
            return Ok(LoadStatus::Started);
        }
        Ok(if self.database.lock().is_complete(load) { LoadStatus::Complete } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let prepared = self.database.transact(|contents| {
            memory_load::begin(contents, plan)?;
            memory_load::prepare(contents, plan)
        })?;
        self.database.engine.cancel_others(&plan.key);
        Ok(prepared)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities.file_format(Some(job.format))?;
        memory_jobs::append(&self.database, plan, job)
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.database.transact(|contents| memory_load::complete(contents, commit))
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

impl Staging for Memory {
    fn open_follow_up<'a>(&'a self, plan: &'a LoadPlan, chain: &'a Chain) -> Result<Box<dyn Job + 'a>> {
        memory_jobs::replace(&self.database, plan, chain)
    }
}

impl StateSync for Memory {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        Ok(self.database.lock().newest_state(pipeline))
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
        Ok(self.database.lock().tables.keys().cloned().collect())
    }

    fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        Ok(known(&self.database.lock(), table)?.columns.clone())
    }

    fn count(&self, table: &str) -> Result<u64> {
        Ok(known(&self.database.lock(), table)?.rows.len() as u64)
    }

    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>> {
        let contents = self.database.lock();
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
