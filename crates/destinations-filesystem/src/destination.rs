//! [`Filesystem`]: the steps of a load as files.

use std::sync::OnceLock;

use cartage_destinations_api::{
    BaseState, Capabilities, ConnectRequest, DatasetReader, Description, Destination, Error, Job, JobFile,
    LoadCommit, LoadInFlight, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Probe, Result, StateSync,
};
use cartage_schema::Schema;

use crate::check;
use crate::config::{Config, Place};
use crate::job::{CopyJob, StateJob, extension, file_parts, is_state};
use crate::ledger::{self, InFlight};
use crate::outcome;
use crate::store::Store;
use crate::system_files::{self, Versioned};

/// A dataset of files in a folder or a bucket.
#[derive(Debug)]
pub struct Filesystem {
    pub(crate) config: Config,
    capabilities: Capabilities,
    pub(crate) store: Store,
    /// The version with which the dataset was begun.
    storage_version: OnceLock<u64>,
}

impl Filesystem {
    /// Reads the settings. Whether the place can be reached shows with the first call.
    ///
    /// # Errors
    /// Invalid if a setting is unknown, missing, or its value cannot be.
    pub fn connect(request: &ConnectRequest) -> Result<Self> {
        let config = Config::read(request)?;
        let known = Capabilities::of("filesystem").expect("the api knows the filesystem destination");
        let mut capabilities = known.with_settings(&config.common)?;
        if matches!(config.place, Place::Bucket { .. }) {
            // Each job may have a file of `multipart_size` in memory.
            capabilities.jobs.max_parallel_load_jobs = Some(config.max_parallel_load_jobs.unwrap_or(8));
        } else {
            capabilities.jobs.max_parallel_load_jobs = config.max_parallel_load_jobs;
        }
        let store = Store::open(&config)?;
        Ok(Self { config, capabilities, store, storage_version: OnceLock::new() })
    }

    /// The folder or bucket.
    pub(crate) fn place(&self) -> String {
        match &self.config.place {
            Place::Local(folder) => folder.display().to_string(),
            Place::Bucket { url, .. } => url.clone(),
        }
    }

    /// Where the file of a job goes.
    pub(crate) fn name_of(&self, plan: &LoadPlan, job: &JobFile) -> Result<String> {
        let extension = extension(job.format, job.codec, self.storage_version()?);
        self.config.layout.path(&file_parts(plan, job, &extension))
    }

    pub(crate) fn storage_version(&self) -> Result<u64> {
        if let Some(version) = self.storage_version.get() {
            return Ok(*version);
        }
        let version = system_files::init(&self.store)?;
        Ok(*self.storage_version.get_or_init(|| version))
    }

    /// With what the files of a table begin. dlt's own tables do not follow the layout.
    pub(crate) fn prefix(&self, schema: &str, table: &str) -> String {
        if table.starts_with("_dlt") { format!("{table}/") } else { self.config.layout.prefix(schema, table) }
    }

    /// The files of a table; those of another table whose prefix is longer are not among them.
    pub(crate) fn files(&self, schema: &Schema, table: &str) -> Result<Vec<String>> {
        self.files_of(&schema.name, schema, table)
    }

    /// The same for a schema of another name, whose tables are not known.
    pub(crate) fn files_of(&self, name: &str, schema: &Schema, table: &str) -> Result<Vec<String>> {
        let prefix = self.prefix(name, table);
        let longer: Vec<String> = schema
            .tables
            .keys()
            .filter(|other| *other != table)
            .map(|other| self.prefix(name, other))
            .filter(|other| other.len() > prefix.len() && other.starts_with(&prefix))
            .collect();
        let found = self.store.list(&prefix)?.into_iter().map(|found| found.name);
        let is_own = |name: &String| {
            !name.ends_with("/init") && name != "init" && !longer.iter().any(|other| name.starts_with(other))
        };
        Ok(found.filter(is_own).collect())
    }

    /// Fails if the state that a load builds on is not the newest one any more.
    pub(crate) fn check_base(&self, base: &BaseState, load: &LoadKey) -> Result<()> {
        if *base == BaseState::Unchecked {
            return Ok(());
        }
        base.check(load, self.newest_state(&load.pipeline)?.as_ref())
    }

    /// Drops what a refresh drops, once per load.
    fn drop_tables(&self, plan: &LoadPlan) -> Result<()> {
        if plan.drop.is_empty() || InFlight::of(&plan.key).has(&self.store, ledger::DROPPED)? {
            return Ok(());
        }
        for table in &plan.drop {
            self.store.delete(&self.files(&plan.schema, table)?)?;
        }
        let versions = system_files::schemas(&self.store)?;
        let own = versions.into_iter().filter(|version| version.name == plan.schema.name);
        self.store.delete(&own.map(|version| version.file).collect::<Vec<_>>())?;
        InFlight::of(&plan.key).record(&self.store, ledger::DROPPED, b"").map(drop)
    }

