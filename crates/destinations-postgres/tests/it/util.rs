//! A dataset of one table in the shared server, and files of Arrow arrays for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, TablePlan,
};
use cartage_destinations_postgres::Postgres;
use cartage_schema::{Column, NamingKind, Schema, Table};
use cartage_test_support::postgres::{Server, shared, unique};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A dataset with a name of its own; dropped with the value.
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) server: Server,
}

impl Dataset {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { name: unique(prefix), server: shared() }
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        let name = &self.name;
        let sql = format!(
            "DROP SCHEMA IF EXISTS \"{name}\" CASCADE; DROP SCHEMA IF EXISTS \"{name}_staging\" CASCADE"
        );
        if !std::thread::panicking() {
            self.server.psql(&sql);
        }
    }
}

/// A destination in the shared server; `extra` settings win over those that reach it.
pub(crate) fn connect(dataset: &str, extra: &Value) -> Postgres {
    let mut keys = json!({"credentials": shared().url()});
    for (key, value) in extra.as_object().unwrap() {
        keys[key] = value.clone();
    }
    let settings = Settings::new(keys.as_object().unwrap().clone());
    cartage_destinations_postgres::connect(
        &ConnectRequest::new("postgres", "shop", dataset).with_settings(settings),
    )
    .unwrap()
}

/// A dataset whose only data table is `items`.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) postgres: Postgres,
    pub(crate) plan: LoadPlan,
    pub(crate) dataset: Dataset,
}

impl Fixture {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>, keys: &Value) -> Self {
        let dataset = Dataset::new("items");
        let postgres = connect(&dataset.name, keys);
        let plan = plan(columns);
        postgres.prepare_load(&plan).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), postgres, plan, dataset }
    }

    pub(crate) fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.folder.path().join(name);
        write_parquet(&path, columns);
        path
    }

    pub(crate) fn load(&self, path: &Path) -> Result<JobOutcome> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let id = self.plan.jobs.iter().find(|job| *job == name).map_or(OTHER_FILES, String::as_str);
        let job = JobFile::new(id, "items", path, FileFormat::Parquet);
        self.postgres.open_job(&self.plan, &job)?.run()
    }

    pub(crate) fn commit(&self) {
        self.postgres.complete_load(&LoadCommit::of(&self.plan, 5)).unwrap();
    }

    /// Rows of `items` as text.
    pub(crate) fn rows(&self) -> Vec<Vec<Option<String>>> {
        let mut rows = self.postgres.reader().unwrap().rows("items").unwrap();
        rows.sort();
        rows
    }
}

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
    plan.jobs =
        ["1.parquet", "2.parquet", "items.1.parquet", "one", "two", OTHER_FILES].map(str::to_owned).to_vec();
    plan
}

pub(crate) fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
