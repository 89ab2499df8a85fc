//! The forms that are not ISO 8601 but that dlt takes.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::calendar::{MICROS_PER_DAY, checked_days, checked_time};
use crate::moment::{Iso, fraction_micros};
use crate::text::digit_value;

/// A year with an optional month and day, then a time with colons; each part optional.
static COMMON: LazyLock<Regex> = LazyLock::new(|| {
    let date = r"(?P<year>\d{4})(?:[/:]?(?P<month>\d{2})[/:]?(?P<day>\d{2}))?";
    let time =
        r"\x20?(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?(?:[.|,](?P<fraction>\d{1,9}))?";
    Regex::new(&format!("^(?P<date>{date})?(?P<time>{time})?$")).expect("the pattern is constant and valid")
});

/// Reads `2024`, `2024/01/31`, `20240131 10:00` and the like. Digits may be of any script.
pub(crate) fn parse_common(text: &str) -> Option<Iso> {
    let may_be =
        |c: char| c.is_ascii_digit() || matches!(c, '/' | ':' | ' ' | '.' | ',' | '|') || !c.is_ascii();
    if text.is_empty() || !text.chars().all(may_be) {
        return None;
    }
    let parts = COMMON.captures(text)?;
    let days = match parts.name("date") {
        Some(_) => {
            let year = number(&parts, "year")?.cast_signed();
            Some(checked_days(
                year,
                number(&parts, "month").unwrap_or(1),
                number(&parts, "day").unwrap_or(1),
            )?)
        }
        None => None,
    };
    if parts.name("time").is_none() {
        return days.map(Iso::Date);
    }
    let fraction: Vec<u8> =
        parts.name("fraction").map_or("", |fraction| fraction.as_str()).chars().filter_map(digit).collect();
    let second = number(&parts, "second").unwrap_or(0);
    let micros =
        checked_time(number(&parts, "hour")?, number(&parts, "minute")?, second, fraction_micros(&fraction))?;
    Some(match days {
        Some(days) => Iso::Timestamp { micros: i64::from(days) * MICROS_PER_DAY + micros, aware: false },
        None => Iso::Time(micros),
    })
}

fn digit(c: char) -> Option<u8> {
    digit_value(c).map(|value| value + b'0')
}

fn number(parts: &Captures<'_>, name: &str) -> Option<u32> {
    let digits = parts.name(name)?.as_str();
    digits.chars().try_fold(0, |number, c| Some(number * 10 + u32::from(digit_value(c)?)))
}
