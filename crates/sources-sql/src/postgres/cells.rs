//! Values in PostgreSQL's binary form.

use super::numeric;
use crate::builders::ColumnBuilder;
use crate::error::ValueError;
use crate::floats::widened;

/// Days from 1970-01-01 to 2000-01-01, where PostgreSQL's calendar begins.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Appends a value. Integers and floats may have any of their lengths.
pub(super) fn push(builder: &mut ColumnBuilder, cell: &[u8]) -> Result<(), ValueError> {
    match builder {
        ColumnBuilder::Bool(_) => builder.push_bool(fixed::<1>(cell)?[0] != 0),
        // PostgreSQL has no integers without sign.
        ColumnBuilder::Integer(_) | ColumnBuilder::Unsigned(_) => {
            let value = match cell.len() {
                2 => i16::from_be_bytes(fixed(cell)?).into(),
                4 => i32::from_be_bytes(fixed(cell)?).into(),
                _ => i64::from_be_bytes(fixed(cell)?),
            };
            builder.push_integer(value)
        }
        ColumnBuilder::Float(_) => {
            let value = match cell.len() {
                4 => widened(f32::from_be_bytes(fixed(cell)?)),
                _ => f64::from_be_bytes(fixed(cell)?),
            };
            builder.push_float(value)
        }
        ColumnBuilder::Decimal { values, precision, scale } => {
            values.append_value(numeric::unscaled(cell, *precision, *scale)?);
            Ok(())
        }
        ColumnBuilder::Text(_) => {
            let text = std::str::from_utf8(cell);
            let text = text.map_err(|_| {
                ValueError::new("a text is not in UTF-8, as databases of SQL_ASCII may have it")
            })?;
            builder.push_text(text)
        }
        ColumnBuilder::Binary(_) => builder.push_binary(cell),
        ColumnBuilder::Date(_) => match i32::from_be_bytes(fixed(cell)?) {
            i32::MIN | i32::MAX => Err(infinite("a date")),
            days => builder.push_date(days.saturating_add(EPOCH_DAYS)),
        },
        ColumnBuilder::Time(_) => builder.push_time(i64::from_be_bytes(fixed(cell)?)),
        ColumnBuilder::Timestamp { .. } => match i64::from_be_bytes(fixed(cell)?) {
            i64::MIN | i64::MAX => Err(infinite("a timestamp")),
            micros => match micros.checked_add(EPOCH_MICROS) {
                Some(micros) => builder.push_timestamp(micros),
                None => Err(ValueError::new("a timestamp is out of range")),
            },
        },
    }
}

/// Appends a uuid as it is written.
pub(super) fn push_uuid(builder: &mut ColumnBuilder, cell: &[u8]) -> Result<(), ValueError> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (nth, byte) in fixed::<16>(cell)?.into_iter().enumerate() {
        at += usize::from(matches!(nth, 4 | 6 | 8 | 10));
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    builder.push_text(std::str::from_utf8(&text).expect("these are hexadecimal digits"))
}

fn fixed<const N: usize>(cell: &[u8]) -> Result<[u8; N], ValueError> {
    cell.try_into().map_err(|_| ValueError::new(format!("a value has {} bytes instead of {N}", cell.len())))
}

fn infinite(what: &str) -> ValueError {
    ValueError::new(format!("{what} is infinite"))
}
