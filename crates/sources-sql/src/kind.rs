//! What a column holds, and how its values travel.

use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use cartage_schema::{Column, DataType};

/// Most digits that a decimal of ours has.
pub(crate) const MOST_DIGITS: u8 = 38;

/// The default of dlt for decimals without precision.
pub(crate) const PLAIN_DECIMAL: Kind = Kind::Decimal { precision: MOST_DIGITS, scale: PLAIN_SCALE };

const PLAIN_SCALE: u8 = 9;

/// What a column holds. Each kind has one Arrow type and one type of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Booleans.
    Bool,
    /// Integers of 64 bits with sign.
    Integer,
    /// Integers of 64 bits without sign: columns of integers, in which what is too large becomes a variant.
    Unsigned,
    /// Floats of 64 bits.
    Float,
    /// Decimals of this many digits, `scale` of them after the point.
    Decimal { precision: u8, scale: u8 },
    /// Text in UTF-8.
    Text,
    /// Text that is JSON.
    Json,
    /// Bytes.
    Binary,
    /// Days since 1970-01-01.
    Date,
    /// Times of a day, in microseconds.
    Time,
    /// Points in time in microseconds: instants, or readings of a clock without zone.
    Timestamp { aware: bool },
}

impl Kind {
    /// A decimal as a database declares it; `None` where it has more digits than ours. A negative scale is digits
    /// before the point.
    pub(crate) fn decimal(precision: i64, scale: i64) -> Option<Self> {
        let (precision, scale) =
            if scale < 0 { (precision - scale, 0) } else { (precision.max(scale), scale) };
        let precision = u8::try_from(precision).ok().filter(|digits| (1..=MOST_DIGITS).contains(digits))?;
        Some(Self::Decimal { precision, scale: u8::try_from(scale).ok()? })
    }

    /// What a hint of the user asks for; `None` where it says no type, or one of other sources.
    pub(crate) fn wanted(hint: &Column) -> Option<Self> {
        Some(match hint.data_type? {
            DataType::Bool => Self::Bool,
            DataType::Bigint => Self::Integer,
            DataType::Double => Self::Float,
            DataType::Decimal if hint.precision.is_none() && hint.scale.is_none() => PLAIN_DECIMAL,
            DataType::Decimal => {
                let digits = |own: Option<u32>, known: u8| own.map_or(known.into(), i64::from);
                Self::decimal(digits(hint.precision, MOST_DIGITS), digits(hint.scale, PLAIN_SCALE))?
            }
            DataType::Text => Self::Text,
            DataType::Json => Self::Json,
            DataType::Binary => Self::Binary,
            DataType::Date => Self::Date,
            DataType::Time => Self::Time,
            DataType::Timestamp => Self::Timestamp { aware: hint.timezone.unwrap_or(true) },
            _ => return None,
        })
    }

    pub(crate) fn arrow(self) -> ArrowType {
        match self {
            Self::Bool => ArrowType::Boolean,
            Self::Integer => ArrowType::Int64,
            Self::Unsigned => ArrowType::UInt64,
            Self::Float => ArrowType::Float64,
            Self::Decimal { precision, scale } => ArrowType::Decimal128(precision, scale.cast_signed()),
            Self::Text | Self::Json => ArrowType::Utf8,
            Self::Binary => ArrowType::Binary,
            Self::Date => ArrowType::Date32,
            Self::Time => ArrowType::Time64(TimeUnit::Microsecond),
            Self::Timestamp { aware } => {
                ArrowType::Timestamp(TimeUnit::Microsecond, aware.then(|| "UTC".into()))
            }
        }
    }

    /// Writes the type into the hints of a column.
    pub(crate) fn hint(self, column: &mut Column) {
        let data_type = match self {
            Self::Bool => DataType::Bool,
            Self::Integer | Self::Unsigned => DataType::Bigint,
            Self::Float => DataType::Double,
            Self::Decimal { precision, scale } => {
                column.precision = Some(precision.into());
                column.scale = Some(scale.into());
                DataType::Decimal
            }
            Self::Text => DataType::Text,
            Self::Json => DataType::Json,
            Self::Binary => DataType::Binary,
            Self::Date => DataType::Date,
            Self::Time => DataType::Time,
            Self::Timestamp { aware } => {
                column.timezone = Some(aware);
                DataType::Timestamp
            }
        };
        column.data_type = Some(data_type);
    }
}
