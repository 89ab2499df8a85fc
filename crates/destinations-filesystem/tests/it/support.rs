//! Requests, plans and files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, TablePlan,
};
use cartage_destinations_filesystem::Filesystem;
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use serde_json::Value;

/// A destination with these settings.
pub(crate) fn connect(settings: &Value) -> Filesystem {
    let settings = Settings::new(settings.as_object().expect("a table").clone());
    let request = ConnectRequest::new("filesystem", "shop", "raw").with_settings(settings);
    Filesystem::connect(&request).expect("the settings are right")
}

/// A schema with a table `items` of one column.
pub(crate) fn schema() -> Schema {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).expect("a valid name");
    for name in ["items", "items_old"] {
        let table = Table::root(name, name).with_column(Column::typed("id", DataType::Bigint, true));
        schema.tables.insert(name.to_owned(), table);
    }
    schema.bump();
    schema
}

/// The plan of a load that appends to `items`.
pub(crate) fn plan(load_id: &str) -> LoadPlan {
    let schema = schema();
    let key = LoadKey { pipeline: "shop".into(), schema: "shop".into(), load_id: load_id.into() };
    let document = Arc::from(schema.to_json());
    let mut plan = LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000);
    plan.tables = ["_dlt_version", "_dlt_loads", "items", "items_old"].map(TablePlan::direct).to_vec();
    plan
}

/// A job file with `text`.
pub(crate) fn job(folder: &Path, table: &str, id: &str, text: &[u8]) -> JobFile {
    let path: PathBuf = folder.join(format!("{table}.{id}.jsonl"));
    std::fs::write(&path, text).expect("a job file can be written");
    JobFile::new(format!("{table}.{id}.jsonl"), table, path, FileFormat::Jsonl)
        .with_size(1, text.len() as u64)
}

/// Runs one job.
pub(crate) fn run(destination: &Filesystem, plan: &LoadPlan, job: &JobFile) -> Result<JobOutcome> {
    destination.open_job(plan, job)?.run()
}

/// Ends a load.
pub(crate) fn commit(destination: &Filesystem, plan: &LoadPlan) {
    destination.complete_load(&LoadCommit::of(plan, plan.now_micros + 1)).expect("the load can be completed");
}
