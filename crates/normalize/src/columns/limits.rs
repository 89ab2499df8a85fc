//! What a column can hold beyond its type: the digits of a decimal, the bits of an integer.

use cartage_schema::{Column, DataType};
use cartage_values::{Decimal, Scalar};

use super::physical::{DEFAULT_BITS, PhysicalRules, WIDE_PRECISION, integer_bits};

/// The largest value that a column takes. Values beyond go to a variant, and never to the destination, which
/// would refuse or round them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limits {
    /// All values of the type.
    None,
    /// Integers of this many bits, sign included.
    Bits(u32),
    /// Decimals of this many digits before the point, and after it.
    Digits { whole: u32, behind: u32, is_hinted: bool },
}

impl Limits {
    /// The limits of a column that has a type.
    pub(crate) fn of(column: &Column, rules: &PhysicalRules) -> Self {
        match column.data_type {
            Some(DataType::Bigint) => Self::Bits(integer_bits(column)),
            Some(DataType::Decimal | DataType::Wei) => {
                let (precision, scale) = rules.digits(column);
                Self::Digits {
                    whole: precision.saturating_sub(scale),
                    behind: scale,
                    is_hinted: column.precision.is_some(),
                }
            }
            _ => Self::None,
        }
    }

    /// Whether a value that does not fit is too large for a precision that a hint chose. It has no place in a variant
    /// either, because the choice says that there are no such values; digits after the point go to one.
    pub(crate) fn is_refused(self, value: &Scalar<'_>) -> bool {
        let Self::Digits { whole, is_hinted: true, .. } = self else { return false };
        let (Scalar::Decimal(value) | Scalar::Wei(value)) = value else { return false };
        value.digits().is_some_and(|(own, _)| own > u64::from(whole))
    }

    /// Why a value of the column's type does not fit; `None` if it does.
    pub(crate) fn refuse(self, value: &Scalar<'_>) -> Option<String> {
        match (self, value) {
            (Self::Bits(bits), Scalar::Int(value)) => {
                let fits = if bits <= DEFAULT_BITS {
                    let end = 1_i128 << (bits - 1);
                    (-end..end).contains(value)
                } else {
                    value.unsigned_abs() < 10_u128.pow(u32::from(WIDE_PRECISION))
                };
                (!fits).then(|| format!("{value} has more than {bits} bits"))
            }
            (Self::Digits { whole, behind, .. }, Scalar::Decimal(value) | Scalar::Wei(value)) => {
                let (whole, behind) = (u64::from(whole), u64::from(behind));
                let fits = value.digits().is_some_and(|(own, fraction)| own <= whole && fraction <= behind);
                (!fits).then(|| {
                    format!("{value} has more than {whole} digits before the point, or {behind} after it")
                })
            }
            _ => None,
        }
    }
}

/// Whether an integer is one of 64 bits.
pub(crate) fn is_bigint(value: i128) -> bool {
    i64::try_from(value).is_ok()
}

/// The type for integers beyond 64 bits and other exact numbers: the first that holds the value, else the last.
pub(crate) fn exact_type(rules: &PhysicalRules, value: &Decimal) -> DataType {
    let holds = |data_type| {
        let limits = Limits::of(&Column::typed("", data_type, true), rules);
        limits.refuse(&Scalar::Decimal(value.clone())).is_none()
    };
    if !holds(DataType::Decimal) && holds(DataType::Wei) { DataType::Wei } else { DataType::Decimal }
}
