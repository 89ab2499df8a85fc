//! Brings the rows of a Parquet file into a table, in batches that never become rows of values.

mod cells;
mod file;
mod insert;
mod target;

use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{Row, SqlSession as _, columnar};
use cartage_schema::{DataType, Table};

use self::cells::Cells;
use self::target::Target;
use crate::client::Session;
use crate::error;

/// The statement that stands for the load of a file where statements are shown.
pub(crate) fn statement(dialect: &dyn Dialect, target: &TableRef, table: &Table) -> String {
    let columns = table.complete_columns();
    let columns: Vec<(&str, bool)> =
        columns.map(|column| (column.name.as_str(), column.data_type == Some(DataType::Binary))).collect();
    file::statement(dialect, target, &columns)
}

/// Loads all rows of a file, in the transaction that is open; returns their number.
///
/// Its rows stay in `target`, or go on into the table `of_dataset` of the schema's `table`.
pub(crate) fn load(
    session: &Session,
    target: &TableRef,
    of_dataset: &TableRef,
    table: &Table,
    path: &Path,
) -> Result<u64> {
    let (schema, batches) = columnar::open(path)?;
    if schema.fields().is_empty() {
        return Ok(0);
    }
    let rows = Rows {
        targets: target::of_fields(session, target, of_dataset, table, &schema)?,
        doing: format!("load rows into {}", target.table),
        schema,
    };
    let batches = batches.map(|batch| batch.map_err(|cause| columnar::damaged(path, &cause)));
    if session.about().takes_files {
        file::load(session, target, &rows, batches)
    } else {
        insert::load(session, target, &rows, batches)
    }
}

/// What the rows of a file are.
struct Rows {
    schema: SchemaRef,
    /// What the table has for each column of the file.
    targets: Vec<Target>,
    doing: String,
}

impl Rows {
    /// Names of the columns, and whether their cells are digits of bytes.
    fn columns(&self) -> Vec<(&str, bool)> {
        let is_hex = |index: usize| cells::is_hex(self.schema.field(index).data_type());
        let names = self.schema.fields().iter().enumerate();
        names.map(|(index, field)| (field.name().as_str(), is_hex(index))).collect()
    }

    /// The arrays of a batch in types that can be written.
    fn arrays(&self, batch: &RecordBatch, before: usize) -> Result<Vec<ArrayRef>> {
        let canonical = |(index, array)| {
            columnar::to_canonical(array)
                .map_err(|cause| self.does_not_fit(index, before, &cause.to_string()))
        };
        batch.columns().iter().enumerate().map(canonical).collect()
    }

    /// The cells of those arrays.
    fn cells<'a>(&self, arrays: &'a [ArrayRef], before: usize) -> Result<Vec<Cells<'a>>> {
        let cells = |(index, array): (usize, &'a ArrayRef)| {
            Cells::new(array, self.targets[index]).map_err(|reason| self.does_not_fit(index, before, &reason))
        };
        arrays.iter().enumerate().map(cells).collect()
    }

    /// `row` is counted from 0 in the file.
    fn does_not_fit(&self, column: usize, row: usize, reason: &str) -> Error {
        let name = self.schema.field(column).name();
        let message = format!("{}: column {name}, row {} of the file: {reason}", self.doing, row + 1);
        Error::terminal(message).with_remedy(format!("clean the data, or load {name} with another data_type"))
    }

    /// Fails if the server has changed a value to make it fit, or left a row out.
    fn check_warnings(&self, session: &Session, warnings: u16) -> Result<()> {
        if warnings == 0 {
            return Ok(());
        }
        let ask = Statement::new("ask what does not fit", "SHOW WARNINGS");
        let rows = session.query(&ask)?;
        // Notes say how a value is broken, without its column.
        let is_note = |row: &&Row| row.text(0).is_ok_and(|level| level == "Note");
        let Some(row) = rows.iter().find(|row| !is_note(row)).or(rows.first()) else {
            return Err(Error::terminal(format!("{}: the server warns and does not say why", self.doing)));
        };
        let code = u16::try_from(row.int(1)?).unwrap_or_default();
        let found = error::of_server(code, &row.text(2)?).context(&self.doing);
        // Where a file is loaded, the server warns of what it would refuse otherwise.
        let terminal = Error::terminal(found.to_string());
        Err(match found.remedy() {
            Some(remedy) => terminal.with_remedy(remedy),
            None => terminal,
        })
    }
}
