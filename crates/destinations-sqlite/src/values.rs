//! Columns of a batch as values that SQLite keeps as they are.

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use cartage_destinations_sql::columnar::{Dates, Doubles, Ints, Times, Timestamps};
use cartage_values::civil_from_days;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::decimal;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Whole numbers up to this one are floats too.
const EXACT_REAL: u64 = 1 << 53;

/// What is bound to a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(Cow<'a, str>),
    Blob(&'a [u8]),
}

impl Cell<'static> {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What SQLite makes of the values of a column, from the name of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affinity {
    /// Numbers of text that looks like one, whole ones where they are.
    Numeric,
    /// The same, as floats.
    Real,
    /// Text.
    Text,
    /// Nothing.
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

/// A column of a batch.
pub(crate) enum Cells<'a> {
    Nothing,
    Bool(&'a BooleanArray),
    Int(&'a Ints),
    Real(&'a Doubles),
    Decimal(&'a Decimal128Array, u32),
    DecimalText(&'a StringArray),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    Timestamp(&'a Timestamps),
    Date(&'a Dates),
    Time(&'a Times),
}

impl<'a> Cells<'a> {
    /// The cells of an array of a canonical type; text is a number where the column `is_decimal`. `None` for types
    /// that no file of a package has.
    pub(crate) fn new(array: &'a ArrayRef, is_decimal: bool) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Nothing,
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::Int(array.as_primitive()),
            DataType::Float64 => Self::Real(array.as_primitive()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive(), u32::try_from(*scale).ok()?)
            }
            DataType::Utf8 if is_decimal => Self::DecimalText(array.as_string()),
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Binary => Self::Binary(array.as_binary()),
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Timestamp(array.as_primitive()),
            _ => return None,
        })
    }

    /// The value in a row, or why there is none for it.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Result<Cell<'a>, String> {
        Ok(match self {
            Self::Int(array) if array.is_valid(row) => Cell::Int(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Cell::Text(Cow::Borrowed(array.value(row))),
            Self::Real(array) if array.is_valid(row) => Cell::Real(array.value(row)),
            Self::Bool(array) if array.is_valid(row) => Cell::Int(array.value(row).into()),
            Self::Timestamp(array) if array.is_valid(row) => {
                let micros = array.value(row);
                Cell::text(timestamp_text(micros).ok_or_else(|| out_of_range("timestamp", micros))?)
            }
            Self::Date(array) if array.is_valid(row) => {
                let days = array.value(row);
                let mut text = String::with_capacity(10);
                put_date(&mut text, days).ok_or_else(|| out_of_range("date", i64::from(days)))?;
                Cell::text(text)
            }
            Self::Time(array) if array.is_valid(row) => {
                let mut text = String::with_capacity(15);
                put_time(&mut text, array.value(row));
                Cell::text(text)
            }
            Self::Decimal(array, scale) if array.is_valid(row) => decimal::cell(array.value(row), *scale),
            Self::DecimalText(array) if array.is_valid(row) => {
                let text = array.value(row);
                decimal::cell_of_text(text).ok_or_else(|| format!("'{text}' is no decimal"))?
            }
            Self::Binary(array) if array.is_valid(row) => Cell::Blob(array.value(row)),
            _ => Cell::Null,
        })
    }
}

fn out_of_range(what: &str, value: i64) -> String {
    format!(
        "the {what} ({value} since 1970) is not between the years 1 and 9999, which SQLite's functions know"
    )
}

/// `2024-01-31 10:00:00.123456`, the form in which SQLAlchemy stores moments; `None` outside of the years 1 to 9999.
pub(crate) fn timestamp_text(micros: i64) -> Option<String> {
    let mut text = String::with_capacity(26);
    put_date(&mut text, i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?)?;
    text.push(' ');
    put_time(&mut text, micros.rem_euclid(MICROS_PER_DAY));
    Some(text)
}

fn put_date(text: &mut String, days: i32) -> Option<()> {
    let (year, month, day) = civil_from_days(days);
    if !(1..=9999).contains(&year) {
        return None;
    }
    write!(text, "{year:04}-{month:02}-{day:02}").ok()
}

fn put_time(text: &mut String, micros: i64) {
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    // Writing to a text does not fail.
    let _ = write!(text, "{hours:02}:{minutes:02}:{:02}.{fraction:06}", seconds % 60);
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

    #[test]
    fn moments_have_the_form_of_sqlalchemy() {
        assert_eq!(timestamp_text(0).unwrap(), "1970-01-01 00:00:00.000000");
        assert_eq!(timestamp_text(-1).unwrap(), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp_text(i64::MAX), None);
    }
}
