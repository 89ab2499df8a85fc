//! What a table or the answer of a query looks like, by the catalog.

use tokio_postgres::Client;

use super::error::statement;
use super::types::{PgType, column_of};
use crate::error::SqlError;
use crate::reflected::{ForeignKey, Reflected, ReflectedColumn, Relation};
use crate::statement::without_bounds;

const TABLES: &str = "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = coalesce($1::text, current_schema()) AND NOT c.relispartition \
    AND (c.relkind IN ('r', 'p', 'f') OR $2 AND c.relkind IN ('v', 'm')) ORDER BY c.relname COLLATE \"C\"";

const TABLE: &str = "SELECT c.oid, c.relkind IN ('r', 'p', 'm') FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = coalesce($1::text, current_schema()) AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f', 'v', 'm')";

/// Outside of views, a domain without NULLs has none.
const COLUMNS: &str = "SELECT a.attname::text, a.atttypid, a.atttypmod, \
    NOT (a.attnotnull OR t.typnotnull AND c.relkind IN ('r', 'p')) FROM pg_catalog.pg_attribute a \
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// Domains lead to the type that they are made of; the innermost length or precision counts.
const TYPES: &str = "WITH RECURSIVE declared AS (SELECT * FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS d(oid, modifier, nr)), \
    base AS (SELECT nr, oid, modifier FROM declared UNION ALL \
    SELECT b.nr, t.typbasetype, CASE WHEN b.modifier >= 0 THEN b.modifier ELSE t.typtypmod END \
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd') \
    SELECT pg_catalog.format_type(d.oid, d.modifier), t.typname::text, t.typtype::text, t.typcategory::text, \
    n.nspname = 'pg_catalog', b.modifier FROM declared d JOIN base b USING (nr) JOIN pg_catalog.pg_type t ON t.oid = b.oid \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype <> 'd' ORDER BY d.nr";

const PRIMARY_KEY: &str = "SELECT a.attname::text FROM pg_catalog.pg_index i \
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, nr) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
    WHERE i.indrelid = $1 AND i.indisprimary AND k.nr <= i.indnkeyatts ORDER BY k.nr";

const INDEXED: &str = "SELECT DISTINCT a.attname::text FROM pg_catalog.pg_index i \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
    WHERE i.indrelid = $1 AND i.indpred IS NULL";

const FOREIGN_KEYS: &str = "SELECT r.relname::text, \
    ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(n, nr) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.nr), \
    ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(n, nr) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.nr) \
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = c.confrelid \
    WHERE c.conrelid = $1 AND c.contype = 'f' ORDER BY c.conname";

/// A column as it is declared.
struct Declared {
    name: String,
    oid: u32,
    modifier: i32,
    nullable: bool,
}

pub(super) async fn table_names(
    client: &Client,
    schema: Option<&str>,
    with_views: bool,
) -> Result<Vec<String>, SqlError> {
    let rows = client.query(TABLES, &[&schema, &with_views]).await;
    let rows = rows.map_err(|cause| statement("cannot list the tables", &cause))?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(|cause| statement("cannot list the tables", &cause)))
        .collect()
}

pub(super) async fn reflect(client: &Client, relation: &Relation) -> Result<Reflected, SqlError> {
    match relation {
        Relation::Query(query) => of_query(client, query).await,
        Relation::Table { schema, name } => {
            let found = of_table(client, schema.as_deref(), name).await;
            found.map_err(|cause| statement("cannot read the definition of the table", &cause))?.ok_or_else(
                || {
                    let schema = schema
                        .as_deref()
                        .map_or_else(|| "the current schema".to_owned(), |name| format!("schema `{name}`"));
                    SqlError::new(format!("there is no such table or view in {schema}"))
                        .with_remedy("check `table` (upper and lower case count) and `schema`")
                },
            )
        }
    }
}

async fn of_query(client: &Client, query: &str) -> Result<Reflected, SqlError> {
    // Bounds do not matter for how the answer looks.
    let query = without_bounds(query);
    let wrong = |cause: tokio_postgres::Error| statement("the query is refused", &cause);
    let prepared = client.prepare(&format!("SELECT * FROM ({query}\n) AS q")).await.map_err(wrong)?;
    let declared: Vec<Declared> = prepared
        .columns()
        .iter()
        .map(|column| Declared {
            name: column.name().to_owned(),
            oid: column.type_().oid(),
            modifier: column.type_modifier(),
            nullable: true,
        })
        .collect();
    for (nth, column) in declared.iter().enumerate() {
        if declared[..nth].iter().any(|earlier| earlier.name == column.name) {
            return Err(SqlError::new(format!("the query has two columns `{}`", column.name))
                .with_remedy("rename one: select .. as .."));
        }
    }
    let columns = typed(client, declared).await.map_err(wrong)?;
    Ok(Reflected { columns, ..Reflected::default() })
}

async fn of_table(
    client: &Client,
    schema: Option<&str>,
    name: &str,
) -> Result<Option<Reflected>, tokio_postgres::Error> {
    let Some(table) = client.query_opt(TABLE, &[&schema, &name]).await? else { return Ok(None) };
    let (oid, has_indexes): (u32, bool) = (table.try_get(0)?, table.try_get(1)?);
    let mut declared = Vec::new();
    for row in client.query(COLUMNS, &[&oid]).await? {
        declared.push(Declared {
            name: row.try_get(0)?,
            oid: row.try_get(1)?,
            modifier: row.try_get(2)?,
            nullable: row.try_get(3)?,
        });
    }
    let columns = typed(client, declared).await?;
    let primary_key = names(client, PRIMARY_KEY, oid).await?;
    let indexed = if has_indexes { Some(names(client, INDEXED, oid).await?) } else { None };
    let mut references = Vec::new();
    for row in client.query(FOREIGN_KEYS, &[&oid]).await? {
        references.push(ForeignKey {
            table: row.try_get(0)?,
            columns: row.try_get(1)?,
            referenced: row.try_get(2)?,
        });
    }
    Ok(Some(Reflected { columns, primary_key, references, indexed }))
}

async fn names(client: &Client, sql: &str, oid: u32) -> Result<Vec<String>, tokio_postgres::Error> {
    client.query(sql, &[&oid]).await?.iter().map(|row| row.try_get(0)).collect()
}

async fn typed(
    client: &Client,
    declared: Vec<Declared>,
) -> Result<Vec<ReflectedColumn>, tokio_postgres::Error> {
    let oids: Vec<u32> = declared.iter().map(|column| column.oid).collect();
    let modifiers: Vec<i32> = declared.iter().map(|column| column.modifier).collect();
    let rows = client.query(TYPES, &[&oids, &modifiers]).await?;
    let mut columns = Vec::new();
    for (Declared { name, nullable, .. }, row) in declared.into_iter().zip(&rows) {
        let of = PgType {
            name: row.try_get(1)?,
            class: row.try_get(2)?,
            category: row.try_get(3)?,
            is_builtin: row.try_get(4)?,
            modifier: row.try_get(5)?,
        };
        let declared: String = row.try_get(0)?;
        let found = column_of(&name, &declared, &of);
        columns.push(ReflectedColumn {
            declared,
            nullable,
            kind: found.kind,
            expression: found.expression,
            precision: found.precision,
            name,
        });
    }
    Ok(columns)
}
