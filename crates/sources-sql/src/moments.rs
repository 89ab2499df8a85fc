//! Dates and times of bounds and of values, as counts of days and microseconds.

use cartage_values::{Iso, civil_from_days, days_from_civil, parse_iso};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Microseconds of a day.
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// The day of a bound, which may be a date or a point in time.
pub(crate) fn day_of(text: &str) -> Option<i32> {
    i32::try_from(micros_of(text)?.div_euclid(MICROS_PER_DAY)).ok()
}

/// Microseconds since 1970 of a bound, which may be a date or a point in time; without zone it is one in UTC.
pub(crate) fn micros_of(text: &str) -> Option<i64> {
    match parse_iso(text)? {
        Iso::Timestamp { micros, .. } => Some(micros),
        Iso::Date(days) => Some(i64::from(days) * MICROS_PER_DAY),
        Iso::Time(_) => None,
    }
}

/// Microseconds since midnight of a bound that is a time.
pub(crate) fn time_of(text: &str) -> Option<i64> {
    match parse_iso(text)? {
        Iso::Time(micros) => Some(micros),
        _ => None,
    }
}

/// Days since 1970 of a date; `None` where the calendar has no such day in the years 1 to 9999.
pub(crate) fn checked_days(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

/// Microseconds since midnight; `None` where no clock shows this.
pub(crate) fn checked_time(hour: u32, minute: u32, second: u32, micros: u32) -> Option<i64> {
    let exists = hour < 24 && minute < 60 && second < 60 && micros < 1_000_000;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    exists.then(|| seconds * MICROS_PER_SECOND + i64::from(micros))
}

/// Microseconds since 1970.
pub(crate) fn moment(days: i32, micros: i64) -> i64 {
    i64::from(days) * MICROS_PER_DAY + micros
}

/// `2024-01-31`; `None` outside of the years 1 to 9999.
pub(crate) fn date_text(days: i32) -> Option<String> {
    let (year, month, day) = civil_from_days(days);
    (1..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// `10:00:00.123456`.
pub(crate) fn time_text(micros: i64) -> String {
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    format!("{:02}:{:02}:{:02}.{fraction:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `2024-01-31 10:00:00.123456`; `None` outside of the years 1 to 9999.
pub(crate) fn timestamp_text(micros: i64) -> Option<String> {
    let days = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?;
    Some(format!("{} {}", date_text(days)?, time_text(micros.rem_euclid(MICROS_PER_DAY))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_and_times_that_exist_are_taken() {
        assert_eq!(checked_days(1970, 1, 2), Some(1));
        for (year, month, day) in [(0, 1, 1), (2024, 0, 1), (2024, 1, 0), (2023, 2, 29), (2024, 4, 31)] {
            assert_eq!(checked_days(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(checked_time(23, 59, 59, 999_999), Some(MICROS_PER_DAY - 1));
        assert_eq!(checked_time(24, 0, 0, 0), None);
    }

    #[test]
    fn bounds_are_moments_in_utc() {
        let text = |bound| timestamp_text(micros_of(bound)?);
        assert_eq!(text("2024-01-01T01:00:00.5+02:00").unwrap(), "2023-12-31 23:00:00.500000");
        assert_eq!(text("2024-01-01").unwrap(), "2024-01-01 00:00:00.000000");
        assert_eq!(text("soon"), None);
        assert_eq!(date_text(day_of("2024-01-01T23:00:00Z").unwrap()).unwrap(), "2024-01-01");
        assert_eq!(time_text(time_of("10:00:00.25").unwrap()), "10:00:00.250000");
    }
}
