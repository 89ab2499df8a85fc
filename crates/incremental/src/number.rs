//! Comparing numbers of different types without loss.

use std::cmp::Ordering;

use cartage_values::Decimal;

/// Beyond this a float is larger than every integer of 128 bits.
const INTEGERS_END: f64 = 1.7e38;

/// Order of an integer and a finite float. Converting one into the other would round.
pub(crate) fn integer_with_float(integer: i128, float: f64) -> Ordering {
    if float >= INTEGERS_END {
        return Ordering::Less;
    }
    if float <= -INTEGERS_END {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    integer.cmp(&(whole as i128)).then_with(|| whole.total_cmp(&float))
}

/// Order of two decimals by value; `None` where one is not a number.
pub(crate) fn decimals(a: &Decimal, b: &Decimal) -> Option<Ordering> {
    Some(Digits::of(a)?.order(&Digits::of(b)?))
}

/// A decimal as `significant * 10^exponent`, without zeros at either end.
struct Digits {
    negative: bool,
    significant: String,
    exponent: i64,
}

impl Digits {
    fn of(decimal: &Decimal) -> Option<Self> {
        if !decimal.is_finite() {
            return None;
        }
        let text = decimal.to_string();
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let (mantissa, exponent) = match unsigned.split_once(['E', 'e']) {
            Some((mantissa, exponent)) => (mantissa, exponent.trim_start_matches('+').parse().ok()?),
            None => (unsigned, 0_i64),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let dropped = significant.len();
        let significant = significant.trim_end_matches('0');
        let dropped = dropped - significant.len();
        Some(Self {
            negative: negative && !significant.is_empty(),
            significant: significant.to_owned(),
            exponent: exponent - fraction.len() as i64 + dropped as i64,
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }

    /// Order without the sign.
    fn size(&self, other: &Self) -> Ordering {
        let first_digit = |of: &Self| of.exponent + of.significant.len() as i64;
        match (self.significant.is_empty(), other.significant.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Digits from the left decide once the first ones stand in the same place.
            _ => first_digit(self)
                .cmp(&first_digit(other))
                .then_with(|| self.significant.cmp(&other.significant)),
        }
    }
}

/// The largest integer that is not above `decimal * 10^scale`, and whether it is equal to it. `None` where it
/// does not fit into 128 bits.
pub(crate) fn floor(decimal: &Decimal, scale: i8) -> Option<(i128, bool)> {
    let parts = Digits::of(decimal)?;
    let shift = parts.exponent + i64::from(scale);
    let (kept, dropped) = if shift >= 0 {
        if shift > 40 && !parts.significant.is_empty() {
            return None;
        }
        (format!("{}{}", parts.significant, "0".repeat(usize::try_from(shift).unwrap_or(0).min(40))), "")
    } else {
        let keep = (parts.significant.len() as i64 + shift).max(0);
        let (kept, dropped) = parts.significant.split_at(usize::try_from(keep).unwrap_or(0));
        (kept.to_owned(), dropped)
    };
    let size: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let exact = dropped.is_empty();
    Some((if parts.negative { -size - i128::from(!exact) } else { size }, exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn decimals_compare_by_value_not_by_spelling() {
        let sorted = ["-1E+3", "-12.5", "-12", "-0.001", "0", "1E-9", "0.5", "9", "10.0", "10.01", "1E+30"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(decimals(&decimal(a), &decimal(b)), Some(i.cmp(&j)), "{a} {b}");
            }
        }
        assert_eq!(decimals(&decimal("1.10"), &decimal("1.1")), Some(Ordering::Equal));
        assert_eq!(decimals(&decimal("-0.0"), &decimal("0")), Some(Ordering::Equal));
    }

    #[test]
    fn integers_and_floats_compare_without_rounding() {
        assert_eq!(integer_with_float(9_007_199_254_740_993, 9_007_199_254_740_992.0), Ordering::Greater);
        assert_eq!(integer_with_float(1, 1.5), Ordering::Less);
        assert_eq!(integer_with_float(-1, -1.5), Ordering::Greater);
        assert_eq!(integer_with_float(2, 2.0), Ordering::Equal);
        assert_eq!(integer_with_float(i128::MAX, 1e300), Ordering::Less);
    }

    #[test]
    fn floors_go_down_and_know_whether_they_are_exact() {
        assert_eq!(floor(&decimal("1.25"), 1), Some((12, false)));
        assert_eq!(floor(&decimal("-1.25"), 1), Some((-13, false)));
        assert_eq!(floor(&decimal("1.2"), 2), Some((120, true)));
        assert_eq!(floor(&decimal("0.001"), 2), Some((0, false)));
        assert_eq!(floor(&decimal("1E+50"), 2), None);
    }
}
