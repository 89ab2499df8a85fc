//! The binary form of COPY: rows out of the bytes of the server.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio_postgres::Client;

use super::cells::{push, push_uuid};
use super::error;
use super::types::comes_as_uuid;
use crate::batches::{RowSink, Stop};
use crate::error::SqlError;
use crate::rows::Rows;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, and the length of an extension.
const HEADER: usize = SIGNATURE.len() + 8;

/// Decodes the answer of one statement.
pub(super) struct CopyReader<'a> {
    sink: &'a RowSink,
    rows: Rows,
    /// Which columns come as uuids.
    uuids: Vec<bool>,
    /// The begin of what is not complete yet.
    rest: BytesMut,
    has_header: bool,
    /// Whether the end of the rows was seen.
    is_complete: bool,
}

impl<'a> CopyReader<'a> {
    pub(super) fn new(sink: &'a RowSink) -> Self {
        let rows = sink.rows();
        let uuids = sink.columns().iter().map(comes_as_uuid).collect();
        Self { sink, rows, uuids, rest: BytesMut::new(), has_header: false, is_complete: false }
    }

    /// Reads all rows into the sink.
    pub(super) async fn read(mut self, client: &Client, sql: &str) -> Result<(), Stop> {
        let failed = |cause: tokio_postgres::Error| Stop::Failed(error::statement("cannot read", &cause));
        let copy = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
        let stream = client.copy_out(copy.as_str()).await.map_err(failed)?;
        let mut stream = std::pin::pin!(stream);
        while let Some(chunk) = stream.next().await {
            self.take(&chunk.map_err(failed)?)?;
        }
        if !self.is_complete {
            return Err(SqlError::new("the server ended its answer before the last row").into());
        }
        self.sink.flush(&mut self.rows)
    }

    /// Takes the next bytes, which need not end with a row.
    fn take(&mut self, chunk: &Bytes) -> Result<(), Stop> {
        if self.rest.is_empty() {
            let used = self.take_rows(chunk)?;
            self.rest.extend_from_slice(&chunk[used..]);
            return Ok(());
        }
        self.rest.extend_from_slice(chunk);
        let whole = std::mem::take(&mut self.rest);
        let used = self.take_rows(&whole)?;
        self.rest.extend_from_slice(&whole[used..]);
        Ok(())
    }

    /// Takes the rows that are complete; how many bytes they have.
    fn take_rows(&mut self, data: &[u8]) -> Result<usize, Stop> {
        let mut at = 0;
        if !self.has_header {
            let Some(header) = data.get(..HEADER) else { return Ok(0) };
            let extension = i32::from_be_bytes([header[15], header[16], header[17], header[18]]);
            if !header.starts_with(SIGNATURE) || extension != 0 {
                return Err(SqlError::new("the server's answer is not in the binary form of COPY").into());
            }
            self.has_header = true;
            at = HEADER;
        }
        while !self.is_complete {
            match length_of_row(&data[at..], self.rows.builders.len())? {
                Row::Incomplete => break,
                Row::End => {
                    self.is_complete = true;
                    at += 2;
                }
                Row::Complete(length) => {
                    self.row(&data[at..at + length])?;
                    self.sink.end_row(&mut self.rows, length)?;
                    at += length;
                }
            }
        }
        Ok(at)
    }

    fn row(&mut self, row: &[u8]) -> Result<(), SqlError> {
        let mut rest = &row[2..];
        let columns = self.sink.columns().iter().zip(&self.uuids);
        for (builder, (column, is_uuid)) in self.rows.builders.iter_mut().zip(columns) {
            let (length, after) = rest.split_first_chunk::<4>().expect("the row is complete");
            let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
                builder.push_null();
                rest = after;
                continue;
            };
            let (cell, after) = after.split_at(length);
            rest = after;
            let push = if *is_uuid { push_uuid } else { push };
            push(builder, cell).map_err(|error| error.in_column(&column.name, &column.declared))?;
        }
        Ok(())
    }
}

enum Row {
    Incomplete,
    /// It has this many bytes.
    Complete(usize),
    End,
}

fn length_of_row(data: &[u8], columns: usize) -> Result<Row, SqlError> {
    let Some((count, mut rest)) = data.split_first_chunk::<2>() else { return Ok(Row::Incomplete) };
    let count = i16::from_be_bytes(*count);
    if count == -1 {
        return Ok(Row::End);
    }
    if usize::try_from(count) != Ok(columns) {
        return Err(SqlError::new(format!("the server sent a row of {count} columns instead of {columns}")));
    }
    for _ in 0..columns {
        let Some((length, after)) = rest.split_first_chunk::<4>() else { return Ok(Row::Incomplete) };
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        let Some(after) = after.get(length..) else { return Ok(Row::Incomplete) };
        rest = after;
    }
    Ok(Row::Complete(data.len() - rest.len()))
}
