//! Columns of a columnar file that have another type than the column of their table: each value goes into the
//! column if nothing of it is lost, else into a variant of the column, as values of JSON do.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StructArray};
use arrow::compute::filter;
use cartage_data_files::arrays::{ValueError, scalar};
use cartage_schema::{Column, ContractEntity, ContractMode, DataType};
use cartage_values::{Decimal, Scalar, coerce};

use crate::arrow_json::description_of;
use crate::broken::FrozenChange;
use crate::columnar_contract::BatchPlace;
use crate::columns::{ColumnBuilder, ColumnSize, Physical};
use crate::coordinate::Coordinator;
use crate::error::{BadRow, BadValue, NormalizeError};
use crate::exact::exact;
use crate::guard::{Discard, Refusal};
use crate::variant_names::VariantOf;

/// Bytes of a row that an error shows.
const EXCERPT_BYTES: usize = 200;

/// A column whose values are looked at one by one.
#[derive(Debug)]
pub(crate) struct ByValue {
    /// Its position in the file.
    pub(crate) index: usize,
    /// The column, followed by the variants that were found.
    targets: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    name: Arc<str>,
    column: Column,
    physical: Physical,
    /// Whether the schema lacks it.
    is_new: bool,
}

/// A row of a batch.
#[derive(Clone, Copy, Debug)]
struct BatchRow<'a> {
    batch: &'a RecordBatch,
    row: usize,
    place: BatchPlace<'a>,
}

/// What became of the values of a batch.
pub(crate) type NamedArrays = Vec<(Arc<str>, ArrayRef)>;

/// Rows of a batch that are not let in.
#[derive(Debug, Default)]
pub(crate) struct Gone(HashSet<usize>);

impl Gone {
    /// The arrays without the rows that are gone, and how many are left.
    pub(crate) fn filter(
        &self,
        arrays: NamedArrays,
        rows: usize,
    ) -> Result<(NamedArrays, usize), arrow::error::ArrowError> {
        if self.0.is_empty() {
            return Ok((arrays, rows));
        }
        let stays: BooleanArray = (0..rows).map(|row| Some(!self.0.contains(&row))).collect();
        let left = stays.true_count();
        let arrays = arrays.into_iter().map(|(name, array)| Ok((name, filter(&array, &stays)?)));
        Ok((arrays.collect::<Result<_, arrow::error::ArrowError>>()?, left))
    }
}

impl ByValue {
    pub(crate) fn new(index: usize, column: Column, physical: Physical) -> Self {
        let target = Target { name: column.name.as_str().into(), column, physical, is_new: false };
        Self { index, targets: vec![target] }
    }
}

/// Whether a column holds all of a value, or null.
pub(crate) fn holds(array: &dyn Array, row: usize, column: &Column, physical: Physical) -> bool {
    match scalar(array, row) {
        Ok(None) => true,
        Ok(Some(value)) => exact(value, column, physical).is_ok(),
        Err(_) => false,
    }
}

