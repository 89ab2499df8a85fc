//! Bounds of cursors in SQL: never narrower than the cursor.

use super::quote;
use crate::decimals::plain;
use crate::kind::Kind;
use crate::moments::{date_text, day_of, micros_of, time_of, time_text, timestamp_text};
use crate::reflected::{Bound, ReflectedColumn};

/// The column as it is compared: texts by their bytes in UTF-8, with the blanks at their ends.
pub(super) fn ordered(column: &ReflectedColumn) -> String {
    match column.kind {
        Kind::Text | Kind::Json => format!("CAST(CONVERT({} USING utf8mb4) AS BINARY)", column.expression),
        _ => column.expression.clone(),
    }
}

/// The condition that the column lies at a bound or in the direction of `operator`.
pub(super) fn condition(column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
    let end = match (column.kind, bound) {
        (Kind::Float, Bound::Number(number)) => float_end(column, operator, number)?,
        (
            Kind::Integer | Kind::Unsigned | Kind::Decimal { .. },
            Bound::Number(number) | Bound::Text(number),
        ) => plain(number)?.to_owned(),
        (Kind::Text, Bound::Text(text)) => quote::bytes(text),
        (Kind::Date | Kind::Time | Kind::Timestamp { .. }, Bound::Text(text)) => moment(column.kind, text)?,
        _ => return None,
    };
    Some(format!("{} {operator} {end}", ordered(column)))
}

/// A bound as SQL for conditions of the user, who compares as the database does.
pub(super) fn literal(column: &ReflectedColumn, bound: &Bound) -> String {
    match bound {
        Bound::Number(number) => number.clone(),
        Bound::Text(text) => match column.kind {
            Kind::Integer | Kind::Unsigned | Kind::Decimal { .. } => plain(text).map(str::to_owned),
            kind => moment(kind, text),
        }
        .unwrap_or_else(|| quote::text(text)),
    }
}

/// A number that no float lies beyond which reads as this one: a column of 32 bits has 0.7 a little below 0.7.
fn float_end(column: &ReflectedColumn, operator: &str, number: &str) -> Option<String> {
    let number: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "the nearest float of 32 bits is what is wanted")]
    let short = f64::from(number as f32);
    let is_short = column.declared.starts_with("float") && short.is_finite();
    let end = match operator {
        _ if !is_short => number,
        ">=" => number.min(short),
        _ => number.max(short),
    };
    Some(format!("{end:e}"))
}

/// A literal of the type of the column; a point in time is a day for dates, which is wider.
fn moment(kind: Kind, text: &str) -> Option<String> {
    Some(match kind {
        Kind::Date => format!("DATE'{}'", date_text(day_of(text)?)?),
        Kind::Time => format!("TIME'{}'", time_text(time_of(text)?)),
        Kind::Timestamp { .. } => format!("TIMESTAMP'{}'", timestamp_text(micros_of(text)?)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind, declared: &str) -> ReflectedColumn {
        ReflectedColumn {
            name: "c".to_owned(),
            declared: declared.to_owned(),
            nullable: true,
            kind,
            expression: "`c`".to_owned(),
            precision: None,
        }
    }

    fn text(kind: Kind, text: &str) -> Option<String> {
        condition(&column(kind, ""), ">=", &Bound::Text(text.to_owned()))
    }

    #[test]
    fn bounds_are_literals_of_the_type_or_none() {
        let aware = Kind::Timestamp { aware: true };
        assert_eq!(
            text(aware, "2024-01-01T01:00:00+02:00").unwrap(),
            "`c` >= TIMESTAMP'2023-12-31 23:00:00.000000'"
        );
        assert_eq!(text(Kind::Date, "2024-01-01T23:00:00Z").unwrap(), "`c` >= DATE'2024-01-01'");
        assert_eq!(text(Kind::Time, "10:00").unwrap(), "`c` >= TIME'10:00:00.000000'");
        assert_eq!(text(Kind::Decimal { precision: 38, scale: 9 }, "1.50").unwrap(), "`c` >= 1.50");
        assert_eq!(text(Kind::Text, "'").unwrap(), "CAST(CONVERT(`c` USING utf8mb4) AS BINARY) >= X'27'");
        for (kind, bound) in [(aware, "soon"), (Kind::Integer, "1 OR 1"), (Kind::Integer, "1e30")] {
            assert_eq!(text(kind, bound), None, "{bound}");
        }
    }

    #[test]
    fn short_floats_are_not_beyond_their_own_bound() {
        let end = |declared, operator| {
            condition(&column(Kind::Float, declared), operator, &Bound::Number("0.7".to_owned())).unwrap()
        };
        assert_eq!(end("float", ">="), "`c` >= 6.99999988079071e-1");
        assert_eq!(end("float", "<="), "`c` <= 7e-1");
        assert_eq!(end("double", ">="), "`c` >= 7e-1");
    }
}
