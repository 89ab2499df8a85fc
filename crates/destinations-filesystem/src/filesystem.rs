//! [`Filesystem`]: a dataset of files, and where the files of its tables are.

use std::sync::OnceLock;

use cartage_destinations_api::{
    BaseState, Capabilities, ConnectRequest, Error, JobFile, LoadKey, LoadPlan, Result, StateSync,
};
use cartage_schema::Schema;

use crate::config::{Config, Place};
use crate::file_name::{extension, file_parts};
use crate::store::Store;
use crate::system_files::{self, Versioned};

/// A dataset of files in a folder or a bucket.
#[derive(Debug)]
pub struct Filesystem {
    pub(crate) config: Config,
    pub(crate) capabilities: Capabilities,
    pub(crate) store: Store,
    /// The version with which the dataset was begun.
    storage_version: OnceLock<u64>,
}

impl Filesystem {
    /// Reads the settings. Whether the place can be reached shows with the first call.
    ///
    /// # Errors
    /// Invalid if a setting is unknown, missing, or its value is not allowed.
    pub fn connect(request: &ConnectRequest) -> Result<Self> {
        let config = Config::read(request)?;
        let store = Store::open(&config)?;
        Self::over(store, config)
    }

    /// The same over a store that is open already.
    pub(crate) fn over(store: Store, config: Config) -> Result<Self> {
        let known = Capabilities::of("filesystem").expect("the api knows the filesystem destination");
        let mut capabilities = known.with_settings(&config.common)?;
        if matches!(config.place, Place::Bucket { .. }) {
            // Each job may have a file of `multipart_size` in memory.
            capabilities.jobs.max_parallel_load_jobs = Some(config.max_parallel_load_jobs.unwrap_or(8));
        } else {
            capabilities.jobs.max_parallel_load_jobs = config.max_parallel_load_jobs;
        }
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
