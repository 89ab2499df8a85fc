//! Columns of a batch as cells of text, for servers that read values from text.

use std::io::Write;
use std::ops::RangeInclusive;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use cartage_destinations_api::{Error, Result};
use cartage_values::{date_to_text, time_to_text};

use super::{ColumnLimits, Dates, Doubles, FileRows, Ints, Keeps, Times, Timestamps, canonical};

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days from 1970 to the first and to the last one of the calendar: 0000-01-01 and 9999-12-31.
const DAYS: RangeInclusive<i64> = -719_528..=2_932_896;

/// The rows of a file as text: numbers as Rust prints them, booleans as 0 and 1, days and timestamps in the order of
/// ISO 8601 with a blank between day and time, in UTC, bytes as hexadecimal digits.
#[derive(Debug)]
pub struct TextRows {
    /// The file whose rows these are.
    pub file: FileRows,
    /// What the table keeps, for each column of the file.
    pub limits: Vec<ColumnLimits>,
}

impl TextRows {
    /// Names of the columns, and whether their cells are digits of bytes.
    pub fn columns(&self) -> Vec<(&str, bool)> {
        let fields = self.file.schema.fields().iter();
        fields
            .map(|field| (field.name().as_str(), canonical(field.data_type()) == DataType::Binary))
            .collect()
    }

    /// The cells of a batch, given its canonical arrays; `before` rows of the file came before it.
    ///
    /// # Errors
    /// Terminal if the values of a column have no form as text, or its limits allow none of them.
    pub fn cells<'a>(&'a self, arrays: &'a [ArrayRef], before: usize) -> Result<TextCells<'a>> {
        let column = |(index, array): (usize, &'a ArrayRef)| {
            Column::new(array, self.limits[index])
                .map_err(|reason| self.file.does_not_fit(index, before, &reason))
        };
        let columns = arrays.iter().enumerate().map(column).collect::<Result<_>>()?;
        Ok(TextCells { file: &self.file, columns, before })
    }
}

/// The cells of a batch.
#[derive(Debug)]
pub struct TextCells<'a> {
    file: &'a FileRows,
    columns: Vec<Column<'a>>,
    before: usize,
}

impl TextCells<'_> {
    /// Whether cells of a column may hold characters that mean something between other cells.
    pub fn is_text(&self, column: usize) -> bool {
        matches!(self.columns[column], Column::Text(_) | Column::PaddedText(_))
    }

    /// Appends a cell; `false` for null, which has no text.
    ///
    /// # Errors
    /// Terminal if the column would change the value, with its row in the file.
    pub fn put(&self, row: usize, column: usize, out: &mut Vec<u8>) -> Result<bool> {
        self.columns[column].put(row, out).map_err(|reason| self.does_not_fit(row, column, &reason))
    }

    /// The error of a value that cannot be stored.
    pub fn does_not_fit(&self, row: usize, column: usize, reason: &str) -> Error {
        self.file.does_not_fit(column, self.before + row, reason)
    }
}

