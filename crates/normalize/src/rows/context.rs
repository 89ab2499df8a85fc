//! An item with everything below it: the order in which rows are made, and in which tables get them.

use std::sync::Arc;

use simd_json::Node;

use crate::cells::{CellValue, Inherited, RowOrigin, RowValues};
use crate::error::BadValue;
use crate::ids::RowId;
use crate::json_text::behind;
use crate::rules::Rules;
use crate::shape::{PathId, Shapes, TableId, TablePath};
use crate::tables::BlockTables;

use super::UnfoldedRow;

/// Key under which an element of a list that is a list itself is unfolded.
const INNER_LIST: &str = "list";

/// Everything that the rows of an item need.
#[derive(Debug)]
pub(crate) struct RowContext<'a, 's, 't> {
    pub(crate) rules: &'a Rules,
    pub(crate) shapes: &'a mut Shapes,
    pub(crate) tables: &'a mut BlockTables<'s>,
    pub(crate) unfolded: &'a mut UnfoldedRow,
    pub(crate) tape: &'a [Node<'t>],
}

/// A row: where it is, and what it has from the rows above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'r> {
    pub(super) path: PathId,
    /// Its position on the tape.
    pub(super) at: usize,
    /// How many levels of objects and lists below it are unpacked; what is deeper stays JSON.
    pub(super) levels: i64,
    pub(super) origin: RowOrigin<'r>,
    pub(super) inherited: &'r [Inherited],
}

impl RowContext<'_, '_, '_> {
    /// Writes the item at the beginning of the tape. `file` and `offset` say where it is in the package.
    pub(crate) fn item(&mut self, root: PathId, file: u32, offset: u64) -> Result<(), BadValue> {
        let TablePath { table, max_nesting: levels, .. } = self.shapes.paths[root as usize];
        let origin = RowOrigin::File { file, offset };
        let row = Row { path: root, at: 0, levels, origin, inherited: &[] };
        if matches!(self.tape[0], Node::Object { .. }) {
            return self.object(&row);
        }
        let shape = &self.shapes.tables[table];
        let key = Arc::clone(&shape.slots[shape.system.value as usize].name);
        self.unfold_value(&row, &key);
        self.finish_row(&row)
    }

    fn object(&mut self, row: &Row<'_>) -> Result<(), BadValue> {
        self.unfold(row);
        self.finish_row(row)
    }

    /// A list inside of a list: a row of its own, which has nothing but the inner list.
    fn inner_list(&mut self, row: &Row<'_>) -> Result<(), BadValue> {
        self.unfold_value(row, INNER_LIST);
        self.finish_row(row)
    }

    /// Adds to the unfolded row what the row itself does not bring, appends it, and continues with its lists.
    fn finish_row(&mut self, row: &Row<'_>) -> Result<(), BadValue> {
        let lists_from = self.unfolded.lists_from();
        let (table, is_root) = self.table_of(row.path);
        self.inherit(table, row.inherited);
        if is_root {
            let slot = self.shapes.tables[table].system.load_id;
            self.unfolded.set(self.shapes, table, slot, CellValue::LoadId);
        }
        let id = match self.own_id(table) {
            Some(id) => id,
            None => self.make_id(row, table, is_root)?,
        };
        let below = self.inherited_below(row, table, &id);
        if self.append_row(row, &id)? {
            let below = below.as_deref().unwrap_or(row.inherited);
            for index in lists_from..self.unfolded.lists.len() {
                let (path, at) = self.unfolded.lists[index];
                self.list(path, at as usize, row.levels - 1, &id, below)?;
            }
        }
        self.unfolded.lists.truncate(lists_from);
        Ok(())
    }

    fn list(
        &mut self,
        path: PathId,
        at: usize,
        levels: i64,
        parent: &RowId,
        inherited: &[Inherited],
    ) -> Result<(), BadValue> {
        let Node::Array { len, .. } = self.tape[at] else { return Ok(()) };
        let mut element = at + 1;
        for index in 0..len {
            let origin = RowOrigin::List { parent, index };
            let row = Row { path, at: element, levels, origin, inherited };
            match self.tape[element] {
                Node::Object { .. } => self.object(&row)?,
                Node::Array { .. } => self.inner_list(&Row { levels: levels - 1, ..row })?,
                Node::String(_) | Node::Static(_) => self.scalar(&row)?,
            }
            element = behind(self.tape, element);
        }
        Ok(())
    }

    /// An element of a list that is neither an object nor a list: a row with one value.
    fn scalar(&mut self, row: &Row<'_>) -> Result<(), BadValue> {
        self.unfolded.begin_row();
        let (table, is_root) = self.table_of(row.path);
        let slot = self.shapes.tables[table].system.value;
        self.unfolded.set(self.shapes, table, slot, CellValue::Tape(row.at as u32));
        self.inherit(table, row.inherited);
        let id = self.make_id(row, table, is_root)?;
        self.append_row(row, &id)?;
        Ok(())
    }

    /// Appends the row at hand. False if filters left nothing of it, or the contract refuses it.
    fn append_row(&mut self, row: &Row<'_>, id: &RowId) -> Result<bool, BadValue> {
        let (table, _) = self.table_of(row.path);
        if self.rules.has_filters() {
            self.unfolded.drop_excluded(self.shapes, table);
            if self.unfolded.cells.is_empty() {
                return Ok(false);
            }
        }
        let load_id = &self.rules.load_id;
        let values = RowValues { load_id, id, origin: row.origin, inherited: row.inherited };
        if self.rules.has_contracts && !self.check_names(row, &values)? {
            return Ok(false);
        }
        self.append(row, &values)
    }

    pub(super) fn table_of(&self, path: PathId) -> (TableId, bool) {
        let path = &self.shapes.paths[path as usize];
        (path.table, path.is_root)
    }
}
