//! A dataset of one table, and files of Arrow arrays for it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    ConnectRequest, Destination as _, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, TablePlan,
};
use cartage_destinations_sqlite::Sqlite;
use cartage_schema::{Column, NamingKind, Schema, Table};
use parquet::arrow::ArrowWriter;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;
use tempfile::TempDir;

/// A destination whose dataset is the file `shop.sqlite` of a folder of its own.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) sqlite: Sqlite,
    pub(crate) plan: LoadPlan,
}

impl Fixture {
    /// A load of `items` with these columns that is prepared, after `before` was run in the file.
    pub(crate) fn new(before: &str, columns: impl IntoIterator<Item = Column>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if !before.is_empty() {
            Connection::open(folder.path().join("shop.sqlite")).unwrap().execute_batch(before).unwrap();
        }
        let sqlite = connect(&folder);
        let plan = plan(columns);
        sqlite.prepare_load(&plan).unwrap();
        Self { folder, sqlite, plan }
    }

    pub(crate) fn load(&self, columns: Vec<(&str, ArrayRef)>) -> Result<JobOutcome> {
        let path = self.file(columns);
        self.sqlite.open_job(&self.plan, &JobFile::new("one", "items", path, FileFormat::Parquet))?.run()
    }

    fn file(&self, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.folder.path().join("one.parquet");
        let arrays = columns.into_iter().map(|(name, array)| (name, array, true));
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }

    pub(crate) fn commit(&self) {
        self.sqlite.complete_load(&LoadCommit::of(&self.plan, 5)).unwrap();
    }

    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.folder.path().join("shop.sqlite")).unwrap()
    }

    /// The values of a column as SQLite stores them, in the order of the rows.
    pub(crate) fn stored(&self, column: &str) -> Vec<Value> {
        let database = self.database();
        let mut statement =
            database.prepare(&format!("SELECT \"{column}\" FROM items ORDER BY rowid")).unwrap();
        let values = statement.query_map([], |row| row.get(0)).unwrap();
        values.collect::<rusqlite::Result<_>>().unwrap()
    }
}

pub(crate) fn connect(folder: &TempDir) -> Sqlite {
    let settings = Settings::new(json!({"path": "shop.sqlite"}).as_object().unwrap().clone());
    let request =
        ConnectRequest::new("sqlite", "shop", "main").with_settings(settings).in_folder(folder.path());
    cartage_destinations_sqlite::connect(&request).unwrap()
}

fn plan(columns: impl IntoIterator<Item = Column>) -> LoadPlan {
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
    plan.jobs = vec!["one".to_owned()];
    plan
}
