//! Texts of times as points in time, with all their digits.

use cartage_values::{Iso, days_from_civil, parse_iso, parse_iso_timestamp};

/// Digits of a fraction of a second that are told apart; no clock has more.
const DIGITS: usize = 18;

/// Units of an instant in a second.
pub(crate) const PER_SECOND: i128 = 1_000_000_000_000_000_000;
pub(crate) const PER_NANO: i128 = 1_000_000_000;
pub(crate) const PER_DAY: i128 = 86_400 * PER_SECOND;

/// The instant that a text says, in attoseconds since 1970 in UTC. Without a zone it counts as UTC, without a time as
/// midnight. `None` where it says no date.
pub(crate) fn instant(text: &str) -> Option<i128> {
    common(text.as_bytes()).or_else(|| match parse_iso(text)? {
        Iso::Timestamp { micros, .. } => Some(i128::from(micros) * 1_000 * PER_NANO),
        Iso::Date(days) => Some(i128::from(days) * PER_DAY),
        Iso::Time(_) => None,
    })
}

/// Whether a text says a date and a time, as a column of timestamps takes it.
pub(crate) fn is_timestamp(text: &str) -> bool {
    (text.len() > 10 && common(text.as_bytes()).is_some()) || parse_iso_timestamp(text).is_some()
}

/// Whether a text is a day like `2024-01-31`. Such texts have one order as texts and as days.
pub(crate) fn is_day(text: &str) -> bool {
    text.len() == 10 && common(text.as_bytes()).is_some()
}

/// `YYYY-MM-DD`, alone or with `T` or a blank, `HH:MM:SS`, a fraction of any length, and `Z` or an offset. Nearly all
/// data has this form.
fn common(text: &[u8]) -> Option<i128> {
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = pair(date, 0)? * 100 + pair(date, 2)?;
    let (month, day) = (pair(date, 5)?, pair(date, 8)?);
    if !(1..=12).contains(&month) || day == 0 || day > days_of(year, month) {
        return None;
    }
    let days = i128::from(days_from_civil(year.cast_signed(), month, day));
    if rest.is_empty() {
        return Some(days * PER_DAY);
    }
    let (clock, rest) = rest.split_at_checked(9)?;
    if !matches!(clock[0], b'T' | b't' | b' ') || clock[3] != b':' || clock[6] != b':' {
        return None;
    }
    let (hour, minute, second) = (pair(clock, 1)?, pair(clock, 4)?, pair(clock, 7)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = fraction(rest)?;
    let seconds = i128::from(hour * 3_600 + minute * 60 + second) - i128::from(offset(zone)?);
    Some(days * PER_DAY + seconds * PER_SECOND + fraction)
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn pair(text: &[u8], at: usize) -> Option<u32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    Some(digit(*text.get(at)?)? * 10 + digit(*text.get(at + 1)?)?)
}

/// The fraction at the begin of a text in units of an instant, and what follows it.
fn fraction(text: &[u8]) -> Option<(i128, &[u8])> {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return Some((0, text));
    }
    let count = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let kept = count.min(DIGITS);
    let value = text[1..=kept].iter().fold(0_u64, |value, byte| value * 10 + u64::from(byte - b'0'));
    let scale = 10_u64.pow((DIGITS - kept) as u32);
    Some((i128::from(value) * i128::from(scale), &text[1 + count..]))
}

/// Seconds east of UTC.
fn offset(zone: &[u8]) -> Option<i32> {
    let (hours, minutes) = match zone {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+' | b'-', _, _] => (pair(zone, 1)?, 0),
        [b'+' | b'-', _, _, _, _] => (pair(zone, 1)?, pair(zone, 3)?),
        [b'+' | b'-', _, _, b':', _, _] => (pair(zone, 1)?, pair(zone, 4)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 3_600 + minutes * 60).cast_signed();
    Some(if zone[0] == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_is_one_number_in_all_spellings() {
        let wanted = instant("2024-03-01T10:00:00.5Z").unwrap();
        for text in [
            "2024-03-01T10:00:00.500Z",
            "2024-03-01 10:00:00.5",
            "2024-03-01t10:00:00,5000000000000000000001z",
            "2024-03-01T12:00:00.5+02:00",
            "2024-03-01T06:30:00.50-0330",
            "2024-02-29T23:00:00.5-11",
            "20240301T100000.5Z",
        ] {
            assert_eq!(instant(text), Some(wanted), "{text}");
        }
        assert!(instant("2024-03-01T10:00:00.5000000000001Z").unwrap() > wanted);
        assert_eq!(instant("2024-03-01"), instant("2024-03-01T00:00:00Z"));
        assert_eq!(instant("1969-12-31T23:59:59.9Z"), Some(-PER_SECOND / 10));
    }

    #[test]
    fn other_texts_say_no_instant() {
        for text in [
            "",
            "yesterday",
            "2024-02-30",
            "2023-02-29T00:00:00Z",
            "2024-01-01T24:00:01Z",
            "2024-01-01T10:00:00.Z",
            "2024-01-01T10:00:00 CET",
            "2024-01-01T10:00:00+99:00",
            "10:00:00",
            "ä024-01-01",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
        assert!(is_day("2024-01-31") && !is_day("20240131") && !is_timestamp("2024-01-31"));
        assert!(is_timestamp("2024-01-31 10:00:00") && !is_timestamp("31.01.2024"));
    }
}
