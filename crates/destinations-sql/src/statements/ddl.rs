//! Creates tables and adds columns; never drops or rewrites any.

use std::collections::HashMap;

use cartage_schema::{Column, Table};

use super::dialect::{Dialect, TableRef};
use cartage_destinations_api::PreparedLoad;
use cartage_destinations_api::SqlScript;
use cartage_destinations_api::{Error, Result};

/// The columns of the tables that are there: table to column names.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    tables: HashMap<String, Vec<String>>,
}

impl Existing {
    /// The tables of a list of (table, column), sorted by table.
    pub fn of(dialect: &dyn Dialect, columns: &[(String, String)]) -> Self {
        let mut existing = Self::default();
        for table in columns.chunk_by(|a, b| a.0 == b.0) {
            existing.insert(dialect, &table[0].0, table.iter().map(|(_, column)| column.clone()));
        }
        existing
    }

    /// Adds a table that is there. `fold` it as the dialect compares names.
    pub fn insert(&mut self, dialect: &dyn Dialect, table: &str, columns: impl IntoIterator<Item = String>) {
        let folded = columns.into_iter().map(|column| dialect.fold_column(&column)).collect();
        self.tables.insert(dialect.fold(table), folded);
    }

    /// Removes a table, as if it had been dropped.
    pub fn forget(&mut self, dialect: &dyn Dialect, table: &str) {
        self.tables.remove(&dialect.fold(table));
    }

    /// Whether a table is there.
    pub fn has(&self, dialect: &dyn Dialect, table: &str) -> bool {
        self.columns(dialect, table).is_some()
    }

    fn columns(&self, dialect: &dyn Dialect, table: &str) -> Option<&[String]> {
        self.tables.get(&dialect.fold(table)).map(Vec::as_slice)
    }
}

/// What it takes to bring tables up to date.
#[derive(Clone, Debug, Default)]
pub struct Migration {
    /// The statements; empty where all is there.
    pub script: SqlScript,
    /// The changes that the statements make.
    pub changes: PreparedLoad,
}

/// Creates `tables` in `dataset` or adds the columns that they lack.
///
/// Columns without a type are left out, tables without any typed column too.
///
/// # Errors
/// Terminal if a column has no type at this database, or must not be null and would join a table that
/// has rows already, as databases refuse it under dlt; or what `has_rows` returns.
pub fn migrate(
    dialect: &dyn Dialect,
    dataset: &str,
    tables: &[&Table],
    existing: &Existing,
    unique_constraints: bool,
    has_rows: &dyn Fn(&str) -> Result<bool>,
) -> Result<Migration> {
    let mut migration = Migration::default();
    for table in tables {
        if !table.columns.values().any(Column::is_complete) {
            continue;
        }
        match existing.columns(dialect, &table.name) {
            None => create(dialect, dataset, table, unique_constraints, &mut migration)?,
            Some(present) => {
                alter(dialect, dataset, table, present, unique_constraints, has_rows, &mut migration)?;
            }
        }
    }
    Ok(migration)
}

fn create(
    dialect: &dyn Dialect,
    dataset: &str,
    table: &Table,
    unique_constraints: bool,
    migration: &mut Migration,
) -> Result<()> {
    let target = TableRef::new(dataset, &table.name);
    let sql =
        create_table(dialect, &target, table, Constraints { not_null: true, unique: unique_constraints })?;
    migration.script.push(format!("create table {}", table.name), sql);
    migration.changes.created.push(table.name.clone());
    Ok(())
}

/// Which constraints a created table gets.
#[derive(Clone, Copy, Debug)]
pub struct Constraints {
    /// `NOT NULL` where the schema says so.
    pub not_null: bool,
    /// `UNIQUE` where the schema says so.
    pub unique: bool,
}

impl Constraints {
    /// Those of the staged twin of a table that is merged. Rows that are marked as deleted need only their keys, so
    /// that where there is such a mark nothing may be asked of staged rows.
    pub fn of_merged(table: &Table) -> Self {
        let has_mark = table.complete_columns().any(|column| column.hard_delete == Some(true));
        Self { not_null: !has_mark, unique: false }
    }
}

/// `CREATE TABLE` with the typed columns of `table`, in the schema's order.
///
/// # Errors
/// Terminal if a column has no type at this database.
pub(crate) fn create_table(
    dialect: &dyn Dialect,
    target: &TableRef,
    table: &Table,
    constraints: Constraints,
) -> Result<String> {
    let mut parts = table
        .columns
        .values()
        .filter(|column| column.is_complete())
        .map(|column| definition(dialect, table, column, constraints))
        .collect::<Result<Vec<_>>>()?;
    parts.extend(dialect.indexes(table));
    Ok(format!(
        "CREATE TABLE {} (\n    {}\n){}",
        dialect.qualified(target),
        parts.join(",\n    "),
        dialect.options_of(table)?
    ))
}

