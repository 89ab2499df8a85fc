//! Which changes of a column's type keep every value: what `cartage schema widen` allows.

use std::fmt;
use std::str::FromStr;

use cartage_values::DataType;

use crate::column::Column;

/// A data type with its precision and scale, written as `bigint`, `text(20)` or `decimal(20, 4)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnType {
    /// The type without its size.
    pub data_type: DataType,
    /// Size in the unit that [`Column::precision`] has for the type.
    pub precision: Option<u32>,
    /// Fraction digits, see [`Column::scale`].
    pub scale: Option<u32>,
}

/// Why a column cannot get another type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotWider {
    /// Some values of the column would be cut, rounded or written otherwise.
    #[error("a column of type {from} can hold values that {to} cannot")]
    Narrower {
        /// The type that the column has.
        from: ColumnType,
        /// The type that was asked for.
        to: ColumnType,
    },
    /// The column has this type already.
    #[error("the column is {0} already")]
    Same(ColumnType),
    /// The column never got a type, so that there is nothing to widen.
    #[error("the column has no type yet; set `data_type` among the hints of the resource")]
    Untyped,
}

/// Precision and scale of decimals and wei that say none: a destination's own.
#[derive(Clone, Copy, Debug)]
pub struct DecimalDefaults {
    /// Precision and scale of `decimal`.
    pub decimal: (u32, u32),
    /// Precision and scale of `wei`.
    pub wei: (u32, u32),
}

impl ColumnType {
    /// The type of a column; `None` for one without.
    pub fn of(column: &Column) -> Option<Self> {
        let data_type = column.data_type?;
        Some(Self { data_type, precision: column.precision, scale: column.scale })
    }

    /// Digits before and after the point, where the type has a fixed number of them.
    fn digits(self, defaults: DecimalDefaults) -> Option<(u32, u32)> {
        let fixed = |(precision, scale): (u32, u32)| {
            let precision = self.precision.unwrap_or(precision);
            let scale = self.scale.unwrap_or(scale);
            (precision.saturating_sub(scale), scale)
        };
        match self.data_type {
            DataType::Bigint => Some((integer_digits(self.precision), 0)),
            DataType::Decimal => Some(fixed(defaults.decimal)),
            DataType::Wei => Some(fixed(defaults.wei)),
            _ => None,
        }
    }

    /// Whether each value of this type is also one of `wider`, with the same text.
    fn is_within(self, wider: Self, defaults: DecimalDefaults) -> bool {
        use DataType::{Bigint, Binary, Date, Decimal, Double, Text, Time, Timestamp, Wei};
        let longest = |missing: u32| {
            let of = |size: Option<u32>| size.unwrap_or(missing);
            of(self.precision) <= of(wider.precision)
        };
        match (self.data_type, wider.data_type) {
            (Bigint, Bigint) => longest(64),
            (Text, Text) | (Binary, Binary) => longest(u32::MAX),
            (Timestamp, Timestamp) | (Time, Time) => longest(6),
            (Bigint | Decimal | Wei, Decimal | Wei) => {
                let (Some(have), Some(get)) = (self.digits(defaults), wider.digits(defaults)) else {
                    return false;
                };
                have.0 <= get.0 && have.1 <= get.1
            }
            // A double holds all integers up to 2^53.
            (Bigint, Double) => self.precision.is_some_and(|bits| bits <= 32),
            (Bigint, Text) => wider.precision.is_none_or(|size| size > integer_digits(self.precision)),
            (Date, Timestamp) => true,
            _ => false,
        }
    }
}

/// Most digits of an integer with this many bits.
fn integer_digits(bits: Option<u32>) -> u32 {
    match bits {
        Some(..=8) => 3,
        Some(..=16) => 5,
        Some(..=32) => 10,
        None | Some(..=64) => 19,
        Some(_) => 39,
    }
}

impl Column {
    /// Gives the column a type that holds every value of the one that it has.
    ///
    /// # Errors
    /// [`NotWider`], and the column stays as it is.
    pub fn widen(&mut self, to: ColumnType, defaults: DecimalDefaults) -> Result<(), NotWider> {
        let from = ColumnType::of(self).ok_or(NotWider::Untyped)?;
        if from == to {
            return Err(NotWider::Same(to));
        }
        if !from.is_within(to, defaults) {
            return Err(NotWider::Narrower { from, to });
        }
        self.data_type = Some(to.data_type);
        self.precision = to.precision;
        self.scale = to.scale;
        Ok(())
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.data_type)?;
        match (self.precision, self.scale) {
            (Some(precision), Some(scale)) => write!(f, "({precision}, {scale})"),
            (Some(precision), None) => write!(f, "({precision})"),
            (None, _) => Ok(()),
        }
    }
}

