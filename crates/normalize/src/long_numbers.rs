//! Numbers that the JSON parser has no room for: integers beyond 64 bits, and floats beyond a double.
//!
//! Both are valid JSON, but so rare that the parser refuses them. A row that has one is read again with the number as
//! a text after a mark, as dlt's typed JSON carries decimals, so that all its digits arrive.

use std::fmt::Write as _;

use cartage_values::{Decimal, Scalar, json_numbers};
use simd_json::Node;

use crate::cells::Raw;

/// Begins the text of such a number. No character of it is one of dlt's marks, or has a meaning of its own.
const MARK: &str = "\u{f02f}\u{f8ff}\u{f02f}";

/// A number that was rewritten.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LongNumber {
    /// An integer with all its digits.
    Integer(Scalar<'static>),
    /// A number beyond what a double holds, which dlt stores as null.
    BeyondDouble,
}

/// The digits of a number that was rewritten.
pub(crate) fn digits(text: &str) -> Option<&str> {
    text.strip_prefix(MARK).filter(|digits| is_long(digits))
}

/// The number of a text that stands for one.
pub(crate) fn long_number(text: &str) -> Option<LongNumber> {
    let digits = digits(text)?;
    if digits.contains(['.', 'e', 'E']) {
        return Some(LongNumber::BeyondDouble);
    }
    let integer = digits.parse().map(Scalar::Int).ok();
    integer.or_else(|| Decimal::parse(digits).map(Scalar::Decimal)).map(LongNumber::Integer)
}

/// Whether a value is a number beyond what a double holds.
pub(crate) fn is_beyond_double(tape: &[Node<'_>], raw: Raw<'_>) -> bool {
    let Raw::Tape(at) = raw else { return false };
    matches!(tape[at], Node::String(text) if long_number(text) == Some(LongNumber::BeyondDouble))
}

/// A row of JSON with such numbers as texts; `None` if it has none.
pub(crate) fn rewrite(row: &[u8]) -> Option<Vec<u8>> {
    let row = std::str::from_utf8(row).ok()?;
    let (mut rewritten, mut taken) = (String::with_capacity(row.len() + 32), 0);
    for place in json_numbers(row) {
        let number = &row[place.clone()];
        if is_long(number) {
            rewritten.push_str(&row[taken..place.start]);
            write!(rewritten, "\"{MARK}{number}\"").ok()?;
            taken = place.end;
        }
    }
    rewritten.push_str(&row[taken..]);
    (taken > 0).then(|| rewritten.into_bytes())
}

/// Whether a number is valid JSON and more than the parser takes.
fn is_long(number: &str) -> bool {
    if serde_json::from_str::<&serde_json::value::RawValue>(number).is_err() {
        return false;
    }
    if number.contains(['.', 'e', 'E']) {
        return number.parse::<f64>().is_ok_and(f64::is_infinite);
    }
    number.parse::<i64>().is_err() && number.parse::<u64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(row: &str) -> Option<String> {
        rewrite(row.as_bytes()).map(|row| String::from_utf8(row).unwrap().replace(MARK, "#"))
    }

    #[test]
    fn only_numbers_that_the_parser_has_no_room_for_are_rewritten() {
        let row =
            r#"{"a":[18446744073709551616,-9223372036854775809,1e400,-1E+400],"b":18446744073709551615}"#;
        let expected = r##"{"a":["#18446744073709551616","#-9223372036854775809","#1e400","#-1E+400"],"b":18446744073709551615}"##;
        assert_eq!(rewritten(row).as_deref(), Some(expected));
        assert_eq!(
            rewritten(r#"{"a":-9223372036854775808,"b":1.5e300,"1e400":"\"99999999999999999999"}"#),
            None
        );
    }

    #[test]
    fn what_is_no_json_number_stays_and_is_refused_by_the_parser() {
        for row in ["{\"a\":099999999999999999999}", "{\"a\":1e400.5}", "{\"a\":--99999999999999999999}"] {
            assert_eq!(rewritten(row), None, "{row}");
        }
    }

    #[test]
    fn rewritten_numbers_have_all_their_digits() {
        let integer = "1234567890".repeat(5);
        let text = format!("{MARK}{integer}");
        let LongNumber::Integer(Scalar::Decimal(found)) = long_number(&text).unwrap() else { panic!() };
        assert_eq!(found.to_string(), integer);
        assert_eq!(long_number(&format!("{MARK}-1e999")), Some(LongNumber::BeyondDouble));
        assert_eq!(long_number(&format!("{MARK}x")), None);
    }
}
