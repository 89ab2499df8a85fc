//! Columns of a batch as cells of binary COPY: a length, and the value in the form of its type.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use bytes::{BufMut, BytesMut};
use cartage_destinations_sql::columnar::{Dates, Doubles, Ints, Times, Timestamps};

use super::numeric;
use super::target::Kind;
use crate::params::EPOCH_MICROS;

/// Days from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH_DAYS: i32 = 10_957;

/// Version of the binary form of `jsonb`, which is text after this byte.
const JSONB_VERSION: u8 = 1;

/// Whether values of a canonical type can be written as `kind`.
pub(super) fn can_encode(arrow: &DataType, kind: Kind) -> bool {
    let is_integer = matches!(kind, Kind::Int2 | Kind::Int4 | Kind::Int8);
    match arrow {
        DataType::Null => true,
        DataType::Boolean => kind == Kind::Bool,
        DataType::Int64 => is_integer || kind == Kind::Numeric,
        DataType::Decimal128(_, scale) => kind == Kind::Numeric && *scale >= 0 || is_integer && *scale == 0,
        DataType::Float64 => kind == Kind::Float8,
        DataType::Utf8 => matches!(kind, Kind::Text | Kind::Json | Kind::Jsonb | Kind::Numeric),
        DataType::Binary => kind == Kind::Bytea,
        DataType::Date32 => kind == Kind::Date,
        DataType::Time64(TimeUnit::Microsecond) => kind == Kind::Time,
        DataType::Timestamp(TimeUnit::Microsecond, _) => kind == Kind::Timestamp,
        _ => false,
    }
}

/// A column of a batch, ready to be written cell by cell.
pub(super) enum Cells<'a> {
    Nothing,
    Bool(&'a BooleanArray),
    Int2(&'a Ints),
    Int4(&'a Ints),
    Int8(&'a Ints),
    Whole(&'a Ints),
    /// Wide integers for a column of this many bytes.
    Wide(&'a Decimal128Array, u32),
    Decimal(&'a Decimal128Array, u32),
    DecimalText(&'a StringArray),
    Double(&'a Doubles),
    Text(&'a StringArray),
    Jsonb(&'a StringArray),
    Binary(&'a BinaryArray),
    Date(&'a Dates),
    Time(&'a Times),
    Timestamp(&'a Timestamps),
}

impl<'a> Cells<'a> {
    /// The cells of a canonical array; `None` where [`can_encode`] says no.
    pub(super) fn new(array: &'a ArrayRef, kind: Kind) -> Option<Self> {
        if !can_encode(array.data_type(), kind) {
            return None;
        }
        Some(match (array.data_type(), kind) {
            (DataType::Boolean, _) => Self::Bool(array.as_boolean()),
            (DataType::Int64, Kind::Int2) => Self::Int2(array.as_primitive()),
            (DataType::Int64, Kind::Int4) => Self::Int4(array.as_primitive()),
            (DataType::Int64, Kind::Int8) => Self::Int8(array.as_primitive()),
            (DataType::Int64, _) => Self::Whole(array.as_primitive()),
            (DataType::Decimal128(..), Kind::Int2) => Self::Wide(array.as_primitive(), 2),
            (DataType::Decimal128(..), Kind::Int4) => Self::Wide(array.as_primitive(), 4),
            (DataType::Decimal128(..), Kind::Int8) => Self::Wide(array.as_primitive(), 8),
            (DataType::Decimal128(_, scale), _) => {
                Self::Decimal(array.as_primitive(), u32::from(scale.unsigned_abs()))
            }
            (DataType::Float64, _) => Self::Double(array.as_primitive()),
            (DataType::Utf8, Kind::Numeric) => Self::DecimalText(array.as_string()),
            (DataType::Utf8, Kind::Jsonb) => Self::Jsonb(array.as_string()),
            (DataType::Utf8, _) => Self::Text(array.as_string()),
            (DataType::Binary, _) => Self::Binary(array.as_binary()),
            (DataType::Date32, _) => Self::Date(array.as_primitive()),
            (DataType::Time64(_), _) => Self::Time(array.as_primitive()),
            (DataType::Timestamp(..), _) => Self::Timestamp(array.as_primitive()),
            _ => Self::Nothing,
        })
    }

    /// Appends the cell of one row, or says why its value does not fit the column.
    #[inline]
    pub(super) fn put(&self, row: usize, out: &mut BytesMut) -> Result<(), String> {
        match self {
            Self::Int8(array) if array.is_valid(row) => {
                out.put_i32(8);
                out.put_i64(array.value(row));
            }
            Self::Text(array) if array.is_valid(row) => put_bytes(out, array.value(row).as_bytes()),
            Self::Timestamp(array) if array.is_valid(row) => {
                let micros = array.value(row).checked_sub(EPOCH_MICROS);
                out.put_i32(8);
                out.put_i64(micros.ok_or("the timestamp is out of range")?);
            }
            Self::Double(array) if array.is_valid(row) => {
                out.put_i32(8);
                out.put_f64(array.value(row));
            }
            Self::Bool(array) if array.is_valid(row) => {
                out.put_i32(1);
                out.put_u8(u8::from(array.value(row)));
            }
            Self::Decimal(array, scale) if array.is_valid(row) => {
                numeric::put_i128(out, array.value(row), *scale);
            }
            Self::Date(array) if array.is_valid(row) => {
                let days = array.value(row).checked_sub(EPOCH_DAYS);
                out.put_i32(4);
                out.put_i32(days.ok_or("the date is out of range")?);
            }
            Self::Time(array) if array.is_valid(row) => {
                out.put_i32(8);
                out.put_i64(array.value(row));
            }
            Self::Binary(array) if array.is_valid(row) => put_bytes(out, array.value(row)),
            Self::Jsonb(array) if array.is_valid(row) => {
                let text = array.value(row);
                out.put_i32(text.len() as i32 + 1);
                out.put_u8(JSONB_VERSION);
                out.put_slice(text.as_bytes());
            }
            Self::Int2(array) if array.is_valid(row) => put_integer(out, array.value(row).into(), 2)?,
            Self::Int4(array) if array.is_valid(row) => put_integer(out, array.value(row).into(), 4)?,
            Self::Wide(array, bytes) if array.is_valid(row) => put_integer(out, array.value(row), *bytes)?,
            Self::Whole(array) if array.is_valid(row) => numeric::put_i128(out, array.value(row).into(), 0),
            Self::DecimalText(array) if array.is_valid(row) => {
                let text = array.value(row);
                if !numeric::put_text(out, text) {
                    return Err(format!("'{text}' is not a decimal"));
                }
            }
            _ => out.put_i32(-1),
        }
        Ok(())
    }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    out.put_i32(bytes.len() as i32);
    out.put_slice(bytes);
}

fn put_integer(out: &mut BytesMut, value: i128, bytes: u32) -> Result<(), String> {
    let too_large = || format!("{value} does not fit an integer of {} bits", bytes * 8);
    out.put_i32(bytes as i32);
    match bytes {
        2 => out.put_i16(i16::try_from(value).map_err(|_| too_large())?),
        4 => out.put_i32(i32::try_from(value).map_err(|_| too_large())?),
        _ => out.put_i64(i64::try_from(value).map_err(|_| too_large())?),
    }
    Ok(())
}
