//! What tests of databases share: a load of one table, its files, and datasets that go.
//!
//! # Panics
//! Where a test would unwrap.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result, Statement, TablePlan,
};
use cartage_schema::{Column, NamingKind, Schema, Table};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::TableRef;

/// A load that is prepared, whose only data table is `items`.
#[derive(Debug)]
pub struct ItemsLoad<E, D> {
    /// Where it goes.
    pub destination: SqlDestination<E>,
    /// What it does.
    pub plan: LoadPlan,
    /// What goes when the test ends.
    pub dataset: D,
    /// Where its files are.
    pub folder: TempDir,
}

impl<E: SqlEngine, D> ItemsLoad<E, D> {
    /// Prepares the load of `plan`.
    pub fn new(destination: SqlDestination<E>, plan: LoadPlan, dataset: D) -> Self {
        destination.prepare_load(&plan).expect("the load can be prepared");
        Self { destination, plan, dataset, folder: TempDir::new().expect("a temporary folder can be made") }
    }

    /// Writes a file with these columns.
    pub fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
        let path = self.folder.path().join(name);
        write_parquet(&path, columns);
        path
    }

    /// Runs the job with the name of the file; files of other names are the last one of the plan.
    ///
    /// # Errors
    /// Those of the job.
    pub fn load(&self, path: &Path) -> Result<JobOutcome> {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a file has a name");
        let known = self.plan.jobs.iter().find(|job| *job == name).or(self.plan.jobs.last());
        let job = JobFile::new(known.expect("the plan has jobs"), "items", path, FileFormat::Parquet);
        self.destination.open_job(&self.plan, &job)?.run()
    }

    /// Completes the load.
    pub fn commit(&self) {
        self.destination.complete_load(&LoadCommit::of(&self.plan, 5)).expect("the load can be completed");
    }

    /// Rows of `items` as text, sorted.
    pub fn rows(&self) -> Vec<Vec<Option<String>>> {
        let reader = self.destination.reader().expect("rows can be read back");
        let mut rows = reader.rows("items").expect("the table is there");
        rows.sort();
        rows
    }
}

/// A load of `items` with these columns and jobs.
pub fn items_plan(load_id: &str, columns: impl IntoIterator<Item = Column>, jobs: &[&str]) -> LoadPlan {
    let table = columns.into_iter().fold(Table::root("items", "items"), Table::with_column);
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).expect("the name is one");
    schema.tables.insert("items".to_owned(), table);
    let mut plan = plan_of(schema, load_id);
    plan.tables = ["_dlt_version", "_dlt_loads", "items"].map(TablePlan::direct).to_vec();
    plan.jobs = jobs.iter().map(|&job| job.to_owned()).collect();
    plan
}

/// A load of pipeline and schema `shop` that has nothing to do yet.
pub fn plan_of(mut schema: Schema, load_id: &str) -> LoadPlan {
    schema.bump();
    let [pipeline, name, load_id] = ["shop", "shop", load_id].map(str::to_owned);
    let key = LoadKey { pipeline, schema: name, load_id };
    let document = Arc::from(schema.to_json());
    LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000)
}

/// Writes a file with these columns, all of which may be null.
pub fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns are equally long");
    let file = File::create(path).expect("a job file can be made");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("the types are Parquet's");
    writer.write(&batch).expect("a job file can be written");
    writer.close().expect("a job file can be closed");
}

/// Drops the datasets of an engine with all of their tables.
pub fn drop_datasets(engine: &impl SqlEngine) {
    let session = engine.session().expect("the database can be reached");
    let datasets = engine.datasets();
    for dataset in [&datasets.dataset, &datasets.staging] {
        if !session.has_dataset(dataset).expect("datasets can be looked for") {
            continue;
        }
        for table in session.tables(dataset).expect("tables can be listed") {
            let name = engine.dialect().qualified(&TableRef::new(dataset, table));
            let drop = Statement::new("clean up", format!("DROP TABLE {name}"));
            session.execute(&drop).expect("a table can be dropped");
        }
        session.drop_empty_dataset(dataset).expect("an empty dataset can be removed");
    }
}
