//! Which kind a type of DuckDB is, and what is selected for it.

use crate::kind::Kind;

/// What is read of a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DuckDbColumn {
    pub(super) kind: Kind,
    pub(super) expression: String,
}

/// What is read of a column of the type that DuckDB writes as `of`; `quoted` is its name. What has no kind of its own is
/// read as text or JSON, which hold all of it; a value that its kind does not hold ends the query.
pub(super) fn column_of(quoted: &str, of: &str) -> DuckDbColumn {
    let column = |kind, expression: String| DuckDbColumn { kind, expression };
    let cast = |to: &str| format!("CAST({quoted} AS {to})");
    let finite = |what: &str, value: &str| {
        format!("CASE WHEN isinf({quoted}) THEN error('{what} is infinite') ELSE {value} END")
    };
    if let Some((precision, scale)) = digits(of) {
        return match Kind::decimal(precision, scale) {
            Some(kind) => column(kind, quoted.to_owned()),
            None => column(Kind::Text, cast("VARCHAR")),
        };
    }
    if is_nested(of) {
        return column(Kind::Json, format!("CAST(to_json({quoted}) AS VARCHAR)"));
    }
    match of {
        "BOOLEAN" => column(Kind::Bool, quoted.to_owned()),
        "BIGINT" => column(Kind::Integer, quoted.to_owned()),
        "TINYINT" | "SMALLINT" | "INTEGER" | "UTINYINT" | "USMALLINT" | "UINTEGER" => {
            column(Kind::Integer, cast("BIGINT"))
        }
        "UBIGINT" => column(Kind::Unsigned, quoted.to_owned()),
        "HUGEINT" | "UHUGEINT" => column(Kind::Decimal { precision: 38, scale: 0 }, cast("DECIMAL(38, 0)")),
        "FLOAT" | "DOUBLE" => column(Kind::Float, quoted.to_owned()),
        "VARCHAR" => column(Kind::Text, quoted.to_owned()),
        "JSON" => column(Kind::Json, cast("VARCHAR")),
        "BLOB" => column(Kind::Binary, quoted.to_owned()),
        "DATE" => column(Kind::Date, finite("a date", quoted)),
        "TIME" => column(Kind::Time, quoted.to_owned()),
        "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" => {
            column(Kind::Timestamp { aware: false }, finite("a timestamp", &cast("TIMESTAMP")))
        }
        "TIMESTAMP_NS" => column(Kind::Timestamp { aware: false }, quoted.to_owned()),
        "TIMESTAMP WITH TIME ZONE" => column(Kind::Timestamp { aware: true }, finite("a timestamp", quoted)),
        _ => column(Kind::Text, cast("VARCHAR")),
    }
}

/// Precision and scale of a decimal.
fn digits(of: &str) -> Option<(i64, i64)> {
    let (precision, scale) = of.strip_prefix("DECIMAL(")?.strip_suffix(')')?.split_once(',')?;
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

fn is_nested(of: &str) -> bool {
    of.ends_with(']') || ["STRUCT(", "MAP(", "UNION("].iter().any(|begin| of.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_duckdb_writes_them() {
        let kind = |of: &str| column_of("\"c\"", of).kind;
        assert_eq!(kind("DECIMAL(18,3)"), Kind::Decimal { precision: 18, scale: 3 });
        assert_eq!(kind("DECIMAL(18,3)[]"), Kind::Json);
        assert_eq!(kind("STRUCT(a INTEGER, b VARCHAR)"), Kind::Json);
        assert_eq!(kind("ENUM('a]', 'b')"), Kind::Text);
        assert_eq!(kind("TIMESTAMP WITH TIME ZONE"), Kind::Timestamp { aware: true });
        assert_eq!(column_of("\"c\"", "INTERVAL").expression, "CAST(\"c\" AS VARCHAR)");
    }
}
