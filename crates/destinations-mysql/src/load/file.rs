//! Rows as a file of text that the server asks for: `LOAD DATA LOCAL INFILE`. It is never on a disk.
//!
//! With `LOCAL` the server makes warnings of its errors and continues, so that a single warning undoes the load.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, scope};

use arrow::array::RecordBatch;
use bytes::Bytes;
use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::columnar::TextRows;
use cartage_destinations_sql::statements::{Dialect, TableRef};
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use mysql_async::prelude::Queryable;
use tokio::sync::mpsc::{Sender, channel};

use super::check_warnings;
use crate::client::Session;
use crate::error;

/// Bytes that are sent at once.
const CHUNK: usize = 256 << 10;
/// Chunks that wait to be sent.
const AHEAD: usize = 4;

/// What is sent to the server about the bytes of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// They are UTF-8, which becomes what the columns have.
    Utf8,
    /// They are what the columns have, so that the server need not check each character: a sixth less work.
    AsColumns,
}

impl Charset {
    /// That of rows for a table: some types (`json`, `uuid`, ..) read texts in another way than bytes.
    fn of(session: &Session, table: &TableRef) -> Result<Self> {
        let others = "SELECT 1 FROM information_schema.columns WHERE table_schema = ? AND table_name = ? \
                      AND (character_set_name <> 'utf8mb4' OR data_type NOT IN ('tinyint', 'smallint', \
                      'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'date', 'datetime', 'timestamp', \
                      'time', 'year', 'char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'tinyblob', \
                      'blob', 'mediumblob', 'longblob', 'binary', 'varbinary'))";
        let others = Statement::new("which characters the columns have", others)
            .with_params(vec![table.dataset.as_str().into(), table.table.as_str().into()]);
        Ok(if session.has_row(&others)? { Self::Utf8 } else { Self::AsColumns })
    }
}

/// The statement that takes rows with these columns; of each it is known whether its cells are digits of bytes.
pub(super) fn statement(
    dialect: &dyn Dialect,
    table: &TableRef,
    columns: &[(&str, bool)],
    charset: Charset,
) -> String {
    let mut places = Vec::with_capacity(columns.len());
    let mut assignments = Vec::new();
    for (nth, (name, is_hex)) in columns.iter().enumerate() {
        let name = dialect.quote(name);
        if *is_hex {
            places.push(format!("@c{nth}"));
            assignments.push(format!("{name} = UNHEX(@c{nth})"));
        } else {
            places.push(name);
        }
    }
    let set = if assignments.is_empty() { String::new() } else { format!(" SET {}", assignments.join(", ")) };
    format!(
        "LOAD DATA LOCAL INFILE 'rows' INTO TABLE {} CHARACTER SET {} \
         FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' \
         LINES TERMINATED BY '\\n' STARTING BY '' ({}){set}",
        dialect.qualified(table),
        if charset == Charset::Utf8 { "utf8mb4" } else { "binary" },
        places.join(", ")
    )
}

/// Sends all batches; returns the number of rows.
pub(super) fn load(
    session: &Session,
    table: &TableRef,
    rows: &TextRows,
    batches: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<u64> {
    let charset = Charset::of(session, table)?;
    let sql = statement(&session.about().dialect, table, &rows.columns(), charset);
    let (sender, receiver) = channel::<io::Result<Bytes>>(AHEAD);
    let receiver = Arc::new(Mutex::new(receiver));
    let writer = Writer { rows, sender, chunk: Vec::with_capacity(2 * CHUNK), count: 0 };
    let loaded = session.with(|conn| {
        let asked = Arc::clone(&receiver);
        conn.set_infile_handler(async move {
            let next = move |context: &mut std::task::Context<'_>| {
                asked.lock().unwrap_or_else(PoisonError::into_inner).poll_recv(context)
            };
            Ok(poll_fn(next).boxed())
        });
        let runtime = session.runtime();
        scope(|threads| {
            let receive = || {
                let answer = runtime.block_on(conn.query_drop(&sql));
                // A server that refused the statement never asks for the rows.
                receiver.lock().unwrap_or_else(PoisonError::into_inner).close();
                answer.map(|()| (conn.affected_rows(), conn.get_warnings()))
            };
            let receiving = Builder::new().name("mysql-load".to_owned()).spawn_scoped(threads, receive)?;
            let written = writer.write_all(batches);
            let answer = receiving.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok((written, answer))
        })
    });
    let (written, answer) = loaded.map_err(|cause| error::statement(&rows.file.doing, &cause))?;
    // What was wrong with the rows comes first: the statement failed because of it.
    let count = written?;
    let (loaded, warnings) = answer.map_err(|cause| error::statement(&rows.file.doing, &cause))?;
    check_warnings(session, &rows.file.doing, warnings)?;
    if loaded != count {
        return Err(Error::terminal(format!(
            "{}: {count} rows were sent and {loaded} are there",
            rows.file.doing
        )));
    }
    Ok(count)
}

