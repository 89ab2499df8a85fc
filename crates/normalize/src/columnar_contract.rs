//! Contracts of columnar files: a column that is not let in is left out, or every row that has a value in it.

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StructArray};
use arrow::compute::filter_record_batch;
use cartage_data_files::parquet::FileReader;
use cartage_package_store::FileEntry;
use cartage_schema::{Column, ContractEntity, ContractMode, ContractViolation, Table};

use crate::arrow_json::description_of;
use crate::broken::FrozenChange;
use crate::coordinate::{Coordinator, source_line};
use crate::error::NormalizeError;
use crate::guard::{Discard, Refusal};
use crate::input_place::input_of;

/// What a contract keeps out of a file.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Rows without some columns, or without those that have values in them.
    Columns(Vec<RefusedColumn>),
    /// No row of the file, by a contract of this mode.
    None(ContractMode),
}

/// A column of a file that is not let in.
#[derive(Debug)]
pub(crate) struct RefusedColumn {
    /// Its position in the file.
    pub(crate) index: usize,
    refusal: Refusal,
}

/// Where the rows of a batch come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchPlace<'a> {
    pub(crate) entry: &'a FileEntry,
    pub(crate) table: &'a str,
    /// Position of the first row in the file.
    pub(crate) first_row: u64,
}

