//! Bounds of cursors in SQL: never narrower than the cursor.
//!
//! SQLite compares values of different kinds by the kind first: numbers before texts before blobs. Values of another
//! kind than the bound pass, since whether they can be read at all is decided later. Texts of dates and times are
//! compared as texts, which finds them by an index; the bound is a text that none of the forms of what lies beyond it
//! sorts before (or after). A text of another zone than UTC, which a column without zones cannot have, may lie a day
//! off.

use super::quote;
use crate::decimals::plain;
use crate::kind::Kind;
use crate::moments::{MICROS_PER_DAY, date_text, day_of, micros_of, time_of, time_text, timestamp_text};
use crate::reflected::{Bound, ReflectedColumn};

/// More than the error of SQLite's floats that were written as decimals.
const SLACK: f64 = 1e-14;

/// The condition that the column lies at a bound or in the direction of `operator`.
pub(super) fn condition(column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
    let expression = &column.expression;
    let is_lower = operator == ">=";
    let end = match (column.kind, bound) {
        (Kind::Integer, Bound::Number(number)) => plain(number)?.to_owned(),
        (Kind::Float | Kind::Decimal { .. }, Bound::Number(number) | Bound::Text(number)) => {
            let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite())?;
            let slack = number.abs() * SLACK;
            format!("{:e}", if is_lower { number - slack } else { number + slack })
        }
        (Kind::Text, Bound::Text(text)) => quote::text(text),
        (Kind::Date | Kind::Time | Kind::Timestamp { .. }, Bound::Text(text)) => {
            quote::text(&end_of_moments(column.kind, is_lower, text)?)
        }
        _ => return None,
    };
    let is_number = matches!(column.kind, Kind::Integer | Kind::Float | Kind::Decimal { .. });
    let of_others = match (is_number, is_lower) {
        // Texts and blobs are above every number.
        (true, true) => None,
        (true, false) => Some(format!("{expression} >= ''")),
        (false, true) => Some(format!("{expression} < ''")),
        (false, false) => Some(format!("{expression} >= X''")),
    };
    let collation = if column.kind == Kind::Text { " COLLATE BINARY" } else { "" };
    let own = format!("{expression}{collation} {operator} {end}");
    Some(of_others.map_or(own.clone(), |others| format!("({own} OR {others})")))
}

/// A bound as SQL for conditions of the user, in the forms of SQLite's own functions.
pub(super) fn literal(column: &ReflectedColumn, bound: &Bound) -> String {
    let text = match bound {
        Bound::Number(number) => return number.clone(),
        Bound::Text(text) => text,
    };
    let own = match column.kind {
        Kind::Decimal { .. } => return plain(text).map_or_else(|| quote::text(text), str::to_owned),
        Kind::Date => day_of(text).and_then(date_text),
        Kind::Time => time_of(text).map(|micros| short(&time_text(micros), "")),
        Kind::Timestamp { .. } => micros_of(text).and_then(timestamp_text).map(|text| short(&text, "")),
        _ => None,
    };
    quote::text(own.as_ref().unwrap_or(text))
}

/// A text that sorts before all forms of a time from a bound on, or after all of those up to it.
fn end_of_moments(kind: Kind, is_lower: bool, bound: &str) -> Option<String> {
    if kind == Kind::Time {
        let time = time_text(time_of(bound)?);
        return Some(if is_lower { short(&time, ":00") } else { behind(&time[..8]) });
    }
    let micros = micros_of(bound)?;
    // Texts with a zone have a date that may be that of the day before or after.
    let zone = if kind == (Kind::Timestamp { aware: true }) { MICROS_PER_DAY } else { 0 };
    if !is_lower {
        return Some(behind(&timestamp_text(micros.checked_add(zone)?)?[..10]));
    }
    let text = timestamp_text(micros.checked_sub(zone)?)?;
    // A date is one with all of its times, and a time without seconds sorts before one with them.
    Some(if kind == Kind::Date || zone > 0 { text[..10].to_owned() } else { shortest(&text) })
}

/// Without what is zero at the end, down to the date alone.
fn shortest(timestamp: &str) -> String {
    let text = short(timestamp, ":00");
    text.strip_suffix(" 00:00").map_or(text.clone(), str::to_owned)
}

/// Without zeros of the fraction, and then without `seconds`.
fn short(text: &str, seconds: &str) -> String {
    let text = text.trim_end_matches('0');
    match text.strip_suffix('.') {
        Some(whole) => whole.strip_suffix(seconds).unwrap_or(whole).to_owned(),
        None => text.to_owned(),
    }
}

/// Behind all texts that begin with this one.
fn behind(text: &str) -> String {
    format!("{text}~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind) -> ReflectedColumn {
        ReflectedColumn {
            name: "c".to_owned(),
            declared: String::new(),
            nullable: true,
            kind,
            expression: "`c`".to_owned(),
            precision: None,
        }
    }

    fn of_text(kind: Kind, operator: &str, text: &str) -> String {
        condition(&column(kind), operator, &Bound::Text(text.to_owned())).unwrap()
    }

    #[test]
    fn bounds_of_times_are_wide_enough_for_every_form() {
        let naive = Kind::Timestamp { aware: false };
        for (bound, end) in [
            ("2024-01-02T10:20:30.500000Z", "2024-01-02 10:20:30.5"),
            ("2024-01-02T10:20:30Z", "2024-01-02 10:20:30"),
            ("2024-01-02T10:20:00Z", "2024-01-02 10:20"),
            ("2024-01-02T10:00:00Z", "2024-01-02 10:00"),
            ("2024-01-02", "2024-01-02"),
        ] {
            assert_eq!(of_text(naive, ">=", bound), format!("(`c` >= '{end}' OR `c` < '')"));
        }
        assert_eq!(of_text(naive, "<=", "2024-01-02T10:20:30Z"), "(`c` <= '2024-01-02~' OR `c` >= X'')");
        let aware = Kind::Timestamp { aware: true };
        assert_eq!(of_text(aware, ">=", "2024-01-02T10:20:30Z"), "(`c` >= '2024-01-01' OR `c` < '')");
        assert_eq!(of_text(aware, "<=", "2024-01-02T10:20:30Z"), "(`c` <= '2024-01-03~' OR `c` >= X'')");
        assert_eq!(of_text(Kind::Time, ">=", "10:00:00"), "(`c` >= '10:00' OR `c` < '')");
        assert_eq!(of_text(Kind::Time, "<=", "10:00:00"), "(`c` <= '10:00:00~' OR `c` >= X'')");
    }

    #[test]
    fn numbers_are_exact_or_wider() {
        let of_number = |kind, operator| condition(&column(kind), operator, &Bound::Number("10".to_owned()));
        assert_eq!(of_number(Kind::Integer, ">=").unwrap(), "`c` >= 10");
        assert_eq!(of_number(Kind::Integer, "<=").unwrap(), "(`c` <= 10 OR `c` >= '')");
        assert!(of_number(Kind::Float, ">=").unwrap().starts_with("`c` >= 9.99999"));
        assert_eq!(of_number(Kind::Text, ">="), None);
    }

    #[test]
    fn literals_have_the_form_of_sqlites_own_functions() {
        let of = |kind, text: &str| literal(&column(kind), &Bound::Text(text.to_owned()));
        let naive = Kind::Timestamp { aware: false };
        assert_eq!(of(naive, "2024-01-02T10:00:00Z"), "'2024-01-02 10:00:00'");
        assert_eq!(of(Kind::Date, "2024-01-02"), "'2024-01-02'");
        assert_eq!(of(Kind::Text, "it's"), "'it''s'");
    }
}