/// A column of a batch, ready to be written cell by cell.
#[derive(Debug)]
enum Column<'a> {
    Nothing,
    Bool(&'a BooleanArray),
    Int(&'a Ints),
    Year(&'a Ints, RangeInclusive<i64>),
    Decimal(&'a Decimal128Array),
    /// For a column of whole numbers, with the unit.
    WholeDecimal(&'a Decimal128Array, i128),
    Double(&'a Doubles),
    WholeDouble(&'a Doubles),
    Text(&'a StringArray),
    /// For a column that keeps no blanks at the end.
    PaddedText(&'a StringArray),
    Binary(&'a BinaryArray),
    Date(&'a Dates),
    Time(&'a Times, Step),
    Timestamp(&'a Timestamps, Step),
}

impl<'a> Column<'a> {
    /// The cells of a canonical array for a column of the table, or why there are none.
    fn new(array: &'a ArrayRef, limits: ColumnLimits) -> Result<Self, String> {
        let step = Step { micros: 10_i64.pow(6 - limits.fraction_digits.min(6)), rounds: limits.is_rounded };
        Ok(match array.data_type() {
            DataType::Null => Self::Nothing,
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => match limits.keeps {
                Keeps::Years(first, last) => Self::Year(array.as_primitive(), first.into()..=last.into()),
                _ => Self::Int(array.as_primitive()),
            },
            DataType::Decimal128(_, scale @ 1..) if limits.keeps == Keeps::WholeNumbers => {
                Self::WholeDecimal(array.as_primitive(), 10_i128.pow(u32::from(scale.unsigned_abs())))
            }
            DataType::Decimal128(..) => Self::Decimal(array.as_primitive()),
            DataType::Float64 if limits.keeps == Keeps::WholeNumbers => {
                Self::WholeDouble(array.as_primitive())
            }
            DataType::Float64 if limits.keeps == Keeps::SingleFloats => {
                return Err("the column is a FLOAT, which keeps seven digits; make it a DOUBLE".to_owned());
            }
            DataType::Float64 => Self::Double(array.as_primitive()),
            DataType::Utf8 if limits.keeps == Keeps::TextsWithoutBlanks => {
                Self::PaddedText(array.as_string())
            }
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Binary => Self::Binary(array.as_binary()),
            DataType::Date32 => Self::Date(array.as_primitive()),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(array.as_primitive(), step),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Timestamp(array.as_primitive(), step),
            other => return Err(format!("values of type {other} cannot be sent")),
        })
    }

    /// Appends the cell of one row; `false` for null. An error says why its value does not fit any column.
    fn put(&self, row: usize, out: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Self::Text(array) if array.is_valid(row) => out.extend_from_slice(array.value(row).as_bytes()),
            Self::Int(array) if array.is_valid(row) => show(out, array.value(row)),
            Self::Year(array, years) if array.is_valid(row) => {
                let year = array.value(row);
                if !years.contains(&year) {
                    return Err(format!("a YEAR column cannot store {year} unchanged"));
                }
                show(out, year);
            }
            Self::PaddedText(array) if array.is_valid(row) => {
                let text = array.value(row);
                if text.ends_with(' ') {
                    return Err("a CHAR column removes the spaces at the end".to_owned());
                }
                out.extend_from_slice(text.as_bytes());
            }
            Self::WholeDecimal(array, unit) if array.is_valid(row) => {
                if array.value(row) % unit != 0 {
                    return Err(format!("{} would be rounded to a whole number", array.value_as_string(row)));
                }
                out.extend_from_slice(array.value_as_string(row).as_bytes());
            }
            Self::WholeDouble(array) if array.is_valid(row) => {
                let number = array.value(row);
                if number.fract() != 0.0 {
                    return Err(format!("{number} would be rounded to a whole number"));
                }
                put_double(number, out)?;
            }
            Self::Timestamp(array, step) if array.is_valid(row) => {
                put_timestamp(array.value(row), *step, out)?;
            }
            Self::Double(array) if array.is_valid(row) => put_double(array.value(row), out)?,
            Self::Bool(array) if array.is_valid(row) => out.push(b'0' + u8::from(array.value(row))),
            Self::Decimal(array) if array.is_valid(row) => {
                out.extend_from_slice(array.value_as_string(row).as_bytes());
            }
            Self::Date(array) if array.is_valid(row) => put_date(array.value(row).into(), out)?,
            Self::Time(array, step) if array.is_valid(row) => {
                out.extend_from_slice(time_to_text(step.fit(array.value(row))?).as_bytes());
            }
            Self::Binary(array) if array.is_valid(row) => {
                array.value(row).iter().for_each(|byte| put_hex(*byte, out));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn show(out: &mut Vec<u8>, value: i64) {
    write!(out, "{value}").expect("writing to memory does not fail");
}

fn put_hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

fn put_double(value: f64, out: &mut Vec<u8>) -> Result<(), String> {
    if !value.is_finite() {
        return Err(format!("{value} is not a number that the server supports"));
    }
    write!(out, "{value:?}").expect("writing to memory does not fail");
    Ok(())
}

fn put_date(days: i64, out: &mut Vec<u8>) -> Result<(), String> {
    if !DAYS.contains(&days) {
        return Err("the server supports years from 0 to 9999 only".to_owned());
    }
    out.extend_from_slice(date_to_text(days as i32).as_bytes());
    Ok(())
}

fn put_timestamp(micros: i64, step: Step, out: &mut Vec<u8>) -> Result<(), String> {
    let micros = step.fit(micros)?;
    put_date(micros.div_euclid(MICROS_PER_DAY), out)?;
    out.push(b' ');
    out.extend_from_slice(time_to_text(micros.rem_euclid(MICROS_PER_DAY)).as_bytes());
    Ok(())
}

/// What a column keeps of a timestamp.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Microseconds between two timestamps that it can store.
    micros: i64,
    /// Whether timestamps in between are rounded to the nearest one, as the hints ask.
    rounds: bool,
}

impl Step {
    fn fit(self, micros: i64) -> Result<i64, String> {
        if self.micros == 1 {
            return Ok(micros);
        }
        let known = micros.saturating_add(self.micros / 2).div_euclid(self.micros) * self.micros;
        if known != micros && !self.rounds {
            return Err("the column keeps fewer digits of a second than the value has".to_owned());
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(micros: i64, step: i64) -> Result<String, String> {
        let mut out = Vec::new();
        put_timestamp(micros, Step { micros: step, rounds: true }, &mut out)
            .map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn moments_are_rounded_to_what_the_column_keeps_and_stay_on_the_calendar() {
        assert_eq!(timestamp(1_704_164_645_678_901, 1).unwrap(), "2024-01-02 03:04:05.678901");
        assert_eq!(timestamp(1_704_164_645_678_901, 1000).unwrap(), "2024-01-02 03:04:05.679000");
        assert_eq!(timestamp(1_704_164_645_678_901, 1_000_000).unwrap(), "2024-01-02 03:04:06");
        assert_eq!(timestamp(-62_167_219_200_000_000, 1).unwrap(), "0000-01-01 00:00:00");
        assert!(timestamp(-62_167_219_200_000_001, 1).is_err());
        let last = 253_402_300_799_999_999;
        assert_eq!(timestamp(last, 1).unwrap(), "9999-12-31 23:59:59.999999");
        assert!(timestamp(last, 1000).is_err());
        assert!(timestamp(i64::MIN, 1).is_err() && timestamp(i64::MAX, 1000).is_err());
    }

    #[test]
    fn moments_are_refused_where_nobody_asked_for_fewer_digits() {
        let step = Step { micros: 1_000_000, rounds: false };
        assert!(step.fit(1_500_000).is_err());
        assert_eq!(step.fit(2_000_000), Ok(2_000_000));
    }

    #[test]
    fn doubles_are_written_so_that_they_read_back() {
        for value in [0.1, -0.0, 1e300, 5e-324, f64::MAX] {
            let mut out = Vec::new();
            put_double(value, &mut out).unwrap();
            assert_eq!(std::str::from_utf8(&out).unwrap().parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        assert!(put_double(f64::NAN, &mut Vec::new()).is_err());
        assert!(put_double(f64::INFINITY, &mut Vec::new()).is_err());
    }
}
