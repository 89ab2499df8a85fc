//! Numbers as digits, so that nothing is compared that was rounded before.

/// A decimal number: `digits` (without zeros at either end) times ten to the `exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Number {
    /// A number in the notation of JSON; `None` for anything else, leading zeros and plus signs included.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let trimmed = all.trim_end_matches('0');
        let exponent = exponent - fraction.len() as i64 + (all.len() - trimmed.len()) as i64;
        let digits = trimmed.trim_start_matches('0').to_owned();
        let is_zero = digits.is_empty();
        Some(Self { negative: negative && !is_zero, digits, exponent: if is_zero { 0 } else { exponent } })
    }

    /// Whether a double says exactly this number: as it is printed, or to its last binary digit.
    pub(super) fn is_double(&self, double: f64) -> bool {
        let printed = Self::parse(&format!("{double:?}")).as_ref() == Some(self);
        let whole = double.is_finite()
            && double.fract() == 0.0
            && Self::parse(&format!("{double:.0}")).as_ref() == Some(self);
        printed || whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_equal_and_other_texts_are_none() {
        let parse = |text| Number::parse(text);
        assert_eq!(parse("1.10"), parse("11e-1"));
        assert_eq!(parse("-0"), parse("0.00"));
        assert_ne!(parse("1"), parse("10"));
        for text in ["007", "+1", "", "-", "1.", ".5", "1_0", " 1", "1e", "NaN", "0x1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_say_integers_exactly_or_not_at_all() {
        assert!(Number::parse("18446744073709551616").unwrap().is_double(2_f64.powi(64)));
        assert!(!Number::parse("18446744073709551615").unwrap().is_double(2_f64.powi(64)));
        assert!(Number::parse("0.1").unwrap().is_double(0.1));
    }
}
