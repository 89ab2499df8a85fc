//! What columns make of the values that they are given, and which values they would change.

use crate::cell::Cell;

/// Whole numbers up to this one are floats too.
const EXACT_REAL: u64 = 1 << 53;

/// What SQLite makes of the values of a column, from the name of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affinity {
    /// Numbers of text that looks like one, whole ones where they are.
    Numeric,
    /// The same, as floats.
    Real,
    /// Text of every number.
    Text,
    /// What they are: nothing is converted.
    None,
}

impl Affinity {
    /// SQLite's own rules (<https://sqlite.org/datatype3.html>, 3.1).
    pub(crate) fn of(type_name: &str) -> Self {
        let name = type_name.to_ascii_uppercase();
        let has = |part: &str| name.contains(part);
        if has("INT") {
            Self::Numeric
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Self::Text
        } else if has("BLOB") || name.is_empty() {
            Self::None
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Self::Real
        } else {
            Self::Numeric
        }
    }

    /// The value as it is bound to a column of this kind, or why the column would change it.
    pub(crate) fn keep(self, cell: Cell<'_>) -> Result<Cell<'_>, String> {
        match (self, cell) {
            // SQLite makes null of it in every column. As text it is the word that other databases have.
            (_, Cell::Real(number)) if number.is_nan() => Ok(Cell::text("NaN")),
            // SQLite would keep 15 digits.
            (Self::Text, Cell::Real(number)) => Ok(Cell::text(format!("{number:?}"))),
            (Self::Real, Cell::Int(number)) if number.unsigned_abs() > EXACT_REAL => {
                Err(format!("{number} would be rounded, because the column is a float"))
            }
            (Self::Numeric | Self::Real, Cell::Text(text)) if would_change(&text) => {
                Err(format!("'{text}' would become a number, because the column is one in this database"))
            }
            (_, cell) => Ok(cell),
        }
    }
}

/// Whether text becomes a number that is not printed like it. SQLite reads no further than a NUL.
fn would_change(text: &str) -> bool {
    if let Some((before, _)) = text.split_once('\0') {
        return looks_like_number(before);
    }
    let is_whole = text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
    let is_short = text.len() <= 16 && text.contains('.') && !text.contains(['e', 'E']);
    let is_real = is_short
        && text.parse::<f64>().is_ok_and(|number| number.fract() != 0.0 && number.to_string() == text);
    looks_like_number(text) && !is_whole && !is_real
}

fn looks_like_number(text: &str) -> bool {
    let trimmed = text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let is_start = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.');
    trimmed.bytes().next().is_some_and(is_start) && trimmed.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_column_follows_from_the_name_of_its_type() {
        for (name, affinity) in [
            ("BIGINT", Affinity::Numeric),
            ("VARCHAR(10)", Affinity::Text),
            ("JSON_TEXT", Affinity::Text),
            ("JSON", Affinity::Numeric),
            ("NUMERIC_BLOB(38, 9)", Affinity::None),
            ("NUMERIC(38, 9)", Affinity::Numeric),
            ("DOUBLE", Affinity::Real),
            ("", Affinity::None),
        ] {
            assert_eq!(Affinity::of(name), affinity, "{name}");
        }
    }

    #[test]
    fn text_that_sqlite_would_make_another_of_is_refused_in_a_column_of_numbers() {
        for text in [
            "007",
            "1.10",
            "1.0",
            " 5",
            "1e5",
            "-0",
            "+1",
            "12345678901234567890",
            "0.12345678901234567",
            "12\0abc",
            "1.5\0",
        ] {
            assert!(Affinity::Numeric.keep(Cell::text(text)).is_err(), "{text}");
            assert_eq!(Affinity::Text.keep(Cell::text(text)), Ok(Cell::text(text)));
            assert_eq!(Affinity::None.keep(Cell::text(text)), Ok(Cell::text(text)));
        }
        for text in ["7", "-7", "1.5", "", "abc", "{}", "2024-01-02", "0x10", "1_000", "-", "\"5\""] {
            assert_eq!(Affinity::Numeric.keep(Cell::text(text)), Ok(Cell::text(text)), "{text}");
        }
    }

    #[test]
    fn numbers_that_a_column_would_round_are_refused_or_written_out() {
        assert!(Affinity::Real.keep(Cell::Int((1 << 53) + 1)).is_err());
        assert_eq!(Affinity::Text.keep(Cell::Real(0.1 + 0.2)), Ok(Cell::text("0.30000000000000004")));
        assert_eq!(Affinity::Real.keep(Cell::Real(f64::NAN)), Ok(Cell::text("NaN")));
    }
}
