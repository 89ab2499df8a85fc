//! Types of CSV values, and values as JSON.
//!
//! A text is a number only if the number says as much as the text: not `02139`, `+49`, `1_000`, nor digits that no
//! double has. All else is handed on as text, in whatever column it stands.

/// What one value is, or the values of a column are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only nulls so far.
    #[default]
    Unknown,
    Bool,
    /// An integer that a double has, too.
    Int,
    /// Another integer of 64 bits.
    Long,
    Float,
    Text,
}

/// The largest integers that a double has without gaps.
const DOUBLE_MAX: u64 = 1 << 53;

/// As many digits of a decimal number come back from any double, and from some doubles.
const SAFE_DIGITS: usize = 15;
const MOST_DIGITS: usize = 17;

impl Kind {
    /// The kind of a column that has this value, too.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, kind) | (kind, Self::Unknown) => kind,
            (one, two) if one == two => one,
            (Self::Int | Self::Long, Self::Int | Self::Long) => Self::Long,
            (Self::Int | Self::Float, Self::Int | Self::Float) => Self::Float,
            _ => Self::Text,
        }
    }

    /// The kind of one value that is not null. `decimal` stands before fractions.
    #[inline]
    pub(super) fn of(value: &str, decimal: u8) -> Self {
        let value = value.trim_ascii();
        match value.as_bytes() {
            [b'0'..=b'9' | b'-' | b'.' | b',', ..] => Self::of_number(value, decimal),
            [b't' | b'T' | b'f' | b'F', ..] if bool_of(value).is_some() => Self::Bool,
            _ => Self::Text,
        }
    }

    fn of_number(value: &str, decimal: u8) -> Self {
        let digits = value.strip_prefix('-').unwrap_or(value).as_bytes();
        if matches!(digits, [b'0', b'0'..=b'9', ..]) {
            return Self::Text;
        }
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Self::of_fraction(value, decimal);
        }
        if value == "-0" {
            return Self::Float;
        }
        if digits.len() <= SAFE_DIGITS {
            return Self::Int;
        }
        match value.parse::<i64>() {
            Ok(number) if number.unsigned_abs() <= DOUBLE_MAX => Self::Int,
            Ok(_) => Self::Long,
            Err(_) => Self::Text,
        }
    }

    fn of_fraction(value: &str, decimal: u8) -> Self {
        let digits = value.strip_prefix('-').unwrap_or(value).as_bytes();
        let points = memchr::memchr_iter(decimal, digits).count();
        let is_plain = || digits.iter().all(|byte| byte.is_ascii_digit() || *byte == decimal);
        // The usual case needs no number to be made of the text.
        if points == 1 && (2..=SAFE_DIGITS).contains(&digits.len()) && is_plain() {
            return Self::Float;
        }
        let is_of_number =
            |byte: &u8| matches!(byte, b'0'..=b'9' | b'e' | b'E' | b'+' | b'-') || *byte == decimal;
        if !value.as_bytes().iter().all(is_of_number) {
            return Self::Text;
        }
        let is_float = if decimal == b'.' {
            comes_back(value)
        } else {
            comes_back(&value.replace(char::from(decimal), "."))
        };
        if is_float { Self::Float } else { Self::Text }
    }

    /// The mark of the kind in a set of kinds.
    pub(super) fn bit(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Bool => BOOL,
            Self::Int | Self::Long => INT,
            Self::Float => FLOAT,
            Self::Text => TEXT,
        }
    }
}

/// Sets of kinds that values were handed on as.
pub(super) const BOOL: u8 = 1;
pub(super) const INT: u8 = 2;
pub(super) const FLOAT: u8 = 4;
pub(super) const TEXT: u8 = 8;

/// Whether a text is a finite number and a double has all its digits.
fn comes_back(value: &str) -> bool {
    let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite()) else { return false };
    let mantissa = value.split(['e', 'E']).next().unwrap_or_default();
    let count = mantissa.bytes().filter(u8::is_ascii_digit).count();
    if count <= SAFE_DIGITS && (number == 0.0 || number.abs() >= f64::MIN_POSITIVE) {
        // What is too small for a double is zero.
        return number != 0.0 || mantissa.bytes().all(|byte| !matches!(byte, b'1'..=b'9'));
    }
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return digits.is_empty();
    }
    let printed = format!("{number:.*e}", digits.len() - 1);
    let printed: String =
        printed.split('e').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    printed == digits
}