/// Makes a file of rows.
struct Writer<'a> {
    rows: &'a TextRows,
    sender: Sender<io::Result<Bytes>>,
    chunk: Vec<u8>,
    count: usize,
}

impl Writer<'_> {
    /// Writes all rows; the end of the writer is the end of the file. A server that stopped listening says why itself.
    fn write_all(mut self, batches: impl Iterator<Item = Result<RecordBatch>>) -> Result<u64> {
        for batch in batches {
            if let Err(error) = batch.and_then(|batch| self.write(&batch)) {
                let _ = self.sender.blocking_send(Err(io::Error::other("the rows could not be written")));
                return Err(error);
            }
        }
        self.send();
        Ok(self.count as u64)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let arrays = self.rows.file.arrays(batch, self.count)?;
        let cells = self.rows.cells(&arrays, self.count)?;
        for row in 0..batch.num_rows() {
            for column in 0..arrays.len() {
                if column > 0 {
                    self.chunk.push(b'\t');
                }
                let begin = self.chunk.len();
                if !cells.put(row, column, &mut self.chunk)? {
                    self.chunk.extend_from_slice(b"\\N");
                } else if cells.is_text(column) {
                    escape(&mut self.chunk, begin);
                }
            }
            self.chunk.push(b'\n');
            if self.chunk.len() >= CHUNK {
                self.send();
            }
        }
        self.count += batch.num_rows();
        Ok(())
    }

    /// Sends what waits, in pieces: a row may be longer than what the server takes at once.
    fn send(&mut self) {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK + CHUNK / 4));
        let mut chunk = Bytes::from(chunk);
        while !chunk.is_empty() {
            let piece = chunk.split_to(chunk.len().min(2 * CHUNK));
            let _ = self.sender.blocking_send(Ok(piece));
        }
    }
}

/// What follows the backslash in place of a byte that means something in a file of rows.
fn escaped(byte: u8) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'\t' => Some(b't'),
        b'\n' => Some(b'n'),
        0 => Some(b'0'),
        _ => None,
    }
}

/// Escapes what was written since `begin`.
fn escape(chunk: &mut Vec<u8>, begin: usize) {
    let Some(first) = chunk[begin..].iter().position(|byte| escaped(*byte).is_some()) else { return };
    let rest = chunk.split_off(begin + first);
    for byte in rest {
        match escaped(byte) {
            Some(escape) => chunk.extend([b'\\', escape]),
            None => chunk.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema_sql::MysqlDialect;

    #[test]
    fn bytes_go_through_a_variable() {
        let sql = statement(
            &MysqlDialect::default(),
            &TableRef::new("raw", "items"),
            &[("id", false), ("photo", true)],
            Charset::Utf8,
        );
        assert!(sql.ends_with("(`id`, @c1) SET `photo` = UNHEX(@c1)"), "{sql}");
        assert!(sql.contains(r"TERMINATED BY '\t'") && sql.contains(r"ESCAPED BY '\\'"), "{sql}");
    }

    #[test]
    fn only_what_means_something_is_escaped() {
        let mut chunk = b"a\tb\\".to_vec();
        escape(&mut chunk, 2);
        assert_eq!(chunk, b"a\tb\\\\");
        let mut chunk = "\u{e4}\t\n\r\0\\N".as_bytes().to_vec();
        escape(&mut chunk, 0);
        assert_eq!(chunk, "\u{e4}\\t\\n\r\\0\\\\N".as_bytes());
    }
}
