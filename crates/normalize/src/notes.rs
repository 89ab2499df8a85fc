//! What happened to values of a block without being asked for, so that it must be reported: values that were
//! replaced by those of another key, and numbers that became null.

use std::collections::BTreeMap;
use std::sync::Arc;

use simd_json::{Node, StaticNode};

use crate::error::BadValue;
use crate::rows::Overwritten;
use crate::rules::Rules;
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

/// What happened to a value that was not taken as it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The value of the first key was replaced by that of the second.
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

/// What happened to values of one item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened<'r> {
    /// Values that were replaced, nulls among them.
    pub(crate) overwritten: &'r [Overwritten],
    /// Columns with numbers that became null.
    pub(crate) nulled: &'r [(TableId, SlotId)],
}

impl Happened<'_> {
    /// True for almost all items.
    pub(crate) fn is_nothing(&self) -> bool {
        self.overwritten.is_empty() && self.nulled.is_empty()
    }
}

impl Notes {
    /// Notes what happened to values of the item at a position.
    ///
    /// # Errors
    /// [`BadValue::SharedName`] if two keys became one column where they must not. Then nothing is noted.
    #[cold]
    pub(crate) fn item(
        &mut self,
        rules: &Rules,
        shapes: &Shapes,
        row: u64,
        tape: &[Node<'_>],
        happened: Happened<'_>,
    ) -> Result<(), BadValue> {
        // Null is not counted as replaced.
        let replaced = happened.overwritten.iter().filter(|one| !is_null(tape, one.values[0]));
        for Overwritten { table, slot, values } in replaced {
            let keys = values.map(|value| key_of(tape, value));
            if rules.refuses_shared_names {
                return Err(shared_name(shapes, *table, *slot, keys));
            }
            self.add(shapes, row, *table, *slot, What::GaveWay(keys));
        }
        for (table, slot) in happened.nulled {
            self.add(shapes, row, *table, Some(*slot), What::BeyondDouble);
        }
        Ok(())
    }

    fn add(&mut self, shapes: &Shapes, row: u64, table: TableId, slot: Option<SlotId>, what: What) {
        let shape = &shapes.tables[table];
        let column = slot.map(|slot| Arc::clone(&shape.slots[slot as usize].name));
        let note = Note { table: Arc::clone(&shape.name), column, what };
        self.0.entry(note).or_insert(Seen { row, values: 0 }).values += 1;
    }
}

/// Why an item cannot be used of which two keys became one column.
fn shared_name(shapes: &Shapes, table: TableId, slot: Option<SlotId>, keys: [String; 2]) -> BadValue {
    let shape = &shapes.tables[table];
    let column = slot.map(|slot| Arc::clone(&shape.slots[slot as usize].name));
    BadValue::SharedName { table: Arc::clone(&shape.name), column, keys: Box::new(keys) }
}

/// The key of a value that is on the tape.
fn key_of(tape: &[Node<'_>], value: u32) -> String {
    match (value as usize).checked_sub(1).map(|at| &tape[at]) {
        Some(Node::String(key)) => (*key).to_owned(),
        _ => String::new(),
    }
}

fn is_null(tape: &[Node<'_>], value: u32) -> bool {
    matches!(tape[value as usize], Node::Static(StaticNode::Null))
}
