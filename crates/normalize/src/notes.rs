//! What happened to values of a block that nobody asked for, so that it must be said: values that gave way to those
//! of another key, and numbers that became null.

use std::collections::BTreeMap;
use std::sync::Arc;

use simd_json::{Node, StaticNode};

use crate::collect::Overwritten;
use crate::error::BadValue;
use crate::shape::{Shapes, TableId};
use crate::slots::SlotId;

/// What happened, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Note {
    pub(crate) table: Arc<str>,
    /// `None` where it happened to whole lists.
    pub(crate) column: Option<Arc<str>>,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The value of the first key gave way to that of the second.
    GaveWay([String; 2]),
    /// A number beyond what a double holds became null.
    BeyondDouble,
}

/// How often, and where first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Position of the first item in the block.
    pub(crate) row: u64,
    pub(crate) values: u64,
}

/// The notes of a block. There are no more of them than pairs of keys, however many rows there are.
#[derive(Debug, Default)]
pub(crate) struct Notes(pub(crate) BTreeMap<Note, Seen>);

impl Notes {
    /// Notes numbers of an item that became null.
    pub(crate) fn nulled(&mut self, shapes: &Shapes, row: u64, nulled: &[(TableId, SlotId)]) {
        for (table, slot) in nulled {
            self.add(shapes, row, *table, Some(*slot), What::BeyondDouble);
        }
    }

    /// Notes values of an item that gave way. Nulls did not.
    pub(crate) fn overwritten(
        &mut self,
        shapes: &Shapes,
        row: u64,
        tape: &[Node<'_>],
        values: &[Overwritten],
    ) {
        for Overwritten { table, slot, values } in values.iter().filter(|one| !is_null(tape, one.values[0])) {
            self.add(shapes, row, *table, *slot, What::GaveWay(values.map(|value| key_of(tape, value))));
        }
    }

    fn add(&mut self, shapes: &Shapes, row: u64, table: TableId, slot: Option<SlotId>, what: What) {
        let shape = &shapes.tables[table];
        let column = slot.map(|slot| Arc::clone(&shape.slots[slot as usize].name));
        let note = Note { table: Arc::clone(&shape.name), column, what };
        self.0.entry(note).or_insert(Seen { row, values: 0 }).values += 1;
    }
}

/// Why an item cannot be used where two of its keys must not become one column: the first such pair.
pub(crate) fn shared_name(shapes: &Shapes, tape: &[Node<'_>], values: &[Overwritten]) -> Option<BadValue> {
    let Overwritten { table, slot, values } = values.iter().find(|one| !is_null(tape, one.values[0]))?;
    let shape = &shapes.tables[*table];
    let column = slot.map(|slot| Arc::clone(&shape.slots[slot as usize].name));
    let keys = Box::new(values.map(|value| key_of(tape, value)));
    Some(BadValue::SharedName { table: Arc::clone(&shape.name), column, keys })
}

/// The key of a value that stands on the tape.
fn key_of(tape: &[Node<'_>], value: u32) -> String {
    match (value as usize).checked_sub(1).map(|at| &tape[at]) {
        Some(Node::String(key)) => (*key).to_owned(),
        _ => String::new(),
    }
}

fn is_null(tape: &[Node<'_>], value: u32) -> bool {
    matches!(tape[value as usize], Node::Static(StaticNode::Null))
}
