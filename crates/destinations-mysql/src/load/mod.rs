//! Brings the rows of a Parquet file into a table, in batches that never become rows of values.

mod file;

use std::path::Path;

use arrow::array::RecordBatch;
use cartage_destinations_api::{Error, Result, Statement};
use cartage_destinations_sql::columnar::insert::{StatementLimits, insert_many, send_rows};
use cartage_destinations_sql::columnar::{ColumnLimits, FileRows, Keeps, TextRows, column_limits};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_destinations_sql::{Row, SqlSession as _};
use cartage_schema::{DataType, Table};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};

use crate::client::Session;
use crate::error;

/// Most parameters of a prepared statement.
const MOST_PARAMETERS: usize = 65_535;
/// Rows that one statement writes at most: more make it no faster.
const MOST_ROWS: usize = 500;

/// The statement that stands for the load of a file where statements are shown.
pub(crate) fn statement(dialect: &dyn Dialect, target: &TableRef, table: &Table) -> String {
    let columns = table.complete_columns();
    let columns: Vec<(&str, bool)> =
        columns.map(|column| (column.name.as_str(), column.data_type == Some(DataType::Binary))).collect();
    file::statement(dialect, target, &columns, file::Charset::Utf8)
}

/// Loads all rows of a file, in the transaction that is open; returns their number.
///
/// Its rows stay in `target`, or are inserted into the table `of_dataset` of the schema's `table`.
pub(crate) fn load(
    session: &Session,
    target: &TableRef,
    of_dataset: &TableRef,
    table: &Table,
    path: &Path,
) -> Result<u64> {
    let doing = format!("load rows into {}", target.table);
    let Some((file, batches)) = FileRows::open(path, doing)? else { return Ok(0) };
    let dialect = &session.about().dialect;
    let limits = column_limits(session, dialect, (target, of_dataset), table, &file, limits_of)?;
    let rows = TextRows { file, limits };
    if session.about().takes_files {
        file::load(session, target, &rows, batches)
    } else {
        insert(session, target, &rows, batches)
    }
}

/// What a column of a type makes of values.
fn limits_of(type_name: &str) -> ColumnLimits {
    let name = type_name.split(['(', ' ']).next().unwrap_or_default();
    let keeps = match name {
        "float" => Keeps::SingleFloats,
        "year" => Keeps::Years(1901, 2155),
        "char" => Keeps::TextsWithoutBlanks,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Keeps::WholeNumbers,
        _ => Keeps::All,
    };
    let mut limits = ColumnLimits { keeps, ..ColumnLimits::NONE };
    if matches!(name, "datetime" | "timestamp" | "time") {
        limits.fraction_digits = type_name[name.len()..].trim_matches(['(', ')']).parse().unwrap_or(0);
    }
    limits
}

/// Sends all rows as statements with many of them.
fn insert(
    session: &Session,
    table: &TableRef,
    rows: &TextRows,
    batches: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<u64> {
    let limits = StatementLimits {
        parameters: MOST_PARAMETERS,
        rows: MOST_ROWS,
        // A statement is longer than its values.
        bytes: session.about().longest_statement / 2,
        set_by: "max_allowed_packet",
    };
    let columns = rows.columns();
    let place = |(name, is_hex)| (name, if is_hex { "UNHEX(?)" } else { "?" });
    let columns: Vec<_> = columns.into_iter().map(place).collect();
    send_rows(rows, limits, batches, |count, values| {
        let sql = insert_many(&session.about().dialect, table, &columns, count);
        let values = values.into_iter().map(|value| value.map_or(Value::NULL, Value::Bytes)).collect();
        let run = |conn: &mut Conn| {
            session.runtime().block_on(conn.exec_drop(sql, Params::Positional(values)))?;
            Ok(conn.get_warnings())
        };
        let warnings = session.with(run).map_err(|cause| error::statement(&rows.file.doing, &cause))?;
        check_warnings(session, &rows.file.doing, warnings)
    })
}

/// Fails if the server has changed a value to make it fit, or left a row out.
fn check_warnings(session: &Session, doing: &str, warnings: u16) -> Result<()> {
    if warnings == 0 {
        return Ok(());
    }
    let rows = session.query(&Statement::new("ask what does not fit", "SHOW WARNINGS"))?;
    // Notes say how a value is broken, without its column.
    let is_note = |row: &&Row| row.text(0).is_ok_and(|level| level == "Note");
    let Some(row) = rows.iter().find(|row| !is_note(row)).or(rows.first()) else {
        return Err(Error::terminal(format!("{doing}: the server warns and does not say why")));
    };
    let code = u16::try_from(row.int(1)?).unwrap_or_default();
    let found = error::of_server(code, &row.text(2)?).context(doing);
    // Where a file is loaded, the server warns of what it would refuse otherwise.
    Err(Error::terminal(found.to_string()).with_known_remedy(found.remedy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_say_what_they_do_to_values() {
        let digits = |type_name| limits_of(type_name).fraction_digits;
        assert_eq!(
            ["datetime(6)", "time(3)", "timestamp", "decimal(38,9)", "date"].map(digits),
            [6, 3, 0, 6, 6]
        );
        let keeps = ["float unsigned", "int(11)", "year(4)", "char(5)", "varchar(5)"];
        assert_eq!(
            keeps.map(|name| limits_of(name).keeps),
            [
                Keeps::SingleFloats,
                Keeps::WholeNumbers,
                Keeps::Years(1901, 2155),
                Keeps::TextsWithoutBlanks,
                Keeps::All
            ]
        );
    }
}
