//! Decimals as SQLite can keep them: as a number where that is exact, else as text.

use crate::cell::Cell;
use crate::schema_sql::REAL_DIGITS;

/// Largest power of ten that a float has exactly.
const EXACT_POWER: u32 = 22;

/// `unscaled * 10^-scale`.
pub(crate) fn cell(unscaled: i128, scale: u32) -> Cell<'static> {
    if scale == 0 {
        return i64::try_from(unscaled).map_or_else(|_| Cell::text(unscaled.to_string()), Cell::Int);
    }
    let (mut digits, mut scale) = (unscaled, scale);
    while scale > 0 && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    if let Some(real) = exact_real(digits, scale) {
        return Cell::Real(real);
    }
    match i64::try_from(digits) {
        Ok(whole) if scale == 0 => Cell::Int(whole),
        _ => Cell::text(plain(digits, scale)),
    }
}

/// A number in plain notation, as files have it where it is longer than 38 digits; `None` for anything else.
pub(crate) fn cell_of_text(text: &str) -> Option<Cell<'static>> {
    let (sign, number) = text.strip_prefix('-').map_or(("", text), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number =
        !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if let (Ok(unscaled), Ok(scale)) =
        (format!("{sign}{whole}{fraction}").parse(), u32::try_from(fraction.len()))
    {
        return Some(cell(unscaled, scale));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(Cell::text(format!("{sign}{whole}{point}{fraction}")))
}

/// The float that SQLite prints as this number again, if there is one.
fn exact_real(unscaled: i128, scale: u32) -> Option<f64> {
    let (mut digits, mut power) = (unscaled, 0);
    while digits != 0 && digits % 10 == 0 {
        digits /= 10;
        power += 1;
    }
    if digits.unsigned_abs() >= 10_u128.pow(REAL_DIGITS) {
        return None;
    }
    // Both are exact as floats, so that the result is rounded once.
    match power.cmp(&scale) {
        std::cmp::Ordering::Equal => Some(digits as f64),
        std::cmp::Ordering::Greater if power - scale <= EXACT_POWER => {
            Some(digits as f64 * 10_f64.powi((power - scale) as i32))
        }
        std::cmp::Ordering::Less if scale - power <= EXACT_POWER => {
            Some(digits as f64 / 10_f64.powi((scale - power) as i32))
        }
        _ => format!("{digits}e{}", i64::from(power) - i64::from(scale)).parse().ok(),
    }
}

fn plain(unscaled: i128, scale: u32) -> String {
    let scale = scale as usize;
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_float_where_that_is_exact() {
        assert_eq!(cell(12_500_000_000, 9), Cell::Real(12.5));
        assert_eq!(cell(1_000_000_000, 9), Cell::Real(1.0));
        assert_eq!(cell(-1, 9), Cell::Real(-1e-9));
        assert_eq!(cell(999_999_999_999_999, 2), Cell::Real(9_999_999_999_999.99));
        assert_eq!(cell(10_i128.pow(30), 9), Cell::Real(1e21));
        assert_eq!(cell(0, 9), Cell::Real(0.0));
    }

    #[test]
    fn a_longer_one_is_a_whole_number_or_text_without_zeros_at_its_end() {
        assert_eq!(cell(7, 0), Cell::Int(7));
        assert_eq!(cell(i128::from(i64::MAX) * 1000, 3), Cell::Int(i64::MAX));
        assert_eq!(cell(i128::from(i64::MAX) + 1, 0), Cell::text("9223372036854775808"));
        assert_eq!(cell(-12_345_678_901_234_567_890_500, 3), Cell::text("-12345678901234567890.5"));
        assert_eq!(cell(-1_234_567_890_123_456, 20), Cell::text("-0.00001234567890123456"));
    }

    #[test]
    fn text_of_a_number_is_what_the_number_is() {
        assert_eq!(cell_of_text("12.50"), Some(Cell::Real(12.5)));
        assert_eq!(cell_of_text("5"), Some(Cell::Int(5)));
        let long = "1".repeat(50);
        assert_eq!(cell_of_text(&format!("-00{long}.50")), Some(Cell::text(format!("-{long}.5"))));
        for text in ["", "-", "1e5", "NaN", ".5", "1.x", "１"] {
            assert_eq!(cell_of_text(text), None, "{text}");
        }
    }
}
