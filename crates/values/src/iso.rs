//! ISO 8601 texts, as far as dlt's parser takes them.
//!
//! dlt asks pendulum, whose parser takes more than the standard in some places and less in others; where it
//! gives up a second one tries a few common forms ([`crate::iso_common`]). Both are followed here by what
//! they accept. The forms that real data has are tried first.

use crate::calendar::{
    MICROS_PER_DAY, MICROS_PER_SECOND, checked_days, checked_time, iso_week_days, ordinal_days,
};
use crate::iso_common::parse_common;
use crate::moment::{Iso, fraction_micros};

/// Reads a text that has both a date and a time, which is what makes a text a timestamp.
pub fn parse_iso_timestamp(text: &str) -> Option<(i64, bool)> {
    // All timestamps start with a digit, as few other texts do.
    let first = *text.as_bytes().first()?;
    if !first.is_ascii_digit() && first.is_ascii() {
        return None;
    }
    match parse_iso(text)? {
        Iso::Timestamp { micros, aware } => Some((micros, aware)),
        _ => None,
    }
}

/// Reads any text that dlt takes for ISO 8601.
pub fn parse_iso(text: &str) -> Option<Iso> {
    if let Some((micros, aware)) = fast(text.as_bytes()) {
        return Some(Iso::Timestamp { micros, aware });
    }
    Parser { text: text.as_bytes(), at: 0 }.parse().or_else(|| parse_common(text))
}

/// `YYYY-MM-DD` then `T` or a space, `HH:MM:SS`, a fraction, and `Z` or an offset.
fn fast(text: &[u8]) -> Option<(i64, bool)> {
    let (head, rest) = text.split_at_checked(19)?;
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| head[*at] != *byte) || !matches!(head[10], b'T' | b' ') {
        return None;
    }
    let pair = |at: usize| two_digits(head[at], head[at + 1]);
    let year = pair(0)? * 100 + pair(2)?;
    let days = checked_days(year.cast_signed(), pair(5)?, pair(8)?)?;
    let (micros, rest) = fast_fraction(rest)?;
    let time = checked_time(pair(11)?, pair(14)?, pair(17)?, micros)?;
    let local = i64::from(days) * MICROS_PER_DAY + time;
    match rest {
        [] => Some((local, false)),
        b"Z" => Some((local, true)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            let offset = offset_micros(*sign, two_digits(*h1, *h2)?, two_digits(*m1, *m2)?)?;
            Some((local - offset, true))
        }
        _ => None,
    }
}

fn fast_fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    if !matches!(rest.first(), Some(b'.')) {
        return Some((0, rest));
    }
    let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > 9 {
        return None;
    }
    Some((fraction_micros(&rest[1..=digits]), &rest[digits + 1..]))
}

/// Whether a text has a fraction of more digits than microseconds, which a timestamp or time would cut off.
pub fn cuts_fraction(text: &str) -> bool {
    // `2024-01-01T10:00:00.123456Z` is what most are like, and every timestamp comes here.
    if let (Some(b'.' | b','), Some(behind)) = (text.as_bytes().get(19), text.as_bytes().get(26))
        && !behind.is_ascii_digit()
    {
        return false;
    }
    let Some(point) = text.find(['.', ',']) else { return false };
    let digits = text.as_bytes()[point + 1..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.skip(6).any(|digit| *digit != b'0')
}

fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// Offsets of a day and more cannot be converted to UTC in Python.
fn offset_micros(sign: u8, hours: u32, minutes: u32) -> Option<i64> {
    let minutes = hours * 60 + minutes;
    let micros = i64::from(minutes) * 60 * MICROS_PER_SECOND;
    (minutes < 24 * 60).then_some(if sign == b'-' { -micros } else { micros })
}

/// The parser of all forms, one character at a time.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

/// A time of day with the offset in microseconds, where the text has one.
struct Clock {
    micros: i64,
    offset: Option<i64>,
}

/// How a date was written, which decides how its time may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Basic,
    Extended,
}

