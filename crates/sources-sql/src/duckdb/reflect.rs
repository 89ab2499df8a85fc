//! What DuckDB's catalog says about tables, views and queries.

use duckdb::{Connection, Row, params};

use super::error::statement;
use super::quote::quoted;
use super::types::column_of;
use crate::error::SqlError;
use crate::reflected::{ForeignKey, Reflected, ReflectedColumn, Relation};
use crate::statement::without_bounds;

const NAMES: &str = "SELECT table_name FROM information_schema.tables \
    WHERE table_catalog = current_database() AND table_schema = coalesce(?, current_schema()) \
    AND (table_type = 'BASE TABLE' OR (? AND table_type = 'VIEW')) ORDER BY table_name";

const KIND: &str = "SELECT table_type FROM information_schema.tables \
    WHERE table_catalog = current_database() AND table_schema = coalesce(?, current_schema()) AND table_name = ?";

const CONSTRAINTS: &str = "SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names \
    FROM duckdb_constraints() WHERE database_name = current_database() AND schema_name = coalesce(?, current_schema()) \
    AND table_name = ? AND constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')";

const NOT_NULL: &str = "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() \
    AND schema_name = coalesce(?, current_schema()) AND table_name = ? AND NOT is_nullable";

/// Names of the tables of a schema.
pub(super) fn table_names(
    connection: &Connection,
    schema: Option<&str>,
    with_views: bool,
) -> Result<Vec<String>, SqlError> {
    texts(connection, NAMES, params![schema, with_views])
        .map_err(|cause| statement("cannot list the tables", &cause))
}

/// What a relation looks like.
pub(super) fn reflect(connection: &Connection, relation: &Relation) -> Result<Reflected, SqlError> {
    let failed = |cause: duckdb::Error| statement("cannot find out its columns", &cause);
    match relation {
        Relation::Query(query) => {
            let query = without_bounds(query);
            let columns = columns(connection, &format!("({query}\n)"), &[]).map_err(failed)?;
            Ok(Reflected { columns, ..Reflected::default() })
        }
        Relation::Table { schema, name } => {
            let schema = schema.as_deref();
            let kinds = texts(connection, KIND, params![schema, name]).map_err(failed)?;
            let Some(kind) = kinds.first() else {
                let within = schema.map(|schema| format!(" in schema `{schema}`")).unwrap_or_default();
                return Err(SqlError::new(format!("there is no table or view `{name}`{within}"))
                    .with_remedy("check the name with its capitals, and `schema`"));
            };
            table(connection, schema, name, kind == "BASE TABLE").map_err(failed)
        }
    }
}

fn table(
    connection: &Connection,
    schema: Option<&str>,
    name: &str,
    is_table: bool,
) -> duckdb::Result<Reflected> {
    let place = schema.map(|schema| format!("{}.", quoted(schema))).unwrap_or_default() + &quoted(name);
    let not_null = texts(connection, NOT_NULL, params![schema, name])?;
    let mut reflected =
        Reflected { columns: columns(connection, &place, &not_null)?, ..Reflected::default() };
    let mut constraints = connection.prepare(CONSTRAINTS)?;
    let mut rows = constraints.query(params![schema, name])?;
    while let Some(row) = rows.next()? {
        let columns = list(row, 1)?;
        if row.get::<_, String>(0)? == "PRIMARY KEY" {
            reflected.primary_key = columns;
        } else {
            let (table, referenced) = (row.get(2)?, list(row, 3)?);
            reflected.references.push(ForeignKey { columns, table, referenced });
        }
    }
    // Zone maps of the columns take the place of an index.
    reflected.indexed =
        is_table.then(|| reflected.columns.iter().map(|column| column.name.clone()).collect());
    Ok(reflected)
}

/// The columns of what can follow FROM.
fn columns(connection: &Connection, of: &str, not_null: &[String]) -> duckdb::Result<Vec<ReflectedColumn>> {
    let mut statement = connection.prepare(&format!("DESCRIBE SELECT * FROM {of}"))?;
    let described =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    described
        .map(|column| {
            let (name, declared) = column?;
            let read = column_of(&quoted(&name), &declared);
            Ok(ReflectedColumn {
                nullable: !not_null.contains(&name),
                kind: read.kind,
                expression: read.expression,
                precision: None,
                declared,
                name,
            })
        })
        .collect()
}

fn texts(connection: &Connection, sql: &str, given: impl duckdb::Params) -> duckdb::Result<Vec<String>> {
    connection.prepare(sql)?.query_map(given, |row| row.get(0))?.collect()
}

/// A list of texts.
fn list(row: &Row<'_>, index: usize) -> duckdb::Result<Vec<String>> {
    use duckdb::types::Value;
    Ok(match row.get::<_, Value>(index)? {
        Value::List(values) => values
            .into_iter()
            .filter_map(|value| if let Value::Text(text) = value { Some(text) } else { None })
            .collect(),
        _ => Vec::new(),
    })
}
