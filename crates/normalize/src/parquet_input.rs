//! Parquet files of an extracted package: names are normalized and types taken over, rows stay as they are.
//!
//! A file that fits as it is becomes a job file by a link; any other is read and written again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, make_array, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Fields, TimeUnit};
use arrow::error::ArrowError;
use cartage_data_files::arrays::{expanded, refusal, value_type};
use cartage_data_files::parquet::{FileFacts, FileReader};
use cartage_package_store::{FileDraft, FileEntry, StagedPackage, WrittenFile};
use cartage_runtime::Stage;
use cartage_schema::{Column, DataType};

use crate::batch::TableBatch;
use crate::columnar_contract::{BatchPlace, Kept, RefusedColumn};
use crate::columnar_types::{column_of, is_lossless, is_rewritten};
use crate::columnar_values::{ByValue, Gone, holds};
use crate::coordinate::Coordinator;
use crate::error::NormalizeError;
use crate::input_place::input_of;

/// A column of the file and what becomes of it.
struct Conversion {
    index: usize,
    name: Arc<str>,
    target: ArrowType,
}

/// What becomes of the columns of a file that is written again.
#[derive(Default)]
struct FileColumns {
    /// Columns that are cast, because nothing is lost.
    cast: Vec<Conversion>,
    by_value: Vec<ByValue>,
    refused: Vec<RefusedColumn>,
    /// Columns that must not be null and may be, with their positions in the file.
    required: Vec<(Arc<str>, Option<usize>)>,
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
        let facts = FileFacts::open(path)?;
        let mut reader = FileReader::open(path)?;
        let fields = reader.schema().fields().clone();
        let found = self.found_columns(&fields, entry, table)?;
        self.refuse_among_rows(&found, entry, table)?;
        self.report.input_rows += reader.rows();
        self.report.input_bytes += entry.uncompressed_bytes;
        self.progress_of_file(table, entry);
        let refused = match self.admit(table, &found, entry, &mut reader)? {
            Kept::Columns(refused) => refused,
            Kept::None(mode) => return self.discard_file(entry, &mut reader, table, mode),
        };
        let mut fits = self.writer.takes_parquet() && found.len() == fields.len() && refused.is_empty();
        fits &= !reader.is_peculiar();
        let mut columns = FileColumns { refused, ..FileColumns::default() };
        let mut new = Vec::new();
        let mut positions = HashMap::new();
        for (index, found) in found {
            if columns.refused.iter().any(|refused| refused.index == index) {
                continue;
            }
            let (field, name) = (&fields[index], found.name.clone());
            positions.insert(name.clone(), index);
            let known = self.merged.schema().tables.get(table).and_then(|table| table.columns.get(&name));
            let column = match known {
                Some(known) if known.is_complete() => known.clone(),
                hints => {
                    let unified = self.columnar_files.column(rules, table, &name)?;
                    let mut column = unified.unwrap_or_else(|| found.clone());
                    if let Some(hints) = hints {
                        column.merge(hints);
                    }
                    new.push(column.clone());
                    column
                }
            };
            let physical = self.rules.physical.of(&column);
            fits &= name == *field.name()
                && column.data_type == found.data_type
                && (!self.rules.files_are_tables || has_digits_of(&found, &column))
                && !facts.is_foreign(index)
                && !is_rewritten(field.data_type(), &physical.arrow());
            let is_json =
                value_type(field.data_type()).is_nested() && column.data_type == Some(DataType::Json);
            if !is_json
                && (is_lossless(field.data_type(), &found, &column)
                    && moments_fit(field.data_type(), facts.range(index))
                    || (column.data_type == found.data_type && all_fit(&facts, index, &column, physical)?))
            {
                columns.cast.push(Conversion { index, name: name.into(), target: physical.arrow() });
            } else {
                fits = false;
                columns.by_value.push(ByValue::new(index, column, physical));
            }
        }
        if !new.is_empty() {
            self.merged.add_columns(table, None, new)?;
        }
        for column in self.merged.schema().tables.get(table).iter().flat_map(|table| table.columns.values()) {
            if column.is_nullable() || self.rules.naming.is_dlt_name(&column.name) {
                continue;
            }
            let index = positions.get(&column.name).copied();
            if index.is_none_or(|index| fields[index].is_nullable() && facts.nulls(index) != Some(0)) {
                columns.required.push((column.name.as_str().into(), index));
            }
        }
        if fits && columns.required.is_empty() {
            *self.report.rows.entry(table.to_owned()).or_default() += reader.rows();
            return self.link(staged, entry, path, table);
        }
        self.rewrite(entry, &mut reader, &mut columns, table)
    }

    /// The columns that the fields of a file make, with their positions.
    fn found_columns(
        &mut self,
        fields: &Fields,
        entry: &FileEntry,
        table: &str,
    ) -> Result<Vec<(usize, Column)>, NormalizeError> {
        let rules = self.rules;
        let refused =
            |reason| NormalizeError::Columnar { file: input_of(entry), table: table.to_owned(), reason };
        let mut names: HashMap<String, &str> = HashMap::new();
        let mut found = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let name = rules.naming.normalize_path(field.name());
            if let Some(other) = names.insert(name.clone(), field.name()) {
                let remedy = if other == field.name() {
                    "rename one of them in the source"
                } else {
                    "rename one of them in the source, or set `naming_convention = \"direct\"` for the destination"
                };
                return Err(refused(format!(
                    "its columns `{other}` and `{}` both become `{name}`; {remedy}",
                    field.name()
                )));
            }
            if let Some(reason) = refusal(field.data_type()) {
                return Err(refused(format!(
                    "column `{}` is {}, and {reason}; change its type in the source, or leave it out",
                    field.name(),
                    field.data_type()
                )));
            }
            match column_of(rules, field, &name) {
                Some(column) => found.push((index, column)),
                // Nulls of a column whose type is known, or comes with a later file of the package.
                None => match self.type_of_nulls(table, &name)? {
                    Some(column) => found.push((index, column)),
                    None => self.merged.note_null_column(table, &name),
                },
            }
        }
        if found.is_empty() && entry.rows > 0 {
            return Err(refused(
                "none of its columns has a type, because all values are null; give one of them a `data_type` in \
                 `columns` of the resource"
                    .to_owned(),
            ));
        }
        Ok(found)
    }

    /// Refuses a file for a table whose rows have ids of their own, as those of JSON and CSV: its rows have none, and
    /// the destination would find that out when it has emptied the table, say.
    fn refuse_among_rows(
        &self,
        found: &[(usize, Column)],
        entry: &FileEntry,
        table: &str,
    ) -> Result<(), NormalizeError> {
        let Some(known) = self.merged.schema().tables.get(table) else { return Ok(()) };
        let missing = known.complete_columns().find(|column| {
            self.rules.naming.is_dlt_name(&column.name)
                && !column.is_nullable()
                && found.iter().all(|(_, own)| own.name != column.name)
        });
        let Some(missing) = missing else { return Ok(()) };
        Err(NormalizeError::Columnar {
            file: input_of(entry),
            table: table.to_owned(),
            reason: format!(
                "the table has rows of JSON, CSV or a program, with `{}` in each, and rows of columnar files have none; \
                 give this resource a `table_name` of its own, or drop the table first with `cartage drop`",
                missing.name
            ),
        })
    }

    /// The type of a column of which a file has nothing but nulls.
    fn type_of_nulls(&mut self, table: &str, name: &str) -> Result<Option<Column>, NormalizeError> {
        let known = self.merged.schema().tables.get(table).and_then(|table| table.columns.get(name));
        if let Some(known) = known.filter(|known| known.is_complete()) {
            return Ok(Some(known.clone()));
        }
        self.columnar_files.column(self.rules, table, name)
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
            written: Some(WrittenFile { bytes: entry.bytes, checksum: entry.checksum }),
            origins: entry.origins.clone(),
            ..FileDraft::new(name, table)
        });
        Ok(())
    }

    fn rewrite(
        &mut self,
        entry: &FileEntry,
        reader: &mut FileReader,
        columns: &mut FileColumns,
        table: &str,
    ) -> Result<(), NormalizeError> {
        let conversion = |column: &str, source| NormalizeError::Conversion {
            file: input_of(entry),
            table: table.to_owned(),
            column: column.to_owned(),
            source: Box::new(source),
        };
        let mut first_row = 0;
        while let Some(batch) = reader.next_batch()? {
            self.wait_for_room()?;
            let place = BatchPlace { entry, table, first_row };
            first_row += batch.num_rows() as u64;
            let batch = self.strip(batch, &columns.refused, place)?;
            let mut gone = Gone::default();
            for (column, index) in &columns.required {
                self.require((column, *index), &batch, place, &mut gone)?;
            }
            let mut arrays = Vec::with_capacity(batch.num_columns());
            for Conversion { index, name, target } in &columns.cast {
                let array =
                    convert(batch.column(*index), target).map_err(|source| conversion(name, source))?;
                arrays.push((Arc::clone(name), array));
            }
            for column in &mut columns.by_value {
                arrays.extend(self.values_of(column, &batch, place, &mut gone)?);
            }
            let (arrays, rows) =
                gone.filter(arrays, batch.num_rows()).map_err(|source| conversion("", source))?;
            *self.report.rows.entry(table.to_owned()).or_default() += rows as u64;
            let batch = TableBatch {
                name: table.into(),
                parent: None,
                rows,
                columns: arrays,
                seen: Vec::new(),
                relied_on_new: false,
            };
            self.add_batches(vec![batch])?;
        }
        Ok(())
    }
}

