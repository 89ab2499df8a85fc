//! A value that is not null.

use std::borrow::Cow;

use crate::decimal::Decimal;
use crate::words::DataType;

/// A value that is not null, in the form in which columns hold it. Texts and bytes may be borrowed from the
/// input, so cloning is cheap where nothing was converted.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Unicode text.
    Text(Cow<'a, str>),
    /// Integer. Columns of type bigint hold 64 bits of it unless their precision says otherwise.
    Int(i128),
    /// Floating point number; not finite only where a text said so.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// A point in time, with or without time zone.
    Timestamp {
        /// Microseconds since 1970 in UTC; for naive timestamps of the wall clock taken as UTC.
        micros: i64,
        /// Whether the value said its time zone.
        aware: bool,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Exact decimal number.
    Decimal(Decimal),
    /// Integer of up to 256 bits.
    Wei(Decimal),
    /// Bytes of any content.
    Binary(Cow<'a, [u8]>),
    /// Compact JSON text. `null` stands for the JSON null, which columns hold as NULL.
    Json(Cow<'a, str>),
}

impl Scalar<'_> {
    /// The type that a column has if nothing but this value decides.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Text,
            Self::Int(_) => DataType::Bigint,
            Self::Double(_) => DataType::Double,
            Self::Bool(_) => DataType::Bool,
            Self::Timestamp { .. } => DataType::Timestamp,
            Self::Date(_) => DataType::Date,
            Self::Time(_) => DataType::Time,
            Self::Decimal(_) => DataType::Decimal,
            Self::Wei(_) => DataType::Wei,
            Self::Binary(_) => DataType::Binary,
            Self::Json(_) => DataType::Json,
        }
    }

    /// The same value without borrowing.
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Self::Binary(bytes) => Scalar::Binary(Cow::Owned(bytes.into_owned())),
            Self::Json(json) => Scalar::Json(Cow::Owned(json.into_owned())),
            Self::Int(integer) => Scalar::Int(integer),
            Self::Double(float) => Scalar::Double(float),
            Self::Bool(boolean) => Scalar::Bool(boolean),
            Self::Timestamp { micros, aware } => Scalar::Timestamp { micros, aware },
            Self::Date(days) => Scalar::Date(days),
            Self::Time(micros) => Scalar::Time(micros),
            Self::Decimal(decimal) => Scalar::Decimal(decimal),
            Self::Wei(decimal) => Scalar::Wei(decimal),
        }
    }
}
