//! Exact decimal numbers as Python's `decimal.Decimal` has them.

use std::fmt;

use crate::float::write_python_float;
use crate::text::ascii_number;

/// An exact decimal number of any length, or one of the special values that Python's decimals have.
///
/// Numbers keep the scale that they were written with: `1.10` is not `1.1` as a text. Equality compares what
/// was written, not the numeric value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// `coefficient * 10^exponent`.
    Small {
        coefficient: u128,
        exponent: i32,
    },
    /// The same for a coefficient that does not fit: ASCII digits without leading zeros.
    Large {
        digits: Box<str>,
        exponent: i32,
    },
    Infinity,
    /// Not a number; Python tells two kinds, with digits that say why.
    NaN {
        signaling: bool,
        payload: Box<str>,
    },
}

/// A number that a decimal column cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// Infinity or NaN.
    #[error("is not a finite number")]
    NotFinite,
    /// More digits after the point than the column has.
    #[error("has more than {scale} digits after the point")]
    Inexact {
        /// Digits of the column after the point.
        scale: u8,
    },
    /// More digits than the column has.
    #[error("does not fit into {precision} digits of which {scale} are after the point")]
    OutOfRange {
        /// Digits of the column.
        precision: u8,
        /// Digits of the column after the point.
        scale: u8,
    },
}

/// Largest exponent, in either direction, that is taken. Python's is larger, but no column is.
const MAX_EXPONENT: i64 = 1_000_000_000;

/// Digits up to which Python decides whether a decimal is integral.
const CONTEXT_DIGITS: i64 = 28;

/// Digits that fit into 128 bits whatever they are.
const SMALL_DIGITS: usize = 38;

