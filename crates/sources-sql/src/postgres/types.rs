//! Which kind a type of PostgreSQL is, and what is selected for it.

use super::quote::quoted;
use crate::kind::{Kind, PLAIN_DECIMAL};
use crate::reflected::ReflectedColumn;

/// The type of uuids that are of no domain.
const UUID: &str = "uuid";

/// A type below its domains, as the catalog has it.
#[derive(Debug)]
pub(super) struct PgType<'a> {
    pub(super) name: &'a str,
    /// `typtype`: `b` base, `c` composite, `e` enum, `r` range, `m` multirange.
    pub(super) class: &'a str,
    /// `typcategory`: `A` arrays.
    pub(super) category: &'a str,
    /// Whether it is one of PostgreSQL's own.
    pub(super) is_builtin: bool,
    /// `atttypmod`; negative where there is none.
    pub(super) modifier: i32,
}

/// What is read of a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PgColumn {
    pub(super) kind: Kind,
    pub(super) expression: String,
    pub(super) precision: Option<u32>,
}

/// Whether a column comes as the sixteen bytes of its uuids, which cost the server less than their texts.
pub(super) fn comes_as_uuid(column: &ReflectedColumn) -> bool {
    let is_plain = column.expression.ends_with('"');
    column.declared == UUID && column.kind == Kind::Text && is_plain
}

/// What is read of a column of this type. What has no kind of its own is read as text or JSON, which hold all of it.
pub(super) fn column_of(name: &str, declared: &str, of: &PgType<'_>) -> PgColumn {
    let plain = quoted(name);
    let column = |kind, expression: String| PgColumn { kind, expression, precision: None };
    let text = || column(Kind::Text, format!("{plain}::text"));
    if of.category == "A" || of.class == "c" {
        return column(Kind::Json, format!("to_json({plain})::text"));
    }
    if of.class != "b" || !of.is_builtin {
        return text();
    }
    if declared == UUID {
        return column(Kind::Text, plain);
    }
    let length = u32::try_from(of.modifier - 4).ok();
    let kind = match of.name {
        "bool" => Kind::Bool,
        "int2" => return PgColumn { precision: Some(32), ..column(Kind::Integer, plain) },
        "int4" | "int8" => Kind::Integer,
        "oid" => return column(Kind::Integer, format!("{plain}::int8")),
        "float4" | "float8" => Kind::Float,
        "numeric" => match digits(of.modifier) {
            None => PLAIN_DECIMAL,
            Some((precision, scale)) => match Kind::decimal(precision, scale) {
                Some(kind) => kind,
                None => return text(),
            },
        },
        "text" => Kind::Text,
        "varchar" | "bpchar" => return PgColumn { precision: length, ..column(Kind::Text, plain) },
        "json" | "jsonb" => return column(Kind::Json, format!("{plain}::text")),
        "bytea" => Kind::Binary,
        // Unlike a cast to text, this leaves the length of a whole address away, as the server prints it.
        "inet" => return column(Kind::Text, format!("abbrev({plain})")),
        "date" => Kind::Date,
        "time" => Kind::Time,
        "timestamp" => Kind::Timestamp { aware: false },
        "timestamptz" => Kind::Timestamp { aware: true },
        _ => return text(),
    };
    column(kind, plain)
}

/// Precision and scale of a numeric; `None` where the column takes any.
fn digits(modifier: i32) -> Option<(i64, i64)> {
    let bits = modifier.checked_sub(4).filter(|bits| *bits >= 0)?;
    let scale = bits & 0x7FF;
    Some((((bits >> 16) & 0xFFFF).into(), ((scale ^ 1024) - 1024).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(modifier: i32) -> Kind {
        let of = PgType { name: "numeric", class: "b", category: "N", is_builtin: true, modifier };
        column_of("n", "numeric", &of).kind
    }

    #[test]
    fn digits_of_numerics_are_those_of_the_modifier() {
        assert_eq!(kind(-1), PLAIN_DECIMAL);
        assert_eq!(kind((10 << 16 | 0b10) + 4), Kind::Decimal { precision: 10, scale: 2 });
        // numeric(5, -2), numeric(3, 5), numeric(39, 0)
        assert_eq!(kind((5 << 16 | 0x7FE) + 4), Kind::Decimal { precision: 7, scale: 0 });
        assert_eq!(kind((3 << 16 | 0b101) + 4), Kind::Decimal { precision: 5, scale: 5 });
        assert_eq!(kind((39 << 16) + 4), Kind::Text);
    }
}
