//! Values as they are stored, in columns of one kind.

use rusqlite::types::ValueRef;
use serde::de::IgnoredAny;

use super::times::{parse_moment, parse_time};
use crate::builders::ColumnBuilder;
use crate::decimals::{decimal, decimal_of_integer};
use crate::error::ValueError;
use crate::kind::Kind;
use crate::moments::MICROS_PER_DAY;

/// Appends a value to the column that it belongs to, if it is one of the kind or becomes one without loss.
pub(super) fn push(builder: &mut ColumnBuilder, kind: Kind, value: ValueRef<'_>) -> Result<(), ValueError> {
    match (kind, value) {
        (_, ValueRef::Null) => {
            builder.push_null();
            Ok(())
        }
        (Kind::Text, value) => push_text(builder, value),
        (Kind::Json, value) => push_json(builder, value),
        (Kind::Integer, ValueRef::Integer(value)) => builder.push_integer(value),
        (Kind::Integer, ValueRef::Real(value)) => match exact_integer(value) {
            Some(value) => builder.push_integer(value),
            None => Err(stored(&ValueRef::Real(value), "not an integer of 64 bits")),
        },
        (Kind::Float, ValueRef::Real(value)) => builder.push_float(value),
        (Kind::Float, ValueRef::Integer(value)) => match exact_float(value) {
            Some(value) => builder.push_float(value),
            None => Err(stored(&ValueRef::Integer(value), "not exactly a float")),
        },
        (Kind::Decimal { .. }, value) => push_decimal(builder, value),
        (Kind::Bool, ValueRef::Integer(value @ (0 | 1))) => builder.push_bool(value == 1),
        (Kind::Bool, value) => Err(stored(&value, "neither 0 nor 1")),
        (Kind::Binary, ValueRef::Blob(bytes)) => builder.push_binary(bytes),
        (Kind::Binary, value @ ValueRef::Text(_)) => Err(stored(&value, "not a blob")
            .with_remedy("to load the bytes of texts, too, set `columns.{column}.data_type = \"binary\"`")),
        (Kind::Date | Kind::Time | Kind::Timestamp { .. }, ValueRef::Text(text)) => {
            push_time(builder, kind, text)
        }
        (Kind::Date | Kind::Timestamp { .. }, value @ ValueRef::Integer(_)) => {
            Err(stored(&value, "not a date or time")
                .with_remedy("to load the numbers, set `columns.{column}.data_type = \"bigint\"`"))
        }
        (_, value) => Err(stored(&value, &format!("not {}", name(kind)))),
    }
}

fn push_text(builder: &mut ColumnBuilder, value: ValueRef<'_>) -> Result<(), ValueError> {
    match value {
        ValueRef::Integer(value) => builder.push_text(&value.to_string()),
        ValueRef::Real(value) => builder.push_text(&format!("{value:?}")),
        ValueRef::Text(text) => builder.push_text(utf8(text)?),
        _ => Err(stored(&value, "not text")),
    }
}

fn push_json(builder: &mut ColumnBuilder, value: ValueRef<'_>) -> Result<(), ValueError> {
    match value {
        // SQLite makes numbers of JSON texts that are numbers, since the name of the type says nothing to it.
        ValueRef::Integer(value) => builder.push_text(&value.to_string()),
        ValueRef::Real(value) if value.is_finite() => builder.push_text(&format!("{value:?}")),
        ValueRef::Text(text) => {
            let text = utf8(text)?;
            match serde_json::from_str::<IgnoredAny>(text) {
                Ok(IgnoredAny) => builder.push_text(text),
                Err(_) => Err(stored(&value, "not JSON")),
            }
        }
        _ => Err(stored(&value, "not JSON")),
    }
}

fn push_decimal(builder: &mut ColumnBuilder, value: ValueRef<'_>) -> Result<(), ValueError> {
    let ColumnBuilder::Decimal { values, precision, scale } = builder else {
        return Err(stored(&value, "not a value of its column"));
    };
    let unscaled = match value {
        ValueRef::Integer(value) => decimal_of_integer(value.into(), *precision, *scale)?,
        // What was written as 12.34 is the float next to it.
        ValueRef::Real(number) => {
            decimal(format!("{number:?}").as_bytes(), *precision, *scale).map_err(|error| {
                error.with_remedy(
                    "to load the floats as they are, set `columns.{column}.data_type = \"double\"`",
                )
            })?
        }
        ValueRef::Text(text) => decimal(text, *precision, *scale)?,
        _ => return Err(stored(&value, "not a decimal")),
    };
    values.append_value(unscaled);
    Ok(())
}

fn push_time(builder: &mut ColumnBuilder, kind: Kind, text: &[u8]) -> Result<(), ValueError> {
    let broken = |wanted: &str| stored(&ValueRef::Text(text), wanted);
    if kind == Kind::Time {
        return builder
            .push_time(parse_time(text).ok_or_else(|| broken("not a time such as 10:00:00.123456"))?);
    }
    let Some(moment) = parse_moment(text) else {
        return Err(broken("not a date or time such as 2024-01-31 10:00:00.123456"));
    };
    if moment.is_shifted && kind != (Kind::Timestamp { aware: true }) {
        return Err(broken("a time of another zone than UTC")
            .with_remedy("to load instants, set `columns.{column}.data_type = \"timestamp\"`; texts without zone are UTC then"));
    }
    if kind == Kind::Date {
        let days = i32::try_from(moment.micros / MICROS_PER_DAY).ok();
        return match days.filter(|_| moment.micros % MICROS_PER_DAY == 0) {
            Some(days) => builder.push_date(days),
            None => Err(broken("a date with a time of day")),
        };
    }
    builder.push_timestamp(moment.micros)
}

