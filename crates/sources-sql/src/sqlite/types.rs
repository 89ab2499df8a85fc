//! Which kind a declared type is.
//!
//! SQLite takes every name as a type. Those that say what is meant are taken at their word, by the names that SQLAlchemy
//! knows and by SQLite's own rules; what is left is decided by the values.

use crate::kind::{Kind, PLAIN_DECIMAL};

/// What is read of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// Values of this kind.
    Kind(Kind),
    /// Numbers with more digits than ours.
    LongDecimal,
    /// The type says nothing.
    Nothing,
}

/// What a declared type says, and the length of texts.
pub(super) fn declared(type_name: &str) -> (Declared, Option<u32>) {
    let (name, arguments) = split(type_name);
    let kind = |kind| (Declared::Kind(kind), None);
    let has = |part: &str| name.contains(part);
    match name.as_str() {
        "BOOL" | "BOOLEAN" => return kind(Kind::Bool),
        "DATE" => return kind(Kind::Date),
        "TIME" => return kind(Kind::Time),
        "DATETIME" | "TIMESTAMP" => return kind(Kind::Timestamp { aware: false }),
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => return kind(Kind::Timestamp { aware: true }),
        "JSON" => return kind(Kind::Json),
        "DECIMAL" | "NUMERIC" => {
            let [precision, scale] = [0, 1].map(|at| arguments.get(at).copied());
            let Some(precision) = precision else { return kind(PLAIN_DECIMAL) };
            let known = Kind::decimal(precision, scale.unwrap_or(0));
            return (known.map_or(Declared::LongDecimal, Declared::Kind), None);
        }
        "SMALLINT" => return (Declared::Kind(Kind::Integer), Some(32)),
        _ => {}
    }
    if has("INT") {
        kind(Kind::Integer)
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        let length = arguments.first().and_then(|length| u32::try_from(*length).ok());
        (Declared::Kind(Kind::Text), length)
    } else if has("BLOB") {
        kind(Kind::Binary)
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        kind(Kind::Float)
    } else {
        (Declared::Nothing, None)
    }
}

/// The name in capitals, and the numbers in brackets.
fn split(type_name: &str) -> (String, Vec<i64>) {
    let (name, rest) = type_name.split_once('(').unwrap_or((type_name, ""));
    let arguments = rest.trim_end().trim_end_matches(')').split(',');
    let arguments = arguments.map_while(|argument| argument.trim().parse().ok()).collect();
    (name.trim().to_ascii_uppercase(), arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_taken_at_their_word_or_say_nothing() {
        let decimal = |precision, scale| Declared::Kind(Kind::Decimal { precision, scale });
        for (name, wanted) in [
            ("integer", Declared::Kind(Kind::Integer)),
            ("UNSIGNED BIG INT", Declared::Kind(Kind::Integer)),
            ("nvarchar (20)", Declared::Kind(Kind::Text)),
            ("double precision", Declared::Kind(Kind::Float)),
            ("Decimal( 10 , 2 )", decimal(10, 2)),
            ("NUMERIC(5)", decimal(5, 0)),
            ("NUMERIC", decimal(38, 9)),
            ("DECIMAL(65, 30)", Declared::LongDecimal),
            ("DATETIME", Declared::Kind(Kind::Timestamp { aware: false })),
            ("BLOB", Declared::Kind(Kind::Binary)),
            ("STRING", Declared::Nothing),
            ("", Declared::Nothing),
        ] {
            assert_eq!(declared(name).0, wanted, "{name}");
        }
        assert_eq!(declared("VARCHAR(20)").1, Some(20));
    }
}
