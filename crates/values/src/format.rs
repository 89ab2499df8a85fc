//! Text of dates and times as Python's `isoformat` writes it.

use std::fmt::Write as _;

use crate::calendar::{MICROS_PER_DAY, MICROS_PER_SECOND, civil_from_days};

/// Writes a day, given in days since 1970, as `2024-01-31`.
pub fn date_to_text(days: i32) -> String {
    let (year, month, day) = civil_from_days(days);
    // Four digits, the sign not counted.
    let sign = if year < 0 { "-" } else { "" };
    format!("{sign}{:04}-{month:02}-{day:02}", year.abs())
}

/// `10:00:00`, or `10:00:00.123456` where there is a fraction.
pub fn time_to_text(micros: i64) -> String {
    let seconds = micros / MICROS_PER_SECOND;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = micros % MICROS_PER_SECOND;
    if fraction != 0 {
        write!(text, ".{fraction:06}").expect("writing to a text cannot fail");
    }
    text
}

/// `2024-01-31T10:00:00+00:00`, without offset where the timestamp is naive.
pub fn timestamp_to_text(micros: i64, aware: bool) -> String {
    let days = micros.div_euclid(MICROS_PER_DAY) as i32;
    let zone = if aware { "+00:00" } else { "" };
    format!("{}T{}{zone}", date_to_text(days), time_to_text(micros.rem_euclid(MICROS_PER_DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_before_the_first_have_four_digits_beside_their_sign() {
        assert_eq!(date_to_text(-800_000), "-0221-09-04");
        assert_eq!(date_to_text(0), "1970-01-01");
        assert_eq!(timestamp_to_text(-800_000 * 86_400_000_000, true), "-0221-09-04T00:00:00+00:00");
    }
}
