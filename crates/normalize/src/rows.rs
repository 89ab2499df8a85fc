//! Rows with everything below them: unfolding, ids, links, and the order in which tables get their rows.

use std::sync::Arc;

use cartage_schema::row_hash_id;
use cartage_values::canonical;
use serde_json::{Map, Value};
use simd_json::{Node, StaticNode};

use crate::cells::{Above, CellValue, Inherited, InheritedValue, RowValues};
use crate::collect::Collected;
use crate::error::BadValue;
use crate::guard::GuardedRow;
use crate::ids::RowId;
use crate::json_text::{behind, to_value};
use crate::rules::{RowIdKind, Rules};
use crate::shape::{Place, PlaceId, Shapes, TableId};
use crate::tables::BlockTables;

/// Keys with this prefix do not count for the hash of a row.
const DLT_PREFIX: &str = "_dlt";

/// Turns the item on a tape into rows of tables.
#[derive(Debug)]
pub(crate) struct RowWriter<'a, 's, 't> {
    pub(crate) rules: &'a Rules,
    pub(crate) shapes: &'a mut Shapes,
    pub(crate) tables: &'a mut BlockTables<'s>,
    pub(crate) collected: &'a mut Collected,
    pub(crate) tape: &'a [Node<'t>],
}

impl RowWriter<'_, '_, '_> {
    /// Writes the item at the beginning of the tape. `file` and `offset` say where it stands in the package.
    pub(crate) fn item(&mut self, root: PlaceId, file: u32, offset: u64) -> Result<(), BadValue> {
        let Place { table, max_nesting: level, .. } = self.shapes.places[root as usize];
        let above = Above::File { file, offset };
        if matches!(self.tape[0], Node::Object { .. }) {
            self.object(root, 0, level, above, &[])
        } else {
            let key = Arc::clone(&self.shapes.tables[table].slots[self.value_slot(table)].name);
            self.collected.unfold_item(self.shapes, self.tables, self.tape, root, (&key, 0), level);
            self.finish_row(root, (None, 0), level, above, &[])
        }
    }

    fn value_slot(&self, table: TableId) -> usize {
        self.shapes.tables[table].system.value as usize
    }

    fn object(
        &mut self,
        place: PlaceId,
        at: usize,
        level: i64,
        above: Above<'_>,
        inherited: &[Inherited],
    ) -> Result<(), BadValue> {
        self.collected.unfold(self.shapes, self.tables, self.tape, place, at, level);
        self.finish_row(place, (Some(at), at), level, above, inherited)
    }

    /// A list inside of a list: a row of its own, which has nothing but the inner list.
    fn list_item(
        &mut self,
        place: PlaceId,
        at: usize,
        level: i64,
        above: Above<'_>,
        inherited: &[Inherited],
    ) -> Result<(), BadValue> {
        self.collected.unfold_item(self.shapes, self.tables, self.tape, place, ("list", at), level);
        self.finish_row(place, (None, at), level, above, inherited)
    }

    /// Adds to the unfolded row what the row itself does not bring, appends it, and goes on with its lists.
    /// `object` and `at` say where it stands, the former only for objects.
    fn finish_row(
        &mut self,
        place: PlaceId,
        (object, at): (Option<usize>, usize),
        level: i64,
        above: Above<'_>,
        inherited: &[Inherited],
    ) -> Result<(), BadValue> {
        let lists_from = self.collected.lists_from();
        let (table, is_root) = self.table_of(place);
        self.inherit(table, inherited);
        if is_root {
            let slot = self.shapes.tables[table].system.load_id;
            self.collected.set(self.shapes, table, slot, CellValue::LoadId);
        }
        let id = match self.own_id(table) {
            Some(id) => id,
            None => self.identify(table, is_root, object, above)?,
        };
        let below = self.inherited_below(table, &id, above, inherited);
        if self.append((place, at), &id, above, inherited)? {
            let below = below.as_deref().unwrap_or(inherited);
            for index in lists_from..self.collected.lists.len() {
                let (place, at) = self.collected.lists[index];
                self.list(place, at as usize, level - 1, &id, below)?;
            }
        }
        self.collected.lists.truncate(lists_from);
        Ok(())
    }

    fn list(
        &mut self,
        place: PlaceId,
        at: usize,
        level: i64,
        id: &RowId,
        inherited: &[Inherited],
    ) -> Result<(), BadValue> {
        let Node::Array { len, .. } = self.tape[at] else { return Ok(()) };
        let mut item = at + 1;
        for index in 0..len {
            let above = Above::Row { id, index };
            match self.tape[item] {
                Node::Object { .. } => self.object(place, item, level, above, inherited)?,
                Node::Array { .. } => self.list_item(place, item, level - 1, above, inherited)?,
                Node::String(_) | Node::Static(_) => self.scalar_item(place, item, above, inherited)?,
            }
            item = behind(self.tape, item);
        }
        Ok(())
    }

    fn scalar_item(
        &mut self,
        place: PlaceId,
        at: usize,
        above: Above<'_>,
        inherited: &[Inherited],
    ) -> Result<(), BadValue> {
        self.collected.begin_row();
        let (table, is_root) = self.table_of(place);
        let slot = self.shapes.tables[table].system.value;
        self.collected.set(self.shapes, table, slot, CellValue::Tape(at as u32));
        self.inherit(table, inherited);
        let id = self.identify(table, is_root, None, above)?;
        self.append((place, at), &id, above, inherited)?;
        Ok(())
    }

    fn table_of(&self, place: PlaceId) -> (TableId, bool) {
        let place = &self.shapes.places[place as usize];
        (place.table, place.is_root)
    }

    fn inherit(&mut self, table: TableId, inherited: &[Inherited]) {
        for (index, value) in inherited.iter().enumerate() {
            let slot = self.shapes.tables[table].inherited_slot(&value.name, self.rules);
            self.collected.set(self.shapes, table, slot, CellValue::Inherited(index as u32));
        }
    }

    /// The id that the row brings itself, if it is not empty.
    fn own_id(&self, table: TableId) -> Option<RowId> {
        let slot = self.shapes.tables[table].system.id;
        let Some(CellValue::Tape(at)) = self.collected.get(self.shapes, table, slot) else { return None };
        let text = match self.tape[at as usize] {
            Node::String("")
            | Node::Static(
                StaticNode::Null | StaticNode::Bool(false) | StaticNode::I64(0) | StaticNode::U64(0),
            ) => {
                return None;
            }
            Node::String(text) => text.to_owned(),
            _ => canonical::to_compact(&to_value(self.tape, at as usize)),
        };
        Some(RowId::determined(&text))
    }

    /// Makes an id, and links rows of lists to the row above.
    fn identify(
        &mut self,
        table: TableId,
        is_root: bool,
        at: Option<usize>,
        above: Above<'_>,
    ) -> Result<RowId, BadValue> {
        let system = self.shapes.tables[table].system;
        let id = if is_root { self.root_id(table, at, above)? } else { self.child_id(table, above) };
        if !is_root {
            self.collected.set(self.shapes, table, system.parent_id, CellValue::ParentId);
            self.collected.set(self.shapes, table, system.list_idx, CellValue::ListIndex);
        }
        self.collected.set(self.shapes, table, system.id, CellValue::RowId);
        Ok(id)
    }

    fn child_id(&self, table: TableId, above: Above<'_>) -> RowId {
        let shape = &self.shapes.tables[table];
        match above {
            Above::Row { id, index } => id.child(&shape.name, shape.seed, index),
            Above::File { file, offset } => RowId::of_position(shape.seed, file, offset),
        }
    }

    fn root_id(&self, table: TableId, at: Option<usize>, above: Above<'_>) -> Result<RowId, BadValue> {
        let shape = &self.shapes.tables[table];
        match (&shape.row_id, at) {
            (RowIdKind::Key(columns), _) => self.key_hash(table, columns),
            (RowIdKind::Row, Some(at)) => Ok(self.row_hash(at)),
            _ => Ok(match above {
                Above::File { file, offset } => RowId::of_position(shape.seed, file, offset),
                Above::Row { id, index } => id.of_keyed_child(shape.seed, index),
            }),
        }
    }

    /// Hash of the primary key, with the names that the columns have in the table.
    fn key_hash(&self, table: TableId, columns: &[String]) -> Result<RowId, BadValue> {
        let mut key = Map::new();
        for column in columns {
            let value = self.shapes.tables[table].known_slot(column).and_then(|slot| {
                match self.collected.get(self.shapes, table, slot)? {
                    CellValue::Tape(at) => Some(to_value(self.tape, at as usize)),
                    CellValue::LoadId => Some(Value::from(self.rules.load_id.as_str())),
                    _ => None,
                }
            });
            let name = &self.shapes.tables[table].name;
            let missing = || BadValue::MissingKey { table: Arc::clone(name), column: column.as_str().into() };
            key.insert(column.clone(), value.ok_or_else(missing)?);
        }
        Ok(RowId::determined(&row_hash_id(&canonical::to_vec(&Value::Object(key)))))
    }

    /// Hash of a row as it came, lists and objects included.
    fn row_hash(&self, at: usize) -> RowId {
        let mut row = to_value(self.tape, at);
        if let Value::Object(fields) = &mut row {
            fields.retain(|key, _| !key.starts_with(DLT_PREFIX));
        }
        RowId::determined(&row_hash_id(&canonical::to_vec(&row)))
    }

    /// What the rows below inherit, if this row adds anything to it.
    fn inherited_below(
        &self,
        table: TableId,
        id: &RowId,
        above: Above<'_>,
        inherited: &[Inherited],
    ) -> Option<Vec<Inherited>> {
        let shape = &self.shapes.tables[table];
        if shape.propagated.is_empty() {
            return None;
        }
        let mut below = inherited.to_vec();
        for (slot, name) in &shape.propagated {
            let Some(cell) = self.collected.get(self.shapes, table, *slot) else { continue };
            let value = match (cell, above) {
                (CellValue::Tape(at), _) => InheritedValue::Tape(at),
                (CellValue::Inherited(index), _) => inherited[index as usize].value.clone(),
                (CellValue::LoadId, _) => InheritedValue::LoadId,
                (CellValue::RowId, _) => InheritedValue::Id(id.clone()),
                (CellValue::ParentId, Above::Row { id, .. }) => InheritedValue::Id(id.clone()),
                (CellValue::ListIndex, Above::Row { index, .. }) => InheritedValue::Integer(index as i64),
                (CellValue::ParentId | CellValue::ListIndex, Above::File { .. }) => continue,
            };
            match below.iter_mut().find(|known| known.name == *name) {
                Some(known) => known.value = value,
                None => below.push(Inherited { name: Arc::clone(name), value }),
            }
        }
        Some(below)
    }

    /// Appends the cells of the row. False if filters left nothing of it, or the contract does not let it in.
    fn append(
        &mut self,
        (place, at): (PlaceId, usize),
        id: &RowId,
        above: Above<'_>,
        inherited: &[Inherited],
    ) -> Result<bool, BadValue> {
        if self.rules.has_filters() {
            let table = self.shapes.places[place as usize].table;
            self.collected.drop_excluded(self.shapes, table);
            if self.collected.cells.is_empty() {
                return Ok(false);
            }
        }
        let values = RowValues { load_id: &self.rules.load_id, id, above, inherited };
        let row = GuardedRow { tape: self.tape, place, at, is_item: matches!(above, Above::File { .. }) };
        if self.rules.has_contracts
            && !self.tables.screen(self.shapes, row, &mut self.collected.cells, &values)?
        {
            return Ok(false);
        }
        self.tables.append_row(self.shapes, row, &self.collected.cells, &values)
    }
}
