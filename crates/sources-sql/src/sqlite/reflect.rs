//! What a table or the answer of a query looks like, by the schema and, where that says nothing, by the values.

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::statement;
use super::quote::quoted;
use super::types::{Declared, declared};
use super::{by_values, functions};
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::{ForeignKey, Reflected, ReflectedColumn, Relation};
use crate::statement::without_bounds;

/// The schema of the file itself; the others are not useful to sessions that only read it.
const MAIN: &str = "main";

const TABLES: &str = "SELECT name FROM pragma_table_list WHERE schema = ?1 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND (type IN ('table', 'virtual') OR ?2 AND type = 'view') ORDER BY name";

/// Names are the same whatever their case is. SQLite's own tables are there, too.
const TABLE: &str = "SELECT name, type, wr OR strict FROM pragma_table_list \
    WHERE schema = ?1 AND name = ?2 COLLATE NOCASE AND type <> 'shadow'";

const COLUMNS: &str =
    "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?2, ?1) WHERE hidden <> 1 ORDER BY cid";

const INDEXED: &str = "SELECT c.name FROM pragma_index_list(?2, ?1) i, pragma_index_info(i.name, ?1) c \
    WHERE NOT i.partial AND c.seqno = 0 AND c.name IS NOT NULL";

const FOREIGN_KEYS: &str =
    "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?2, ?1) ORDER BY id, seq";

const PRIMARY_KEY: &str = "SELECT name FROM pragma_table_info(?2, ?1) WHERE pk > 0 ORDER BY pk";

/// What is known of a table before its columns.
struct Table {
    name: String,
    is_view: bool,
    /// Whether keys have no NULLs, which those of other tables may have.
    has_strict_keys: bool,
}

/// A column as it is declared.
struct DeclaredColumn {
    name: String,
    type_name: String,
    nullable: bool,
    /// Its place in the primary key from one on; zero where it is not in it.
    key: i64,
}

pub(super) fn table_names(
    connection: &Connection,
    schema: Option<&str>,
    with_views: bool,
) -> Result<Vec<String>, SqlError> {
    let failed = |cause| statement("cannot list the tables", &cause);
    let mut prepared = connection.prepare(TABLES).map_err(failed)?;
    let names = prepared.query_map((schema.unwrap_or(MAIN), with_views), |row| row.get(0)).map_err(failed)?;
    names.collect::<rusqlite::Result<_>>().map_err(failed)
}

pub(super) fn reflect(connection: &Connection, relation: &Relation) -> Result<Reflected, SqlError> {
    let failed = |cause| statement("cannot read the definition of the table", &cause);
    let (schema, name) = match relation {
        Relation::Query(query) => return of_query(connection, query),
        Relation::Table { schema, name } => (schema.as_deref().unwrap_or(MAIN), name),
    };
    let find = |row: &Row<'_>| {
        let kind: String = row.get(1)?;
        Ok(Table { name: row.get(0)?, is_view: kind == "view", has_strict_keys: row.get(2)? })
    };
    let found = connection.query_row(TABLE, (schema, name), find).optional().map_err(failed)?;
    let Some(table) = found else {
        let schema = if schema == MAIN { String::new() } else { format!(" of the schema `{schema}`") };
        return Err(SqlError::new(format!("there is no such table or view{schema} in the file"))
            .with_remedy("check `table`, and leave `schema` out"));
    };
    let from = format!("{}.{}", quoted(schema), quoted(&table.name));
    if table.is_view {
        return of_answer(connection, &from);
    }
    let (columns, primary_key) = columns_of(connection, schema, &table).map_err(failed)?;
    let mut indexed = names(connection, INDEXED, schema, &table.name).map_err(failed)?;
    if let [only] = primary_key.as_slice() {
        // The number of a row is not an index of its own.
        indexed.push(only.clone());
    }
    let references = references(connection, schema, &table.name).map_err(failed)?;
    let columns = typed(connection, columns, &from)?;
    Ok(Reflected { columns, primary_key, references, indexed: Some(indexed) })
}

