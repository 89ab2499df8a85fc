//! What a table looks like, by `information_schema`.

use mysql_async::prelude::{FromRow, Queryable};
use mysql_async::{Conn, Params, params};

use super::error::statement;
use super::quote::quoted;
use super::reflect_query::of_query;
use super::types::{MysqlType, column_of};
use crate::error::SqlError;
use crate::reflected::{ForeignKey, Reflected, ReflectedColumn, Relation};

const TABLES: &str = "SELECT table_name FROM information_schema.tables WHERE table_schema = :database \
    AND (table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') OR :views AND table_type = 'VIEW') \
    ORDER BY CAST(table_name AS BINARY)";

/// Names are compared without regard to case there, and are different ones by case on most servers.
const TABLE: &str = "SELECT table_name, table_type <> 'VIEW' FROM information_schema.tables \
    WHERE table_schema = :database AND table_name = :wanted AND (@@lower_case_table_names <> 0 \
    OR CAST(table_name AS BINARY) = CAST(:wanted AS BINARY))";

const COLUMNS: &str = "SELECT column_name, data_type, column_type, is_nullable = 'YES', numeric_precision, \
    numeric_scale, character_maximum_length FROM information_schema.columns WHERE table_schema = :database \
    AND table_name = :wanted AND CAST(table_name AS BINARY) = CAST(:wanted AS BINARY) ORDER BY ordinal_position";

const INDEXES: &str = "SELECT column_name, index_name = 'PRIMARY', seq_in_index = 1 AND index_type = 'BTREE' \
    FROM information_schema.statistics WHERE table_schema = :database AND table_name = :wanted \
    AND CAST(table_name AS BINARY) = CAST(:wanted AS BINARY) AND column_name IS NOT NULL \
    ORDER BY index_name, seq_in_index";

const FOREIGN_KEYS: &str = "SELECT constraint_name, column_name, referenced_table_name, referenced_column_name \
    FROM information_schema.key_column_usage WHERE table_schema = :database AND table_name = :wanted \
    AND CAST(table_name AS BINARY) = CAST(:wanted AS BINARY) AND referenced_table_name IS NOT NULL \
    ORDER BY constraint_name, ordinal_position";

/// JSON is a long text with this check in MariaDB.
const JSON_CHECKS: &str = "SELECT check_clause FROM information_schema.check_constraints \
    WHERE constraint_schema = :database AND table_name = :wanted AND check_clause LIKE 'json_valid(%'";

/// What the server says, or its error.
type Answer<T> = mysql_async::Result<T>;

/// A row of [`COLUMNS`].
type ColumnRow = (String, String, String, bool, Option<i64>, Option<i64>, Option<u64>);

pub(super) async fn table_names(
    conn: &mut Conn,
    schema: Option<&str>,
    with_views: bool,
) -> Result<Vec<String>, SqlError> {
    let failed = |cause| statement("cannot list the tables", &cause);
    let database = database_of(conn, schema).await.map_err(failed)?;
    let with = params! { "database" => database, "views" => with_views };
    conn.exec(TABLES, with).await.map_err(failed)
}

pub(super) async fn reflect(conn: &mut Conn, relation: &Relation) -> Result<Reflected, SqlError> {
    match relation {
        Relation::Query(query) => of_query(conn, query).await,
        Relation::Table { schema, name } => {
            let failed = |cause| statement("cannot read the definition of the table", &cause);
            let database = database_of(conn, schema.as_deref()).await.map_err(failed)?;
            of_table(conn, &database, name).await.map_err(failed)?.ok_or_else(|| {
                SqlError::new(format!("there is no such table or view in the database `{database}`"))
                    .with_remedy(
                        "check `table` (upper and lower case count) and `schema`, which is the database here",
                    )
            })
        }
    }
}

