//! Dates, times and timestamps as text, in the form that SQLAlchemy gives them.

use std::fmt::Write as _;

use cartage_values::civil_from_days;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// `2024-01-31 10:00:00.123456`, the form in which SQLAlchemy stores timestamps; `None` outside of the years 1 to
/// 9999.
pub(crate) fn timestamp_text(micros: i64) -> Option<String> {
    let mut text = String::with_capacity(26);
    put_date(&mut text, i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?)?;
    text.push(' ');
    put_time(&mut text, micros.rem_euclid(MICROS_PER_DAY));
    Some(text)
}

pub(crate) fn put_date(text: &mut String, days: i32) -> Option<()> {
    let (year, month, day) = civil_from_days(days);
    if !(1..=9999).contains(&year) {
        return None;
    }
    write!(text, "{year:04}-{month:02}-{day:02}").ok()
}

pub(crate) fn put_time(text: &mut String, micros: i64) {
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    // Writing to a text does not fail.
    let _ = write!(text, "{hours:02}:{minutes:02}:{:02}.{fraction:06}", seconds % 60);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_the_form_of_sqlalchemy() {
        assert_eq!(timestamp_text(0).unwrap(), "1970-01-01 00:00:00.000000");
        assert_eq!(timestamp_text(-1).unwrap(), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp_text(i64::MAX), None);
    }
}
