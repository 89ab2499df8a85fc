//! Rows of a Parquet file into a table: one prepared statement, a row at a time, as SQLite takes them fastest.

use std::path::Path;

use arrow::array::RecordBatch;
use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::columnar::FileRows;
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_schema::{DataType, Table};

use crate::affinity::Affinity;
use crate::error;
use crate::session::Session;
use crate::values::Cells;

/// The statement that takes a row with these columns.
pub(crate) fn statement(dialect: &dyn Dialect, target: &TableRef, columns: &[&str]) -> String {
    format!(
        "INSERT INTO {} ({}) VALUES ({})",
        dialect.qualified(target),
        dialect.column_list(columns),
        dialect.placeholders(columns.len())
    )
}

/// A column of the file.
struct FileColumn {
    name: String,
    is_decimal: bool,
    affinity: Affinity,
}

/// Inserts all rows of a file into a table, in the transaction that is open; returns their number.
pub(crate) fn insert(
    session: &Session<'_>,
    dialect: &dyn Dialect,
    target: &TableRef,
    table: &Table,
    path: &Path,
) -> Result<u64> {
    let doing = format!("insert rows into {}", table.name);
    let Some((file, batches)) = FileRows::open(path, doing)? else { return Ok(0) };
    let columns = file_columns(session, target, table, &file)?;
    let mut prepared = session
        .connection()
        .prepare(&statement(dialect, target, &file.names()))
        .map_err(|cause| error::statement(&file.doing, &cause))?;
    let mut rows = 0;
    for batch in batches {
        let batch = batch?;
        insert_batch(&mut prepared, &columns, &batch, rows, &file)?;
        rows += batch.num_rows();
    }
    Ok(rows as u64)
}

fn insert_batch(
    prepared: &mut rusqlite::Statement<'_>,
    columns: &[FileColumn],
    batch: &RecordBatch,
    before: usize,
    file: &FileRows,
) -> Result<()> {
    let doing = &file.doing;
    let refused = |row: usize, column: usize, reason: &str| {
        let remedy = "load into a new table or dataset, whose columns keep such values, or change the data";
        file.does_not_fit(column, before + row, reason).with_remedy(remedy)
    };
    let arrays = file.arrays(batch, before)?;
    let cells = columns
        .iter()
        .zip(&arrays)
        .map(|(column, array)| {
            Cells::new(array, column.is_decimal).ok_or_else(|| {
                let found = array.data_type();
                Error::terminal(format!(
                    "{doing}: column {} has the type {found}, which SQLite does not have",
                    column.name
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        for (index, (cell, column)) in cells.iter().zip(columns).enumerate() {
            let kept = cell.get(row).and_then(|value| column.affinity.keep(value));
            let value = kept.map_err(|reason| refused(row, index, &reason))?;
            prepared
                .raw_bind_parameter(index + 1, value)
                .map_err(|cause| refused(row, index, &cause.to_string()))?;
        }
        let number = before + row + 1;
        let inserted = prepared
            .raw_execute()
            .map_err(|cause| error::statement(&format!("{doing}: row {number} of the file"), &cause))?;
        if inserted != 1 {
            return Err(Error::terminal(format!("{doing}: row {number} of the file was left out by the table"))
                .with_remedy("a trigger, or a constraint with ON CONFLICT IGNORE, does that; drop it, or load into another table"));
        }
    }
    Ok(())
}

/// The columns of the file with what is known about them from the schema and from the tables that are there. Rows in
/// flight go on into the table of the dataset, so a value must be one that this keeps as well.
fn file_columns(
    session: &Session<'_>,
    target: &TableRef,
    table: &Table,
    file: &FileRows,
) -> Result<Vec<FileColumn>> {
    let mut tables = vec![session.columns(target)?];
    tables.push(session.columns(&session.table_of_dataset(&table.name))?);
    let column = |name: &&str| {
        let is_decimal = table.columns.get(*name).and_then(|column| column.data_type);
        FileColumn {
            name: (*name).to_owned(),
            is_decimal: matches!(is_decimal, Some(DataType::Decimal | DataType::Wei)),
            affinity: strictest(&tables, name),
        }
    };
    Ok(file.names().iter().map(column).collect())
}

/// The kind of a column among those that change values, if one of the tables has such a column.
fn strictest(tables: &[Vec<(String, String)>], name: &str) -> Affinity {
    let kinds = tables.iter().filter_map(|columns| {
        let (_, type_name) = columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(name))?;
        Some(Affinity::of(type_name))
    });
    kinds.fold(Affinity::None, |strictest, kind| if kind == Affinity::None { strictest } else { kind })
}
