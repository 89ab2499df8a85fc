//! Rows as statements with many of them, for servers that take no files of rows.

use arrow::array::RecordBatch;
use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::{Dialect, TableRef};
use mysql_async::prelude::Queryable;
use mysql_async::{Params, Value};

use super::Rows;
use crate::client::Session;
use crate::error;

/// Most parameters of a prepared statement.
const MOST_PARAMETERS: usize = 65_535;
/// Rows that one statement writes at most: more make it no faster.
const MOST_ROWS: usize = 500;

/// Writes all batches; returns the number of rows.
pub(super) fn load(
    session: &Session,
    table: &TableRef,
    rows: &Rows,
    batches: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<u64> {
    let columns = rows.targets.len();
    let mut writer = Writer {
        session,
        table,
        rows,
        rows_at_once: (MOST_PARAMETERS / columns).clamp(1, MOST_ROWS),
        // A statement is longer than its values.
        most_bytes: session.about().longest_statement / 2,
        values: Vec::new(),
        bytes: 0,
        count: 0,
    };
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.send()?;
    Ok(writer.count as u64)
}

struct Writer<'a> {
    session: &'a Session,
    table: &'a TableRef,
    rows: &'a Rows,
    rows_at_once: usize,
    most_bytes: usize,
    /// Of the rows that wait, one after the other.
    values: Vec<Value>,
    bytes: usize,
    count: usize,
}

impl Writer<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let arrays = self.rows.file.arrays(batch, self.count)?;
        let cells = self.rows.cells(&arrays, self.count)?;
        for row in 0..batch.num_rows() {
            for (index, cell) in cells.iter().enumerate() {
                let mut text = Vec::new();
                let is_value = cell
                    .put(row, &mut text)
                    .map_err(|reason| self.rows.file.does_not_fit(index, self.count + row, &reason))?;
                if text.len() > self.most_bytes {
                    let reason = "the value is longer than half of max_allowed_packet";
                    return Err(self.rows.file.does_not_fit(index, self.count + row, reason));
                }
                self.bytes += text.len();
                self.values.push(if is_value { Value::Bytes(text) } else { Value::NULL });
            }
            if self.values.len() >= self.rows_at_once * cells.len() || self.bytes >= self.most_bytes {
                self.send()?;
            }
        }
        self.count += batch.num_rows();
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        let columns = self.rows.columns();
        let rows = self.values.len() / columns.len();
        if rows == 0 {
            return Ok(());
        }
        let sql = statement(&self.session.about().dialect, self.table, &columns, rows);
        let values = Params::Positional(std::mem::take(&mut self.values));
        self.bytes = 0;
        let run = |conn: &mut mysql_async::Conn| {
            self.session.runtime().block_on(conn.exec_drop(sql, values))?;
            Ok(conn.get_warnings())
        };
        let warnings =
            self.session.with(run).map_err(|cause| error::statement(&self.rows.file.doing, &cause))?;
        self.rows.check_warnings(self.session, warnings)
    }
}

fn statement(dialect: &dyn Dialect, table: &TableRef, columns: &[(&str, bool)], rows: usize) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let place = |(_, is_hex): &(&str, bool)| if *is_hex { "UNHEX(?)" } else { "?" };
    let row = format!("({})", columns.iter().map(place).collect::<Vec<_>>().join(", "));
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        dialect.qualified(table),
        dialect.column_list(&names),
        vec![row; rows].join(", ")
    )
}
