//! The tables of one block: second phase of a row, in which its cells are typed and appended to columns.
//!
//! A block starts from the schema as it was when the block was handed out, and infers what is new by
//! itself. It notes for every column it meets what it took for granted, so that [`crate::merge`] can tell
//! whether reading all rows in order would have come to the same result.

use std::sync::Arc;

use arrow::array::Array;
use cartage_schema::{Column, DataType, Table};
use cartage_values::Scalar;
use simd_json::Node;

use crate::batch::{BlockResult, MetColumn, TableBatch};
use crate::block_column::BlockColumn;
use crate::cells::{Cell, Raw, RowValues};
use crate::columns::{ColumnBuilder, Limits};
use crate::error::BadValue;
use crate::guard::{Discard, Guard, GuardedRow, Refusal, Refused};
use crate::long_numbers::is_beyond_double;
use crate::rules::Rules;
use crate::scalars::{coerced, scalar};
use crate::schema_snapshot::SchemaSnapshot;
use crate::shape::{Shapes, TableId};
use crate::slots::{SlotId, VariantOf};

/// The tables that the rows of a block went to.
#[derive(Debug)]
pub(crate) struct BlockTables<'s> {
    pub(crate) schema: &'s SchemaSnapshot,
    pub(crate) rules: &'s Rules,
    pub(crate) tables: Vec<BlockTable<'s>>,
    new_columns: Vec<NewColumn>,
    /// Columns that contracts refused before this block.
    pub(crate) refused: &'s Refused,
    pub(crate) new_refused: Vec<(TableId, SlotId, Refusal)>,
    /// Whether what contracts discard is to be kept.
    pub(crate) keeps_discarded: bool,
    pub(crate) discards: Vec<Discard>,
    /// Columns of the item at hand with numbers beyond a double.
    pub(crate) nulled: Vec<(TableId, SlotId)>,
}

#[derive(Debug, Default)]
pub(crate) struct BlockTable<'s> {
    pub(crate) known: Option<&'s Table>,
    parent: Option<Box<str>>,
    pub(crate) rows: usize,
    pub(crate) columns: Vec<BlockColumn>,
    /// Whether the contract was asked for a guard.
    pub(crate) is_gated: bool,
    pub(crate) guard: Option<Box<Guard>>,
}

/// A column that got its type in this block.
#[derive(Clone, Debug)]
pub(crate) struct NewColumn {
    table: TableId,
    slot: SlotId,
    column: Column,
}

/// Where to go back to when a row turns out to be bad.
#[derive(Debug, Default)]
pub(crate) struct Savepoint {
    rows: Vec<usize>,
    new_columns: usize,
    new_refused: usize,
    discards: usize,
}

impl<'s> BlockTables<'s> {
    pub(crate) fn new(
        schema: &'s SchemaSnapshot,
        rules: &'s Rules,
        refused: &'s Refused,
        keeps_discarded: bool,
    ) -> Self {
        Self {
            schema,
            rules,
            tables: Vec::new(),
            new_columns: Vec::new(),
            refused,
            new_refused: Vec::new(),
            keeps_discarded,
            discards: Vec::new(),
            nulled: Vec::new(),
        }
    }

    /// Whether an object or a list stays one value of its column.
    pub(crate) fn is_kept_whole(
        &mut self,
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        level: i64,
    ) -> bool {
        if level <= 0 {
            return true;
        }
        let column = self.column(shapes, table, slot);
        match column.data_type {
            Some(data_type) => data_type == DataType::Json,
            None if shapes.tables[table].slots[slot as usize].preferred == Some(DataType::Json) => true,
            None => {
                column.unfolded_while_untyped = true;
                false
            }
        }
    }