impl FromStr for ColumnType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (word, numbers) = match text.split_once('(') {
            None => (text, Vec::new()),
            Some((word, rest)) => {
                let inner =
                    rest.strip_suffix(')').ok_or_else(|| format!("`{text}` has no closing bracket"))?;
                let number = |part: &str| {
                    part.trim()
                        .parse::<u32>()
                        .map_err(|_| format!("`{part}` in `{text}` is not a whole number"))
                };
                (word.trim(), inner.split(',').map(number).collect::<Result<_, _>>()?)
            }
        };
        let data_type: DataType =
            word.parse().map_err(|error: cartage_values::UnknownWord| error.to_string())?;
        let with_scale = matches!(data_type, DataType::Decimal | DataType::Wei);
        match numbers.as_slice() {
            [] => Ok(Self { data_type, precision: None, scale: None }),
            [precision] => {
                Ok(Self { data_type, precision: Some(*precision), scale: with_scale.then_some(0) })
            }
            [precision, scale] if with_scale && scale <= precision => {
                Ok(Self { data_type, precision: Some(*precision), scale: Some(*scale) })
            }
            _ => {
                Err(format!("`{text}` is not a type: write it like `bigint`, `text(20)` or `decimal(20, 4)`"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: DecimalDefaults = DecimalDefaults { decimal: (38, 9), wei: (38, 0) };

    fn widened(from: &str, to: &str) -> Result<(), NotWider> {
        let from: ColumnType = from.parse().expect("a type");
        let mut column = Column {
            precision: from.precision,
            scale: from.scale,
            ..Column::typed("c", from.data_type, true)
        };
        let done = column.widen(to.parse().expect("a type"), DEFAULTS);
        let now = ColumnType::of(&column).expect("typed");
        assert_eq!(now.to_string(), if done.is_ok() { to } else { return done });
        done
    }

    #[test]
    fn types_that_hold_every_value_are_wider() {
        for (from, to) in [
            ("bigint(32)", "bigint"),
            ("bigint", "decimal(20, 0)"),
            ("bigint", "decimal"),
            ("bigint", "wei"),
            ("bigint", "text"),
            ("bigint(16)", "double"),
            ("decimal(4, 1)", "decimal(10, 2)"),
            ("decimal(38, 0)", "wei"),
            ("text(20)", "text(30)"),
            ("text(20)", "text"),
            ("timestamp(3)", "timestamp"),
            ("date", "timestamp"),
        ] {
            assert_eq!(widened(from, to), Ok(()), "{from} to {to}");
        }
    }

    #[test]
    fn types_that_lack_a_value_are_refused() {
        for (from, to) in [
            ("bigint", "bigint(32)"),
            ("bigint", "double"),
            ("bigint", "decimal(20, 4)"),
            ("bigint", "text(10)"),
            ("decimal(10, 2)", "decimal(10, 4)"),
            ("decimal", "double"),
            ("double", "decimal"),
            ("double", "text"),
            ("text", "text(20)"),
            ("text", "bigint"),
            ("timestamp", "date"),
            ("timestamp", "timestamp(3)"),
            ("bool", "bigint"),
            ("json", "text"),
        ] {
            assert!(matches!(widened(from, to), Err(NotWider::Narrower { .. })), "{from} to {to}");
        }
        assert!(matches!(widened("bigint", "bigint"), Err(NotWider::Same(_))));
        assert_eq!(Column::new("c").widen("text".parse().expect("a type"), DEFAULTS), Err(NotWider::Untyped));
    }

    #[test]
    fn texts_that_are_no_types_are_refused() {
        for text in ["", "number", "decimal(", "decimal(2, 4)", "text(1, 2)", "bigint(x)", "decimal(1, 2, 3)"]
        {
            assert!(text.parse::<ColumnType>().is_err(), "{text}");
        }
        let short: ColumnType = " decimal( 12 ) ".parse().expect("a type");
        assert_eq!(short.to_string(), "decimal(12, 0)");
    }
}
