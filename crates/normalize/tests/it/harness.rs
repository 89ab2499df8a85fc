//! Extracted packages out of rows, and tables read back out of normalized packages.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
    UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cartage_data_files::blocks::{BlockWriter, Packing};
use cartage_data_files::parquet::FileReader;
use cartage_normalize::{
    CurrentContracts, NormalizeError, NormalizeReport, NormalizeRequest, NormalizeSettings, run,
};
use cartage_package_store::{
    Checksum, Codec, FileDraft, FileFormat, Folder, JobFileName, JobState, LoadId, ManifestDraft,
    PackageSettings, PublishedPackage, SourceRange, Wait, WrittenFile,
};
use cartage_runtime::{Runtime, Stage};
use cartage_schema::Schema;
use cartage_test_support::{TempPipeline, runtime};
use serde_json::{Value, json};

/// A pipeline whose packages are extracted by hand.
pub(crate) struct Pipeline {
    pub(crate) temp: TempPipeline,
    pub(crate) settings: PackageSettings,
    pub(crate) normalize: NormalizeSettings,
    pub(crate) workers: usize,
    pub(crate) contracts: Option<CurrentContracts>,
    next: i64,
}

/// The rows of one file.
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a str,
    /// Each ended by a line feed.
    pub(crate) blocks: Vec<&'a str>,
    pub(crate) origins: Vec<SourceRange>,
}

struct RawRows<'a> {
    table: &'a str,
    blocks: Vec<&'a [u8]>,
    origins: &'a [SourceRange],
}

impl<'a> Rows<'a> {
    pub(crate) fn of(table: &'a str, rows: &'a str) -> Self {
        Self { table, blocks: vec![rows], origins: Vec::new() }
    }
}

/// A table read back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TableData {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<BTreeMap<String, Value>>,
}

impl Pipeline {
    pub(crate) fn new() -> Self {
        Self {
            temp: TempPipeline::new(),
            settings: PackageSettings::default(),
            normalize: NormalizeSettings::default(),
            workers: 2,
            contracts: None,
            next: 1_795_152_758_208_462,
        }
    }

    pub(crate) fn extract(&mut self, schema: &Schema, files: &[Rows<'_>]) -> LoadId {
        let files: Vec<RawRows<'_>> = files
            .iter()
            .map(|file| RawRows {
                table: file.table,
                blocks: file.blocks.iter().map(|block| block.as_bytes()).collect(),
                origins: &file.origins,
            })
            .collect();
        self.extract_raw(schema, &files)
    }

    pub(crate) fn extract_bytes(&mut self, schema: &Schema, table: &str, rows: &[u8]) -> LoadId {
        self.extract_raw(schema, &[RawRows { table, blocks: vec![rows], origins: &[] }])
    }

    fn extract_raw(&mut self, schema: &Schema, files: &[RawRows<'_>]) -> LoadId {
        let store = &self.temp.store;
        let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
        self.next += 1;
        let load_id = store.next_load_id(self.next).unwrap();
        let staged = store.stage(&lock, load_id.clone(), 1).unwrap();
        let mut drafts = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let name =
                JobFileName::new(file.table, &format!("{number:010x}"), FileFormat::Jsonl, Some(Codec::Zst))
                    .unwrap();
            let mut writer = BlockWriter::create(&staged.job_path(&name), Packing::Zstd).unwrap();
            for block in &file.blocks {
                writer
                    .append_rows(block, block.split_inclusive(|byte| *byte == b'\n').count() as u64, 1)
                    .unwrap();
            }
            let stats = writer.finish();
            drafts.push(FileDraft {
                rows: stats.rows,
                uncompressed_bytes: stats.uncompressed_bytes,
                written: Some(WrittenFile {
                    bytes: stats.bytes,
                    checksum: Checksum::from_u128(stats.checksum),
                }),
                origins: file.origins.to_vec(),
                ..FileDraft::new(name, file.table)
            });
        }
        staged.write_schema(&schema.to_json()).unwrap();
        let draft = ManifestDraft {
            schema_name: schema.name.clone(),
            settings: self.settings.clone(),
            files: drafts,
            ..ManifestDraft::default()
        };
        staged.seal(draft).unwrap().publish(Folder::Extracted).unwrap();
        load_id
    }

    pub(crate) fn normalize(
        &self,
        load_id: &LoadId,
        base: Option<Schema>,
    ) -> Result<NormalizeReport, NormalizeError> {
        self.normalize_with(load_id, base, runtime())
    }

    pub(crate) fn normalize_with(
        &self,
        load_id: &LoadId,
        base_schema: Option<Schema>,
        runtime: Runtime,
    ) -> Result<NormalizeReport, NormalizeError> {
        let store = &self.temp.store;
        let lock = store.lock(Stage::Normalize, Wait::Fail).unwrap();
        run(&NormalizeRequest {
            store,
            lock: &lock,
            load_id,
            base_schema,
            contracts: self.contracts.clone(),
            workers: self.workers,
            settings: self.normalize.clone(),
            runtime,
        })
    }

    /// Extracts and normalizes.
    pub(crate) fn run(&mut self, schema: &Schema, files: &[Rows<'_>]) -> Result<LoadId, NormalizeError> {
        let load_id = self.extract(schema, files);
        self.normalize(&load_id, None)?;
        Ok(load_id)
    }

    pub(crate) fn package(&self, load_id: &LoadId) -> PublishedPackage {
        self.temp.store.open_package(Folder::Normalized, load_id).unwrap()
    }

    pub(crate) fn schema(&self, load_id: &LoadId) -> Schema {
        Schema::from_json(&self.package(load_id).schema_json().unwrap()).unwrap()
    }

    /// The tables of a normalized package. Columns that no file has are left out.
    pub(crate) fn tables(&self, load_id: &LoadId) -> BTreeMap<String, TableData> {
        let package = self.package(load_id);
        package.verify().unwrap();
        let mut tables: BTreeMap<String, TableData> = BTreeMap::new();
        for file in &package.manifest().files {
            let table = tables.entry(file.table.clone()).or_default();
            let mut reader = FileReader::open(&package.job_path(JobState::New, &file.name)).unwrap();
            for field in reader.schema().fields() {
                if !table.columns.contains(field.name()) {
                    table.columns.push(field.name().clone());
                }
            }
            while let Some(batch) = reader.next_batch().unwrap() {
                for row in 0..batch.num_rows() {
                    let columns = batch.schema();
                    let values = columns.fields().iter().zip(batch.columns());
                    table.rows.push(
                        values.map(|(field, array)| (field.name().clone(), value(array, row))).collect(),
                    );
                }
            }
        }
        tables
    }
}

/// A value in the form of the oracle's `expected.json`.
fn value(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Int32 => json!(array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => json!(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt64 => json!(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float64 => json!(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => json!(array.as_boolean().value(row)),
        DataType::Utf8 => json!(array.as_string::<i32>().value(row)),
        DataType::Date32 | DataType::Binary | DataType::Decimal128(..) => {
            json!(ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap().value(row).to_string())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let moment = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let text = cartage_values::timestamp_to_text(moment, false);
            let (date, fraction) = text.split_once('.').unwrap_or((&text, "0"));
            json!(format!("{date}.{fraction:0<6}{}", if zone.is_some() { "Z" } else { "" }))
        }
        DataType::Time64(_) => {
            let micros = array.as_primitive::<Time64MicrosecondType>().value(row);
            let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
            json!(format!("{:02}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60))
        }
        other => panic!("no test expects {other}"),
    }
}
