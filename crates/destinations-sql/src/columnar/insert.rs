//! Rows as statements with many of them, for servers that take no files of rows.

use arrow::array::RecordBatch;
use cartage_destinations_api::Result;

use super::text::TextRows;
use crate::statements::{Dialect, TableRef};

/// How much one statement takes.
#[derive(Clone, Copy, Debug)]
pub struct StatementLimits {
    /// Most parameters of one statement.
    pub parameters: usize,
    /// Rows beyond which a statement is no faster.
    pub rows: usize,
    /// Bytes of its values; no value may be longer.
    pub bytes: usize,
    /// What sets the limit of bytes, for messages.
    pub set_by: &'static str,
}

/// Values of the rows of one statement, one row after the other; `None` is null.
pub type RowValues = Vec<Option<Vec<u8>>>;

/// Cuts batches into statements with many rows, and hands them to `send`: their number of rows and the values. Returns the
/// number of all rows.
///
/// # Errors
/// Terminal if a value does not fit its column or a statement; those of the batches and of `send`.
pub fn send_rows(
    rows: &TextRows,
    limits: StatementLimits,
    batches: impl Iterator<Item = Result<RecordBatch>>,
    mut send: impl FnMut(usize, RowValues) -> Result<()>,
) -> Result<u64> {
    let columns = rows.limits.len();
    let most_values = (limits.parameters / columns).clamp(1, limits.rows) * columns;
    let mut values = RowValues::new();
    let (mut bytes, mut count) = (0, 0);
    for batch in batches {
        let batch = batch?;
        let arrays = rows.file.arrays(&batch, count)?;
        let cells = rows.cells(&arrays, count)?;
        for row in 0..batch.num_rows() {
            for column in 0..columns {
                let mut text = Vec::new();
                let is_value = cells.put(row, column, &mut text)?;
                if text.len() > limits.bytes {
                    let reason = format!("the value is longer than half of {}", limits.set_by);
                    return Err(cells.does_not_fit(row, column, &reason));
                }
                bytes += text.len();
                values.push(is_value.then_some(text));
            }
            if values.len() >= most_values || bytes >= limits.bytes {
                send(values.len() / columns, std::mem::take(&mut values))?;
                bytes = 0;
            }
        }
        count += batch.num_rows();
    }
    if !values.is_empty() {
        send(values.len() / columns, values)?;
    }
    Ok(count as u64)
}

/// The statement that inserts this many rows; each column has a name and the place of its value.
pub fn insert_many(dialect: &dyn Dialect, table: &TableRef, columns: &[(&str, &str)], rows: usize) -> String {
    let (names, places): (Vec<_>, Vec<_>) = columns.iter().copied().unzip();
    let row = format!("({})", places.join(", "));
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        dialect.qualified(table),
        dialect.column_list(&names),
        vec![row; rows].join(", ")
    )
}
