//! A dataset of one table in the shared ClickHouse, and files of Arrow arrays for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, TablePlan,
};
use cartage_destinations_clickhouse::ClickHouse;
use cartage_destinations_sql::faults::drop_datasets;
use cartage_schema::{Column, NamingKind, Schema, Table};
use cartage_test_support::clickhouse;
use cartage_test_support::postgres::unique;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Settings of a dataset of this name.
pub(crate) struct Named<'n>(pub(crate) &'n str);

impl Named<'_> {
    pub(crate) fn request(&self, settings: &Value) -> ConnectRequest {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        ConnectRequest::new("clickhouse", "shop", self.0).with_settings(settings)
    }
}

/// A dataset with a name of its own; dropped with the value.
pub(crate) struct Dataset {
    pub(crate) name: String,
}

impl Dataset {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { name: unique(prefix) }
    }

    /// What it takes to connect; `extra` settings win over those that reach it.
    pub(crate) fn request(&self, extra: &Value) -> ConnectRequest {
        let mut keys = json!({"credentials": credentials()});
        keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Named(&self.name).request(&keys)
    }
}

/// Those of the account that the environment names, for `cargo xtask conformance`; else of the shared ClickHouse.
fn credentials() -> String {
    std::env::var("DESTINATION__CLICKHOUSE__CREDENTIALS").unwrap_or_else(|_| clickhouse::url())
}

impl Drop for Dataset {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        drop_datasets(connect(self, &json!({})).engine());
    }
}

pub(crate) fn connect(dataset: &Dataset, extra: &Value) -> ClickHouse {
    cartage_destinations_clickhouse::connect(&dataset.request(extra)).unwrap()
}

/// A dataset whose only data table is `items`.
pub(crate) struct Fixture {
    pub(crate) clickhouse: ClickHouse,
    pub(crate) plan: LoadPlan,
    pub(crate) dataset: Dataset,
    pub(crate) folder: TempDir,
}

impl Fixture {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>, extra: &Value) -> Self {
        let dataset = Dataset::new("items");
        let (clickhouse, plan) = (connect(&dataset, extra), plan(columns));
        clickhouse.prepare_load(&plan).unwrap();
        Self { clickhouse, plan, dataset, folder: TempDir::new().unwrap() }
    }

    pub(crate) fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.folder.path().join(name);
        write_parquet(&path, columns);
        path
    }

    /// Runs a job of the plan with the name of the file.
    pub(crate) fn load(&self, path: &Path) -> Result<JobOutcome> {
        let job =
            JobFile::new(path.file_name().unwrap().to_str().unwrap(), "items", path, FileFormat::Parquet);
        self.clickhouse.open_job(&self.plan, &job)?.run()
    }

    pub(crate) fn commit(&self) {
        self.clickhouse.complete_load(&LoadCommit::of(&self.plan, 5)).unwrap();
    }

    /// Rows of `items` as text.
    pub(crate) fn rows(&self) -> Vec<Vec<Option<String>>> {
        let mut rows = self.clickhouse.reader().unwrap().rows("items").unwrap();
        rows.sort();
        rows
    }
}

/// A load of `items`, with files of the names `1` and `2`.
pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    let table = columns.into_iter().fold(Table::root("items", "items"), Table::with_column);
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    schema.tables.insert("items".to_owned(), table);
    let mut plan = plan_of(schema, "1700000000.5");
    plan.tables = ["_dlt_version", "_dlt_loads", "items"].map(TablePlan::direct).to_vec();
    plan.jobs = ["1", "2"].map(str::to_owned).to_vec();
    plan
}

pub(crate) fn plan_of(mut schema: Schema, load_id: &str) -> LoadPlan {
    schema.bump();
    let [pipeline, name, load_id] = ["shop", "shop", load_id].map(str::to_owned);
    let key = LoadKey { pipeline, schema: name, load_id };
    let document = Arc::from(schema.to_json());
    LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000)
}

pub(crate) fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
