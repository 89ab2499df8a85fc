//! The tables of one block: second phase of a row, in which its cells are typed and appended to columns.
//!
//! A block starts from the schema as it was when the block was handed out, and infers what is new by
//! itself. It notes for every column it meets what it took for granted, so that [`crate::merge`] can tell
//! whether reading all rows in order would have come to the same result.

use std::sync::Arc;

use cartage_schema::value::{Scalar, parse_iso_timestamp};
use cartage_schema::{Column, DataType, Schema, Table};
use simd_json::{Node, StaticNode};

use crate::batch::{BlockResult, MetColumn, TableBatch};
use crate::cells::{Cell, Raw, RowValues};
use crate::columns::{ColumnBuilder, Physical};
use crate::error::BadValue;
use crate::rules::Rules;
use crate::scalars::{coerced, may_be_typed, scalar};
use crate::shape::{PlaceId, Shapes, TableId};
use crate::slots::{SlotId, VariantOf};

/// The tables that the rows of a block went to.
#[derive(Debug)]
pub(crate) struct BlockTables<'s> {
    schema: &'s Schema,
    rules: &'s Rules,
    tables: Vec<BlockTable<'s>>,
    new_columns: Vec<NewColumn>,
}

#[derive(Debug, Default)]
struct BlockTable<'s> {
    known: Option<&'s Table>,
    parent: Option<Box<str>>,
    rows: usize,
    columns: Vec<BlockColumn>,
}

/// A column as this block sees it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent facts, most of them noted for merging"
)]
struct BlockColumn {
    met: bool,
    data_type: Option<DataType>,
    physical: Physical,
    nullable: bool,
    /// Whether there are hints, but no type yet.
    hinted: bool,
    assumed: Option<DataType>,
    null_while_untyped: bool,
    unfolded_while_untyped: bool,
    builder: Option<ColumnBuilder>,
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
}

