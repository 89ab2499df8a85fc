//! Values of the binary protocol.

use mysql_async::Value;

use crate::builders::ColumnBuilder;
use crate::decimals::{decimal, decimal_of_integer};
use crate::error::ValueError;
use crate::floats::widened;
use crate::moments::{checked_days, checked_time, moment};

/// Appends a value to the column that it belongs to.
pub(super) fn push(builder: &mut ColumnBuilder, value: &Value) -> Result<(), ValueError> {
    match value {
        Value::NULL => {
            builder.push_null();
            Ok(())
        }
        Value::Bytes(bytes) => push_bytes(builder, bytes),
        Value::Int(value) => push_integer(builder, (*value).into()),
        Value::UInt(value) => push_integer(builder, (*value).into()),
        Value::Float(value) => builder.push_float(widened(*value)),
        Value::Double(value) => builder.push_float(*value),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let days = checked_days((*year).into(), (*month).into(), (*day).into());
            let days = days.ok_or_else(|| no_such_day(*year, *month, *day))?;
            let time = checked_time((*hour).into(), (*minute).into(), (*second).into(), *micros);
            let time = time.ok_or_else(|| ValueError::new("a time is not one from 00:00 to before 24:00"))?;
            match builder {
                ColumnBuilder::Date(_) => builder.push_date(days),
                _ => builder.push_timestamp(moment(days, time)),
            }
        }
        Value::Time(is_negative, days, hour, minute, second, micros) => {
            let time = checked_time((*hour).into(), (*minute).into(), (*second).into(), *micros);
            match time.filter(|time| *days == 0 && (!is_negative || *time == 0)) {
                Some(time) => builder.push_time(time),
                None => Err(ValueError::new("a time is not one from 00:00 to before 24:00")),
            }
        }
    }
}

fn push_bytes(builder: &mut ColumnBuilder, bytes: &[u8]) -> Result<(), ValueError> {
    match builder {
        ColumnBuilder::Text(_) => {
            let text = std::str::from_utf8(bytes).map_err(|_| ValueError::new("a text is not in UTF-8"))?;
            builder.push_text(text)
        }
        ColumnBuilder::Decimal { values, precision, scale } => {
            values.append_value(decimal(bytes, *precision, *scale)?);
            Ok(())
        }
        // What is a decimal to the server, where the user wants an integer.
        ColumnBuilder::Bool(_) | ColumnBuilder::Integer(_) | ColumnBuilder::Unsigned(_) => {
            push_integer(builder, decimal(bytes, 38, 0)?)
        }
        _ => builder.push_binary(bytes),
    }
}

fn push_integer(builder: &mut ColumnBuilder, value: i128) -> Result<(), ValueError> {
    match builder {
        ColumnBuilder::Decimal { values, precision, scale } => {
            values.append_value(decimal_of_integer(value, *precision, *scale)?);
            Ok(())
        }
        ColumnBuilder::Bool(_) => match value {
            0 => builder.push_bool(false),
            1 => builder.push_bool(true),
            _ => Err(ValueError::new(format!("{value} is neither 0 nor 1"))),
        },
        ColumnBuilder::Unsigned(values) => match u64::try_from(value) {
            Ok(value) => {
                values.append_value(value);
                Ok(())
            }
            Err(_) => Err(ValueError::new(format!("{value} is not an integer of 64 bits without sign"))),
        },
        _ => match i64::try_from(value) {
            Ok(value) => builder.push_integer(value),
            Err(_) => Err(ValueError::new(format!("{value} is not an integer of 64 bits"))),
        },
    }
}

fn no_such_day(year: u16, month: u8, day: u8) -> ValueError {
    ValueError::new(format!("{year:04}-{month:02}-{day:02} is not a day of the calendar"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn pushed(kind: Kind, value: &Value) -> Result<String, String> {
        let mut builder = ColumnBuilder::new(kind);
        push(&mut builder, value).map_err(|error| error.reason)?;
        let array = builder.finish();
        Ok(arrow::util::display::array_value_to_string(&array, 0).unwrap_or_default())
    }

    #[test]
    fn integers_fit_or_are_refused() {
        assert_eq!(pushed(Kind::Integer, &Value::UInt(7)), Ok("7".to_owned()));
        assert!(pushed(Kind::Integer, &Value::UInt(u64::MAX)).is_err());
        let unsigned = Kind::Unsigned;
        assert_eq!(pushed(unsigned, &Value::UInt(u64::MAX)), Ok(u64::MAX.to_string()));
        assert_eq!(pushed(Kind::Bool, &Value::Int(1)), Ok("true".to_owned()));
        assert!(pushed(Kind::Bool, &Value::Int(2)).is_err());
        assert!(pushed(Kind::Integer, &Value::Double(1.0)).is_err());
    }

    #[test]
    fn days_and_times_exist_or_are_refused() {
        let naive = Kind::Timestamp { aware: false };
        assert!(pushed(naive, &Value::Date(0, 0, 0, 0, 0, 0, 0)).unwrap_err().contains("0000-00-00"));
        assert!(pushed(Kind::Date, &Value::Date(2024, 2, 0, 0, 0, 0, 0)).unwrap_err().contains("2024-02-00"));
        assert_eq!(
            pushed(naive, &Value::Date(2024, 2, 29, 23, 59, 59, 999_999)),
            Ok("2024-02-29T23:59:59.999999".to_owned())
        );
        assert!(pushed(Kind::Time, &Value::Time(false, 34, 22, 59, 59, 0)).is_err());
        assert!(pushed(Kind::Time, &Value::Time(true, 0, 0, 30, 0, 0)).is_err());
        assert_eq!(pushed(Kind::Time, &Value::Time(false, 0, 0, 0, 1, 5)), Ok("00:00:01.000005".to_owned()));
    }
}