/// `CREATE TABLE` for the rows of a file, with the typed columns of `table` as the file has them.
///
/// # Errors
/// As for [`create_table`].
pub(crate) fn create_file_table(
    dialect: &dyn Dialect,
    target: &TableRef,
    table: &Table,
    unless_there: bool,
) -> Result<String> {
    let column = |column: &Column| {
        let kind = dialect
            .type_in_file(column)
            .map_err(|error| error.context(format!("column {} of table {}", column.name, table.name)))?;
        Ok(format!("{} {kind}", dialect.quote(&column.name)))
    };
    let columns = table.complete_columns().map(column).collect::<Result<Vec<_>>>()?;
    Ok(format!(
        "CREATE TABLE {}{} (\n    {}\n){}",
        if unless_there { "IF NOT EXISTS " } else { "" },
        dialect.qualified(target),
        columns.join(",\n    "),
        dialect.table_options()
    ))
}

fn definition(
    dialect: &dyn Dialect,
    table: &Table,
    column: &Column,
    constraints: Constraints,
) -> Result<String> {
    let mut text = format!("{} {}", dialect.quote(&column.name), column_type(dialect, table, column)?);
    if constraints.unique && column.unique == Some(true) {
        text.push_str(" UNIQUE");
    }
    if constraints.not_null && !column.is_nullable() {
        text.push_str(" NOT NULL");
    }
    text.push_str(&dialect.options_of_column(column));
    Ok(text)
}

fn column_type(dialect: &dyn Dialect, table: &Table, column: &Column) -> Result<String> {
    dialect
        .column_type(column)
        .map_err(|error| error.context(format!("column {} of table {}", column.name, table.name)))
}

fn alter(
    dialect: &dyn Dialect,
    dataset: &str,
    table: &Table,
    present: &[String],
    unique_constraints: bool,
    has_rows: &dyn Fn(&str) -> Result<bool>,
    migration: &mut Migration,
) -> Result<()> {
    let missing: Vec<&Column> = table
        .columns
        .values()
        .filter(|column| column.is_complete() && !present.contains(&dialect.fold_column(&column.name)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let target = TableRef::new(dataset, &table.name);
    let mut types = Vec::with_capacity(missing.len());
    for column in &missing {
        let mut kind = column_type(dialect, table, column)?;
        if !column.is_nullable() && dialect.set_not_null(&target, column)?.is_none() {
            kind.push_str(" NOT NULL");
        }
        types.push((column.name.as_str(), kind));
    }
    let names: Vec<&str> = types.iter().map(|(name, _)| *name).collect();
    let statements = dialect.add_columns(&target, &types);
    let are_together = statements.len() == 1;
    for (nth, sql) in statements.into_iter().enumerate() {
        let added = if are_together {
            names.join(", ")
        } else {
            names.get(nth).copied().unwrap_or_default().to_owned()
        };
        migration.script.push(format!("add {added} to {}", table.name), sql);
    }
    for column in missing {
        constrain(dialect, &target, column, unique_constraints, has_rows, migration)?;
        migration.changes.added.push((table.name.clone(), column.name.clone()));
    }
    Ok(())
}

fn constrain(
    dialect: &dyn Dialect,
    target: &TableRef,
    column: &Column,
    unique_constraints: bool,
    has_rows: &dyn Fn(&str) -> Result<bool>,
    migration: &mut Migration,
) -> Result<()> {
    let table = &target.table;
    if !column.is_nullable() {
        if has_rows(table)? {
            return Err(Error::terminal(format!(
                "column {} must not be null, but table {table} has rows already, which have no value for it",
                column.name
            ))
            .with_remedy(format!(
                "set nullable = true for {}, or replace the rows with `cartage run --refresh drop_resources`",
                column.name
            )));
        }
        if let Some(sql) = dialect.set_not_null(target, column)? {
            migration.script.push(format!("forbid nulls in {} of {table}", column.name), sql);
        }
    }
    if unique_constraints && column.unique == Some(true) {
        migration.changes.warnings.push(format!(
            "column {} of table {table} is unique, but the constraint cannot be added to a table that already exists",
            column.name
        ));
    }
    Ok(())
}
