//! Loads of the pipeline `shop`: plans, job files, and all steps of a load in their order.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use cartage_destinations_api::system::STATE_TABLE;
use cartage_destinations_api::{
    BaseState, ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan,
    LoadStatus, Result, Settings, TablePlan,
};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cloud::Cloud;
use crate::Filesystem;
use crate::config::Config;
use crate::store::Store;

/// A destination with these settings; without `bucket_url` it is the bucket in memory.
pub(super) fn request(settings: &Value) -> ConnectRequest {
    let mut table = json!({"bucket_url": "s3://lake"});
    table.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let settings = Settings::new(table.as_object().unwrap().clone());
    ConnectRequest::new("filesystem", "shop", "raw").with_settings(settings)
}

/// The dataset in this bucket.
pub(super) fn in_cloud(cloud: &Cloud, settings: &Value) -> Filesystem {
    let config = Config::read(&request(settings)).expect("the settings are right");
    let bucket = cloud.bucket(config.conditional_put, config.multipart_size);
    Filesystem::over(Store::Bucket(bucket), config).unwrap()
}

/// The dataset in a folder.
pub(super) fn in_folder(folder: &TempDir, settings: &Value) -> Filesystem {
    let mut settings = settings.clone();
    settings["bucket_url"] = folder.path().to_str().unwrap().into();
    Filesystem::connect(&request(&settings)).expect("the settings are right")
}

/// A schema with these tables of one column `id`, and that of states.
pub(super) fn schema(tables: &[&str]) -> Schema {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    for name in [STATE_TABLE].iter().chain(tables) {
        let table = Table::root(*name, *name).with_column(Column::typed("id", DataType::Bigint, true));
        schema.tables.insert((*name).to_owned(), table);
    }
    schema.bump();
    schema
}

/// One load with its files.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) plan: LoadPlan,
    pub(super) jobs: Vec<JobFile>,
    folder: TempDir,
}

impl Load {
    /// Load number `number` of the pipeline, which appends to `items`.
    pub(super) fn new(number: i64) -> Self {
        Self::of_tables(number, &["items", "items_old"])
    }

    pub(super) fn of_tables(number: i64, tables: &[&str]) -> Self {
        let schema = schema(tables);
        let load_id = format!("17000000{number:02}.5");
        let key = LoadKey { pipeline: "shop".into(), schema: "shop".into(), load_id };
        let document = Arc::from(schema.to_json());
        let now = (1_700_000_000 + number) * 1_000_000;
        let mut plan = LoadPlan::new(key, Arc::new(schema), document, now);
        let known = ["_dlt_version", "_dlt_loads", STATE_TABLE];
        plan.tables = known.iter().chain(tables).map(|name| TablePlan::direct(*name)).collect();
        Self { plan, jobs: Vec::new(), folder: TempDir::new().unwrap() }
    }

    /// A file more, with rows of these `id`s.
    pub(super) fn with(self, table: &str, file_id: &str, ids: &[u64]) -> Self {
        let rows: Vec<String> = ids.iter().map(|id| format!("{{\"id\":{id}}}\n")).collect();
        self.with_text(table, file_id, &rows.concat(), ids.len() as u64)
    }

    pub(super) fn with_text(mut self, table: &str, file_id: &str, text: &str, rows: u64) -> Self {
        let name = format!("{table}.{file_id}.jsonl");
        let path: PathBuf = self.folder.path().join(&name);
        fs::write(&path, text).unwrap();
        self.jobs.push(JobFile::new(name, table, path, FileFormat::Jsonl).with_size(rows, text.len() as u64));
        self
    }

    /// The state of this version, built on the one before or on none.
    pub(super) fn with_state(mut self, version: u64) -> Self {
        self.plan.base = match version - 1 {
            0 => BaseState::Nothing,
            before => BaseState::Known { version: before, hash: Some(format!("hash {before}")) },
        };
        let row = json!({
            "version": version, "engine_version": 4, "pipeline_name": "shop", "state": format!("state {version}"),
            "created_at": "2023-11-14T22:13:20Z", "version_hash": format!("hash {version}"),
            "_dlt_load_id": self.plan.key.load_id, "_dlt_id": "x",
        });
        self.with_text(STATE_TABLE, "s", &format!("{row}\n"), 1)
    }

    pub(super) fn truncating(mut self, table: &str) -> Self {
        self.plan.truncate.push(table.to_owned());
        self
    }

    pub(super) fn dropping(mut self, table: &str) -> Self {
        self.plan.drop.push(table.to_owned());
        self
    }

    pub(super) fn commit(&self) -> LoadCommit {
        LoadCommit::of(&self.plan, self.plan.now_micros + 1)
    }

    /// Runs one of its jobs.
    pub(super) fn job(&self, destination: &Filesystem, nth: usize) -> Result<JobOutcome> {
        destination.open_job(&self.plan, &self.jobs[nth])?.run()
    }

    /// All steps, as the load stage takes them: what is complete is left alone.
    pub(super) fn run(&self, destination: &Filesystem) -> Result<()> {
        if destination.load_status(&self.plan.key)? == LoadStatus::Complete {
            return Ok(());
        }
        destination.prepare_load(&self.plan)?;
        for nth in 0..self.jobs.len() {
            self.job(destination, nth)?;
        }
        destination.complete_load(&self.commit())
    }
}

/// The `id`s in all files of a table whose load is complete or not, in order.
pub(super) fn ids(cloud: &Cloud, table: &str) -> Vec<u64> {
    let files = cloud.content().into_iter().filter(|(name, _)| name.starts_with(&format!("{table}/")));
    let mut ids: Vec<u64> = files
        .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["id"].as_u64().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

/// Names of all files below a folder, in order.
pub(super) fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                found.push(entry.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}
