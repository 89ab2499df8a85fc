//! Arrow builders of columns, by kind.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    StringBuilder, Time64MicrosecondBuilder, TimestampMicrosecondBuilder, UInt64Builder,
};

use crate::error::ValueError;
use crate::kind::{Kind, MOST_DIGITS};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Powers of ten that 128 bits hold.
const POWERS: [i128; MOST_DIGITS as usize + 1] = {
    let mut powers = [1; MOST_DIGITS as usize + 1];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// Collects the values of one column.
#[derive(Debug)]
pub(crate) enum ColumnBuilder {
    Bool(BooleanBuilder),
    Integer(Int64Builder),
    Unsigned(UInt64Builder),
    Float(Float64Builder),
    Decimal { values: Decimal128Builder, precision: u8, scale: u8 },
    Text(StringBuilder),
    Binary(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp { values: TimestampMicrosecondBuilder, aware: bool },
}

/// Calls the same method of whatever builder it is.
macro_rules! each {
    ($builder:expr, $values:ident => $call:expr) => {
        match $builder {
            ColumnBuilder::Bool($values) => $call,
            ColumnBuilder::Integer($values) => $call,
            ColumnBuilder::Unsigned($values) => $call,
            ColumnBuilder::Float($values) => $call,
            ColumnBuilder::Decimal { values: $values, .. } => $call,
            ColumnBuilder::Text($values) => $call,
            ColumnBuilder::Binary($values) => $call,
            ColumnBuilder::Date($values) => $call,
            ColumnBuilder::Time($values) => $call,
            ColumnBuilder::Timestamp { values: $values, .. } => $call,
        }
    };
}

impl ColumnBuilder {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::Unsigned => Self::Unsigned(UInt64Builder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Float => Self::Float(Float64Builder::new()),
            Kind::Decimal { precision, scale } => Self::Decimal {
                values: Decimal128Builder::new().with_data_type(kind.arrow()),
                precision,
                scale,
            },
            Kind::Text | Kind::Json => Self::Text(StringBuilder::new()),
            Kind::Binary => Self::Binary(BinaryBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Time => Self::Time(Time64MicrosecondBuilder::new()),
            Kind::Timestamp { aware } => {
                Self::Timestamp { values: TimestampMicrosecondBuilder::new(), aware }
            }
        }
    }

    pub(crate) fn push_null(&mut self) {
        each!(self, values => values.append_null());
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Timestamp { values, aware: true } => Arc::new(values.finish().with_timezone("UTC")),
            other => each!(other, values => Arc::new(values.finish()) as ArrayRef),
        }
    }

    pub(crate) fn push_bool(&mut self, value: bool) -> Result<(), ValueError> {
        match self {
            Self::Bool(values) => values.append_value(value),
            _ => return Err(stranger("a boolean")),
        }
        Ok(())
    }

    pub(crate) fn push_integer(&mut self, value: i64) -> Result<(), ValueError> {
        match self {
            Self::Integer(values) => values.append_value(value),
            _ => return Err(stranger("an integer")),
        }
        Ok(())
    }

    pub(crate) fn push_float(&mut self, value: f64) -> Result<(), ValueError> {
        match self {
            Self::Float(values) => values.append_value(value),
            _ => return Err(stranger("a float")),
        }
        Ok(())
    }

    pub(crate) fn push_text(&mut self, value: &str) -> Result<(), ValueError> {
        match self {
            Self::Text(values) => values.append_value(value),
            _ => return Err(stranger("a text")),
        }
        Ok(())
    }

    pub(crate) fn push_binary(&mut self, value: &[u8]) -> Result<(), ValueError> {
        match self {
            Self::Binary(values) => values.append_value(value),
            _ => return Err(stranger("bytes")),
        }
        Ok(())
    }

    /// Appends a day, counted from 1970-01-01.
    pub(crate) fn push_date(&mut self, days: i32) -> Result<(), ValueError> {
        match self {
            Self::Date(values) => values.append_value(days),
            _ => return Err(stranger("a date")),
        }
        Ok(())
    }

    /// Appends microseconds of a day.
    pub(crate) fn push_time(&mut self, micros: i64) -> Result<(), ValueError> {
        match self {
            Self::Time(values) if (0..DAY).contains(&micros) => values.append_value(micros),
            Self::Time(_) => return Err(ValueError::new("a time is not one from 00:00 to before 24:00")),
            _ => return Err(stranger("a time")),
        }
        Ok(())
    }

    /// Appends microseconds since 1970.
    pub(crate) fn push_timestamp(&mut self, micros: i64) -> Result<(), ValueError> {
        match self {
            Self::Timestamp { values, .. } => values.append_value(micros),
            _ => return Err(stranger("a timestamp")),
        }
        Ok(())
    }
}

/// `unscaled / 10^scale` as units of `10^-wanted`, if that is exact and has no more than this many digits.
pub(crate) fn fit(unscaled: i128, scale: i64, precision: u8, wanted: u8) -> Option<i128> {
    let shift = i64::from(wanted) - scale;
    let power = |exponent: i64| POWERS.get(usize::try_from(exponent).ok()?).copied();
    let fitted = if unscaled == 0 {
        0
    } else if shift >= 0 {
        unscaled.checked_mul(power(shift)?)?
    } else {
        let divisor = power(-shift)?;
        (unscaled % divisor == 0).then_some(unscaled / divisor)?
    };
    (fitted.unsigned_abs() < POWERS[usize::from(precision)].unsigned_abs()).then_some(fitted)
}

fn stranger(what: &str) -> ValueError {
    ValueError::new(format!("the database sent {what}, which its type does not have"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_fit_exactly_or_not_at_all() {
        assert_eq!(fit(15, 1, 38, 9), Some(1_500_000_000));
        assert_eq!(fit(1500, 3, 2, 1), Some(15));
        assert_eq!(fit(1501, 3, 38, 1), None);
        assert_eq!(fit(1000, 0, 3, 0), None);
        assert_eq!(fit(i128::MAX, 0, 38, 0), None);
        assert_eq!(fit(0, 400, 38, 9), Some(0));
        assert_eq!(fit(1, -40, 38, 0), None);
    }
}