impl Coordinator<'_> {
    /// Takes the values of a column one by one. Rows that cannot be stored are noted in `gone`.
    pub(crate) fn values_of(
        &mut self,
        by_value: &mut ByValue,
        batch: &RecordBatch,
        place: BatchPlace<'_>,
        gone: &mut Gone,
    ) -> Result<NamedArrays, NormalizeError> {
        let array = batch.column(by_value.index);
        let mut builders: Vec<Option<ColumnBuilder>> = Vec::new();
        for row in 0..batch.num_rows() {
            if gone.0.contains(&row) {
                continue;
            }
            let at = BatchRow { batch, row, place };
            let main = &by_value.targets[0];
            let value = match scalar(array.as_ref(), row) {
                Ok(None) => continue,
                Ok(Some(value)) => value,
                Err(ValueError::Nanoseconds { value }) if main.column.data_type == Some(DataType::Text) => {
                    Scalar::Text(value.into())
                }
                Err(error) => {
                    let (table, column) = (place.table.into(), Arc::clone(&main.name));
                    let reason = BadValue::DoesNotFit { table, column, detail: error.to_string() };
                    self.bad_columnar_row(at, reason, gone)?;
                    continue;
                }
            };
            let Some((target, value)) = self.place_value(by_value, value, at, gone)? else {
                continue;
            };
            builders.resize_with(by_value.targets.len(), || None);
            let physical = by_value.targets[target].physical;
            let builder =
                builders[target].get_or_insert_with(|| ColumnBuilder::new(physical, ColumnSize::default()));
            if let Err(error) = builder.push(row, &value) {
                let column = Arc::clone(&by_value.targets[target].name);
                let reason = BadValue::DoesNotFit { table: place.table.into(), column, detail: error.reason };
                self.bad_columnar_row(at, reason, gone)?;
            }
        }
        let mut arrays = Vec::new();
        for (target, builder) in by_value.targets.iter_mut().zip(builders) {
            let Some(builder) = builder else { continue };
            if std::mem::take(&mut target.is_new) {
                self.merged.add_columns(place.table, None, [target.column.clone()])?;
            }
            let array = builder.finish(batch.num_rows()).map_err(|error| {
                let column = Arc::clone(&target.name);
                let reason = BadValue::DoesNotFit { table: place.table.into(), column, detail: error.reason };
                NormalizeError::BadRow(Box::new(place.bad_row(0, reason, String::new())))
            })?;
            arrays.push((Arc::clone(&target.name), array));
        }
        Ok(arrays)
    }

    /// The column or variant that holds all of the value, by its position; `None` where a contract keeps it out.
    fn place_value<'v>(
        &mut self,
        by_value: &mut ByValue,
        value: Scalar<'v>,
        at: BatchRow<'_>,
        gone: &mut Gone,
    ) -> Result<Option<(usize, Scalar<'v>)>, NormalizeError> {
        let table = at.place.table;
        let main = &by_value.targets[0];
        let value = match exact(value, &main.column, main.physical) {
            Ok(value) => return Ok(Some((0, value))),
            Err(Scalar::Int(wide)) if i64::try_from(wide).is_err() => {
                Scalar::Decimal(Decimal::from_i128(wide))
            }
            Err(value) => value,
        };
        // Values that even their variant cannot hold are texts in the end.
        let text = coerce(value.clone(), DataType::Text).ok();
        for value in [Some(value), text].into_iter().flatten() {
            let data_type = value.data_type();
            let target = self.variant(by_value, data_type, table);
            let Target { column, physical, is_new, .. } = &by_value.targets[target];
            let (fits, is_new) = (exact(value, column, *physical), *is_new);
            let Ok(value) = fits else { continue };
            let mode = self.merged.schema().contract_for(table, None)?.data_type;
            if is_new && mode != ContractMode::Evolve {
                self.keep_out(by_value, data_type, mode, at, gone)?;
                return Ok(None);
            }
            return Ok(Some((target, value)));
        }
        let column = Arc::clone(&by_value.targets[0].name);
        let detail = "neither it nor its variants hold all of the value".to_owned();
        let reason = BadValue::DoesNotFit { table: table.into(), column, detail };
        self.bad_columnar_row(at, reason, gone)?;
        Ok(None)
    }

    /// The position of the variant for values of a type.
    fn variant(&self, by_value: &mut ByValue, data_type: DataType, table: &str) -> usize {
        let main = &by_value.targets[0].name;
        let name = self.rules.variant_name(table, main, VariantOf::Type(data_type));
        if let Some(known) = by_value.targets.iter().position(|target| *target.name == *name) {
            return known;
        }
        let hints = self.merged.schema().tables.get(table).and_then(|table| table.columns.get(&name));
        let known = hints.filter(|known| known.is_complete()).cloned();
        let is_new = known.is_none();
        let column = known.unwrap_or_else(|| self.rules.new_column(&name, data_type, true, hints));
        let physical = self.rules.physical.of(&column);
        by_value.targets.push(Target { name: name.into(), column, physical, is_new });
        by_value.targets.len() - 1
    }

    /// Keeps out a value whose variant the contract does not let in, or its row, or ends the stage with it.
    fn keep_out(
        &mut self,
        by_value: &ByValue,
        data_type: DataType,
        mode: ContractMode,
        at: BatchRow<'_>,
        gone: &mut Gone,
    ) -> Result<(), NormalizeError> {
        let BatchRow { batch, row, place } = at;
        let main = &by_value.targets[0];
        let table: Arc<str> = place.table.into();
        let value = || Some(description_of(batch.column(by_value.index).as_ref(), row));
        if mode == ContractMode::Freeze {
            let frozen = FrozenChange {
                table,
                column: Some(Arc::clone(&main.name)),
                entity: ContractEntity::DataType,
                data_type: Some(data_type),
                known_type: main.column.data_type,
                value: value(),
            };
            let bad = place.bad_row(row, BadValue::Frozen(Box::new(frozen.clone())), String::new());
            return Err(self.broken(frozen, place.table, bad.file, bad.row, bad.source));
        }
        let is_value = mode == ContractMode::DiscardValue;
        let keeps = self.rules.keeps_discarded(place.table);
        let text = if is_value { value() } else { Some(at.text()) };
        let discard = Discard {
            row: 0,
            table,
            refusal: Refusal { entity: ContractEntity::DataType, mode, column: Some(Arc::clone(&main.name)) },
            is_value,
            text: text.filter(|_| keeps),
        };
        if !is_value {
            gone.0.insert(row);
        }
        self.keep_discarded(&discard, &place.of(row))
    }

    /// Notes rows that have no value in a column that must not be null.
    pub(crate) fn require(
        &mut self,
        (column, index): (&Arc<str>, Option<usize>),
        batch: &RecordBatch,
        place: BatchPlace<'_>,
        gone: &mut Gone,
    ) -> Result<(), NormalizeError> {
        for row in 0..batch.num_rows() {
            let is_null = index.is_none_or(|index| batch.column(index).is_null(row));
            if is_null && !gone.0.contains(&row) {
                let reason = BadValue::Null { table: place.table.into(), column: Arc::clone(column) };
                self.bad_columnar_row(BatchRow { batch, row, place }, reason, gone)?;
            }
        }
        Ok(())
    }

    /// Keeps a bad row apart, or ends the stage with it.
    fn bad_columnar_row(
        &mut self,
        at: BatchRow<'_>,
        reason: BadValue,
        gone: &mut Gone,
    ) -> Result<(), NormalizeError> {
        let text = at.text();
        let excerpt = text.chars().take(EXCERPT_BYTES).collect();
        let bad = at.place.bad_row(at.row, reason, excerpt);
        if !self.rules.keep_bad_rows {
            return Err(NormalizeError::BadRow(Box::new(bad)));
        }
        gone.0.insert(at.row);
        self.quarantine.keep(&bad, text.as_bytes())?;
        *self.report.quarantined.entry(at.place.table.to_owned()).or_default() += 1;
        Ok(())
    }
}

impl BatchPlace<'_> {
    fn bad_row(&self, row: usize, reason: BadValue, excerpt: String) -> BadRow {
        let row = self.first_row + row as u64;
        BadRow {
            table: self.table.to_owned(),
            file: self.entry.name.to_string(),
            row: row + 1,
            source: crate::coordinate::source_line(&self.entry.origins, row),
            reason,
            excerpt,
        }
    }
}

impl BatchRow<'_> {
    /// The whole row as JSON.
    fn text(&self) -> String {
        description_of(&StructArray::from(self.batch.slice(self.row, 1)), 0)
    }
}
