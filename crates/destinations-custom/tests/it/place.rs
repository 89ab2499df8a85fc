//! A load of one table from files of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadKey, LoadPlan, Result, Settings,
    TablePlan,
};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a load in it.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) plan: LoadPlan,
}

impl Place {
    pub(crate) fn new() -> Self {
        let items = Table::root("items", "items")
            .with_column(Column::typed("id", DataType::Bigint, true))
            .with_column(Column::typed("name", DataType::Text, true))
            .with_column(Column::typed("_dlt_id", DataType::Text, false));
        let mut schema = Schema::new("shop", NamingKind::Direct).unwrap();
        for table in [items, schema.pipeline_state_table()] {
            schema.tables.insert(table.name.clone(), table);
        }
        schema.bump();
        let key = LoadKey {
            pipeline: "shop".to_owned(),
            schema: "shop".to_owned(),
            load_id: "1700000000.5".to_owned(),
        };
        let document = Arc::from(schema.to_json());
        let mut plan = LoadPlan::new(key, Arc::new(schema), document, 0);
        plan.tables = vec![TablePlan::direct("items"), TablePlan::direct("_dlt_pipeline_state")];
        Self { folder: TempDir::new().unwrap(), plan }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// A request with these settings, whose relative paths start here.
    pub(crate) fn request(&self, destination_type: &str, settings: &Value) -> ConnectRequest {
        ConnectRequest::new(destination_type, "shop", "raw")
            .with_settings(Settings::new(settings.as_object().unwrap().clone()))
            .in_folder(self.path())
            .remembering_in(self.path().join("positions"))
    }

    /// A file of `rows` rows, numbered from 1.
    pub(crate) fn jsonl(&self, rows: u64) -> JobFile {
        let line =
            |id| format!("{}\n", json!({"id": id, "name": format!("n{id}"), "_dlt_id": format!("x{id}")}));
        let path = self.write("items.jsonl", &(1..=rows).map(line).collect::<String>());
        JobFile::new("items.one.jsonl", "items", path, FileFormat::Jsonl).with_size(rows, 1)
    }

    /// The same as Parquet, in row groups of `group` rows.
    pub(crate) fn parquet(&self, rows: i64, group: usize) -> JobFile {
        let names = |letter: &str| (1..=rows).map(|id| format!("{letter}{id}")).collect::<Vec<_>>();
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from_iter_values(1..=rows)) as _),
            ("name", Arc::new(StringArray::from(names("n"))) as _),
            ("_dlt_id", Arc::new(StringArray::from(names("x"))) as _),
        ]);
        let batch = batch.unwrap();
        let path = self.path().join("items.parquet");
        let properties = parquet::file::properties::WriterProperties::builder()
            .set_max_row_group_row_count(Some(group))
            .build();
        let mut writer =
            ArrowWriter::try_new(fs::File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        JobFile::new("items.one.parquet", "items", path, FileFormat::Parquet).with_size(rows as u64, 1)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Prepares the load and runs one job.
    pub(crate) fn run(&self, destination: &dyn Destination, job: &JobFile) -> Result<JobOutcome> {
        destination.prepare_load(&self.plan)?;
        destination.open_job(&self.plan, job)?.run()
    }
}
