//! Text of dates, times, durations and intervals with all their digits, in ISO 8601.

use std::fmt::Write as _;

use arrow::datatypes::TimeUnit;
use cartage_values::civil_from_days;

pub(super) const NANOS_PER_SECOND: i128 = 1_000_000_000;
pub(super) const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

/// Nanoseconds of a count of units.
pub(super) fn nanos(count: i64, unit: TimeUnit) -> i128 {
    let factor = match unit {
        TimeUnit::Second => NANOS_PER_SECOND,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    i128::from(count) * factor
}

/// `2024-01-31`; years beyond four digits have their sign.
pub(super) fn date(days: i32) -> String {
    let (year, month, day) = civil_from_days(days);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+05}-{month:02}-{day:02}")
    }
}

/// `10:00:00`, with six or nine digits after the point where there are any.
pub(super) fn time(nanos: i128) -> String {
    let seconds = nanos / NANOS_PER_SECOND;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = nanos % NANOS_PER_SECOND;
    let written = match fraction {
        0 => Ok(()),
        micros if micros % 1_000 == 0 => write!(text, ".{:06}", micros / 1_000),
        nanos => write!(text, ".{nanos:09}"),
    };
    written.expect("writing to a text cannot fail");
    text
}

/// `2024-01-31T10:00:00Z`, without `Z` where the timestamp is naive; `None` where the date has no 32-bit day.
pub(super) fn timestamp(nanos: i128, aware: bool) -> Option<String> {
    let days = i32::try_from(nanos.div_euclid(NANOS_PER_DAY)).ok()?;
    let zone = if aware { "Z" } else { "" };
    Some(format!("{}T{}{zone}", date(days), time(nanos.rem_euclid(NANOS_PER_DAY))))
}

/// `PT90.5S`: seconds, whatever the unit, because minutes and days would be a guess of what was meant.
pub(super) fn duration(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    format!("{sign}PT{}S", seconds(nanos.abs()))
}

/// `P14M3DT1.5S`: months, days and seconds, each with its own sign, because none can be expressed in another.
pub(super) fn interval(months: i32, days: i32, nanos: i128) -> String {
    let mut text = "P".to_owned();
    if months != 0 {
        write!(text, "{months}M").expect("writing to a text cannot fail");
    }
    if days != 0 {
        write!(text, "{days}D").expect("writing to a text cannot fail");
    }
    if nanos != 0 || text.len() == 1 {
        let sign = if nanos < 0 { "-" } else { "" };
        write!(text, "T{sign}{}S", seconds(nanos.abs())).expect("writing to a text cannot fail");
    }
    text
}

fn seconds(nanos: i128) -> String {
    let (whole, fraction) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{fraction:09}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_intervals_keep_sign_and_digits() {
        assert_eq!(duration(0), "PT0S");
        assert_eq!(duration(-1_500_000_000), "-PT1.5S");
        assert_eq!(duration(1), "PT0.000000001S");
        assert_eq!(interval(0, 0, 0), "PT0S");
        assert_eq!(interval(14, -3, -1_500_000_000), "P14M-3DT-1.5S");
        assert_eq!(interval(1, 0, 0), "P1M");
    }

    #[test]
    fn moments_keep_nanoseconds_and_far_years() {
        assert_eq!(timestamp(1_700_000_000_123_456_789, true).unwrap(), "2023-11-14T22:13:20.123456789Z");
        assert_eq!(timestamp(-1_000, false).unwrap(), "1969-12-31T23:59:59.999999");
        assert_eq!(date(2_932_897), "+10000-01-01");
        assert_eq!(date(-719_529), "-0001-12-31");
    }
}
