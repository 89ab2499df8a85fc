//! The columns that a table has at the server: what arrives must be in their binary form.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::TableRef;
use cartage_destinations_sql::{Row, SqlSession as _};

use crate::client::Session;

/// Types whose binary form is written; all others are sent as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int2,
    Int4,
    Int8,
    Float8,
    Numeric,
    Text,
    Bytea,
    Json,
    Jsonb,
    Date,
    Time,
    Timestamp,
    Other,
}

impl Kind {
    /// By the name in `pg_type`, which never changes.
    fn of(name: &str) -> Self {
        match name {
            "bool" => Self::Bool,
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "float8" => Self::Float8,
            "numeric" => Self::Numeric,
            "text" | "varchar" | "bpchar" => Self::Text,
            "bytea" => Self::Bytea,
            "json" => Self::Json,
            "jsonb" => Self::Jsonb,
            "date" => Self::Date,
            "time" => Self::Time,
            "timestamp" | "timestamptz" => Self::Timestamp,
            _ => Self::Other,
        }
    }
}

/// A column of the table.
#[derive(Clone, Debug)]
pub(super) struct TargetColumn {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// As people write the type.
    pub(super) type_name: String,
}

/// The columns of a table, in no particular order; a domain has the type that it is made of.
pub(super) fn columns(session: &Session, table: &TableRef) -> Result<Vec<TargetColumn>> {
    let statement = Statement::new(
        format!("read the columns of {}", table.table),
        "SELECT a.attname::text, coalesce(b.typname, t.typname)::text, \
         pg_catalog.format_type(a.atttypid, a.atttypmod) \
         FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype \
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') \
         AND a.attnum > 0 AND NOT a.attisdropped",
    )
    .with_params(vec![table.dataset.as_str().into(), table.table.as_str().into()]);
    let column = |row: &Row| {
        Ok(TargetColumn { name: row.text(0)?, kind: Kind::of(&row.text(1)?), type_name: row.text(2)? })
    };
    session.query(&statement)?.iter().map(column).collect()
}
