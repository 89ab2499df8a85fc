//! Numbers in texts, as Python's `int` and `float` read them.

use crate::text::{ascii_number, trim};

/// Python's `int(text)` for what fits into 128 bits.
pub(super) fn parse_int(text: &str) -> Option<i128> {
    let text = ascii_number(trim(text))?;
    let (sign, digits) = split_sign(&text);
    parse_digits(digits, 10).and_then(|number| signed(sign, number))
}

/// Python's `int(text, 16)`.
pub(super) fn parse_hex(text: &str) -> Option<i128> {
    let text = ascii_number(trim(text))?;
    let (sign, digits) = split_sign(&text);
    // Python takes the prefix again, and `_` after it.
    let digits = match digits.get(..2) {
        Some("0x" | "0X") => digits[2..].strip_prefix('_').unwrap_or(&digits[2..]),
        _ => digits,
    };
    parse_digits(digits, 16).and_then(|number| signed(sign, number))
}

/// Python's `float(text)`.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let text = ascii_number(trim(text))?;
    let text = without_separators(&text, 10)?;
    let (sign, unsigned) = split_sign(&text);
    let float = match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        // Rust reads the same numbers, but also words and a second sign.
        number if number.starts_with(|c: char| c.is_ascii_digit() || c == '.') => number.parse().ok()?,
        _ => return None,
    };
    Some(if sign < 0 { -float } else { float })
}

fn split_sign(text: &str) -> (i128, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    }
}

fn signed(sign: i128, number: u128) -> Option<i128> {
    if sign < 0 { 0_i128.checked_sub_unsigned(number) } else { i128::try_from(number).ok() }
}

fn parse_digits(text: &str, radix: u32) -> Option<u128> {
    let digits = without_separators(text, radix)?;
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    is_number.then(|| u128::from_str_radix(&digits, radix).ok())?
}

/// Removes `_` where it stands between two digits. Anywhere else it is an error.
fn without_separators(text: &str, radix: u32) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_owned());
    }
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| char::from(*byte).is_digit(radix))
    };
    let between = |at: usize| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    let is_fine = text.bytes().enumerate().all(|(at, byte)| byte != b'_' || between(at));
    is_fine.then(|| text.replace('_', ""))
}
