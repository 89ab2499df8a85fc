//! The values of a row, before they are typed: where they are, and what the row inherits.

use std::sync::Arc;

use crate::ids::RowId;
use crate::slots::SlotId;

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) slot: SlotId,
    pub(crate) value: CellValue,
}

/// Where the value of a cell is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CellValue {
    /// Position of the value on the tape.
    Tape(u32),
    /// Among the values that the row inherits.
    Inherited(u32),
    LoadId,
    RowId,
    ParentId,
    ListIndex,
}

/// A value on its way into a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw<'v> {
    /// At a position of the tape.
    Tape(usize),
    /// The bytes of a text.
    Text(&'v [u8]),
    Integer(i64),
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowOrigin<'r> {
    /// It is an item of a file, at this offset.
    File { file: u32, offset: u64 },
    /// It is an element of a list of another row, at this index.
    List { parent: &'r RowId, index: usize },
}

/// A value that goes from a row to all rows below it.
#[derive(Clone, Debug)]
pub(crate) struct Inherited {
    pub(crate) name: Arc<str>,
    pub(crate) value: InheritedValue,
}

#[derive(Clone, Debug)]
pub(crate) enum InheritedValue {
    Tape(u32),
    Id(RowId),
    LoadId,
    Integer(i64),
}

/// What cells mean that are not on the tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowValues<'r> {
    pub(crate) load_id: &'r str,
    pub(crate) id: &'r RowId,
    pub(crate) origin: RowOrigin<'r>,
    pub(crate) inherited: &'r [Inherited],
}

impl<'r> RowValues<'r> {
    #[inline]
    pub(crate) fn raw(&self, value: CellValue) -> Raw<'r> {
        match (value, self.origin) {
            (CellValue::Tape(at), _) => Raw::Tape(at as usize),
            (CellValue::LoadId, _) => Raw::Text(self.load_id.as_bytes()),
            (CellValue::RowId, _) => Raw::Text(self.id.as_bytes()),
            (CellValue::ParentId, RowOrigin::List { parent, .. }) => Raw::Text(parent.as_bytes()),
            (CellValue::ListIndex, RowOrigin::List { index, .. }) => Raw::Integer(index as i64),
            (CellValue::Inherited(index), _) => match &self.inherited[index as usize].value {
                InheritedValue::Tape(at) => Raw::Tape(*at as usize),
                InheritedValue::Id(id) => Raw::Text(id.as_bytes()),
                InheritedValue::LoadId => Raw::Text(self.load_id.as_bytes()),
                InheritedValue::Integer(value) => Raw::Integer(*value),
            },
            // Items of files are never linked to a row above.
            (CellValue::ParentId | CellValue::ListIndex, RowOrigin::File { .. }) => Raw::Text(b""),
        }
    }
}
