//! Batches of blocks are collected into row groups, and row groups go to job files.
//!
//! Everything here happens in the order of the rows and depends on the batches only, so that the files are
//! the same whatever the number of workers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType as ArrowType, Field, Schema as ArrowSchema};
use cartage_schema::{Column, Schema, Table};

use crate::batch::TableBatch;
use crate::columns::{PhysicalRules, cast_wide, wide_type};
use crate::error::NormalizeError;
use crate::name_map::{NameMap, NameSet};
use crate::output::{EncodedRows, Encoder, FileLayout, OutputOptions};
use crate::settings::NormalizeSettings;

/// Rows of all tables that wait to be encoded.
#[derive(Debug)]
pub(crate) struct Assembler {
    settings: NormalizeSettings,
    physical: PhysicalRules,
    options: OutputOptions,
    /// Whether each file has all columns of its table, and no nulls where none may be.
    whole_tables: bool,
    tables: BTreeMap<Arc<str>, PendingTable>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct PendingTable {
    batches: Vec<TableBatch>,
    rows: usize,
    bytes: usize,
    /// Columns that had values in this package.
    columns: NameSet<Arc<str>>,
    layout: Option<FileLayout>,
    row_groups: u64,
}

/// A row group to be encoded.
#[derive(Debug)]
pub(crate) struct EncodeTask {
    pub(crate) table: Arc<str>,
    /// Number of the row group in its table.
    pub(crate) number: u64,
    pub(crate) layout: FileLayout,
    encoder: Encoder,
    bytes: usize,
}

/// A smaller row group is encoded before another thread could help.
const BYTES_TO_SHARE: usize = 1 << 20;

impl Assembler {
    pub(crate) fn new(
        settings: &NormalizeSettings,
        physical: &PhysicalRules,
        options: &OutputOptions,
    ) -> Self {
        Self {
            settings: settings.clone(),
            physical: physical.clone(),
            options: options.clone(),
            whole_tables: false,
            tables: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Lets each file have all columns of its table where `wanted`, for those who read it alone. Lines of JSON name
    /// their columns themselves and stay as they are.
    pub(crate) fn with_whole_tables(self, wanted: bool) -> Self {
        Self { whole_tables: wanted && !self.options.is_json(), ..self }
    }

    /// Takes the batches of a block and returns the row groups that became full.
    ///
    /// # Errors
    /// [`NormalizeError::Parquet`] if a table has columns that Parquet does not know.
    pub(crate) fn add(
        &mut self,
        batches: Vec<TableBatch>,
        schema: &Schema,
    ) -> Result<Vec<EncodeTask>, NormalizeError> {
        let mut full = Vec::new();
        for batch in batches.into_iter().filter(|batch| batch.rows > 0) {
            let name = Arc::clone(&batch.name);
            let table = self.tables.entry(Arc::clone(&name)).or_default();
            let bytes: usize = batch.columns.iter().map(|(_, array)| bytes_of(array)).sum();
            table.columns.extend(batch.columns.iter().map(|(column, _)| Arc::clone(column)));
            table.rows += batch.rows;
            table.bytes += bytes;
            table.batches.push(batch);
            self.bytes += bytes;
            if table.rows >= self.settings.row_group_rows || table.bytes >= self.settings.row_group_bytes {
                full.extend(self.cut(&name, schema)?);
            }
        }
        while self.bytes >= self.settings.buffer_bytes {
            let largest = self.tables.iter().rev().max_by_key(|(_, table)| table.bytes);
            let Some(name) = largest.map(|(name, _)| Arc::clone(name)) else { break };
            full.extend(self.cut(&name, schema)?);
        }
        Ok(full)
    }

    /// The rest, when no more rows come.
    ///
    /// # Errors
    /// As [`Assembler::add`].
    pub(crate) fn finish(&mut self, schema: &Schema) -> Result<Vec<EncodeTask>, NormalizeError> {
        let names: Vec<Arc<str>> = self.tables.keys().cloned().collect();
        let mut rest = Vec::new();
        for name in names {
            rest.extend(self.cut(&name, schema)?);
        }
        Ok(rest)
    }

    fn cut(&mut self, name: &Arc<str>, schema: &Schema) -> Result<Option<EncodeTask>, NormalizeError> {
        let Some(table) = self.tables.get_mut(name) else { return Ok(None) };
        if table.batches.is_empty() {
            return Ok(None);
        }
        self.bytes -= table.bytes;
        let known = schema.table(name)?;
        Ok(Some(table.row_group(name, known, &self.physical, &self.options, self.whole_tables)?))
    }
}

impl PendingTable {
    fn row_group(
        &mut self,
        name: &Arc<str>,
        table: &Table,
        physical: &PhysicalRules,
        options: &OutputOptions,
        whole: bool,
    ) -> Result<EncodeTask, NormalizeError> {
        let batches = std::mem::take(&mut self.batches);
        let indexes: Vec<NameMap<&str, &ArrayRef>> = batches.iter().map(TableBatch::by_name).collect();
        let columns = if whole { table.columns.len() } else { self.columns.len() };
        let mut fields = Vec::with_capacity(columns);
        let mut arrays: Vec<Vec<Option<ArrayRef>>> =
            batches.iter().map(|_| Vec::with_capacity(columns)).collect();
        let is_wanted = |column: &&Column| whole || self.columns.contains(column.name.as_str());
        for column in table.complete_columns().filter(is_wanted) {
            let mut parts: Vec<Option<ArrayRef>> = indexes
                .iter()
                .map(|index| index.get(column.name.as_str()).map(|array| Arc::clone(array)))
                .collect();
            let data_type = widen(&mut parts, physical.of(column).arrow());
            let has_nulls = parts.iter().any(|part| part.as_ref().is_none_or(|part| part.null_count() > 0));
            if whole && has_nulls && !column.is_nullable() {
                return Err(NormalizeError::Nulls { table: table.name.clone(), column: column.name.clone() });
            }
            fields.push(Field::new(&column.name, data_type, column.is_nullable() || has_nulls));
            for (batch, part) in arrays.iter_mut().zip(parts) {
                batch.push(part);
            }
        }
        let schema = Arc::new(ArrowSchema::new(fields));
        let layout = match &self.layout {
            Some(layout) if *layout.schema() == schema => layout.clone(),
            _ => options.layout(schema, table.complete_columns())?,
        };
        self.layout = Some(layout.clone());
        let batches = batches.iter().map(|batch| batch.rows).zip(arrays).collect();
        let (encoder, bytes) = (layout.encoder(batches), self.bytes);
        self.rows = 0;
        self.bytes = 0;
        self.row_groups += 1;
        Ok(EncodeTask { table: Arc::clone(name), number: self.row_groups - 1, layout, encoder, bytes })
    }
}

/// Bytes of the values alone. What was allocated for them depends on the blocks that a worker had before, and
/// where row groups end must not.
fn bytes_of(array: &ArrayRef) -> usize {
    array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_buffer_memory_size())
}

/// Integers beyond 63 bits in one part of a column make all of it wide.
fn widen(parts: &mut [Option<ArrayRef>], data_type: ArrowType) -> ArrowType {
    let is_wide = |part: &ArrayRef| *part.data_type() == wide_type();
    if data_type != ArrowType::Int64 || !parts.iter().flatten().any(is_wide) {
        return data_type;
    }
    for part in parts.iter_mut().flatten() {
        *part = cast_wide(part);
    }
    wide_type()
}

impl TableBatch {
    fn by_name(&self) -> NameMap<&str, &ArrayRef> {
        self.columns.iter().map(|(name, array)| (&**name, array)).collect()
    }
}

impl EncodeTask {
    /// How many workers may work on the row group at the same time.
    pub(crate) fn shares(&self) -> usize {
        if self.bytes < BYTES_TO_SHARE { 1 } else { self.encoder.parts() }
    }

    /// Encodes the row group, or helps with it: one of those who do gets it.
    ///
    /// # Errors
    /// [`NormalizeError::Parquet`] or [`NormalizeError::Text`].
    pub(crate) fn run(&self) -> Option<Result<EncodedRows, NormalizeError>> {
        self.encoder.work()
    }
}

/// Columns with few distinct values in every package: a dictionary pays for them.
pub(crate) fn dictionary_columns(schema: &Schema, max_name_length: Option<usize>) -> BTreeSet<String> {
    let naming = schema.naming(max_name_length);
    BTreeSet::from([naming.normalize_identifier("_dlt_load_id")])
}
