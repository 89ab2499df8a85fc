//! Values that a row must have: those of keys, and of other columns that must not be null.

use crate::error::BadValue;
use crate::shape::{Shapes, TableId};
use crate::slots::SlotId;
use crate::tables::BlockTables;

impl BlockTables<'_> {
    /// Looks whether the row at hand has all values that it must have. One that is marked as deleted needs its
    /// keys only.
    pub(crate) fn require(&self, shapes: &Shapes, id: TableId) -> Result<(), BadValue> {
        let (table, shape) = (&self.tables[id], &shapes.tables[id]);
        let lacks = |slot: SlotId| match table.columns.get(slot as usize) {
            Some(column) => !column.refused && column.builder.as_ref().is_none_or(|it| !it.has(table.rows)),
            None => true,
        };
        let Some(first) = shape.required.iter().find(|required| lacks(required.slot)) else { return Ok(()) };
        let mark = shape.deletion_mark.and_then(|slot| table.columns.get(slot as usize)?.builder.as_ref());
        let missing = if mark.is_some_and(|mark| mark.is_marked(table.rows)) {
            shape.required.iter().find(|required| required.is_key && lacks(required.slot))
        } else {
            Some(first)
        };
        missing.map_or(Ok(()), |missing| Err(BadValue::null(shapes, id, missing.slot)))
    }
}