/// Whether a file of the column has the type that other files have, as readers of several files at once want it.
fn has_digits_of(found: &Column, column: &Column) -> bool {
    let is_number = matches!(column.data_type, Some(DataType::Bigint | DataType::Decimal));
    !is_number || (found.precision, found.scale) == (column.precision, column.scale)
}

/// Whether timestamps are known to be within what columns of microseconds hold.
fn moments_fit(data_type: &ArrowType, range: Option<(i64, i64)>) -> bool {
    let micros = match value_type(data_type) {
        ArrowType::Timestamp(TimeUnit::Second, _) => 1_000_000,
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        _ => return true,
    };
    let fits = |count: i64| count.checked_mul(micros).is_some();
    range.is_some_and(|(smallest, largest)| fits(smallest) && fits(largest))
}

/// Whether the column holds all values that the file has.
fn all_fit(
    facts: &FileFacts,
    index: usize,
    column: &Column,
    physical: crate::columns::Physical,
) -> Result<bool, NormalizeError> {
    let mut reader = facts.column(index)?;
    while let Some(array) = reader.next_array()? {
        let is_length = matches!(array.data_type(), ArrowType::Duration(_) | ArrowType::Interval(_));
        if is_length || (0..array.len()).any(|row| !holds(array.as_ref(), row, column, physical)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn convert(array: &ArrayRef, target: &ArrowType) -> Result<ArrayRef, ArrowError> {
    if *array.data_type() == ArrowType::Null {
        return Ok(new_null_array(target, array.len()));
    }
    let array = &expanded(array)?;
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
