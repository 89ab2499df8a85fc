//! Parquet files of an extracted package: names are normalized and types taken over, rows stay as they are.
//!
//! A file that fits as it is becomes a job file by a link; any other is read and written again.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, make_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Field, TimeUnit};
use arrow::error::ArrowError;
use cartage_data_files::parquet::FileReader;
use cartage_package_store::{FileDraft, FileEntry, StagedPackage, Written};
use cartage_runtime::Stage;
use cartage_schema::{Column, DataType};

use crate::arrow_json::to_json;
use crate::batch::TableBatch;
use crate::columnar_contract::{BatchPlace, Kept, RefusedColumn};
use crate::coordinate::Coordinator;
use crate::error::{NormalizeError, input_of};
use crate::rules::Rules;

/// A column of the file and what becomes of it.
struct Conversion {
    index: usize,
    name: Arc<str>,
    target: ArrowType,
}

impl Coordinator<'_> {
    /// Normalizes a Parquet file. All rows before it are merged already.
    pub(crate) fn parquet(
        &mut self,
        staged: &StagedPackage,
        entry: &FileEntry,
        path: &Path,
        table: &str,
    ) -> Result<(), NormalizeError> {
        let rules = self.rules;
        let mut reader = FileReader::open(path)?;
        let fields = reader.schema().fields().clone();
        let mut found = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let name = rules.naming.normalize_path(field.name());
            match column_of(rules, field, &name) {
                Some(column) => found.push((index, column)),
                None => self.merged.note_null_column(table, &name),
            }
        }
        self.report.input_rows += reader.rows();
        self.report.input_bytes += entry.uncompressed_bytes;
        self.progress_of_file(table, entry);
        let refused = match self.admit(table, &found, entry, &mut reader)? {
            Kept::Columns(refused) => refused,
            Kept::None(mode) => return self.discard_file(entry, &mut reader, table, mode),
        };
        let mut fits = self.writer.takes_parquet() && found.len() == fields.len() && refused.is_empty();
        fits &= !reader.is_peculiar();
        found.retain(|(index, _)| refused.iter().all(|refused| refused.index != *index));
        let mut conversions = Vec::new();
        let mut new = Vec::new();
        for (index, found) in found {
            let (field, name) = (&fields[index], found.name.clone());
            let known = self.merged.schema().tables.get(table).and_then(|table| table.columns.get(&name));
            let column = match known {
                Some(known) if known.is_complete() => known.clone(),
                hints => {
                    let mut column = found.clone();
                    if let Some(hints) = hints {
                        column.merge(hints);
                    }
                    new.push(column.clone());
                    column
                }
            };
            let target = rules.physical.of(&column).arrow();
            fits &= name == *field.name()
                && column.data_type == found.data_type
                && !is_rewritten(field.data_type(), &target);
            conversions.push(Conversion { index, name: name.into(), target });
        }
        if !new.is_empty() {
            self.merged.add_columns(table, None, new)?;
        }
        if fits {
            *self.report.rows.entry(table.to_owned()).or_default() += reader.rows();
            return self.link(staged, entry, path, table);
        }
        self.rewrite(entry, &mut reader, (&conversions, &refused), table)
    }

    fn progress_of_file(&self, table: &str, entry: &FileEntry) {
        let bytes = entry.uncompressed_bytes;
        self.runtime.progress.advance(Stage::Normalize, table, entry.rows, bytes, bytes);
    }

    fn link(
        &mut self,
        staged: &StagedPackage,
        entry: &FileEntry,
        path: &Path,
        table: &str,
    ) -> Result<(), NormalizeError> {
        let name = self.writer.next_name(table)?;
        staged.link_job(path, &name)?;
        self.writer.add(FileDraft {
            rows: entry.rows,
            uncompressed_bytes: entry.uncompressed_bytes,
            written: Some(Written { bytes: entry.bytes, checksum: entry.checksum }),
            origins: entry.origins.clone(),
            ..FileDraft::new(name, table)
        });
        Ok(())
    }

    fn rewrite(
        &mut self,
        entry: &FileEntry,
        reader: &mut FileReader,
        (conversions, refused): (&[Conversion], &[RefusedColumn]),
        table: &str,
    ) -> Result<(), NormalizeError> {
        let mut first_row = 0;
        while let Some(batch) = reader.next_batch()? {
            self.wait_for_room()?;
            let place = BatchPlace { entry, table, first_row };
            first_row += batch.num_rows() as u64;
            let batch = self.strip(batch, refused, place)?;
            *self.report.rows.entry(table.to_owned()).or_default() += batch.num_rows() as u64;
            let mut columns = Vec::with_capacity(conversions.len());
            for conversion in conversions {
                let array =
                    convert(batch.column(conversion.index), &conversion.target).map_err(|source| {
                        let (table, column) = (table.to_owned(), conversion.name.to_string());
                        NormalizeError::Conversion {
                            file: input_of(entry),
                            table,
                            column,
                            source: Box::new(source),
                        }
                    })?;
                columns.push((Arc::clone(&conversion.name), array));
            }
            let batch = TableBatch {
                name: table.into(),
                parent: None,
                rows: batch.num_rows(),
                columns,
                met: Vec::new(),
                relied_on_new: false,
            };
            self.add_batches(vec![batch])?;
        }
        Ok(())
    }
}

