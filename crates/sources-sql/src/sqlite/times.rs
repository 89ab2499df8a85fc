//! Dates and times as SQLite has them: texts in the forms of its own functions.

use crate::moments::{checked_days, checked_time, moment};

/// What a text says of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Microseconds since 1970, in UTC where the text has a zone.
    pub(super) micros: i64,
    /// Whether the text is that of another clock than the one of UTC. SQLite takes texts without zone as UTC.
    pub(super) is_shifted: bool,
}

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Reads `YYYY-MM-DD`, with or without `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff` after a space or `T`, with or without
/// zone. `None` where it is another form, has no such day or more digits than microseconds.
///
/// Of those that are not shifted, earlier ones sort before later ones as texts, where all have the same separator.
pub(super) fn parse_moment(text: &[u8]) -> Option<Moment> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let days = parse_date(date)?;
    let Some((separator, rest)) = rest.split_first() else {
        return Some(Moment { micros: moment(days, 0), is_shifted: false });
    };
    if !matches!(separator, b' ' | b'T') {
        return None;
    }
    let (time, zone) = parse_clock(rest)?;
    let offset = parse_zone(zone)?;
    Some(Moment { micros: moment(days, time) - offset, is_shifted: offset != 0 })
}

/// Reads a time of a day without zone: microseconds since midnight.
pub(super) fn parse_time(text: &[u8]) -> Option<i64> {
    let (time, zone) = parse_clock(text)?;
    zone.is_empty().then_some(time)
}

fn parse_date(text: &[u8; 10]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    checked_days(year.cast_signed(), pair(m1, m2)?, pair(d1, d2)?)
}

/// A time, and what follows it.
fn parse_clock(text: &[u8]) -> Option<(i64, &[u8])> {
    let (&[h1, h2, colon, m1, m2], rest) = text.split_first_chunk::<5>()?;
    if colon != b':' {
        return None;
    }
    let (hour, minute) = (pair(h1, h2)?, pair(m1, m2)?);
    let Some((&[b':', s1, s2], rest)) = rest.split_first_chunk::<3>() else {
        return Some((checked_time(hour, minute, 0, 0)?, rest));
    };
    let (micros, rest) = parse_fraction(rest)?;
    Some((checked_time(hour, minute, pair(s1, s2)?, micros)?, rest))
}

/// Microseconds of a fraction, and what follows it.
fn parse_fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(count);
    let cut = digits.iter().skip(6).any(|digit| *digit != b'0');
    let digit = |at: usize| digits.get(at).map_or(0, |digit| u32::from(digit - b'0'));
    let micros = (0..6).fold(0, |micros, at| micros * 10 + digit(at));
    (count > 0 && !cut).then_some((micros, rest))
}

/// The offset from UTC in microseconds; none where there is no zone.
fn parse_zone(text: &[u8]) -> Option<i64> {
    let (sign, [h1, h2], [m1, m2]) = match *text {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => (sign, [h1, h2], [m1, m2]),
        [sign, h1, h2] => (sign, [h1, h2], [b'0', b'0']),
        _ => return None,
    };
    let (hours, minutes) = (pair(h1, h2)?, pair(m1, m2)?);
    let offset = i64::from(hours * 60 + minutes) * MICROS_PER_MINUTE;
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(offset),
        b'-' => Some(-offset),
        _ => None,
    }
}

fn pair(tens: u8, ones: u8) -> Option<u32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moments::timestamp_text;

    fn shown(text: &str) -> Option<(String, bool)> {
        let Moment { micros, is_shifted } = parse_moment(text.as_bytes())?;
        Some((timestamp_text(micros)?, is_shifted))
    }

    #[test]
    fn all_forms_of_sqlite_are_read() {
        let is = |text: &str, wanted: &str, is_shifted| {
            assert_eq!(shown(text), Some((wanted.to_owned(), is_shifted)), "{text}");
        };
        is("2024-02-29", "2024-02-29 00:00:00.000000", false);
        is("2024-02-29 23:59", "2024-02-29 23:59:00.000000", false);
        is("2024-02-29T23:59:58.1234560", "2024-02-29 23:59:58.123456", false);
        is("2024-02-29 00:30:00.5+02:00", "2024-02-28 22:30:00.500000", true);
        is("2024-02-29T00:30:00-0130", "2024-02-29 02:00:00.000000", true);
        is("2024-02-29T00:30Z", "2024-02-29 00:30:00.000000", false);
        is("2024-02-29 00:30:00.5+00:00", "2024-02-29 00:30:00.500000", false);
        assert_eq!(parse_time(b"10:00:00.25"), Some(36_000_250_000));
    }

    #[test]
    fn what_is_no_time_or_would_be_cut_is_none() {
        for text in [
            "",
            "2024",
            "2023-02-29",
            "0000-00-00",
            "20240101",
            "2024-1-1",
            "2024-01-01 9:00",
            "2024-01-01 24:00:00",
            "2024-01-01 10:00:00.1234567",
            "2024-01-01 10:00:00.",
            "2024-01-01 10:00 ",
            "2024-01-01x",
            "1704067200",
            "2024-01-01 10:00:00+99:00",
        ] {
            assert_eq!(parse_moment(text.as_bytes()), None, "{text}");
        }
        assert_eq!((parse_time(b"24:00"), parse_time(b"10:00Z")), (None, None));
    }
}
