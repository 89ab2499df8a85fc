//! What a block hands on: rows as columns, and what it took for granted about the schema.

use std::sync::Arc;

use arrow::array::ArrayRef;
use cartage_schema::{Column, DataType};

use crate::guard::{Discard, Refusal};

/// What a block made of its rows.
#[derive(Debug, Default)]
pub(crate) struct BlockResult {
    /// Rows by table. Tables without rows are there too, for what was taken for granted about them.
    pub(crate) tables: Vec<TableBatch>,
    /// Columns that got their type here, in order, with the index of their table in `tables`.
    pub(crate) new_columns: Vec<(usize, Column)>,
    /// Columns that contracts refused here first, with the index of their table.
    pub(crate) new_refused: Vec<(usize, Arc<str>, Refusal)>,
    /// What contracts kept out, in the order of the rows.
    pub(crate) discards: Vec<Discard>,
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct TableBatch {
    pub(crate) name: Arc<str>,
    /// The table above, where the block saw the table first.
    pub(crate) parent: Option<Box<str>>,
    pub(crate) rows: usize,
    /// Columns with values.
    pub(crate) columns: Vec<(Arc<str>, ArrayRef)>,
    pub(crate) seen: Vec<SeenColumn>,
    /// Whether it made a difference that no column of the table had a type yet.
    pub(crate) relied_on_new: bool,
}

/// What a block took for granted about a column.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub(crate) struct SeenColumn {
    pub(crate) name: Arc<str>,
    pub(crate) assumed: Option<DataType>,
    pub(crate) data_type: Option<DataType>,
    pub(crate) null_while_untyped: bool,
    pub(crate) unfolded_while_untyped: bool,
    /// Whether a contract had refused it before the block.
    pub(crate) was_refused: bool,
    /// Whether a contract refused it in the block.
    pub(crate) is_refused: bool,
}