    /// Empties tables, once per load: what jobs write comes after the mark.
    fn truncate(&self, plan: &LoadPlan) -> Result<()> {
        if plan.truncate.is_empty() || InFlight::of(&plan.key).has(&self.store, ledger::TRUNCATED)? {
            return Ok(());
        }
        for table in &plan.truncate {
            self.store.delete(&self.files(&plan.schema, table)?)?;
        }
        InFlight::of(&plan.key).record(&self.store, ledger::TRUNCATED, b"").map(drop)
    }

    /// Stores the schema, and tells what is new in it.
    fn migrate(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let stored = system_files::schemas(&self.store)?;
        let changes = changes(plan, self.newest(&stored, &plan.schema.name)?.as_ref())?;
        system_files::store_schema(&self.store, plan, &stored)?;
        for table in &plan.tables {
            let prefix = self.prefix(&plan.schema.name, &table.name);
            if let Some((folder, _)) = prefix.rsplit_once('/') {
                self.store.make_folder(folder)?;
            }
        }
        Ok(changes)
    }

    /// The newest stored schema of a name.
    pub(crate) fn newest(&self, stored: &[Versioned], name: &str) -> Result<Option<Schema>> {
        let newest = stored.iter().filter(|known| known.name == name).max_by(|a, b| a.order.cmp(&b.order));
        let Some(newest) = newest else { return Ok(None) };
        let Some(row) = system_files::schema(&self.store, newest)? else { return Ok(None) };
        Schema::from_json(&row.schema).map(Some).map_err(|cause| {
            Error::corrupt(format!("{} holds no schema: {cause}", self.store.url(&newest.file)))
        })
    }
}

/// What the schema of a plan has beyond the one that is stored.
fn changes(plan: &LoadPlan, stored: Option<&Schema>) -> Result<PreparedLoad> {
    let mut changes = PreparedLoad::default();
    for planned in &plan.tables {
        let table = plan.schema.tables.get(&planned.name).ok_or_else(|| not_in_plan(&planned.name, plan))?;
        let Some(known) = stored.and_then(|stored| stored.tables.get(&planned.name)) else {
            changes.created.push(planned.name.clone());
            continue;
        };
        let is_known = |name: &str| known.complete_columns().any(|column| column.name == name);
        let added = table.complete_columns().filter(|column| !is_known(&column.name));
        changes.added.extend(added.map(|column| (planned.name.clone(), column.name.clone())));
    }
    Ok(changes)
}

fn not_in_plan(table: &str, plan: &LoadPlan) -> Error {
    Error::invalid(format!("table {table} is not part of load {}", plan.key.load_id))
}

impl Destination for Filesystem {
    fn description(&self) -> Description {
        Description::new("filesystem", self.place(), &self.config.dataset)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        if self.store.exists(&system_files::load_file(load))? {
            return Ok(LoadStatus::Complete);
        }
        Ok(if InFlight::of(load).is_known(&self.store)? { LoadStatus::Started } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        self.check_base(&plan.base, &plan.key)?;
        self.storage_version()?;
        self.take_over(plan)?;
        self.drop_tables(plan)?;
        let changes = self.migrate(plan)?;
        self.truncate(plan)?;
        Ok(changes)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities.file_format(Some(job.format))?;
        if plan.table(&job.table).is_none() {
            return Err(not_in_plan(&job.table, plan));
        }
        if is_state(job) {
            return Ok(Box::new(StateJob { store: &self.store, plan, job }));
        }
        let name = self.name_of(plan, job)?;
        Ok(Box::new(CopyJob { files: self, plan, job, name }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        if !self.store.exists(&system_files::load_file(&commit.key))? {
            outcome::check_in_flight(&self.store, &commit.key)?;
            self.check_base(&commit.base, &commit.key)?;
            outcome::commit(&self.store, commit)?;
        }
        // The load is complete from here on; what follows is tidied up by the next one where it fails.
        let tidied = self.forget_states(&commit.key.pipeline);
        let tidied = tidied.and_then(|()| InFlight::of(&commit.key).forget(&self.store));
        if let Err(error) = tidied.and_then(|()| self.store.sweep()) {
            tracing::debug!(%error, "what the load left in flight could not be removed");
        }
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        check::probes(self)
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        check::loads_in_flight(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        Some(self)
    }
}

impl Filesystem {
    /// Removes the oldest states of a pipeline where there are more than the settings keep.
    fn forget_states(&self, pipeline: &str) -> Result<()> {
        let Some(keep) = self.config.max_state_files else { return Ok(()) };
        let states = system_files::states(&self.store, pipeline)?;
        let old: Vec<String> = states.into_iter().skip(keep).map(|state| state.file).collect();
        self.store.delete(&old)
    }
}
