//! Parts of dates as dlt names them: pendulum's format tokens in lower case, always in UTC.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};

const TOKENS: &[&str] = &[
    "YYYY", "YY", "Y", "MMMM", "MMM", "MM", "M", "DD", "D", "HH", "H", "mm", "m", "dddd", "ddd", "dd", "d",
    "ss", "s", "SSSS", "SSS", "SS", "S", "Q",
];

/// Whether `name` is a part of a date.
pub(crate) fn is_token(name: &str) -> bool {
    TOKENS.contains(&name)
}

/// The part `name` of a moment.
pub(crate) fn token(name: &str, moment: DateTime<Utc>) -> Option<String> {
    let text = |format: &str| moment.format(format).to_string().to_lowercase();
    let micros = moment.timestamp_subsec_micros();
    Some(match name {
        "YYYY" => format!("{:04}", moment.year()),
        "YY" => text("%y"),
        "Y" => moment.year().to_string(),
        "MMMM" => text("%B"),
        "MMM" => text("%b"),
        "MM" => text("%m"),
        "M" => moment.month().to_string(),
        "DD" => text("%d"),
        "D" => moment.day().to_string(),
        "HH" => text("%H"),
        "H" => moment.hour().to_string(),
        "mm" => text("%M"),
        "m" => moment.minute().to_string(),
        "dddd" => text("%A"),
        "ddd" => text("%a"),
        "dd" => text("%a").chars().take(2).collect(),
        "d" => moment.weekday().num_days_from_sunday().to_string(),
        "ss" => text("%S"),
        "s" => moment.second().to_string(),
        "SSSS" => format!("{:04}", micros / 100),
        "SSS" => format!("{:03}", micros / 1_000),
        "SS" => format!("{:02}", micros / 10_000),
        "S" => (micros / 100_000).to_string(),
        "Q" => moment.month().div_ceil(3).to_string(),
        _ => return None,
    })
}

/// A moment of microseconds since 1970.
pub(crate) fn of_micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// A moment as the user writes it; UTC where it names no zone.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc());
    }
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let naive = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let naive = naive.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0));
    naive.map(|naive| naive.and_utc())
}

/// As dlt writes moments into its files.
pub(crate) fn iso(micros: i64) -> String {
    of_micros(micros).format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}