fn columns_of(
    connection: &Connection,
    schema: &str,
    table: &Table,
) -> rusqlite::Result<(Vec<DeclaredColumn>, Vec<String>)> {
    let mut prepared = connection.prepare(COLUMNS)?;
    let read = |row: &Row<'_>| {
        let not_null: bool = row.get(2)?;
        Ok(DeclaredColumn {
            name: row.get(0)?,
            type_name: row.get(1)?,
            nullable: !not_null,
            key: row.get(3)?,
        })
    };
    let mut columns =
        prepared.query_map((schema, &table.name), read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut keys: Vec<&mut DeclaredColumn> = columns.iter_mut().filter(|column| column.key > 0).collect();
    keys.sort_by_key(|column| column.key);
    // That a key which is the number of its row has no NULLs is not said here, as in dlt.
    for key in &mut keys {
        key.nullable &= !table.has_strict_keys;
    }
    let primary_key = keys.iter().map(|column| column.name.clone()).collect();
    Ok((columns, primary_key))
}

fn names(connection: &Connection, sql: &str, schema: &str, table: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map((schema, table), |row| row.get(0))?.collect()
}

fn references(connection: &Connection, schema: &str, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut prepared = connection.prepare(FOREIGN_KEYS)?;
    let mut rows = prepared.query((schema, table))?;
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, other, column): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let referenced: Option<String> = row.get(3)?;
        if keys.last().is_none_or(|(last, _)| *last != id) {
            keys.push((id, ForeignKey { columns: Vec::new(), table: other, referenced: Vec::new() }));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(column);
            key.referenced.extend(referenced);
        }
    }
    for (_, key) in &mut keys {
        if key.referenced.is_empty() {
            // Without names it is the primary key of the other table.
            key.referenced = names(connection, PRIMARY_KEY, schema, &key.table)?;
        }
    }
    let complete =
        keys.into_iter().map(|(_, key)| key).filter(|key| key.columns.len() == key.referenced.len());
    Ok(complete.collect())
}

fn of_query(connection: &Connection, query: &str) -> Result<Reflected, SqlError> {
    // Bounds do not matter for how the answer looks.
    let query = without_bounds(query);
    let wrong = |cause| statement("the query is refused", &cause);
    let prepared = connection.prepare(&query).map_err(wrong)?;
    let names: Vec<&str> = prepared.column_names().collect();
    for (nth, name) in names.iter().enumerate() {
        // Two of the same name would both be read as the first.
        if names[..nth].iter().any(|earlier| earlier.eq_ignore_ascii_case(name)) {
            return Err(SqlError::new(format!("the query has two columns `{name}`"))
                .with_remedy("rename one: select .. as .."));
        }
    }
    of_answer(connection, &format!("({query}\n) AS q"))
}

/// What a view or a query looks like.
fn of_answer(connection: &Connection, from: &str) -> Result<Reflected, SqlError> {
    let sql = format!("SELECT * FROM {from}");
    let prepared = connection.prepare(&sql).map_err(|cause| statement("cannot read the columns", &cause))?;
    let columns = prepared.columns().map(|column| DeclaredColumn {
        name: column.name().to_owned(),
        type_name: column.decl_type().unwrap_or_default().to_owned(),
        nullable: true,
        key: 0,
    });
    let columns = typed(connection, columns.collect(), from)?;
    Ok(Reflected { columns, ..Reflected::default() })
}

/// Columns with their kinds.
fn typed(
    connection: &Connection,
    columns: Vec<DeclaredColumn>,
    from: &str,
) -> Result<Vec<ReflectedColumn>, SqlError> {
    let mut reflected = Vec::new();
    let mut unknown = Vec::new();
    for (nth, column) in columns.into_iter().enumerate() {
        let (declared, precision) = declared(&column.type_name);
        let plain = quoted(&column.name);
        let (kind, expression) = match declared {
            Declared::Kind(kind) => (kind, plain),
            Declared::LongDecimal => (Kind::Text, format!("{}({plain})", functions::AS_TEXT)),
            Declared::Nothing => {
                unknown.push(nth);
                (Kind::Text, plain)
            }
        };
        let is_typed = !column.type_name.is_empty();
        reflected.push(ReflectedColumn {
            declared: if is_typed { column.type_name } else { "no declared type".to_owned() },
            nullable: column.nullable,
            kind,
            expression,
            precision,
            name: column.name,
        });
    }
    let unknown = reflected.iter_mut().enumerate().filter(|(nth, _)| unknown.contains(nth));
    by_values::look(connection, from, unknown.map(|(_, column)| column).collect())?;
    Ok(reflected)
}