impl Decimal {
    /// Reads a number as Python's `Decimal` does: signs, digits of any script, `_` anywhere, exponents,
    /// `inf`, `nan`. White space around it is trimmed.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = ascii_number(crate::text::trim(text))?.chars().filter(|c| *c != '_').collect();
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text.as_str()),
        };
        Some(Self { negative, kind: parse_special(unsigned).or_else(|| parse_finite(unsigned))? })
    }

    /// The number that Python makes of the shortest text of a float: `0.1` and not what the bits say.
    pub fn from_f64(float: f64) -> Self {
        let mut text = Vec::with_capacity(24);
        write_python_float(&mut text, float);
        let text = String::from_utf8_lossy(&text);
        Self::parse(&text).expect("texts of floats are numbers")
    }

    /// The decimal number of an integer.
    pub fn from_i128(integer: i128) -> Self {
        let coefficient = integer.unsigned_abs();
        Self { negative: integer < 0, kind: Kind::Small { coefficient, exponent: 0 } }
    }

    /// `unscaled * 10^-scale`, the form of decimal columns.
    pub fn from_unscaled(unscaled: i128, scale: u8) -> Self {
        let coefficient = unscaled.unsigned_abs();
        Self { negative: unscaled < 0, kind: Kind::Small { coefficient, exponent: -i32::from(scale) } }
    }

    /// Whether it is neither infinite nor NaN.
    pub fn is_finite(&self) -> bool {
        matches!(self.kind, Kind::Small { .. } | Kind::Large { .. })
    }

    /// Whether it is NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::NaN { .. })
    }

    /// Whether it is zero, of whatever sign and scale.
    pub fn is_zero(&self) -> bool {
        matches!(self.kind, Kind::Small { coefficient: 0, .. })
    }

    /// Digits and exponent of a finite number.
    fn parts(&self) -> Option<(String, i32)> {
        match &self.kind {
            Kind::Small { coefficient, exponent } => Some((coefficient.to_string(), *exponent)),
            Kind::Large { digits, exponent } => Some((digits.to_string(), *exponent)),
            Kind::Infinity | Kind::NaN { .. } => None,
        }
    }

    /// The nearest float. NaN and infinities become theirs.
    pub fn to_f64(&self) -> f64 {
        let sign = if self.negative { -1.0 } else { 1.0 };
        match (&self.kind, self.parts()) {
            (_, Some((digits, exponent))) => {
                sign * format!("{digits}e{exponent}").parse().unwrap_or(f64::NAN)
            }
            (Kind::Infinity, _) => sign * f64::INFINITY,
            _ => f64::NAN,
        }
    }

    /// Whether `float()` of it is an error in Python.
    pub(crate) fn is_signaling(&self) -> bool {
        matches!(self.kind, Kind::NaN { signaling: true, .. })
    }

    /// The integer that it is equal to, if Python can tell: the number has no fraction, at most 28 digits before
    /// the point, and fits into 128 bits.
    pub fn to_integer(&self) -> Option<i128> {
        let (digits, exponent) = self.parts()?;
        if self.is_zero() {
            return Some(0);
        }
        let whole = digits.len() as i64 + i64::from(exponent);
        if whole > CONTEXT_DIGITS {
            return None;
        }
        let integer = if exponent >= 0 {
            format!("{digits}{}", "0".repeat(exponent as usize))
        } else {
            let split = usize::try_from(whole).unwrap_or(0).min(digits.len());
            let (integer, fraction) = digits.split_at(split);
            if whole < 0 || fraction.bytes().any(|digit| digit != b'0') {
                return None;
            }
            if integer.is_empty() { "0".to_owned() } else { integer.to_owned() }
        };
        let integer: i128 = integer.parse().ok()?;
        Some(if self.negative { -integer } else { integer })
    }

    /// The number in units of `10^-scale`, as decimal columns store it. Digits after the scale are rounded,
    /// halves away from zero.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`] if it has more digits than `precision`, [`DecimalError::NotFinite`].
    pub fn to_i128(&self, precision: u8, scale: u8) -> Result<i128, DecimalError> {
        let out_of_range = DecimalError::OutOfRange { precision, scale };
        let limit = 10_u128.checked_pow(u32::from(precision)).unwrap_or(u128::MAX);
        let unscaled = match &self.kind {
            Kind::Infinity | Kind::NaN { .. } => return Err(DecimalError::NotFinite),
            Kind::Small { coefficient, exponent } => rescale(*coefficient, exponent + i32::from(scale)),
            Kind::Large { digits, exponent } => rescale_digits(digits, exponent + i32::from(scale)),
        };
        let unscaled = unscaled.filter(|unscaled| *unscaled < limit).ok_or(out_of_range)?;
        let unscaled = i128::try_from(unscaled).map_err(|_| out_of_range)?;
        Ok(if self.negative { -unscaled } else { unscaled })
    }

    /// The number in units of `10^-scale`, if nothing has to be rounded for it.
    ///
    /// # Errors
    /// [`DecimalError`] if it has more digits than `precision`, or more than `scale` after the point, or is not
    /// finite.
    pub fn to_exact_i128(&self, precision: u8, scale: u8) -> Result<i128, DecimalError> {
        let unscaled = self.to_i128(precision, scale)?;
        let is_exact = Self::from_unscaled(unscaled, scale).is_same_number(self);
        if is_exact { Ok(unscaled) } else { Err(DecimalError::Inexact { scale }) }
    }

    /// Whether two finite numbers are equal, whatever zeros they were written with.
    pub(crate) fn is_same_number(&self, other: &Self) -> bool {
        let significant = |decimal: &Self| {
            let (digits, exponent) = decimal.parts()?;
            let kept = digits.trim_end_matches('0');
            let cut = (digits.len() - kept.len()) as i64;
            // Zero has no digits left; its sign and scale do not count.
            let sign = decimal.negative && !kept.is_empty();
            let exponent = if kept.is_empty() { 0 } else { i64::from(exponent) + cut };
            Some((sign, kept.to_owned(), exponent))
        };
        significant(self).is_some_and(|own| Some(own) == significant(other))
    }

    /// How many digits are before the point of a finite number, and how many after it without zeros at the end.
    pub fn digits(&self) -> Option<(u64, u64)> {
        let (digits, exponent) = self.parts()?;
        let kept = digits.trim_end_matches('0');
        if kept.is_empty() {
            return Some((0, 0));
        }
        let exponent = i64::from(exponent);
        let behind = (digits.len() - kept.len()) as i64 + exponent;
        let whole = digits.len() as i64 + exponent;
        Some((whole.max(0).unsigned_abs(), (-behind).max(0).unsigned_abs()))
    }

    /// Whether a wei column of dlt sends the value to a text variant (`<column>__v_str`), because BigQuery's
    /// largest decimals end there.
    pub fn exceeds_wei(&self) -> bool {
        let limit = if self.negative { WEI_MIN } else { WEI_MAX };
        let Some((digits, exponent)) = self.parts() else { return matches!(self.kind, Kind::Infinity) };
        let whole = digits.len() as i64 + i64::from(exponent);
        if self.is_zero() || whole < limit.len() as i64 {
            return false;
        }
        if whole > limit.len() as i64 {
            return true;
        }
        let mut integer: String = digits.chars().take(limit.len()).collect();
        integer.extend(std::iter::repeat_n('0', limit.len() - integer.len()));
        let has_fraction = digits.bytes().skip(limit.len()).any(|digit| digit != b'0');
        integer.as_str() > limit || (integer == limit && has_fraction)
    }
}