fn convert(array: &ArrayRef, target: &ArrowType) -> Result<ArrayRef, ArrowError> {
    if array.data_type().is_nested() {
        return to_json(array);
    }
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    // Timestamps are instants or wall clocks in UTC, so that their zone is only a label. Casting between
    // labels would ask for a time zone database.
    let unlabelled = |data_type: &ArrowType| match data_type {
        ArrowType::Timestamp(unit, _) => ArrowType::Timestamp(*unit, None),
        other => other.clone(),
    };
    let source = relabelled(array, unlabelled(array.data_type()))?;
    // Values that the column cannot hold are an error, not null.
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = cast_with_options(&source, &unlabelled(target), &options)?;
    relabelled(&cast, target.clone())
}

/// The same values under a type with the same layout.
fn relabelled(array: &ArrayRef, data_type: ArrowType) -> Result<ArrayRef, ArrowError> {
    if *array.data_type() == data_type {
        return Ok(Arc::clone(array));
    }
    Ok(make_array(array.to_data().into_builder().data_type(data_type).build()?))
}

/// Types that destinations do not read as they are, and timestamps whose zone they would have to guess.
fn is_rewritten(data_type: &ArrowType, target: &ArrowType) -> bool {
    let other_zone = match (data_type, target) {
        (ArrowType::Timestamp(_, found), ArrowType::Timestamp(_, wanted)) => {
            found.is_some() != wanted.is_some()
        }
        _ => false,
    };
    other_zone || data_type.is_nested() || matches!(data_type, ArrowType::Float16 | ArrowType::Null)
}

/// The column that a field makes by itself; `None` for one that has nothing but nulls.
fn column_of(rules: &Rules, field: &Field, name: &str) -> Option<Column> {
    let mut column = Column::new(name);
    let data_type = match field.data_type() {
        ArrowType::Dictionary(_, values) => values.as_ref(),
        data_type => data_type,
    };
    let (data_type, precision, scale) = match data_type {
        ArrowType::Null => return None,
        ArrowType::Boolean => (DataType::Bool, None, None),
        ArrowType::Int8 | ArrowType::UInt8 => (DataType::Bigint, Some(8), None),
        ArrowType::Int16 | ArrowType::UInt16 => (DataType::Bigint, Some(16), None),
        ArrowType::Int32 | ArrowType::UInt32 => (DataType::Bigint, Some(32), None),
        ArrowType::Int64 | ArrowType::UInt64 => (DataType::Bigint, None, None),
        data_type if data_type.is_floating() => (DataType::Double, None, None),
        ArrowType::Timestamp(unit, _) => (DataType::Timestamp, rules.fraction_digits(digits(*unit)), None),
        ArrowType::Time32(unit) | ArrowType::Time64(unit) => {
            (DataType::Time, rules.fraction_digits(digits(*unit)), None)
        }
        ArrowType::Date32 | ArrowType::Date64 => (DataType::Date, None, None),
        ArrowType::FixedSizeBinary(width) => (DataType::Binary, u32::try_from(*width).ok(), None),
        ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView => (DataType::Binary, None, None),
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale) => {
            (DataType::Decimal, Some(u32::from(*precision)), u32::try_from(*scale).ok())
        }
        data_type if data_type.is_nested() => (DataType::Json, None, None),
        _ => (DataType::Text, None, None),
    };
    column.data_type = Some(data_type);
    column.nullable = Some(field.is_nullable());
    column.precision = precision;
    column.scale = scale;
    Some(column)
}

fn digits(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}
