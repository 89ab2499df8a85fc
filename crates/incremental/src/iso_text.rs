//! Dates and times as text that can be moved and keep their form.

use cartage_values::{Iso, civil_from_days, days_from_civil, parse_iso};

use crate::value::{NANOS_PER_DAY, NANOS_PER_SECOND};

/// A text that says a date, or a date and a time, with the form in which it says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IsoText {
    pub(crate) days: i32,
    /// Of the wall clock, in nanoseconds since midnight.
    pub(crate) time: i128,
    /// East of UTC, in seconds.
    pub(crate) offset: i32,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    date: DateForm,
    time: Option<TimeForm>,
    zone: ZoneForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DateForm {
    /// `2024-01-31`, `20240131`.
    Day { dashes: bool },
    /// `2024-01`, `202401`.
    Month { dashes: bool },
    /// `2024`.
    Year,
    /// `2024-031`.
    Ordinal,
    /// `2024-W05`, `2024-W05-3`.
    Week { weekday: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeForm {
    /// Between date and time.
    separator: char,
    /// Hours, minutes and seconds, of which the last may be absent.
    parts: u8,
    colons: bool,
    /// Sign and digits of the fraction.
    fraction: Option<(char, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ZoneForm {
    Naive,
    Letter,
    Offset { minutes: bool, colon: bool },
}

impl IsoText {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        let (date_text, rest) = match text.find(['T', ' ']) {
            Some(at) => (&text[..at], Some(&text[at..])),
            None => (text, None),
        };
        let (days, date) = parse_date(date_text)?;
        let Some(rest) = rest else {
            let form = Form { date, time: None, zone: ZoneForm::Naive };
            return Some(Self { days, time: 0, offset: 0, form });
        };
        let separator = rest.chars().next()?;
        let clock = &rest[1..];
        let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
        let (offset, zone) = parse_zone(&clock[zone_at..])?;
        let (time, time_form) = parse_time(&clock[..zone_at], separator)?;
        Some(Self { days, time, offset, form: Form { date, time: Some(time_form), zone } })
    }

    /// Whether the text is a day, and not a point in time or a part of a year.
    pub(crate) fn is_day(&self) -> bool {
        matches!(self.form.date, DateForm::Day { .. }) && self.form.time.is_none()
    }

    pub(crate) fn is_aware(&self) -> bool {
        self.form.zone != ZoneForm::Naive
    }

    /// Nanoseconds since 1970 in UTC.
    pub(crate) fn instant(&self) -> i128 {
        i128::from(self.days) * NANOS_PER_DAY + self.time - i128::from(self.offset) * NANOS_PER_SECOND
    }

    /// The same form for another instant. A form without time says its day only.
    pub(crate) fn at_instant(&self, instant: i128) -> String {
        let local = instant + i128::from(self.offset) * NANOS_PER_SECOND;
        let days = i32::try_from(local.div_euclid(NANOS_PER_DAY)).unwrap_or(i32::MAX);
        self.write(days, local.rem_euclid(NANOS_PER_DAY))
    }

    fn write(&self, days: i32, time: i128) -> String {
        let mut text = write_date(days, self.form.date);
        if let Some(form) = self.form.time {
            text.push(form.separator);
            write_time(&mut text, time, form);
        }
        match self.form.zone {
            ZoneForm::Naive => {}
            ZoneForm::Letter => text.push('Z'),
            ZoneForm::Offset { minutes, colon } => {
                let (sign, minutes_east) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs() / 60);
                text.push(sign);
                text.push_str(&format!("{:02}", minutes_east / 60));
                if minutes {
                    text.push_str(if colon { ":" } else { "" });
                    text.push_str(&format!("{:02}", minutes_east % 60));
                }
            }
        }
        text
    }
}

fn parse_date(text: &str) -> Option<(i32, DateForm)> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let form = match (text.len(), text.as_bytes().get(5)) {
        (10, Some(b'W')) => DateForm::Week { weekday: true },
        (8, Some(b'W')) => DateForm::Week { weekday: false },
        (10, _) => DateForm::Day { dashes: true },
        (8, _) if digits(text) => DateForm::Day { dashes: false },
        (8, _) => DateForm::Ordinal,
        (7, _) => DateForm::Month { dashes: true },
        (6, _) => DateForm::Month { dashes: false },
        (4, _) => DateForm::Year,
        _ => return None,
    };
    let whole = match form {
        DateForm::Month { dashes: true } => format!("{text}-01"),
        DateForm::Month { dashes: false } => format!("{text}01"),
        DateForm::Year => format!("{text}-01-01"),
        _ => text.to_owned(),
    };
    match parse_iso(&whole)? {
        Iso::Date(days) => Some((days, form)),
        _ => None,
    }
}

fn write_date(days: i32, form: DateForm) -> String {
    let (year, month, day) = civil_from_days(days);
    match form {
        DateForm::Day { dashes: true } => format!("{year:04}-{month:02}-{day:02}"),
        DateForm::Day { dashes: false } => format!("{year:04}{month:02}{day:02}"),
        DateForm::Month { dashes: true } => format!("{year:04}-{month:02}"),
        DateForm::Month { dashes: false } => format!("{year:04}{month:02}"),
        DateForm::Year => format!("{year:04}"),
        DateForm::Ordinal => format!("{year:04}-{:03}", days - days_from_civil(year, 1, 1) + 1),
        DateForm::Week { weekday } => {
            // A week belongs to the year of its Thursday; 1970-01-01 was one.
            let day_of_week = (days + 3).rem_euclid(7) + 1;
            let thursday = days + 4 - day_of_week;
            let (year, ..) = civil_from_days(thursday);
            let week = (thursday - days_from_civil(year, 1, 1)) / 7 + 1;
            let week = format!("{year:04}-W{week:02}");
            if weekday { format!("{week}-{day_of_week}") } else { week }
        }
    }
}

fn parse_time(text: &str, separator: char) -> Option<(i128, TimeForm)> {
    let (clock, fraction) = match text.find(['.', ',']) {
        Some(at) => (&text[..at], Some((text[at..].chars().next()?, &text[at + 1..]))),
        None => (text, None),
    };
    let colons = clock.contains(':') || clock.len() == 2;
    let parts: Vec<&str> = if colons {
        clock.split(':').collect()
    } else {
        (0..clock.len()).step_by(2).map(|at| clock.get(at..at + 2)).collect::<Option<_>>()?
    };
    let number = |text: &&str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
    let numbers: Vec<u32> = parts.iter().map(number).collect::<Option<_>>()?;
    let limits = [24, 60, 60];
    if numbers.is_empty()
        || numbers.len() > 3
        || numbers.iter().zip(limits).any(|(number, limit)| *number >= limit)
    {
        return None;
    }
    let seconds: u32 = numbers.iter().zip([3_600, 60, 1]).map(|(number, unit)| number * unit).sum();
    let mut time = i128::from(seconds) * NANOS_PER_SECOND;
    if let Some((_, digits)) = fraction {
        if numbers.len() < 3 || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // A move by a lag needs no more than nanoseconds; what is finer is cut off.
        time += format!("{:0<9}", &digits[..digits.len().min(9)]).parse::<i128>().ok()?;
    }
    let fraction = fraction.map(|(sign, digits)| (sign, digits.len().min(9)));
    Some((time, TimeForm { separator, parts: numbers.len() as u8, colons, fraction }))
}

fn write_time(text: &mut String, time: i128, form: TimeForm) {
    let seconds = time / NANOS_PER_SECOND;
    let values = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    for (index, value) in values.iter().take(usize::from(form.parts)).enumerate() {
        if index > 0 && form.colons {
            text.push(':');
        }
        text.push_str(&format!("{value:02}"));
    }
    let digits = format!("{:09}", time % NANOS_PER_SECOND);
    let significant = digits.trim_end_matches('0').len();
    // A lag of parts of a second may need more digits than the value had.
    let (sign, wanted) = form.fraction.unwrap_or(('.', 0));
    let count = if form.parts == 3 { wanted.max(significant) } else { 0 };
    if count > 0 {
        text.push(sign);
        text.push_str(&digits[..count]);
    }
}

fn parse_zone(text: &str) -> Option<(i32, ZoneForm)> {
    match text {
        "" => return Some((0, ZoneForm::Naive)),
        "Z" => return Some((0, ZoneForm::Letter)),
        _ => {}
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = &text[1..];
    let (hours, minutes, form) = match digits.len() {
        2 => (digits, "00", ZoneForm::Offset { minutes: false, colon: false }),
        4 => (&digits[..2], &digits[2..], ZoneForm::Offset { minutes: true, colon: false }),
        5 if digits.as_bytes()[2] == b':' => {
            (&digits[..2], &digits[3..], ZoneForm::Offset { minutes: true, colon: true })
        }
        _ => return None,
    };
    let offset = hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60;
    (offset < 86_400).then_some((sign * offset, form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_texts_keep_their_form() {
        let moved = |text: &str, seconds: i128| {
            let parsed = IsoText::parse(text).unwrap();
            assert_eq!(parsed.at_instant(parsed.instant()), text, "a move by nothing changes nothing");
            parsed.at_instant(parsed.instant() + seconds * NANOS_PER_SECOND)
        };
        assert_eq!(moved("2024-01-02T10:00:00Z", -3_600), "2024-01-02T09:00:00Z");
        assert_eq!(moved("2024-01-01T00:00:00.123Z", -1), "2023-12-31T23:59:59.123Z");
        assert_eq!(moved("2024-01-01T00:00:00.123456789+02:00", 60), "2024-01-01T00:01:00.123456789+02:00");
        assert_eq!(moved("2024-01-01T00:00:00-0330", -60), "2023-12-31T23:59:00-0330");
        assert_eq!(moved("2024-01-01 00:00:00+01", 60), "2024-01-01 00:01:00+01");
        assert_eq!(moved("2024-01-01T10:00", 60), "2024-01-01T10:01");
        assert_eq!(moved("2024-01-01T10", 3_600), "2024-01-01T11");
        assert_eq!(moved("20240131T235959Z", 1), "20240201T000000Z");
        assert_eq!(moved("2024-01-31", 86_400), "2024-02-01");
        assert_eq!(moved("20240131", 86_400), "20240201");
        assert_eq!(moved("2024-01", -1), "2023-12");
        assert_eq!(moved("202401", -1), "202312");
        assert_eq!(moved("2024", -1), "2023");
        assert_eq!(moved("2024-366", 86_400), "2025-001");
        assert_eq!(moved("2020-W53", 7 * 86_400), "2021-W01");
        assert_eq!(moved("2020-W53-7", 86_400), "2021-W01-1");
    }

    #[test]
    fn parts_of_seconds_add_the_digits_that_they_need() {
        let parsed = IsoText::parse("2024-01-01T00:00:01Z").unwrap();
        assert_eq!(parsed.at_instant(parsed.instant() - NANOS_PER_SECOND / 2), "2024-01-01T00:00:00.5Z");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "yesterday", "12", "2024-13-01", "2024-01-01T25:00:00Z", "2024-01-01T10:00:00CET", "1.5"]
        {
            assert!(IsoText::parse(text).is_none(), "{text}");
        }
    }
}
