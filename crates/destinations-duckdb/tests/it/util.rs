//! A dataset of one table, and files of Arrow arrays for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, TablePlan,
};
use cartage_destinations_duckdb::{DuckDb, connect};
use cartage_schema::{Column, NamingKind, Schema, Table};
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn settings(keys: &Value) -> Settings {
    Settings::new(keys.as_object().unwrap().clone())
}

/// A dataset whose only data table is `items`.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) duckdb: DuckDb,
    pub(crate) plan: LoadPlan,
}

impl Fixture {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>, keys: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let duckdb = connect(&request(folder.path(), keys)).unwrap();
        Self::begin(folder, duckdb, plan(columns))
    }

    /// A load into a database that already exists.
    pub(crate) fn with(duckdb: DuckDb, columns: impl IntoIterator<Item = Column>) -> Self {
        Self::begin(tempfile::tempdir().unwrap(), duckdb, plan(columns))
    }

    pub(crate) fn begin(folder: TempDir, duckdb: DuckDb, plan: LoadPlan) -> Self {
        duckdb.prepare_load(&plan).unwrap();
        Self { folder, duckdb, plan }
    }

    pub(crate) fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_parquet(&path, columns);
        path
    }

    pub(crate) fn load(&self, path: &Path) -> Result<JobOutcome> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let id = self.plan.jobs.iter().find(|job| *job == name).map_or(OTHER_FILES, String::as_str);
        let job = JobFile::new(id, "items", path, FileFormat::Parquet);
        self.duckdb.open_job(&self.plan, &job)?.run()
    }

    pub(crate) fn commit(&self) {
        self.duckdb.complete_load(&LoadCommit::of(&self.plan, 5)).unwrap();
    }

    /// Rows of `items` as text.
    pub(crate) fn rows(&self) -> Vec<Vec<Option<String>>> {
        let mut rows = self.duckdb.reader().unwrap().rows("items").unwrap();
        rows.sort();
        rows
    }
}

pub(crate) fn request(folder: &Path, keys: &Value) -> ConnectRequest {
    ConnectRequest::new("duckdb", "shop", "data").in_folder(folder).with_settings(settings(keys))
}

/// Files that tests load one after the other; each is a job.
const JOBS: [&str; 7] =
    ["1.parquet", "2.parquet", "it's.parquet", "a*b.parquet", "q?.parquet", "%5B.parquet", "o*r.parquet"];

/// The job of all files whose names are not in the plan.
const OTHER_FILES: &str = "other";

pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    let table = columns.into_iter().fold(Table::root("items", "items"), Table::with_column);
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    schema.tables.insert("items".to_owned(), table);
    schema.bump();
    let key = LoadKey {
        pipeline: "shop".to_owned(),
        schema: "shop".to_owned(),
        load_id: "1700000000.5".to_owned(),
    };
    let document = Arc::from(schema.to_json());
    let mut plan = LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000);
    plan.tables = ["_dlt_version", "_dlt_loads", "items"].map(TablePlan::direct).to_vec();
    plan.jobs = JOBS.into_iter().chain([OTHER_FILES]).map(str::to_owned).collect();
    plan
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
