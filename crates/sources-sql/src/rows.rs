//! Rows of databases that send one after the other: they become batches of a number of rows or bytes.

use arrow::datatypes::SchemaRef;

use crate::batches::{RowSink, Stop, batch_of};
use crate::builders::ColumnBuilder;

/// A batch with more bytes than this is full, however few rows it has.
const FULL_BYTES: usize = 32 << 20;

/// The rows of the batch that is being made.
#[derive(Debug)]
pub(crate) struct Rows {
    schema: SchemaRef,
    pub(crate) builders: Vec<ColumnBuilder>,
    count: usize,
    bytes: usize,
}

impl RowSink {
    /// No rows yet.
    pub(crate) fn rows(&self) -> Rows {
        Rows {
            schema: self.schema(),
            builders: self.columns().iter().map(|column| ColumnBuilder::new(column.kind)).collect(),
            count: 0,
            bytes: 0,
        }
    }

    /// Ends a row that had this many bytes, and hands the batch over if it is full.
    pub(crate) fn end_row(&self, rows: &mut Rows, bytes: usize) -> Result<(), Stop> {
        rows.count += 1;
        rows.bytes += bytes;
        if rows.count >= self.max_rows() || rows.bytes >= FULL_BYTES { self.flush(rows) } else { Ok(()) }
    }

    /// Hands over what there is.
    pub(crate) fn flush(&self, rows: &mut Rows) -> Result<(), Stop> {
        if rows.count == 0 {
            return Ok(());
        }
        (rows.count, rows.bytes) = (0, 0);
        let arrays = rows.builders.iter_mut().map(ColumnBuilder::finish).collect();
        self.send(batch_of(&rows.schema, arrays)?)
    }
}