/// The database that is looked at; without schema, the one that the session begins in.
async fn database_of(conn: &mut Conn, schema: Option<&str>) -> Answer<String> {
    if let Some(schema) = schema {
        return Ok(schema.to_owned());
    }
    let current: Option<Option<String>> = conn.query_first("SELECT DATABASE()").await?;
    Ok(current.flatten().unwrap_or_default())
}

/// Rows about a table.
async fn about<T: FromRow + Send + 'static>(
    conn: &mut Conn,
    sql: &str,
    database: &str,
    table: &str,
) -> Answer<Vec<T>> {
    let with: Params = params! { "database" => database, "wanted" => table };
    conn.exec(sql, with).await
}

async fn of_table(conn: &mut Conn, database: &str, name: &str) -> Answer<Option<Reflected>> {
    let found: Vec<(String, bool)> = about(conn, TABLE, database, name).await?;
    let Some((name, has_indexes)) = found.into_iter().next() else { return Ok(None) };
    let json_columns = json_columns(conn, database, &name).await?;
    let columns: Vec<ColumnRow> = about(conn, COLUMNS, database, &name).await?;
    if columns.is_empty() {
        // A view that is broken has none; only those who use it are told why.
        conn.query_drop(format!("SELECT * FROM {}.{} LIMIT 0", quoted(database), quoted(&name))).await?;
    }
    let mut columns: Vec<ReflectedColumn> =
        columns.into_iter().map(|row| reflected(row, &json_columns)).collect();
    // What the server says of views is that of their tables, whatever the view makes of them.
    for column in &mut columns {
        column.nullable |= !has_indexes;
    }
    let indexes: Vec<(String, bool, bool)> = about(conn, INDEXES, database, &name).await?;
    let names = |wanted: fn(&(String, bool, bool)) -> bool| {
        indexes.iter().filter(|row| wanted(row)).map(|row| row.0.clone()).collect::<Vec<_>>()
    };
    let primary_key = names(|(_, is_primary, _)| *is_primary);
    let indexed = has_indexes.then(|| names(|(_, _, is_first)| *is_first));
    let mut references: Vec<(String, ForeignKey)> = Vec::new();
    let rows: Vec<(String, String, String, String)> = about(conn, FOREIGN_KEYS, database, &name).await?;
    for (constraint, column, table, referenced) in rows {
        match references.last_mut() {
            Some((last, key)) if *last == constraint => {
                key.columns.push(column);
                key.referenced.push(referenced);
            }
            _ => {
                let key = ForeignKey { columns: vec![column], table, referenced: vec![referenced] };
                references.push((constraint, key));
            }
        }
    }
    let references = references.into_iter().map(|(_, key)| key).collect();
    Ok(Some(Reflected { columns, primary_key, references, indexed }))
}

fn reflected(row: ColumnRow, json_columns: &[String]) -> ReflectedColumn {
    let (name, data_type, declared, nullable, precision, scale, length) = row;
    let data_type = data_type.to_ascii_lowercase();
    let of = MysqlType {
        is_unsigned: declared.contains("unsigned"),
        precision,
        scale: scale.unwrap_or(0),
        length: length.and_then(|length| u32::try_from(length).ok()),
        is_json: data_type == "longtext" && json_columns.contains(&name),
        name: data_type,
    };
    let found = column_of(&name, &of);
    ReflectedColumn {
        declared,
        nullable,
        kind: found.kind,
        expression: found.expression,
        precision: found.precision,
        name,
    }
}

/// The columns that MariaDB checks to be JSON.
async fn json_columns(conn: &mut Conn, database: &str, table: &str) -> Answer<Vec<String>> {
    let version: Option<String> = conn.query_first("SELECT VERSION()").await?;
    if !version.is_some_and(|version| version.contains("MariaDB")) {
        return Ok(Vec::new());
    }
    let clauses: Vec<String> = about(conn, JSON_CHECKS, database, table).await?;
    let column = |clause: &String| {
        let name = clause.strip_prefix("json_valid(`")?.strip_suffix("`)")?;
        Some(name.replace("``", "`"))
    };
    Ok(clauses.iter().filter_map(column).collect())
}
