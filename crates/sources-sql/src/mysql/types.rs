//! Which kind a type of MySQL or MariaDB is, and what is selected for it.

use super::quote::quoted;
use crate::kind::Kind;

/// A type as the server describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct MysqlType {
    /// Without length and attributes, in small letters: `bigint`.
    pub(super) name: String,
    pub(super) is_unsigned: bool,
    /// Digits of a decimal, or bits of a `bit`.
    pub(super) precision: Option<i64>,
    pub(super) scale: i64,
    /// Characters or bytes.
    pub(super) length: Option<u32>,
    /// Whether it is the text that MariaDB calls JSON.
    pub(super) is_json: bool,
}

/// What is read of a column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MysqlColumn {
    pub(super) kind: Kind,
    pub(super) expression: String,
    pub(super) precision: Option<u32>,
}

/// What is read of a column of this type. What has no kind of its own is read as text, which holds all of it.
pub(super) fn column_of(name: &str, of: &MysqlType) -> MysqlColumn {
    let plain = quoted(name);
    let column = |kind, expression: String| MysqlColumn { kind, expression, precision: None };
    let kind = match of.name.as_str() {
        "bigint" if of.is_unsigned => Kind::Unsigned,
        "smallint" => return MysqlColumn { precision: Some(32), ..column(Kind::Integer, plain) },
        "tinyint" | "mediumint" | "int" | "bigint" | "year" => Kind::Integer,
        "bit" => {
            let kind =
                if of.precision.is_some_and(|bits| bits < 64) { Kind::Integer } else { Kind::Unsigned };
            return column(kind, format!("{plain} + 0"));
        }
        "float" | "double" => Kind::Float,
        "decimal" => match of.precision.and_then(|precision| Kind::decimal(precision, of.scale)) {
            Some(kind) => kind,
            None => return column(Kind::Text, format!("CAST({plain} AS CHAR)")),
        },
        "char" | "varchar" => return MysqlColumn { precision: of.length, ..column(Kind::Text, plain) },
        "json" => Kind::Json,
        _ if of.is_json => Kind::Json,
        "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => Kind::Text,
        "binary" | "varbinary" => {
            return MysqlColumn { precision: of.length, ..column(Kind::Binary, plain) };
        }
        "tinyblob" | "blob" | "mediumblob" | "longblob" | "vector" => Kind::Binary,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "datetime" => Kind::Timestamp { aware: false },
        "timestamp" => Kind::Timestamp { aware: true },
        name if is_geometric(name) => Kind::Binary,
        _ => return column(Kind::Text, format!("CAST({plain} AS CHAR)")),
    };
    column(kind, plain)
}

/// Whether values are points, lines and the like: their reference system, and their well-known binary form.
pub(super) fn is_geometric(type_name: &str) -> bool {
    matches!(
        type_name,
        "geometry"
            | "point"
            | "linestring"
            | "polygon"
            | "multipoint"
            | "multilinestring"
            | "multipolygon"
            | "geometrycollection"
            | "geomcollection"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, precision: i64, scale: i64) -> Kind {
        let of =
            MysqlType { name: name.to_owned(), precision: Some(precision), scale, ..MysqlType::default() };
        column_of("c", &of).kind
    }

    #[test]
    fn what_has_more_digits_or_bits_than_ours_has_a_type_that_holds_them() {
        assert_eq!(kind("decimal", 38, 10), Kind::Decimal { precision: 38, scale: 10 });
        assert_eq!(kind("decimal", 65, 30), Kind::Text);
        assert_eq!((kind("bit", 63, 0), kind("bit", 64, 0)), (Kind::Integer, Kind::Unsigned));
        let unsigned = MysqlType { name: "bigint".to_owned(), is_unsigned: true, ..MysqlType::default() };
        assert_eq!(column_of("c", &unsigned).kind, Kind::Unsigned);
        let other = MysqlType { name: "inet6".to_owned(), ..MysqlType::default() };
        assert_eq!(column_of("a`b", &other).expression, "CAST(`a``b` AS CHAR)");
    }
}
