//! Batches as a database hands them over, as those of the sink: columns of their kinds, a number of rows at a time.

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;

use super::convert;
use crate::batches::{RowSink, Stop, batch_of};
use crate::error::SqlError;

/// Collects small batches.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    sink: &'a RowSink,
    schema: SchemaRef,
    rows: BatchCoalescer,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(sink: &'a RowSink) -> Self {
        let schema = sink.schema();
        let rows = BatchCoalescer::new(schema.clone(), sink.max_rows());
        Self { sink, schema, rows }
    }

    /// Takes a batch, whose columns are those of the sink in the same order.
    pub(crate) fn take(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        let columns = self.sink.columns();
        if batch.num_columns() != columns.len() {
            let message =
                format!("the database sent {} columns instead of {}", batch.num_columns(), columns.len());
            return Err(SqlError::new(message).into());
        }
        let converted = batch.columns().iter().zip(columns).map(|(values, column)| {
            convert(values, column.kind).map_err(|error| error.in_column(&column.name, &column.declared))
        });
        let batch = batch_of(&self.schema, converted.collect::<Result<_, SqlError>>()?)?;
        self.rows.push_batch(batch).map_err(|cause| SqlError::new(cause.to_string()))?;
        self.send_full()
    }

    /// Hands over the rest.
    pub(crate) fn finish(mut self) -> Result<(), Stop> {
        self.rows.finish_buffered_batch().map_err(|cause| SqlError::new(cause.to_string()))?;
        self.send_full()
    }

    fn send_full(&mut self) -> Result<(), Stop> {
        while let Some(batch) = self.rows.next_completed_batch() {
            self.sink.send(batch)?;
        }
        Ok(())
    }
}