const WEI_MAX: &str = "578960446186580977117854925043439539266";
const WEI_MIN: &str = "578960446186580977117854925043439539267";

fn parse_special(text: &str) -> Option<Kind> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "inf" | "infinity") {
        return Some(Kind::Infinity);
    }
    let (signaling, rest) = match lower.strip_prefix('s') {
        Some(rest) => (true, rest),
        None => (false, lower.as_str()),
    };
    let payload = rest.strip_prefix("nan").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some(Kind::NaN { signaling, payload: payload.trim_start_matches('0').into() })
}

fn parse_finite(text: &str) -> Option<Kind> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let exponent = exponent - fraction.len() as i64;
    if exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let exponent = exponent as i32;
    Some(if digits.len() <= SMALL_DIGITS {
        Kind::Small { coefficient: if digits.is_empty() { 0 } else { digits.parse().ok()? }, exponent }
    } else {
        Kind::Large { digits: digits.into(), exponent }
    })
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// `coefficient * 10^shift`, rounded; `None` where it does not fit.
fn rescale(coefficient: u128, shift: i32) -> Option<u128> {
    if coefficient == 0 {
        return Some(0);
    }
    if shift >= 0 {
        return coefficient.checked_mul(10_u128.checked_pow(shift.unsigned_abs())?);
    }
    let Some(divisor) = 10_u128.checked_pow(shift.unsigned_abs()) else {
        // The divisor is larger than any coefficient that fits, and more than twice as large.
        return Some(0);
    };
    let (quotient, rest) = (coefficient / divisor, coefficient % divisor);
    Some(quotient + u128::from(rest >= divisor - rest))
}

fn rescale_digits(digits: &str, shift: i32) -> Option<u128> {
    if shift >= 0 {
        return None;
    }
    let kept = digits.len().checked_sub(shift.unsigned_abs() as usize);
    let Some(kept) = kept else { return Some(0) };
    let (kept, cut) = digits.split_at(kept);
    let kept: u128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    kept.checked_add(u128::from(cut.as_bytes()[0] >= b'5'))
}

impl fmt::Display for Decimal {
    /// Python's `str(Decimal)`: `1.10`, `1E+16`, `NaN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let (digits, exponent) = match (&self.kind, self.parts()) {
            (_, Some(parts)) => parts,
            (Kind::NaN { signaling, payload }, _) => {
                return write!(f, "{}NaN{payload}", if *signaling { "s" } else { "" });
            }
            _ => return f.write_str("Infinity"),
        };
        let point = i64::from(exponent) + digits.len() as i64;
        if exponent > 0 || point <= -6 {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            return write!(f, "{first}{dot}{rest}E{:+}", point - 1);
        }
        match usize::try_from(point) {
            Ok(point) if point >= digits.len() => f.write_str(&digits),
            Ok(0) => write!(f, "0.{digits}"),
            Ok(point) => write!(f, "{}.{}", &digits[..point], &digits[point..]),
            Err(_) => write!(f, "0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
        }
    }
}