impl<'s> BlockTables<'s> {
    pub(crate) fn new(schema: &'s Schema, rules: &'s Rules) -> Self {
        Self { schema, rules, tables: Vec::new(), new_columns: Vec::new() }
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

    /// Appends the cells of a row to a table, and ends the row.
    pub(crate) fn append_row(
        &mut self,
        shapes: &mut Shapes,
        tape: &[Node<'_>],
        place: PlaceId,
        cells: &[Cell],
        values: &RowValues<'_>,
    ) -> Result<(), BadValue> {
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
        table.rows += 1;
        Ok(())
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
            None => self.append_null(shapes, table, slot),
            Some(scalar) => self.append_scalar(shapes, table, slot, scalar, false),
        }
    }

    fn append_null(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) -> Result<(), BadValue> {
        let shape = &shapes.tables[table].slots[slot as usize];
        let column = self.column(shapes, table, slot);
        let forbidden = match column.data_type {
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
        is_variant: bool,
    ) -> Result<(), BadValue> {
        let shape = &shapes.tables[table].slots[slot as usize];
        let preferred = shape.preferred.filter(|_| !is_variant);
        let known = self.column(shapes, table, slot).data_type;
        let from = scalar.data_type();
        let to = known.or(preferred).unwrap_or_else(|| self.rules.detect(&scalar));
        let value = match coerced(scalar, from, to) {
            Ok(value) => value,
            Err(_) if is_variant => return Err(BadValue::not_coercible(shapes, table, slot, from, to)),
            Err(scalar) => {
                let variant = shapes.tables[table].variant(slot, VariantOf::Type(from), self.rules);
                return self.append_scalar(shapes, table, variant, scalar, true);
            }
        };
        if let Scalar::Wei(wei) = &value
            && wei.exceeds_wei()
        {
            let variant = shapes.tables[table].variant(slot, VariantOf::LargeWei, self.rules);
            return self.append_scalar(shapes, table, variant, Scalar::Text(wei.to_string().into()), true);
        }
        if known.is_none() {
            self.define(shapes, table, slot, to, is_variant)?;
        }
        if matches!(&value, Scalar::Json(text) if text == "null") {
            return Ok(());
        }
        let row = self.tables[table].rows;
        let column = self.column(shapes, table, slot);
        let size = shapes.tables[table].slots[slot as usize].size;
        let builder = column.builder.get_or_insert_with(|| ColumnBuilder::new(column.physical, size));
        builder.push(row, &value).map_err(|error| BadValue::does_not_fit(shapes, table, slot, &error.reason))
    }

    /// Gives a column its type. Whatever decides over new tables, columns and variants is asked here.
    fn define(
        &mut self,
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        data_type: DataType,
        is_variant: bool,
    ) -> Result<(), BadValue> {
        let name = &shapes.tables[table].slots[slot as usize].name;
        if name.is_empty() {
            return Err(BadValue::nameless(shapes, table));
        }
        let hints = self.tables[table].known.and_then(|known| known.columns.get(&**name));
        let definition = self.rules.new_column(name, data_type, is_variant, hints);
        let physical = self.rules.physical.of(&definition);
        let column = self.column(shapes, table, slot);
        column.data_type = definition.data_type;
        column.nullable = definition.is_nullable();
        column.physical = physical;
        self.new_columns.push(NewColumn { table, slot, column: definition });
        Ok(())
    }

    #[inline]
    fn column(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) -> &mut BlockColumn {
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

    fn table(&mut self, shapes: &Shapes, table: TableId) {
        while self.tables.len() <= table {
            let name = &*shapes.tables[self.tables.len()].name;
            self.tables.push(BlockTable { known: self.schema.tables.get(name), ..BlockTable::default() });
        }
    }

    #[cold]
    fn meet(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) {
        self.table(shapes, table);
        let name = &*shapes.tables[table].slots[slot as usize].name;
        let table = &mut self.tables[table];
        if table.columns.len() <= slot as usize {
            table.columns.resize_with(slot as usize + 1, BlockColumn::unmet);
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
    }

    pub(crate) fn savepoint(&self, savepoint: &mut Savepoint) {
        savepoint.rows.clear();
        savepoint.rows.extend(self.tables.iter().map(|table| table.rows));
        savepoint.new_columns = self.new_columns.len();
    }

    /// Forgets everything since the savepoint.
    pub(crate) fn roll_back(&mut self, savepoint: &Savepoint) {
        for (index, table) in self.tables.iter_mut().enumerate() {
            table.rows = savepoint.rows.get(index).copied().unwrap_or_default();
            for column in &mut table.columns {
                if let Some(builder) = &mut column.builder {
                    builder.truncate(table.rows);
                }
            }
        }
        for new in self.new_columns.drain(savepoint.new_columns..) {
            let column = &mut self.tables[new.table].columns[new.slot as usize];
            column.data_type = None;
            column.builder = None;
        }
    }

    /// Turns the columns into arrays.
    pub(crate) fn finish(self, shapes: &mut Shapes) -> Result<BlockResult, BadValue> {
        let tables = self.tables.into_iter().enumerate().map(|(id, table)| table.finish(shapes, id));
        Ok(BlockResult {
            tables: tables.collect::<Result<_, _>>()?,
            new_columns: self.new_columns.into_iter().map(|new| (new.table, new.column)).collect(),
        })
    }
}

impl BlockTable<'_> {
    fn finish(self, shapes: &mut Shapes, id: TableId) -> Result<TableBatch, BadValue> {
        let mut batch = TableBatch {
            name: Arc::clone(&shapes.tables[id].name),
            parent: self.parent.filter(|parent| !parent.is_empty()),
            rows: self.rows,
            columns: Vec::new(),
            met: Vec::new(),
        };
        for (slot, column) in self.columns.into_iter().enumerate().filter(|(_, column)| column.met) {
            let name = Arc::clone(&shapes.tables[id].slots[slot].name);
            if let Some(builder) = column.builder {
                shapes.tables[id].slots[slot].size = builder.size();
                let array = builder
                    .finish(self.rows)
                    .map_err(|error| BadValue::does_not_fit(shapes, id, slot as SlotId, &error.reason))?;
                batch.columns.push((Arc::clone(&name), array));
            }
            batch.met.push(MetColumn {
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

impl BlockColumn {
    /// Appends a value if it has the type of the column, or is null where it may be.
    #[inline]
    fn append(&mut self, row: usize, tape: &[Node<'_>], raw: Raw<'_>) -> bool {
        let (Some(builder), Some(data_type)) = (&mut self.builder, self.data_type) else { return false };
        match raw {
            Raw::Text(text) => data_type == DataType::Text && builder.push_text(row, text),
            Raw::Integer(value) => data_type == DataType::Bigint && builder.push_bigint(row, value),
            Raw::Tape(at) => match (&tape[at], data_type) {
                (Node::String(text), DataType::Text) => {
                    !may_be_typed(text) && builder.push_text(row, text.as_bytes())
                }
                (Node::String(text), DataType::Timestamp) => {
                    parse_iso_timestamp(text).is_some_and(|(micros, _)| builder.push_timestamp(row, micros))
                }
                (Node::Static(StaticNode::I64(value)), DataType::Bigint) => builder.push_bigint(row, *value),
                // The parser has all integers that are not negative as unsigned.
                (Node::Static(StaticNode::U64(value)), DataType::Bigint) => {
                    i64::try_from(*value).is_ok_and(|value| builder.push_bigint(row, value))
                }
                (Node::Static(StaticNode::F64(value)), DataType::Double) => builder.push_double(row, *value),
                (Node::Static(StaticNode::Bool(value)), DataType::Bool) => builder.push_bool(row, *value),
                (Node::Static(StaticNode::Null), _) => self.nullable,
                _ => false,
            },
        }
    }

    fn unmet() -> Self {
        Self {
            met: false,
            data_type: None,
            physical: Physical::Text,
            nullable: true,
            hinted: false,
            assumed: None,
            null_while_untyped: false,
            unfolded_while_untyped: false,
            builder: None,
        }
    }
}