/// The integer that a float is.
pub(super) fn exact_integer(value: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is an integer in the range")]
    (value.fract() == 0.0 && (-END..END).contains(&value)).then_some(value as i64)
}

/// The float that an integer is.
fn exact_float(value: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "what is lost is looked at")]
    let float = value as f64;
    (exact_integer(float) == Some(value)).then_some(float)
}

fn utf8(text: &[u8]) -> Result<&str, ValueError> {
    std::str::from_utf8(text).map_err(|_| {
        ValueError::new("a text is not in UTF-8")
            .with_remedy("to load its bytes, set `columns.{column}.data_type = \"binary\"`")
    })
}

fn stored(value: &ValueRef<'_>, problem: &str) -> ValueError {
    let class = match value {
        ValueRef::Null => "NULL",
        ValueRef::Integer(_) => "an integer",
        ValueRef::Real(_) => "a real number",
        ValueRef::Text(_) => "a text",
        ValueRef::Blob(_) => "a blob",
    };
    ValueError::new(format!("a value is stored as {class} that is {problem}"))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "a boolean",
        Kind::Integer | Kind::Unsigned => "an integer",
        Kind::Float => "a float",
        Kind::Decimal { .. } => "a decimal",
        Kind::Text => "text",
        Kind::Json => "JSON",
        Kind::Binary => "a blob",
        Kind::Date | Kind::Time | Kind::Timestamp { .. } => "a date or time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(kind: Kind, value: ValueRef<'_>) -> Result<String, String> {
        let mut builder = ColumnBuilder::new(kind);
        push(&mut builder, kind, value).map_err(|error| error.reason)?;
        let array = builder.finish();
        Ok(arrow::util::display::array_value_to_string(&array, 0).unwrap_or_default())
    }

    #[test]
    fn what_fits_exactly_is_converted() {
        let decimal = Kind::Decimal { precision: 10, scale: 2 };
        for (kind, value, wanted) in [
            (Kind::Integer, ValueRef::Real(-5.0), "-5"),
            (Kind::Float, ValueRef::Integer(1 << 53), "9007199254740992.0"),
            (decimal, ValueRef::Real(12.34), "12.34"),
            (decimal, ValueRef::Text(b"12.340"), "12.34"),
            (decimal, ValueRef::Integer(-7), "-7.00"),
            (Kind::Text, ValueRef::Real(5.0), "5.0"),
            (Kind::Json, ValueRef::Integer(5), "5"),
            (Kind::Date, ValueRef::Text(b"2024-01-31 00:00:00"), "2024-01-31"),
            (Kind::Timestamp { aware: false }, ValueRef::Text(b"1969-12-31T23:59"), "1969-12-31T23:59:00"),
            (Kind::Bool, ValueRef::Integer(1), "true"),
        ] {
            assert_eq!(pushed(kind, value), Ok(wanted.to_owned()), "{kind:?} {value:?}");
        }
    }

    #[test]
    fn what_does_not_is_refused_with_how_it_is_stored() {
        let decimal = Kind::Decimal { precision: 38, scale: 9 };
        for (kind, value, words) in [
            (Kind::Integer, ValueRef::Real(1.5), "a real number that is not an integer"),
            (Kind::Integer, ValueRef::Real(9.3e18), "a real number that is not an integer"),
            (Kind::Integer, ValueRef::Text(b"5"), "a text that is not an integer"),
            (Kind::Float, ValueRef::Integer(i64::MAX), "not exactly a float"),
            (Kind::Bool, ValueRef::Integer(2), "an integer that is neither 0 nor 1"),
            (Kind::Bool, ValueRef::Text(b"true"), "a text that is neither 0 nor 1"),
            (decimal, ValueRef::Real(0.1 + 0.2), "more digits"),
            (decimal, ValueRef::Real(f64::INFINITY), "not a decimal"),
            (Kind::Text, ValueRef::Blob(b"a"), "a blob that is not text"),
            (Kind::Text, ValueRef::Text(b"\xff"), "not in UTF-8"),
            (Kind::Json, ValueRef::Text(b"{"), "a text that is not JSON"),
            (Kind::Binary, ValueRef::Text(b"a"), "a text that is not a blob"),
            (Kind::Date, ValueRef::Text(b"2024-01-31 10:00"), "a time of day"),
            (Kind::Date, ValueRef::Integer(0), "an integer that is not a date"),
            (
                Kind::Timestamp { aware: false },
                ValueRef::Text(b"2024-01-31T10:00+01:00"),
                "a time of another zone than UTC",
            ),
            (Kind::Time, ValueRef::Text(b"24:00"), "a text that is not a time"),
        ] {
            let reason = pushed(kind, value).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }
}
