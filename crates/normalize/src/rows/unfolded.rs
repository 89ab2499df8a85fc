//! What a row was unfolded into, and the buffers for it.

use crate::cells::{Cell, CellValue};
use crate::shape::{ObjectId, PathId, Shapes, TableId};
use crate::slots::{SlotId, Written};

/// The columns of a row, and the lists that become rows below it.
///
/// Whether the row at hand has a value for a column is not looked up but compared: each slot of a table says
/// which row wrote it last, and into which cell.
///
/// ```text
/// row 41: {"id": 7, "name": "ada"}         row 42: {"name": "bob"}
///
/// slots    id     name    at               id     name    at
/// written  41,0   41,1    12,2             41,0   42,0    12,2
/// cells    [id=7, name="ada"]              [name="bob"]
/// ```
///
/// In row 42 only `name` was written, so that nothing has to be cleared between rows, however many columns a
/// table has.
#[derive(Debug, Default)]
pub(crate) struct UnfoldedRow {
    /// The columns of the row at hand.
    pub(crate) cells: Vec<Cell>,
    /// Lists of the row at hand and, before them, of the rows above it.
    pub(crate) lists: Vec<(PathId, u32)>,
    /// Where the lists of the row at hand begin.
    lists_from: usize,
    /// Objects that wait to be unfolded.
    pub(super) waiting: Vec<WaitingObject>,
    /// Columns of the item at hand of which a key took the value that another key had given it.
    pub(crate) overwritten: Vec<Overwritten>,
    /// Number of the row at hand, among all that the worker has seen.
    row: u64,
    /// Number of the object at hand.
    pub(super) visit: u64,
}

/// An object that is unfolded when the fields around it are done.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitingObject {
    pub(super) at: u32,
    pub(super) object: ObjectId,
    pub(super) levels: i64,
}

/// A value that was replaced by that of another key whose name leads to the same column, or table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overwritten {
    pub(crate) table: TableId,
    /// `None` for lists, which are rows of the table.
    pub(crate) slot: Option<SlotId>,
    /// Positions of the value that was replaced and of the other on the tape.
    pub(crate) values: [u32; 2],
}

impl UnfoldedRow {
    /// Begins a row without any cells. Lists of the rows above it stay.
    pub(super) fn begin_row(&mut self) {
        self.cells.clear();
        self.waiting.clear();
        self.lists_from = self.lists.len();
        self.row += 1;
    }

    /// Begins the row at hand again, without what it was unfolded into so far.
    pub(super) fn begin_row_again(&mut self, overwritten: usize) {
        self.overwritten.truncate(overwritten);
        self.lists.truncate(self.lists_from);
        self.begin_row();
    }

    /// Where the lists of the row at hand begin.
    pub(super) fn lists_from(&self) -> usize {
        self.lists_from
    }

    /// Sets the value of a column in the row at hand.
    #[inline]
    pub(super) fn set(&mut self, shapes: &mut Shapes, table: TableId, slot: SlotId, value: CellValue) {
        let written = &mut shapes.tables[table].written[slot as usize];
        if written.row == self.row {
            self.overwrite(written.index, table, slot, value);
        } else {
            *written = Written { row: self.row, index: self.cells.len() as u32 };
            self.cells.push(Cell { slot, value });
        }
    }

    /// Replaces the value of a cell that another key has written. So rare that it must not be part of `set`, which
    /// is small enough to be inlined.
    #[cold]
    fn overwrite(&mut self, cell: u32, table: TableId, slot: SlotId, value: CellValue) {
        let before = std::mem::replace(&mut self.cells[cell as usize].value, value);
        if let (CellValue::Tape(before), CellValue::Tape(at)) = (before, value) {
            self.overwritten.push(Overwritten { table, slot: Some(slot), values: [before, at] });
        }
    }

    /// Sets the list of a path in the row at hand.
    pub(super) fn set_list(&mut self, shapes: &mut Shapes, path: PathId, at: u32) {
        let written = &mut shapes.paths[path as usize].written;
        if written.row == self.row {
            let before = std::mem::replace(&mut self.lists[written.index as usize].1, at);
            let table = shapes.paths[path as usize].table;
            self.overwritten.push(Overwritten { table, slot: None, values: [before, at] });
        } else {
            *written = Written { row: self.row, index: self.lists.len() as u32 };
            self.lists.push((path, at));
        }
    }

    /// The value that the row at hand has for a column.
    pub(super) fn get(&self, shapes: &Shapes, table: TableId, slot: SlotId) -> Option<CellValue> {
        let written = shapes.tables[table].written[slot as usize];
        (written.row == self.row).then(|| self.cells[written.index as usize].value)
    }

    /// Drops the cells of columns that are filtered out.
    pub(super) fn drop_excluded(&mut self, shapes: &Shapes, table: TableId) {
        self.cells.retain(|cell| !shapes.tables[table].slots[cell.slot as usize].excluded);
    }
}