impl Coordinator<'_> {
    /// Asks the contract about the columns of a file, which come with their positions.
    pub(crate) fn admit(
        &self,
        table: &str,
        columns: &[(usize, Column)],
        entry: &FileEntry,
        reader: &mut FileReader,
    ) -> Result<Kept, NormalizeError> {
        if !self.rules.has_contracts {
            return Ok(Kept::Columns(Vec::new()));
        }
        let schema = self.merged.schema();
        let modes = schema.contract_for(table, None)?;
        let known = schema.tables.get(table);
        let mut incoming = Table { name: table.to_owned(), ..Table::default() };
        for (_, column) in columns {
            let mut column = column.clone();
            let existing = known.and_then(|known| known.columns.get(&column.name));
            if let Some(existing) = existing.filter(|existing| existing.is_complete()) {
                // Whether the column holds the values of the file is decided by each of them.
                column = existing.clone();
            } else if existing.is_some_and(|existing| !existing.is_nullable()) {
                // The hint of a key says more about nulls than the file does.
                column.nullable = None;
            }
            incoming.columns.insert(column.name.clone(), column);
        }
        let admission = schema.admit(incoming, &modes);
        let position = |breach: &ContractViolation| {
            let name = &breach.column.as_ref()?.name;
            columns.iter().find(|(_, column)| column.name == *name).map(|(index, _)| *index)
        };
        if let Some(breach) = admission.frozen() {
            return Err(self.frozen(table, breach, position(breach), entry, reader)?);
        }
        let Some(_) = admission.table else { return Ok(Kept::None(modes.tables)) };
        let refused = admission.breaches.iter().filter_map(|breach| {
            let column = Some(breach.column.as_ref()?.name.as_str().into());
            let refusal = Refusal { entity: breach.entity, mode: breach.mode, column };
            Some(RefusedColumn { index: position(breach)?, refusal })
        });
        Ok(Kept::Columns(refused.collect()))
    }

    /// The error of something frozen, with the first value as an example.
    fn frozen(
        &self,
        table: &str,
        breach: &ContractViolation,
        index: Option<usize>,
        entry: &FileEntry,
        reader: &mut FileReader,
    ) -> Result<NormalizeError, NormalizeError> {
        let (mut row, mut value) = (0, None);
        while let (Some(index), Some(batch)) = (index, reader.next_batch()?) {
            let array = batch.column(index);
            if let Some(at) = (0..array.len()).find(|at| array.is_valid(*at)) {
                row += at as u64;
                value = Some(description_of(array.as_ref(), at));
                break;
            }
            row += array.len() as u64;
        }
        let frozen = FrozenChange {
            table: table.into(),
            column: breach.column.as_ref().map(|column| column.name.as_str().into()),
            entity: breach.entity,
            data_type: breach.column.as_ref().and_then(|column| column.data_type),
            known_type: breach.existing.as_ref().and_then(|column| column.data_type),
            value,
        };
        let source = source_line(&entry.origins, row);
        Ok(self.broken(frozen, table, entry.name.to_string(), row + 1, source))
    }

    /// Discards all rows of a file.
    pub(crate) fn discard_file(
        &mut self,
        entry: &FileEntry,
        reader: &mut FileReader,
        table: &str,
        mode: ContractMode,
    ) -> Result<(), NormalizeError> {
        let mut first_row = 0;
        while let Some(batch) = reader.next_batch()? {
            let place = BatchPlace { entry, table, first_row };
            for row in 0..batch.num_rows() {
                let refusal = Refusal { entity: ContractEntity::Tables, mode, column: None };
                self.discard_columnar_row(place, &batch, row, refusal)?;
            }
            first_row += batch.num_rows() as u64;
        }
        Ok(())
    }

    /// Takes out of a batch what is not let in: whole rows, and the count of single values.
    pub(crate) fn strip(
        &mut self,
        batch: RecordBatch,
        refused: &[RefusedColumn],
        place: BatchPlace<'_>,
    ) -> Result<RecordBatch, NormalizeError> {
        if refused.is_empty() {
            return Ok(batch);
        }
        let (rows, values): (Vec<_>, Vec<_>) =
            refused.iter().partition(|column| column.refusal.mode == ContractMode::DiscardRow);
        let mut stays = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let has_value = |column: &&&RefusedColumn| batch.column(column.index).is_valid(row);
            let breach = rows.iter().find(has_value);
            if let Some(column) = breach {
                self.discard_columnar_row(place, &batch, row, column.refusal.clone())?;
            } else {
                for column in values.iter().filter(has_value) {
                    self.discard_columnar_value(place, batch.column(column.index), row, column)?;
                }
            }
            stays.push(breach.is_none());
        }
        if rows.is_empty() {
            return Ok(batch);
        }
        filter_record_batch(&batch, &BooleanArray::from(stays)).map_err(|source| NormalizeError::Conversion {
            file: input_of(place.entry),
            table: place.table.to_owned(),
            column: rows
                .first()
                .and_then(|column| column.refusal.column.as_deref())
                .unwrap_or_default()
                .to_owned(),
            source: Box::new(source),
        })
    }

    fn discard_columnar_row(
        &mut self,
        place: BatchPlace<'_>,
        batch: &RecordBatch,
        row: usize,
        refusal: Refusal,
    ) -> Result<(), NormalizeError> {
        let keeps = self.rules.keeps_discarded(place.table);
        let text = keeps.then(|| description_of(&StructArray::from(batch.slice(row, 1)), 0));
        let table = place.table.into();
        let discard = Discard { row: 0, table, refusal, is_value: false, text };
        self.keep_discarded(&discard, &place.of(row))
    }

    fn discard_columnar_value(
        &mut self,
        place: BatchPlace<'_>,
        array: &ArrayRef,
        row: usize,
        refused: &RefusedColumn,
    ) -> Result<(), NormalizeError> {
        let keeps = self.rules.keeps_discarded(place.table);
        let discard = Discard {
            row: 0,
            table: place.table.into(),
            refusal: refused.refusal.clone(),
            is_value: true,
            text: keeps.then(|| description_of(array.as_ref(), row)),
        };
        self.keep_discarded(&discard, &place.of(row))
    }
}

impl BatchPlace<'_> {
    pub(crate) fn of(&self, row: usize) -> (String, u64) {
        let row = self.first_row + row as u64;
        source_line(&self.entry.origins, row).unwrap_or_else(|| (self.entry.name.to_string(), row + 1))
    }
}