    /// Appends the cells of a row to a table, and ends the row. False if the contract does not let it in.
    pub(crate) fn append_row(
        &mut self,
        shapes: &mut Shapes,
        row_at: GuardedRow<'_, '_>,
        cells: &[Cell],
        values: &RowValues<'_>,
    ) -> Result<bool, BadValue> {
        let GuardedRow { tape, place, .. } = row_at;
        let id = shapes.places[place as usize].table;
        self.table(shapes, id);
        let row = self.tables[id].rows;
        for cell in cells {
            let raw = values.raw(cell.value);
            let column = self.tables[id].columns.get_mut(cell.slot as usize);
            if !column.is_some_and(|column| column.append(row, tape, raw)) {
                self.append_slowly(shapes, tape, id, cell.slot, raw)?;
            }
        }
        let table = &mut self.tables[id];
        if table.parent.is_none() {
            table.parent = Some(shapes.places[place as usize].parent_table.clone());
        }
        if table.guard.is_some() && !self.judge(shapes, row_at)? {
            return Ok(false);
        }
        if !shapes.tables[id].required.is_empty() {
            self.require(shapes, id)?;
        }
        self.tables[id].rows += 1;
        Ok(true)
    }

    /// Appends a value that is new, null, or of another type than its column.
    fn append_slowly(
        &mut self,
        shapes: &mut Shapes,
        tape: &[Node<'_>],
        table: TableId,
        slot: SlotId,
        raw: Raw<'_>,
    ) -> Result<(), BadValue> {
        match scalar(tape, raw) {
            None => {
                if is_beyond_double(tape, raw) {
                    self.nulled.push((table, slot));
                }
                self.append_null(shapes, table, slot)
            }
            Some(scalar) => {
                let refused = self.refused_in_row(table);
                self.append_scalar(shapes, table, slot, scalar, None)?;
                if self.refused_in_row(table) > refused {
                    self.note_refused(table, refused, tape, raw);
                }
                Ok(())
            }
        }
    }

    fn append_null(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) -> Result<(), BadValue> {
        let shape = &shapes.tables[table].slots[slot as usize];
        // Whether the row may lack the value is known when all of it is typed: see `require`.
        let is_asked_later = shapes.tables[table].deletion_mark.is_some()
            && shapes.tables[table].required.iter().any(|required| required.slot == slot);
        let column = self.column(shapes, table, slot);
        let forbidden = match column.data_type {
            _ if is_asked_later => false,
            Some(_) => !column.nullable,
            None => !column.hinted && shape.not_null,
        };
        if forbidden {
            return Err(BadValue::null(shapes, table, slot));
        }
        column.null_while_untyped |= column.data_type.is_none();
        Ok(())
    }

    fn append_scalar(
        &mut self,
        shapes: &mut Shapes,
        table: TableId,
        slot: SlotId,
        scalar: Scalar<'_>,
        variant_of: Option<SlotId>,
    ) -> Result<(), BadValue> {
        let is_variant = variant_of.is_some();
        let shape = &shapes.tables[table].slots[slot as usize];
        let preferred = shape.preferred.filter(|_| !is_variant);
        let known = self.column(shapes, table, slot).data_type;
        let from = scalar.data_type();
        let is_of_date =
            variant_of.is_some_and(|of| self.column(shapes, table, of).data_type == Some(DataType::Date));
        let detect = || match from {
            // A timestamp that is no midnight is a text there, next to other texts that are no dates.
            DataType::Text if is_of_date => DataType::Text,
            _ => self.rules.detect(&scalar),
        };
        let to = known.or(preferred).unwrap_or_else(detect);
        let has_limits = matches!(to, DataType::Bigint | DataType::Decimal | DataType::Wei);
        let original = (from != to && has_limits).then(|| scalar.clone());
        let value = match coerced(scalar, from, to) {
            Ok(value) => value,
            Err(_) if is_variant => return Err(BadValue::not_coercible(shapes, table, slot, from, to)),
            Err(scalar) => return self.append_variant(shapes, table, slot, scalar),
        };
        if let Scalar::Wei(wei) = &value
            && wei.exceeds_wei()
        {
            let variant = shapes.tables[table].variant(slot, VariantOf::LargeWei, self.rules);
            return self.append_scalar(
                shapes,
                table,
                variant,
                Scalar::Text(wei.to_string().into()),
                Some(slot),
            );
        }
        if known.is_none() && !self.define(shapes, table, slot, to, variant_of)? {
            return Ok(());
        }
        if matches!(&value, Scalar::Json(text) if text == "null") {
            return Ok(());
        }
        let row = self.tables[table].rows;
        let column = self.column(shapes, table, slot);
        if let Some(reason) = column.limits.refuse(&value) {
            if is_variant || column.limits.is_refused(&value) {
                return Err(BadValue::does_not_fit(shapes, table, slot, &reason));
            }
            return self.append_variant(shapes, table, slot, original.unwrap_or(value));
        }
        let size = shapes.tables[table].slots[slot as usize].size;
        let builder = column.builder.get_or_insert_with(|| ColumnBuilder::new(column.physical, size));
        builder.push(row, &value).map_err(|error| BadValue::does_not_fit(shapes, table, slot, &error.reason))
    }

    /// Appends a value that its column cannot take to the variant of the column for the value's type.
    fn append_variant(
        &mut self,
        shapes: &mut Shapes,
        table: TableId,
        slot: SlotId,
        value: Scalar<'_>,
    ) -> Result<(), BadValue> {
        let value = self.rules.variant_value(value);
        let of = VariantOf::Type(value.data_type());
        let variant = shapes.tables[table].variant(slot, of, self.rules);
        self.append_scalar(shapes, table, variant, value, Some(slot))
    }

    /// Gives a column its type, unless the contract does not let it in.
    fn define(
        &mut self,
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        data_type: DataType,
        variant_of: Option<SlotId>,
    ) -> Result<bool, BadValue> {
        let name = &shapes.tables[table].slots[slot as usize].name;
        if name.is_empty() {
            return Err(BadValue::nameless(shapes, table));
        }
        if self.refuses(shapes, table, slot, data_type, variant_of) {
            return Ok(false);
        }
        if let Some(guard) = &mut self.tables[table].guard {
            guard.defined += 1;
        }
        let hints = self.tables[table].known.and_then(|known| known.columns.get(&**name));
        let definition = self.rules.new_column(name, data_type, variant_of.is_some(), hints);
        let physical = self.rules.physical.of(&definition);
        let limits = Limits::of(&definition, &self.rules.physical);
        let column = self.column(shapes, table, slot);
        column.data_type = definition.data_type;
        column.nullable = definition.is_nullable();
        column.physical = physical;
        column.limits = limits;
        self.new_columns.push(NewColumn { table, slot, column: definition });
        Ok(true)
    }

    #[inline]
    pub(crate) fn column(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) -> &mut BlockColumn {
        let is_met = self
            .tables
            .get(table)
            .and_then(|table| table.columns.get(slot as usize))
            .is_some_and(|column| column.met);
        if !is_met {
            self.meet(shapes, table, slot);
        }
        &mut self.tables[table].columns[slot as usize]
    }

    pub(crate) fn table(&mut self, shapes: &Shapes, table: TableId) {
        while self.tables.len() <= table {
            let name = &*shapes.tables[self.tables.len()].name;
            self.tables.push(BlockTable { known: self.schema.get(name), ..BlockTable::default() });
        }
    }

    #[cold]
    fn meet(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) {
        self.table(shapes, table);
        let slots = &shapes.tables[table].slots;
        let name = &*slots[slot as usize].name;
        let table = &mut self.tables[table];
        if table.columns.len() <= slot as usize {
            // All that the shape has, because the others are likely to be met too.
            table.columns.resize_with(slots.len(), BlockColumn::unmet);
        }
        let known = table.known.and_then(|known| known.columns.get(name));
        let column = &mut table.columns[slot as usize];
        column.met = true;
        let Some(known) = known else { return };
        column.hinted = !known.is_complete();
        column.data_type = known.data_type;
        column.assumed = known.data_type;
        column.nullable = known.is_nullable();
        column.physical = self.rules.physical.of(known);
        column.limits = Limits::of(known, &self.rules.physical);
    }

    pub(crate) fn savepoint(&self, savepoint: &mut Savepoint) {
        savepoint.rows.clear();
        savepoint.rows.extend(self.tables.iter().map(|table| table.rows));
        savepoint.new_columns = self.new_columns.len();
        savepoint.new_refused = self.new_refused.len();
        savepoint.discards = self.discards.len();
    }

    /// Forgets everything since the savepoint.
    pub(crate) fn roll_back(&mut self, savepoint: &Savepoint) {
        for index in 0..self.tables.len() {
            self.tables[index].rows = savepoint.rows.get(index).copied().unwrap_or_default();
            self.truncate(index);
        }
        for (table, slot, _) in self.new_refused.split_off(savepoint.new_refused) {
            self.forget_refused(table, slot);
        }
        self.discards.truncate(savepoint.discards);
        for new in self.new_columns.drain(savepoint.new_columns..) {
            let column = &mut self.tables[new.table].columns[new.slot as usize];
            column.data_type = None;
            column.builder = None;
            if let Some(guard) = &mut self.tables[new.table].guard {
                guard.defined -= 1;
            }
        }
    }

    /// Forgets the cells of a row that was not ended.
    pub(crate) fn truncate(&mut self, table: TableId) {
        let table = &mut self.tables[table];
        for builder in table.columns.iter_mut().filter_map(|column| column.builder.as_mut()) {
            builder.truncate(table.rows);
        }
    }

    /// Turns the columns into arrays.
    pub(crate) fn finish(self, shapes: &mut Shapes) -> Result<BlockResult, BadValue> {
        let refused = self.refused;
        let tables = self.tables.into_iter().enumerate().map(|(id, table)| table.finish(shapes, id, refused));
        let tables = tables.collect::<Result<_, _>>()?;
        let name = |table: TableId, slot: SlotId| Arc::clone(&shapes.tables[table].slots[slot as usize].name);
        let new_refused = self.new_refused.into_iter();
        Ok(BlockResult {
            tables,
            new_refused: new_refused
                .map(|(table, slot, refusal)| (table, name(table, slot), refusal))
                .collect(),
            discards: self.discards,
            new_columns: self.new_columns.into_iter().map(|new| (new.table, new.column)).collect(),
        })
    }
}

impl BlockTable<'_> {
    fn finish(self, shapes: &mut Shapes, id: TableId, refused: &Refused) -> Result<TableBatch, BadValue> {
        let refused = refused.get(&*shapes.tables[id].name);
        let mut batch = TableBatch {
            name: Arc::clone(&shapes.tables[id].name),
            parent: self.parent.filter(|parent| !parent.is_empty()),
            rows: self.rows,
            columns: Vec::new(),
            met: Vec::new(),
            relied_on_new: self.guard.is_some_and(|guard| guard.relied_on_new),
        };
        for (slot, column) in self.columns.into_iter().enumerate().filter(|(_, column)| column.met) {
            let name = Arc::clone(&shapes.tables[id].slots[slot].name);
            if let Some(builder) = column.builder {
                shapes.tables[id].slots[slot].size = builder.size();
                let array = builder
                    .finish(self.rows)
                    .map_err(|error| BadValue::does_not_fit(shapes, id, slot as SlotId, &error.reason))?;
                // Rows that were taken back may leave nothing of a column. Then it is not there, however rows are cut.
                if array.null_count() < array.len() {
                    batch.columns.push((Arc::clone(&name), array));
                }
            }
            batch.met.push(MetColumn {
                was_refused: refused.is_some_and(|refused| refused.contains_key(&*name)),
                is_refused: column.refused,
                name,
                assumed: column.assumed,
                data_type: column.data_type,
                null_while_untyped: column.null_while_untyped,
                unfolded_while_untyped: column.unfolded_while_untyped,
            });
        }
        Ok(batch)
    }
}
