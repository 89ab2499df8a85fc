//! Second phase of a row: its id, the link to the row above, and what rows inherit.

use std::sync::Arc;

use cartage_schema::{RowIdKind, row_hash_id};
use cartage_values::canonical;
use serde_json::{Map, Value};
use simd_json::{Node, StaticNode};

use crate::cells::{CellValue, Inherited, InheritedValue, RowOrigin};
use crate::error::BadValue;
use crate::ids::RowId;
use crate::json_text::to_value;
use crate::shape::TableId;

use super::RowContext;
use super::context::Row;

/// Keys with this prefix do not count for the hash of a row.
const DLT_PREFIX: &str = "_dlt";

impl RowContext<'_, '_, '_> {
    pub(super) fn inherit(&mut self, table: TableId, inherited: &[Inherited]) {
        for (index, value) in inherited.iter().enumerate() {
            let slot = self.shapes.tables[table].inherited_slot(&value.name, self.rules);
            self.unfolded.set(self.shapes, table, slot, CellValue::Inherited(index as u32));
        }
    }

    /// The id that the row brings itself, if it is not empty.
    pub(super) fn own_id(&self, table: TableId) -> Option<RowId> {
        let slot = self.shapes.tables[table].system.id;
        let Some(CellValue::Tape(at)) = self.unfolded.get(self.shapes, table, slot) else { return None };
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
    pub(super) fn make_id(
        &mut self,
        row: &Row<'_>,
        table: TableId,
        is_root: bool,
    ) -> Result<RowId, BadValue> {
        let system = self.shapes.tables[table].system;
        let id = if is_root { self.root_id(row, table)? } else { self.child_id(row, table) };
        if !is_root {
            self.unfolded.set(self.shapes, table, system.parent_id, CellValue::ParentId);
            self.unfolded.set(self.shapes, table, system.list_idx, CellValue::ListIndex);
        }
        self.unfolded.set(self.shapes, table, system.id, CellValue::RowId);
        Ok(id)
    }

    fn child_id(&self, row: &Row<'_>, table: TableId) -> RowId {
        let shape = &self.shapes.tables[table];
        match row.origin {
            RowOrigin::List { parent, index } => parent.child(&shape.name, shape.seed, index),
            RowOrigin::File { file, offset } => RowId::of_position(shape.seed, file, offset),
        }
    }

    fn root_id(&self, row: &Row<'_>, table: TableId) -> Result<RowId, BadValue> {
        let shape = &self.shapes.tables[table];
        match &shape.row_id {
            RowIdKind::Key(columns) => self.key_hash(table, columns),
            RowIdKind::Row if matches!(self.tape[row.at], Node::Object { .. }) => Ok(self.row_hash(row.at)),
            RowIdKind::Row | RowIdKind::Position => Ok(match row.origin {
                RowOrigin::File { file, offset } => RowId::of_position(shape.seed, file, offset),
                RowOrigin::List { parent, index } => parent.of_keyed_child(shape.seed, index),
            }),
        }
    }

    /// Hash of the primary key, with the names that the columns have in the table.
    fn key_hash(&self, table: TableId, columns: &[String]) -> Result<RowId, BadValue> {
        let mut key = Map::new();
        for column in columns {
            let value = self.shapes.tables[table].known_slot(column).and_then(|slot| {
                match self.unfolded.get(self.shapes, table, slot)? {
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
    pub(super) fn inherited_below(
        &self,
        row: &Row<'_>,
        table: TableId,
        id: &RowId,
    ) -> Option<Vec<Inherited>> {
        let shape = &self.shapes.tables[table];
        if shape.propagated.is_empty() {
            return None;
        }
        let mut below = row.inherited.to_vec();
        for (slot, name) in &shape.propagated {
            let Some(cell) = self.unfolded.get(self.shapes, table, *slot) else { continue };
            let value = match (cell, row.origin) {
                (CellValue::Tape(at), _) => InheritedValue::Tape(at),
                (CellValue::Inherited(index), _) => row.inherited[index as usize].value.clone(),
                (CellValue::LoadId, _) => InheritedValue::LoadId,
                (CellValue::RowId, _) => InheritedValue::Id(id.clone()),
                (CellValue::ParentId, RowOrigin::List { parent, .. }) => InheritedValue::Id(parent.clone()),
                (CellValue::ListIndex, RowOrigin::List { index, .. }) => {
                    InheritedValue::Integer(index as i64)
                }
                (CellValue::ParentId | CellValue::ListIndex, RowOrigin::File { .. }) => continue,
            };
            match below.iter_mut().find(|known| known.name == *name) {
                Some(known) => known.value = value,
                None => below.push(Inherited { name: Arc::clone(name), value }),
            }
        }
        Some(below)
    }
}
