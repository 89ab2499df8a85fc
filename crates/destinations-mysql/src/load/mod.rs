//! Brings the rows of a Parquet file into a table, in batches that never become rows of values.

mod cells;
mod file;
mod insert;
mod target;

use std::path::Path;

use arrow::array::ArrayRef;
use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::columnar::FileRows;
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{Row, SqlSession as _};
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
    let doing = format!("load rows into {}", target.table);
    let Some((file, batches)) = FileRows::open(path, doing)? else { return Ok(0) };
    let rows = Rows { targets: target::of_fields(session, target, of_dataset, table, &file)?, file };
    if session.about().takes_files {
        file::load(session, target, &rows, batches)
    } else {
        insert::load(session, target, &rows, batches)
    }
}

/// What the rows of a file are.
struct Rows {
    file: FileRows,
    /// What the table has for each column of the file.
    targets: Vec<Target>,
}

impl Rows {
    /// Names of the columns, and whether their cells are digits of bytes.
    fn columns(&self) -> Vec<(&str, bool)> {
        let fields = self.file.schema.fields().iter();
        fields.map(|field| (field.name().as_str(), cells::is_hex(field.data_type()))).collect()
    }

    /// The cells of canonical arrays; `before` rows of the file came before them.
    fn cells<'a>(&self, arrays: &'a [ArrayRef], before: usize) -> Result<Vec<Cells<'a>>> {
        let cells = |(index, array): (usize, &'a ArrayRef)| {
            Cells::new(array, self.targets[index])
                .map_err(|reason| self.file.does_not_fit(index, before, &reason))
        };
        arrays.iter().enumerate().map(cells).collect()
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
            return Err(Error::terminal(format!(
                "{}: the server warns and does not say why",
                self.file.doing
            )));
        };
        let code = u16::try_from(row.int(1)?).unwrap_or_default();
        let found = error::of_server(code, &row.text(2)?).context(&self.file.doing);
        // Where a file is loaded, the server warns of what it would refuse otherwise.
        Err(Error::terminal(found.to_string()).with_known_remedy(found.remedy()))
    }
}