impl Parser<'_> {
    fn parse(mut self) -> Option<Iso> {
        if self.take(b'T') {
            // A time behind `T` is written like one behind a date without separators.
            let hour = self.digits(2)?;
            let clock = self.clock(hour, Some(Form::Basic))?;
            return self.end(Iso::Time(to_utc_of_day(&clock)));
        }
        let century = self.digits(2)?;
        if self.peek() == Some(b':') {
            let clock = self.clock(century, None)?;
            return self.end(Iso::Time(to_utc_of_day(&clock)));
        }
        let year = (century * 100 + self.digits(2)?).cast_signed();
        let (days, form) = self.date(year)?;
        if self.at == self.text.len() {
            return Some(Iso::Date(days));
        }
        if !self.take(b'T') && !self.take(b' ') {
            return None;
        }
        let hour = self.digits(2)?;
        let clock = self.clock(hour, Some(form))?;
        let micros = i64::from(days) * MICROS_PER_DAY + clock.micros - clock.offset.unwrap_or(0);
        self.end(Iso::Timestamp { micros, aware: clock.offset.is_some() })
    }

    fn date(&mut self, year: i32) -> Option<(i32, Form)> {
        if self.take(b'-') {
            if self.take(b'W') {
                let week = self.digits(2)?.cast_signed();
                let weekday = if self.at_time() { 1 } else { self.take(b'-').then(|| self.digits(1))?? };
                return Some((iso_week_days(year, week, weekday.cast_signed())?, Form::Extended));
            }
            let month = self.digits(2)?;
            let days = if self.at_time() {
                checked_days(year, month, 1)
            } else if self.take(b'-') {
                checked_days(year, month, self.digits(2)?)
            } else {
                ordinal_days(year, (month * 10 + self.digits(1)?).cast_signed())
            };
            return Some((days?, Form::Extended));
        }
        if self.take(b'W') {
            let week = self.digits(2)?.cast_signed();
            let weekday = if self.at_time() { 1 } else { self.digits(1)?.cast_signed() };
            return Some((iso_week_days(year, week, weekday)?, Form::Basic));
        }
        let month = self.digits(2)?;
        let digit = self.digits(1)?;
        let days = if self.at_time() {
            ordinal_days(year, (month * 10 + digit).cast_signed())
        } else {
            checked_days(year, month, digit * 10 + self.digits(1)?)
        };
        Some((days?, Form::Basic))
    }

    /// Whether the date ends here: at the end of the text or where a time may start.
    fn at_time(&self) -> bool {
        matches!(self.peek(), None | Some(b'T' | b' '))
    }

    fn at_zone(&self) -> bool {
        matches!(self.peek(), None | Some(b'Z' | b'+' | b'-'))
    }

    fn clock(&mut self, hour: u32, date: Option<Form>) -> Option<Clock> {
        let (mut minute, mut second, mut micros) = (0, 0, 0);
        if !self.at_zone() {
            let is_extended = self.take(b':');
            if date == Some(Form::Extended) && !is_extended {
                return None;
            }
            minute = self.digits(2)?;
            if !self.at_zone() {
                // The reverse is only found out about with the seconds.
                if date == Some(Form::Basic) && is_extended {
                    return None;
                }
                if is_extended && !self.take(b':') {
                    return None;
                }
                second = self.digits(2)?;
                if self.take(b'.') || self.take(b',') {
                    micros = self.fraction()?;
                }
            }
        }
        let micros = checked_time(hour, minute, second, micros)?;
        Some(Clock { micros, offset: self.zone()? })
    }

    fn fraction(&mut self) -> Option<u32> {
        let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let micros = fraction_micros(&self.text[self.at..self.at + digits]);
        self.at += digits;
        Some(micros)
    }

    #[expect(clippy::option_option, reason = "outside: readable, inside: there is a zone")]
    fn zone(&mut self) -> Option<Option<i64>> {
        match self.peek() {
            None => Some(None),
            Some(b'Z') => {
                self.at += 1;
                Some(Some(0))
            }
            Some(sign @ (b'+' | b'-')) => {
                self.at += 1;
                let hours = self.digits(2)?;
                self.take(b':');
                let minutes = if self.at == self.text.len() { 0 } else { self.digits(2)? };
                Some(Some(offset_micros(sign, hours, minutes)?))
            }
            Some(_) => None,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + count)?;
        let number = digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })?;
        self.at += count;
        Some(number)
    }

    fn end(&self, parsed: Iso) -> Option<Iso> {
        (self.at == self.text.len()).then_some(parsed)
    }
}

/// The time of day in UTC. Python moves it through 1970-01-01, so it may cross midnight.
fn to_utc_of_day(clock: &Clock) -> i64 {
    (clock.micros - clock.offset.unwrap_or(0)).rem_euclid(MICROS_PER_DAY)
}
