//! First phase of a row: its objects are unfolded into cells of columns and lists for other tables.
//!
//! The order is dlt's: the fields of an object first, then the objects inside of it, the last one first.
//! A column that two keys of a row lead to has the last value at the place of the first.

use simd_json::Node;

use crate::cells::{Cell, CellValue};
use crate::json_text::{behind, fields};
use crate::shape::{ObjectId, PlaceId, Shapes, TableId};
use crate::slots::{Mark, SlotId};
use crate::tables::BlockTables;

/// What a row was unfolded into, and the buffers for it.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// The columns of the row at hand.
    pub(crate) cells: Vec<Cell>,
    /// Lists of the row at hand and, before them, of the rows above it.
    pub(crate) lists: Vec<(PlaceId, u32)>,
    /// Where the lists of the row at hand begin.
    lists_from: usize,
    /// Objects that wait to be unfolded.
    waiting: Vec<(u32, ObjectId, i64)>,
    /// Columns of the item at hand of which a key took the value that another key had given it.
    pub(crate) overwritten: Vec<Overwritten>,
    /// Number of the row at hand, among all that the worker has seen.
    row: u64,
    /// Number of the object at hand.
    visit: u64,
}

/// A value that gave way to that of another key whose name leads to the same column, or table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overwritten {
    pub(crate) table: TableId,
    /// `None` for lists, which are rows of the table.
    pub(crate) slot: Option<SlotId>,
    /// Where the value that gave way and the other stand on the tape.
    pub(crate) values: [u32; 2],
}

/// A key that repeats inside of one object, which needs more care.
struct RepeatedKey;

impl Collected {
    /// Begins a row without any cells. Lists of the rows above it stay.
    pub(crate) fn begin_row(&mut self) {
        self.cells.clear();
        self.waiting.clear();
        self.lists_from = self.lists.len();
        self.row += 1;
    }