pub(super) fn bool_of(value: &str) -> Option<bool> {
    match value {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Appends an integer.
pub(super) fn write_int(out: &mut Vec<u8>, value: &str, as_float: bool) {
    out.extend_from_slice(value.trim_ascii().as_bytes());
    if as_float {
        out.extend_from_slice(b".0");
    }
}

/// Appends a boolean.
pub(super) fn write_bool(out: &mut Vec<u8>, value: &str) {
    let is_true = bool_of(value.trim_ascii()) == Some(true);
    out.extend_from_slice(if is_true { b"true" } else { b"false" });
}

/// Appends a number with all digits that were written, in the spelling of JSON.
pub(super) fn write_float(out: &mut Vec<u8>, value: &str, decimal: u8) {
    let value = value.trim_ascii();
    let start = out.len();
    let (sign, digits) = value.strip_prefix('-').map_or(("", value), |digits| ("-", digits));
    out.extend_from_slice(sign.as_bytes());
    if digits.as_bytes().first() == Some(&decimal) {
        out.push(b'0');
    }
    let mut before = b' ';
    for byte in digits.bytes() {
        let byte = if byte == decimal { b'.' } else { byte };
        if before == b'.' && !byte.is_ascii_digit() {
            out.push(b'0');
        }
        out.push(byte);
        before = byte;
    }
    if before == b'.' {
        out.push(b'0');
    }
    if digits == "0" {
        out.extend_from_slice(b".0");
    }
    debug_assert!(serde_json::from_slice::<f64>(&out[start..]).is_ok(), "`{value}` became no JSON");
}

/// Appends a text in quotes.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing text to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_comes_back_unchanged_is_a_number() {
        for (value, kind) in [
            ("0", Kind::Int),
            ("-7", Kind::Int),
            (" 42 ", Kind::Int),
            ("9007199254740992", Kind::Int),
            ("9007199254740993", Kind::Long),
            ("9223372036854775807", Kind::Long),
            ("9223372036854775808", Kind::Text),
            ("-0", Kind::Float),
            ("02139", Kind::Text),
            ("-05", Kind::Text),
            ("00.5", Kind::Text),
            ("+4917012", Kind::Text),
            ("1_000", Kind::Text),
            ("1,5", Kind::Text),
            ("1.50", Kind::Float),
            (".5", Kind::Float),
            ("1e5", Kind::Float),
            ("0.30000000000000004", Kind::Float),
            ("0.12345678901234567890", Kind::Text),
            ("123456789012345678.5", Kind::Text),
            ("1e999", Kind::Text),
            ("1e-999", Kind::Text),
            ("4.94e-324", Kind::Float),
            ("-", Kind::Text),
            (".", Kind::Text),
            ("1.2.3", Kind::Text),
            ("2024-01-02", Kind::Text),
            ("nan", Kind::Text),
            ("True", Kind::Bool),
            ("t", Kind::Text),
        ] {
            assert_eq!(Kind::of(value, b'.'), kind, "{value}");
        }
        for (value, kind) in [("1,5", Kind::Float), ("1.5", Kind::Text), ("1.234,5", Kind::Text)] {
            assert_eq!(Kind::of(value, b','), kind, "{value}");
        }
    }

    #[test]
    fn numbers_are_json_with_all_their_digits() {
        let json = |value, decimal| {
            let mut out = Vec::new();
            write_float(&mut out, value, decimal);
            String::from_utf8(out).unwrap()
        };
        for (value, expected) in
            [("1.50", "1.50"), (".5", "0.5"), ("-5.", "-5.0"), ("5.e3", "5.0e3"), ("-0", "-0.0")]
        {
            assert_eq!(json(value, b'.'), expected);
        }
        assert_eq!(json("-,25", b','), "-0.25");
    }

    #[test]
    fn integers_that_no_double_has_make_no_column_of_numbers() {
        assert_eq!(Kind::Long.and(Kind::Float), Kind::Text);
        assert_eq!(Kind::Int.and(Kind::Float), Kind::Float);
        assert_eq!(Kind::Int.and(Kind::Long), Kind::Long);
    }

    proptest! {
        #[test]
        fn a_number_of_a_text_has_the_digits_of_the_text(value in "-?[0-9]{1,20}([.][0-9]{1,20})?(e-?[0-9]{1,3})?") {
            if matches!(Kind::of(&value, b'.'), Kind::Float) && !value.contains('e') {
                let number: f64 = value.parse().unwrap();
                // Zeros at the end say nothing.
                let value = if value.contains('.') { value.trim_end_matches('0').trim_end_matches('.') } else { &value };
                let places = value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                let printed = format!("{number:.places$}");
                // Seventeen digits are as many as a double tells apart; what is written behind them are zeros, and so
                // are the last digits of large integers: 20000000000000070 is the double 20000000000000072.
                let digits = value.bytes().filter(u8::is_ascii_digit).count();
                if digits <= MOST_DIGITS && !(value.len() > SAFE_DIGITS && value.ends_with('0')) {
                    prop_assert_eq!(printed, value);
                }
            }
        }
    }
}
