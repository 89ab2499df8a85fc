//! The tables of one block: their columns, as far as the block knows them, and what it changed.
//!
//! A block starts from the schema as it was when the block was handed out, and infers what is new by
//! itself. It notes for every column it sees what it took for granted, so that [`crate::merge`] can tell
//! whether reading all rows in order would have come to the same result.

use std::sync::Arc;

use arrow::array::Array;
use cartage_schema::{Column, DataType, Table};

use crate::batch::{BlockResult, SeenColumn, TableBatch};
use crate::block_column::BlockColumn;
use crate::columns::Limits;
use crate::error::BadValue;
use crate::guard::{Discard, Guard, Refusal, Refused};
use crate::rules::Rules;
use crate::schema_snapshot::SchemaSnapshot;
use crate::shape::{Shapes, TableId};
use crate::slots::SlotId;

/// The tables that the rows of a block went to.
#[derive(Debug)]
pub(crate) struct BlockTables<'s> {
    pub(crate) schema: &'s SchemaSnapshot,
    pub(crate) rules: &'s Rules,
    pub(crate) tables: Vec<BlockTable<'s>>,
    new_columns: Vec<NewColumn>,
    /// Columns that contracts refused before this block.
    pub(crate) refused: &'s Refused,
    new_refused: Vec<(TableId, SlotId, Refusal)>,
    /// Whether what contracts discard is to be kept.
    pub(crate) keeps_discarded: bool,
    pub(crate) discards: Vec<Discard>,
    /// Columns of the item at hand with numbers beyond a double.
    pub(crate) nulled: Vec<(TableId, SlotId)>,
}

#[derive(Debug, Default)]
pub(crate) struct BlockTable<'s> {
    pub(crate) known: Option<&'s Table>,
    pub(crate) parent: Option<Box<str>>,
    pub(crate) rows: usize,
    pub(crate) columns: Vec<BlockColumn>,
    /// Whether it was decided if the table needs a guard.
    pub(crate) is_guard_decided: bool,
    pub(crate) guard: Option<Box<Guard<'s>>>,
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

    /// Gives a column its type, with what hints say on top.
    pub(crate) fn define(
        &mut self,
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        data_type: DataType,
        is_variant: bool,
    ) {
        let name = &shapes.tables[table].slots[slot as usize].name;
        let hints = self.tables[table].known.and_then(|known| known.columns.get(&**name));
        let definition = self.rules.new_column(name, data_type, is_variant, hints);
        let physical = self.rules.physical.of(&definition);
        let limits = Limits::of(&definition, &self.rules.physical);
        let column = self.column(shapes, table, slot);
        column.data_type = definition.data_type;
        column.nullable = definition.is_nullable();
        column.physical = physical;
        column.limits = limits;
        self.new_columns.push(NewColumn { table, slot, column: definition });
    }

    /// Notes that a column is not let in, and why if that is new.
    pub(crate) fn refuse_column(
        &mut self,
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        new: Option<Refusal>,
    ) {
        self.new_refused.extend(new.map(|refusal| (table, slot, refusal)));
        self.column(shapes, table, slot).refused = true;
    }

    /// A column, which counts as seen from now on.
    #[inline]
    pub(crate) fn column(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) -> &mut BlockColumn {
        let is_seen = self
            .tables
            .get(table)
            .and_then(|table| table.columns.get(slot as usize))
            .is_some_and(|column| column.seen);
        if !is_seen {
            self.register(shapes, table, slot);
        }
        &mut self.tables[table].columns[slot as usize]
    }

    /// Adds a table, and those with smaller numbers, if they are not there yet.
    pub(crate) fn add(&mut self, shapes: &Shapes, table: TableId) {
        while self.tables.len() <= table {
            let name = &*shapes.tables[self.tables.len()].name;
            self.tables.push(BlockTable { known: self.schema.get(name), ..BlockTable::default() });
        }
    }

    #[cold]
    fn register(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) {
        self.add(shapes, table);
        let slots = &shapes.tables[table].slots;
        let name = &*slots[slot as usize].name;
        let table = &mut self.tables[table];
        if table.columns.len() <= slot as usize {
            // All that the shape has, because the others are likely to be seen too.
            table.columns.resize_with(slots.len(), BlockColumn::unseen);
        }
        let known = table.known.and_then(|known| known.columns.get(name));
        let column = &mut table.columns[slot as usize];
        column.seen = true;
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
            if let Some(guard) = &mut self.tables[table].guard {
                guard.forget_refused(slot);
            }
        }
        self.discards.truncate(savepoint.discards);
        for new in self.new_columns.drain(savepoint.new_columns..) {
            let column = &mut self.tables[new.table].columns[new.slot as usize];
            column.data_type = None;
            column.builder = None;
            if let Some(guard) = &mut self.tables[new.table].guard {
                guard.forget_defined();
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
            seen: Vec::new(),
            relied_on_new: self.guard.is_some_and(|guard| guard.relied_on_new()),
        };
        for (slot, column) in self.columns.into_iter().enumerate().filter(|(_, column)| column.seen) {
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
            batch.seen.push(SeenColumn {
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
