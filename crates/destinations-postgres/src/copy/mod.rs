//! Sends the rows of a Parquet file by COPY, in batches that never become rows of values.
//!
//! The binary form is written where every column of the file has one for the type that the table has. A
//! table whose columns have other types (made by hand, or by an older schema) takes the text form, which
//! the server parses as it would a literal.

mod cells;
mod nul;
mod numeric;
mod target;
mod text;

use std::path::Path;
use std::pin::Pin;

use arrow::array::{ArrayRef, RecordBatch};
use bytes::{BufMut, Bytes, BytesMut};
use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::columnar::{FileRows, canonical, no_column};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use futures_util::SinkExt;
use tokio_postgres::CopyInSink;

use self::cells::Cells;
use self::target::{Kind, TargetColumn};
use crate::client::Session;
use crate::config::NulCharacters;
use crate::error;
use crate::schema_sql::PostgresDialect;

/// Bytes that are sent at once.
const CHUNK: usize = 256 << 10;

/// What every binary COPY begins with: a signature, flags, the length of an extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// The statement that takes the rows of a file with these columns.
pub(crate) fn statement(table: &TableRef, columns: &[&str], binary: bool) -> String {
    let form = if binary { "binary" } else { "text" };
    format!(
        "COPY {} ({}) FROM STDIN (FORMAT {form})",
        PostgresDialect.qualified(table),
        PostgresDialect.column_list(columns)
    )
}

/// Copies all rows of a file into a table, in the transaction that is open; returns their number.
pub(crate) fn copy(session: &Session, table: &TableRef, path: &Path, nul: NulCharacters) -> Result<u64> {
    let doing = format!("copy rows into {}", table.table);
    let Some((file, batches)) = FileRows::open(path, doing)? else { return Ok(0) };
    let kinds = kinds(&file, table, &target::columns(session, table)?)?;
    let mut fields = file.schema.fields().iter().zip(&kinds);
    let binary = fields.all(|(field, kind)| cells::can_encode(&canonical(field.data_type()), *kind));
    let sink = session
        .runtime()
        .block_on(session.client().copy_in(&statement(table, &file.names(), binary)))
        .map_err(|cause| error::statement(&file.doing, &cause))?;
    let mut stream = Stream {
        session,
        sink: Box::pin(sink),
        buffer: BytesMut::with_capacity(2 * CHUNK),
        file,
        kinds,
        rows: 0,
        nul,
        replaced: 0,
    };
    if binary {
        stream.buffer.put_slice(BINARY_HEADER);
    }
    for batch in batches {
        let batch = batch?;
        if binary { stream.put_binary(&batch)? } else { stream.put_text(&batch)? }
    }
    if binary {
        stream.buffer.put_i16(-1);
    }
    stream.finish()
}

/// What the table makes of each column of the file.
fn kinds(file: &FileRows, table: &TableRef, columns: &[TargetColumn]) -> Result<Vec<Kind>> {
    let kind_of = |name: &&str| {
        let column = columns.iter().find(|column| column.name == *name);
        let column = column.ok_or_else(|| no_column(&table.table, name))?;
        if column.kind == Kind::Other {
            tracing::debug!(column = name, data_type = column.type_name, "rows are sent as text");
        }
        Ok(column.kind)
    };
    file.names().iter().map(kind_of).collect()
}

/// A COPY that is under way.
struct Stream<'a> {
    session: &'a Session,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    buffer: BytesMut,
    file: FileRows,
    kinds: Vec<Kind>,
    /// Rows of the batches before this one.
    rows: usize,
    nul: NulCharacters,
    /// Cells in which NUL characters were replaced.
    replaced: usize,
}

impl Stream<'_> {
    fn put_binary(&mut self, batch: &RecordBatch) -> Result<()> {
        let arrays = self.prepared(batch)?;
        let cells = arrays
            .iter()
            .zip(&self.kinds)
            .map(|(array, kind)| Cells::new(array, *kind))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::corrupt("the types in the file differ from those in its footer"))?;
        let columns =
            i16::try_from(cells.len()).map_err(|_| Error::terminal("the table has too many columns"))?;
        for row in 0..batch.num_rows() {
            self.buffer.put_i16(columns);
            for (index, cell) in cells.iter().enumerate() {
                cell.put(row, &mut self.buffer)
                    .map_err(|reason| self.file.does_not_fit(index, self.rows + row, &reason))?;
            }
            if self.buffer.len() >= CHUNK {
                self.send()?;
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn put_text(&mut self, batch: &RecordBatch) -> Result<()> {
        let arrays = self.prepared(batch)?;
        let mut line = String::new();
        for row in 0..batch.num_rows() {
            line.clear();
            for (index, array) in arrays.iter().enumerate() {
                if index > 0 {
                    line.push('\t');
                }
                if !text::put(&mut line, array, row) {
                    let reason = format!("values of type {} cannot be sent", array.data_type());
                    return Err(self.file.does_not_fit(index, self.rows + row, &reason));
                }
            }
            line.push('\n');
            self.buffer.put_slice(line.as_bytes());
            if self.buffer.len() >= CHUNK {
                self.send()?;
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// The arrays of a batch in canonical types and without NUL characters.
    fn prepared(&mut self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let mut arrays = self.file.arrays(batch, self.rows)?;
        for (index, array) in arrays.iter_mut().enumerate() {
            let is_json = matches!(self.kinds[index], Kind::Json | Kind::Jsonb);
            match nul::find(array, is_json) {
                None => {}
                Some(row) if self.nul == NulCharacters::Refuse => {
                    let reason = "the text holds a NUL character, which PostgreSQL cannot store";
                    return Err(self.file.does_not_fit(index, self.rows + row, reason).with_remedy(
                        "set nul_characters = \"replace\" for the destination, or clean the data",
                    ));
                }
                Some(_) => {
                    let (cleaned, replaced) = nul::replace(array, is_json);
                    *array = cleaned;
                    self.replaced += replaced;
                }
            }
        }
        Ok(arrays)
    }

    fn send(&mut self) -> Result<()> {
        let chunk = self.buffer.split().freeze();
        self.buffer.reserve(CHUNK + CHUNK / 4);
        let sent = self.session.runtime().block_on(self.sink.feed(chunk));
        match sent {
            Ok(()) => Ok(()),
            // What the server had to say came before it stopped to listen.
            Err(cause) => Err(error::statement(&self.file.doing, &cause)),
        }
    }

    fn finish(mut self) -> Result<u64> {
        self.send()?;
        if self.replaced > 0 {
            tracing::warn!(
                cells = self.replaced,
                "{}: NUL characters, which PostgreSQL cannot store, were replaced by U+FFFD",
                self.file.doing
            );
        }
        let finished = self.session.runtime().block_on(self.sink.as_mut().finish());
        finished.map_err(|cause| error::statement(&self.file.doing, &cause))
    }
}
