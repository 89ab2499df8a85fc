//! How dlt's types are stored in Parquet files.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::{DataType as ArrowType, Field, Int64Type, TimeUnit};
use cartage_package_store::DestinationTraits;
use cartage_schema::{Column, DataType};

use crate::settings::{DECIMAL_PRECISION, WEI_PRECISION};

/// Bits of an integer without a precision.
pub(super) const DEFAULT_BITS: u32 = 64;

/// The widths that integers of databases have.
const WIDTHS: [u32; 4] = [8, 16, 32, 64];

/// Digits of a bigint column of which some value is beyond 63 bits: enough for every 64-bit integer.
pub(super) const WIDE_PRECISION: u8 = 20;

/// Digits of a decimal in a file.
const MOST_DIGITS: u32 = 38;

/// How the values of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Physical {
    Text,
    Binary,
    Bigint,
    /// Integers of fewer bits than 64.
    Narrow,
    Double,
    Bool,
    Timestamp {
        utc: bool,
    },
    Date,
    Time,
    Decimal {
        precision: u8,
        scale: i8,
    },
}

/// What the destination says about types that have more than one form.
#[derive(Clone, Debug)]
pub(crate) struct PhysicalRules {
    decimal: (u32, u32),
    wei: (u32, u32),
    /// Whether decimals that no file holds are texts.
    wide_as_text: bool,
    /// Whether there are timestamps without a time zone.
    has_naive_timestamps: bool,
}

impl PhysicalRules {
    pub(crate) fn new(traits: &DestinationTraits) -> Self {
        Self {
            decimal: traits.decimal_precision.unwrap_or(DECIMAL_PRECISION),
            wei: traits.wei_precision.unwrap_or(WEI_PRECISION),
            wide_as_text: traits.wide_decimals_as_text,
            has_naive_timestamps: traits.supports_naive_datetime,
        }
    }

    /// How the values of a column with a type are stored; text for a column without one.
    pub(crate) fn of(&self, column: &Column) -> Physical {
        match column.data_type {
            None | Some(DataType::Text | DataType::Json) => Physical::Text,
            Some(DataType::Binary) => Physical::Binary,
            Some(DataType::Bigint) if integer_bits(column) < DEFAULT_BITS => Physical::Narrow,
            Some(DataType::Bigint) => Physical::Bigint,
            Some(DataType::Double) => Physical::Double,
            Some(DataType::Bool) => Physical::Bool,
            Some(DataType::Date) => Physical::Date,
            Some(DataType::Time) => Physical::Time,
            Some(DataType::Timestamp) => {
                Physical::Timestamp { utc: !self.has_naive_timestamps || column.has_timezone() }
            }
            Some(DataType::Decimal | DataType::Wei) => self.decimal(column),
        }
    }
}

impl PhysicalRules {
    /// Digits of a column of decimals or wei, and how many of them are after the point.
    pub(super) fn digits(&self, column: &Column) -> (u32, u32) {
        let default = if column.data_type == Some(DataType::Wei) { self.wei } else { self.decimal };
        let precision = column.precision.unwrap_or(default.0).max(1);
        let precision = if self.is_text(precision) { precision } else { precision.min(MOST_DIGITS) };
        (precision, column.scale.unwrap_or(default.1).min(precision))
    }

    fn is_text(&self, precision: u32) -> bool {
        precision > MOST_DIGITS && self.wide_as_text
    }

    fn decimal(&self, column: &Column) -> Physical {
        let (precision, scale) = self.digits(column);
        if self.is_text(precision) {
            return Physical::Text;
        }
        Physical::Decimal { precision: precision as u8, scale: scale as i8 }
    }

    /// The field of a column in files without rows.
    pub(crate) fn field(&self, column: &Column) -> Field {
        Field::new(&column.name, self.of(column).arrow(), column.is_nullable())
    }
}

impl Physical {
    /// The Arrow type, which decides the Parquet type.
    pub(crate) fn arrow(self) -> ArrowType {
        match self {
            Self::Text => ArrowType::Utf8,
            Self::Binary => ArrowType::Binary,
            Self::Bigint | Self::Narrow => ArrowType::Int64,
            Self::Double => ArrowType::Float64,
            Self::Bool => ArrowType::Boolean,
            Self::Timestamp { utc } => ArrowType::Timestamp(TimeUnit::Microsecond, utc.then(|| "UTC".into())),
            Self::Date => ArrowType::Date32,
            Self::Time => ArrowType::Time64(TimeUnit::Microsecond),
            Self::Decimal { precision, scale } => ArrowType::Decimal128(precision, scale),
        }
    }
}

/// The type of a bigint column in row groups that hold an integer beyond 63 bits.
pub(crate) fn wide_type() -> ArrowType {
    ArrowType::Decimal128(WIDE_PRECISION, 0)
}

/// A bigint array as one of wide integers.
pub(crate) fn cast_wide(array: &ArrayRef) -> ArrayRef {
    let Some(values) = array.as_primitive_opt::<Int64Type>() else { return Arc::clone(array) };
    let wide: Decimal128Array = values.unary(i128::from);
    Arc::new(wide.with_data_type(wide_type()))
}

/// Bits of the integers of a column, sign included: the narrowest width of databases that has its precision.
pub(super) fn integer_bits(column: &Column) -> u32 {
    let bits = column.precision.unwrap_or(DEFAULT_BITS);
    WIDTHS.into_iter().find(|width| bits <= *width).unwrap_or(bits)
}
