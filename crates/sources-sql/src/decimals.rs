//! Decimals that databases send as text, without a change of their value.

use crate::builders::fit;
use crate::error::ValueError;

/// A decimal text such as `-12.50` or `1e-7` in units of `10^-scale`.
///
/// # Errors
/// It is not a number, or has more digits than the column.
pub(crate) fn decimal(text: &[u8], precision: u8, scale: u8) -> Result<i128, ValueError> {
    let parsed = parse(text).ok_or_else(|| ValueError::new("a text is not a decimal number"))?;
    let Number { unscaled: Some(unscaled), scale: own } = parsed else {
        return Err(too_long(precision, scale));
    };
    fit(unscaled, own, precision, scale).ok_or_else(|| too_long(precision, scale))
}

/// An integer in units of `10^-scale`.
///
/// # Errors
/// It has more digits than the column.
pub(crate) fn decimal_of_integer(value: i128, precision: u8, scale: u8) -> Result<i128, ValueError> {
    fit(value, 0, precision, scale).ok_or_else(|| too_long(precision, scale))
}

/// A number as SQL takes it without making a float of it: digits with at most one point. `None` where it is none.
pub(crate) fn plain(text: &str) -> Option<&str> {
    let is_plain = !text.contains(['e', 'E']) && parse(text.as_bytes()).is_some();
    is_plain.then_some(text)
}

fn too_long(precision: u8, scale: u8) -> ValueError {
    ValueError::new(format!(
        "a number has more digits than decimal({precision}, {scale}) holds; another `precision` and `scale` of up to 38 \
         digits can be set in the hints of the column"
    ))
}

/// `unscaled * 10^-scale`.
struct Number {
    /// `None` where it has more digits than 128 bits.
    unscaled: Option<i128>,
    scale: i64,
}

fn parse(text: &[u8]) -> Option<Number> {
    let (is_negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let (digits, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok()?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
        Some(at) => (&digits[..at], without_zeros(&digits[at + 1..])),
        None => (digits, &[][..]),
    };
    let has_digits = digits.iter().any(u8::is_ascii_digit);
    if !has_digits || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let unscaled = whole
        .iter()
        .chain(fraction)
        .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add((digit - b'0').into()));
    let unscaled = unscaled.map(|unscaled| if is_negative { -unscaled } else { unscaled });
    Some(Number { unscaled, scale: fraction.len() as i64 - i64::from(exponent) })
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    &digits[..kept]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal(b"-12.50", 5, 2), Ok(-1250));
        assert_eq!(decimal(b"1e-7", 38, 9), Ok(100));
        assert_eq!(decimal(b"1.5E3", 4, 0), Ok(1500));
        assert_eq!(decimal(b"0.000000000000000000000000000000000000000000000", 3, 1), Ok(0));
        assert_eq!(decimal("9".repeat(38).as_bytes(), 38, 0), Ok(10_i128.pow(38) - 1));
        for text in ["1.505", "1e300", "1e-300", &"9".repeat(65)] {
            assert!(decimal(text.as_bytes(), 38, 2).unwrap_err().reason.contains("more digits"), "{text}");
        }
        for text in ["", "-", ".", "1.2.3", "abc", "1e", "NaN", " 1"] {
            assert!(decimal(text.as_bytes(), 38, 2).is_err(), "{text}");
        }
        assert_eq!((plain("1.5"), plain("1e5"), plain("1; DROP")), (Some("1.5"), None, None));
    }
}
