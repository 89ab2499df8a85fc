//! Dates, times and lengths of time in ISO 8601, read to the nanosecond.

/// Nanoseconds of a second.
pub(super) const SECOND: i128 = 1_000_000_000;
/// Nanoseconds of a day.
pub(super) const DAY: i128 = 86_400 * SECOND;

/// Days since 1970 of `2024-01-31`, also of years with a sign and more than four digits.
pub(super) fn date(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let mut parts = rest.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() < 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (year, month, day) = (sign * whole(year)?, whole(month)?, whole(day)?);
    let days = days_of(year, month, day);
    ((1..=12).contains(&month) && civil(days) == (year, month, day)).then_some(days)
}

/// Nanoseconds since midnight of `10:00:00.123456789`.
pub(super) fn time(text: &str) -> Option<i128> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<&str> = clock.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    if [hours, minutes, seconds].iter().any(|part| part.len() != 2) {
        return None;
    }
    let (hours, minutes, seconds) = (whole(hours)?, whole(minutes)?, whole(seconds)?);
    let is_clock = hours < 24 && minutes < 60 && seconds < 60;
    let nanos = fraction_of(fraction)?;
    is_clock.then_some(i128::from(hours * 3600 + minutes * 60 + seconds) * SECOND + nanos)
}

/// Nanoseconds since 1970 of a date with a time, in UTC where a zone is given.
pub(super) fn instant(text: &str) -> Option<i128> {
    let split = text.find(['T', ' '])?;
    let days = date(&text[..split])?;
    let (clock, offset) = zone(&text[split + 1..])?;
    Some(i128::from(days) * DAY + time(clock)? - offset)
}

fn zone(text: &str) -> Option<(&str, i128)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, 0)) };
    let (clock, zone) = text.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "00"));
    let seconds = whole(hours)? * 3600 + whole(minutes)? * 60;
    Some((clock, i128::from(sign * seconds) * SECOND))
}

/// Months, days and nanoseconds of `P14M3DT-1.5S` or `-PT1.5S`.
pub(super) fn length(text: &str) -> Option<(i64, i64, i128)> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (calendar, clock) = rest.split_once('T').unwrap_or((rest, ""));
    let (months, calendar) = calendar.split_once('M').unwrap_or(("0", calendar));
    let (days, calendar) = calendar.split_once('D').unwrap_or(("0", calendar));
    if !calendar.is_empty() {
        return None;
    }
    let seconds = if clock.is_empty() { "0" } else { clock.strip_suffix('S')? };
    let (inner, seconds) = seconds.strip_prefix('-').map_or((1, seconds), |rest| (-1, rest));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos = i128::from(whole(seconds)?) * SECOND + fraction_of(fraction)?;
    Some((months.parse().ok()?, days.parse().ok()?, sign * inner * nanos))
}

/// Nanoseconds of a count of units, as rows are kept apart whose moments no date can tell: `9223372036854775806 s`.
pub(super) fn count(text: &str) -> Option<i128> {
    let (count, unit) = text.split_once(' ')?;
    let unit = match unit {
        "s" => SECOND,
        "ms" => 1_000_000,
        "us" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    Some(i128::from(count.parse::<i64>().ok()?) * unit)
}

fn fraction_of(digits: &str) -> Option<i128> {
    if digits.len() > 9 {
        return None;
    }
    if digits.is_empty() { Some(0) } else { whole(&format!("{digits:0<9}")).map(i128::from) }
}

fn whole(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// Days since 1970 of a date of the Gregorian calendar.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of days since 1970.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_to_the_nanosecond_and_in_utc() {
        assert_eq!(instant("1970-01-01T00:00:01.000000001Z"), Some(SECOND + 1));
        assert_eq!(instant("1970-01-01 02:00:00+02:00"), Some(0));
        assert_eq!(instant("+10000-01-01T00:00:00"), Some(2_932_897 * DAY));
        assert_eq!(date("-0001-12-31"), Some(-719_529));
        assert_eq!(length("P14M-3DT-1.5S"), Some((14, -3, -1_500_000_000)));
        assert_eq!(length("-PT0.000000001S"), Some((0, 0, -1)));
        for text in ["2024-02-30", "2024-1-01", "24-01-01"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
