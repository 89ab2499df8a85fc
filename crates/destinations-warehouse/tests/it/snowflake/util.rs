//! A dataset of one table at the stand-in, and files of Arrow arrays for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, Statement, TablePlan,
};
use cartage_destinations_sql::{Row, SqlEngine as _, SqlSession as _};
use cartage_destinations_warehouse::snowflake::{Snowflake, connect};
use cartage_schema::{Column, NamingKind, Schema, Table};
use cartage_test_support::FakeSnow;
use cartage_test_support::postgres::unique;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The database of all tests: the views of the stand-in over what is there take longer with each one.
const DATABASE: &str = "SHOP";

/// A dataset with a name of its own; dropped with the value.
pub(crate) struct Dataset {
    pub(crate) name: String,
    server: &'static FakeSnow,
}

impl Dataset {
    pub(crate) fn new(prefix: &str) -> Self {
        static MADE: Once = Once::new();
        let dataset = Self { name: unique(prefix), server: FakeSnow::shared() };
        // The first session makes the database; two at once would both do it.
        MADE.call_once(|| drop(dataset.sql("SELECT 1")));
        dataset
    }

    /// What it takes to connect; `extra` settings win over those that reach it.
    pub(crate) fn request(&self, extra: &Value) -> ConnectRequest {
        let credentials =
            json!({"host": "acct", "username": "loader", "password": "hush", "database": DATABASE});
        let mut keys = json!({"credentials": credentials, "url": self.server.url()});
        keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let settings = Settings::new(keys.as_object().unwrap().clone());
        ConnectRequest::new("snowflake", "shop", &self.name).with_settings(settings)
    }

    pub(crate) fn connect(&self, extra: &Value) -> Snowflake {
        connect(&self.request(extra)).unwrap()
    }

    /// Runs a statement in a session of its own.
    pub(crate) fn sql(&self, sql: &str) -> Vec<Row> {
        let engine = self.connect(&json!({})).into_engine();
        let session = engine.session().unwrap();
        session.query(&Statement::new("a statement of the test", sql)).unwrap()
    }

    /// Names of the schemas of the dataset that are there.
    pub(crate) fn schemas(&self) -> Vec<String> {
        let names = self.sql("SELECT schema_name FROM information_schema.schemata ORDER BY schema_name");
        let mut names: Vec<String> = names.iter().map(|row| row.text(0).unwrap()).collect();
        names.retain(|name| name.to_lowercase().starts_with(&self.name));
        names
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for schema in self.schemas() {
                self.sql(&format!("DROP SCHEMA \"{schema}\""));
            }
        }
    }
}

/// A dataset whose only data table is `items`.
pub(crate) struct Fixture {
    pub(crate) snowflake: Snowflake,
    pub(crate) plan: LoadPlan,
    pub(crate) dataset: Dataset,
    pub(crate) folder: TempDir,
}

impl Fixture {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>, extra: &Value) -> Self {
        let dataset = Dataset::new("items");
        let (snowflake, plan) = (dataset.connect(extra), plan(columns));
        snowflake.prepare_load(&plan).unwrap();
        Self { snowflake, plan, dataset, folder: TempDir::new().unwrap() }
    }

    pub(crate) fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.folder.path().join(name);
        write_parquet(&path, columns);
        path
    }

    /// Runs a job of the plan with the name of the file.
    pub(crate) fn load(&self, path: &Path) -> Result<JobOutcome> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let job = JobFile::new(name, "items", path, FileFormat::Parquet);
        self.snowflake.open_job(&self.plan, &job)?.run()
    }

    pub(crate) fn commit(&self) {
        self.snowflake.complete_load(&LoadCommit::of(&self.plan, 5)).unwrap();
    }

    /// Rows of `items` as text.
    pub(crate) fn rows(&self) -> Vec<Vec<Option<String>>> {
        let mut rows = self.snowflake.reader().unwrap().rows("items").unwrap();
        rows.sort();
        rows
    }
}

/// A load of `items`, with files of the names `1` and `2`.
pub(crate) fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    let table = columns.into_iter().fold(Table::root("items", "items"), Table::with_column);
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    schema.tables.insert("items".to_owned(), table);
    schema.bump();
    let [pipeline, name, load_id] = ["shop", "shop", "1700000000.5"].map(str::to_owned);
    let key = LoadKey { pipeline, schema: name, load_id };
    let document = Arc::from(schema.to_json());
    let mut plan = LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000);
    plan.tables = ["_dlt_version", "_dlt_loads", "items"].map(TablePlan::direct).to_vec();
    plan.jobs = ["1", "2"].map(str::to_owned).to_vec();
    plan
}

pub(crate) fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}
