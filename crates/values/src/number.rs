//! Numbers in texts: only those that lose nothing when they become numbers.
//!
//! Python's `int`, `float` and `Decimal` also take leading zeros, a plus sign, `_`, white space and digits of other
//! scripts. ZIP codes, telephone and account numbers look like that, and none of it comes back out of a number.
//! Such texts are not numbers here; they stay texts.

use crate::decimal::Decimal;

/// The words for floats that are not numbers: as Python prints them, and as JavaScript does.
const SPECIAL: [(&str, f64); 6] = [
    ("nan", f64::NAN),
    ("NaN", f64::NAN),
    ("inf", f64::INFINITY),
    ("Infinity", f64::INFINITY),
    ("-inf", f64::NEG_INFINITY),
    ("-Infinity", f64::NEG_INFINITY),
];

/// An integer of at most 128 bits, written as integers are printed.
pub(crate) fn parse_int(text: &str) -> Option<i128> {
    let integer: i128 =
        unsigned(text).bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    (is_plain(text) && !is_negative_zero(text, integer == 0)).then_some(integer)
}

/// A number of base 16 with `0x` in front, without leading zeros and not in mixed case.
pub(crate) fn parse_hex(text: &str) -> Option<i128> {
    let digits = text.strip_prefix("0x")?;
    let has = |case: fn(&u8) -> bool| digits.as_bytes().iter().any(case);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_plain = is_number && !is_mixed && (digits == "0" || !digits.starts_with('0'));
    is_plain.then(|| i128::from_str_radix(digits, 16).ok())?
}

/// A float that has all digits of the text, or one of the words for floats that are not numbers.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if let Some((_, special)) = SPECIAL.iter().find(|(word, _)| *word == text) {
        return Some(*special);
    }
    let exact = parse_finite(text)?;
    let float: f64 = text.parse().ok()?;
    (float.is_finite() && Decimal::from_f64(float).is_same_number(&exact)).then_some(float)
}

/// A decimal with all digits of the text. Zeros at its end do not count.
pub(crate) fn parse_decimal(text: &str) -> Option<Decimal> {
    parse_finite(text).filter(|decimal| !is_negative_zero(text, decimal.is_zero()))
}

fn parse_finite(text: &str) -> Option<Decimal> {
    if is_plain(text) { Decimal::parse(text) } else { None }
}

/// Whether no character is one that numbers are not printed with.
fn is_plain(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = unsigned(mantissa).split_once('.').unwrap_or((unsigned(mantissa), ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent
        && !has_leading_zero
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix('-').unwrap_or(text)
}

/// Integers and decimals of columns have no sign of zero.
fn is_negative_zero(text: &str, is_zero: bool) -> bool {
    is_zero && text.starts_with('-')
}