    /// Unfolds the object at `at` as a row of `place`.
    pub(crate) fn unfold(
        &mut self,
        shapes: &mut Shapes,
        tables: &mut BlockTables<'_>,
        tape: &[Node<'_>],
        place: PlaceId,
        at: usize,
        level: i64,
    ) {
        let root = shapes.places[place as usize].object;
        self.begin_row();
        let overwritten = self.overwritten.len();
        self.waiting.push((at as u32, root, level));
        if self.unfold_waiting(shapes, tables, tape).is_ok() {
            return;
        }
        self.overwritten.truncate(overwritten);
        // Python knows only the last value of a repeated key, at the place of the first.
        self.lists.truncate(self.lists_from);
        self.begin_row();
        self.waiting.push((at as u32, root, level));
        while let Some((at, object, level)) = self.waiting.pop() {
            for (key, value) in fields(tape, at as usize) {
                let entry = shapes.entry(object, key);
                self.field(shapes, tables, tape, object, entry, value, level);
            }
        }
    }

    fn unfold_waiting(
        &mut self,
        shapes: &mut Shapes,
        tables: &mut BlockTables<'_>,
        tape: &[Node<'_>],
    ) -> Result<(), RepeatedKey> {
        while let Some((at, object, level)) = self.waiting.pop() {
            let Node::Object { len, .. } = tape[at as usize] else { continue };
            self.visit += 1;
            let shape = &shapes.objects[object as usize];
            let table = shapes.places[shape.place as usize].table;
            let mut key_at = at as usize + 1;
            let mut expected = shape.first;
            let mut previous = None;
            for _ in 0..len {
                let Node::String(key) = tape[key_at] else { break };
                let value = key_at + 1;
                let entry = match shapes.objects[object as usize].entries.get_mut(expected as usize) {
                    Some(known) if *known.key == *key => expected,
                    _ => shapes.entry_after(object, previous, key),
                };
                let known = &mut shapes.objects[object as usize].entries[entry as usize];
                if known.visit == self.visit {
                    return Err(RepeatedKey);
                }
                known.visit = self.visit;
                expected = known.next;
                previous = Some(entry);
                let slot = known.slot;
                key_at = match tape[value] {
                    Node::String(_) | Node::Static(_) => {
                        self.set(shapes, table, slot, CellValue::Tape(value as u32));
                        value + 1
                    }
                    Node::Object { .. } | Node::Array { .. } => {
                        self.container(shapes, tables, tape, object, entry, value, level);
                        behind(tape, value)
                    }
                };
            }
        }
        Ok(())
    }

    /// Unfolds one field, as if the row had been an object with this key only: items that are no objects.
    pub(crate) fn unfold_item(
        &mut self,
        shapes: &mut Shapes,
        tables: &mut BlockTables<'_>,
        tape: &[Node<'_>],
        place: PlaceId,
        (key, at): (&str, usize),
        level: i64,
    ) {
        self.begin_row();
        let root = shapes.places[place as usize].object;
        let entry = shapes.entry(root, key);
        self.field(shapes, tables, tape, root, entry, at, level);
        while let Some((at, object, level)) = self.waiting.pop() {
            for (key, value) in fields(tape, at as usize) {
                let entry = shapes.entry(object, key);
                self.field(shapes, tables, tape, object, entry, value, level);
            }
        }
    }

    /// Takes a field of an object: its value, or what is to be done with the value.
    #[expect(clippy::too_many_arguments, reason = "they are the state of a walk over the tape")]
    fn field(
        &mut self,
        shapes: &mut Shapes,
        tables: &mut BlockTables<'_>,
        tape: &[Node<'_>],
        object: ObjectId,
        entry: u32,
        value: usize,
        level: i64,
    ) {
        if matches!(tape[value], Node::Object { .. } | Node::Array { .. }) {
            return self.container(shapes, tables, tape, object, entry, value, level);
        }
        let shape = &shapes.objects[object as usize];
        let (table, slot) = (shapes.places[shape.place as usize].table, shape.entries[entry as usize].slot);
        self.set(shapes, table, slot, CellValue::Tape(value as u32));
    }

    /// Takes an object or a list: as it is, or to be unfolded.
    #[expect(clippy::too_many_arguments, reason = "they are the state of a walk over the tape")]
    fn container(
        &mut self,
        shapes: &mut Shapes,
        tables: &mut BlockTables<'_>,
        tape: &[Node<'_>],
        object: ObjectId,
        entry: u32,
        value: usize,
        level: i64,
    ) {
        let shape = &shapes.objects[object as usize];
        let slot = shape.entries[entry as usize].slot;
        let table = shapes.places[shape.place as usize].table;
        if tables.is_kept_whole(shapes, table, slot, level) {
            return self.set(shapes, table, slot, CellValue::Tape(value as u32));
        }
        match tape[value] {
            Node::Object { len: 0, .. } => {}
            Node::Object { .. } => {
                let child = shapes.child_object(object, entry);
                self.waiting.push((value as u32, child, level - 1));
            }
            _ => {
                let place = shapes.child_place(object, entry);
                self.set_list(shapes, place, value as u32);
            }
        }
    }

    /// Sets the list of a place in the row at hand.
    fn set_list(&mut self, shapes: &mut Shapes, place: PlaceId, at: u32) {
        let mark = &mut shapes.places[place as usize].mark;
        if mark.row == self.row {
            let before = std::mem::replace(&mut self.lists[mark.index as usize].1, at);
            let table = shapes.places[place as usize].table;
            self.overwritten.push(Overwritten { table, slot: None, values: [before, at] });
        } else {
            *mark = Mark { row: self.row, index: self.lists.len() as u32 };
            self.lists.push((place, at));
        }
    }

    /// Sets the value of a column in the row at hand.
    #[inline]
    pub(crate) fn set(&mut self, shapes: &mut Shapes, table: TableId, slot: SlotId, value: CellValue) {
        let mark = &mut shapes.tables[table].marks[slot as usize];
        if mark.row == self.row {
            self.overwrite(mark.index, table, slot, value);
        } else {
            *mark = Mark { row: self.row, index: self.cells.len() as u32 };
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

    /// Where the lists of the row at hand begin.
    pub(crate) fn lists_from(&self) -> usize {
        self.lists_from
    }

    /// The value that the row at hand has for a column.
    pub(crate) fn get(&self, shapes: &Shapes, table: TableId, slot: SlotId) -> Option<CellValue> {
        let mark = shapes.tables[table].marks[slot as usize];
        (mark.row == self.row).then(|| self.cells[mark.index as usize].value)
    }

    /// Drops the cells of columns that are filtered out.
    pub(crate) fn drop_excluded(&mut self, shapes: &Shapes, table: TableId) {
        self.cells.retain(|cell| !shapes.tables[table].slots[cell.slot as usize].excluded);
    }
}
