//! A column of any Arrow type as the type of its kind, or the value that does not fit.

use std::sync::Arc;

use arrow::array::types::{Float32Type, Float64Type};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::FormatOptions;
use cartage_source_api::columnar_value;

use crate::error::ValueError;
use crate::kind::Kind;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The column in the type of `kind`, with the same values.
pub(crate) fn convert(column: &ArrayRef, kind: Kind) -> Result<ArrayRef, ValueError> {
    let wanted = kind.arrow();
    let converted = match (column.data_type(), kind) {
        (of, Kind::Json) if of.is_nested() => json(column)?,
        (DataType::Float32, Kind::Float) => widened(column),
        (DataType::Timestamp(TimeUnit::Nanosecond, _) | DataType::Time64(TimeUnit::Nanosecond), _)
            if kind != Kind::Text =>
        {
            without_nanoseconds(column, &wanted)?
        }
        (DataType::Date64, Kind::Date) => whole_days(column)?,
        (of, _) if *of == wanted => Arc::clone(column),
        _ => exactly(column, &wanted)?,
    };
    if kind == Kind::Time {
        check_times(&converted)?;
    }
    Ok(converted)
}

/// A conversion in which a value that does not fit is an error.
fn exactly(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ValueError> {
    let options = CastOptions { safe: false, format_options: FormatOptions::default() };
    cast_with_options(column, wanted, &options).map_err(|cause| ValueError::new(cause.to_string()))
}

/// Floats of 32 bits as the doubles that are written the same.
fn widened(column: &ArrayRef) -> ArrayRef {
    let floats = column.as_primitive::<Float32Type>();
    Arc::new(floats.unary::<_, Float64Type>(crate::floats::widened))
}

fn without_nanoseconds(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ValueError> {
    let nanos = exactly(column, &DataType::Int64)?;
    let nanos = nanos.as_primitive::<arrow::datatypes::Int64Type>();
    if nanos.iter().flatten().any(|nanos| nanos % 1000 != 0) {
        return Err(ValueError::new("a value has nanoseconds, and columns have microseconds"));
    }
    exactly(column, wanted)
}

fn whole_days(column: &ArrayRef) -> Result<ArrayRef, ValueError> {
    let millis = column.as_primitive::<arrow::datatypes::Date64Type>();
    if millis.iter().flatten().any(|millis| millis % 86_400_000 != 0) {
        return Err(ValueError::new("a date has a time of day"));
    }
    exactly(column, &DataType::Date32)
}

fn check_times(column: &ArrayRef) -> Result<(), ValueError> {
    let times = column.as_primitive::<arrow::datatypes::Time64MicrosecondType>();
    if times.iter().flatten().all(|micros| (0..DAY).contains(&micros)) {
        return Ok(());
    }
    Err(ValueError::new("a time is not one from 00:00 to before 24:00"))
}

fn json(column: &ArrayRef) -> Result<ArrayRef, ValueError> {
    if has_non_finite(column) {
        return Err(ValueError::new("JSON has no NaN and no infinity"));
    }
    let texts = (0..column.len()).map(|row| {
        if column.is_null(row) {
            return Ok(None);
        }
        let value = columnar_value(column, row).map_err(|cause| ValueError::new(cause.to_string()))?;
        Ok(Some(value.to_string()))
    });
    let texts: StringArray = texts.collect::<Result<_, ValueError>>()?;
    Ok(Arc::new(texts))
}

/// Whether a float anywhere inside is NaN or infinite.
fn has_non_finite(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Float16 => {
            column.as_primitive::<arrow::datatypes::Float16Type>().iter().flatten().any(|x| !x.is_finite())
        }
        DataType::Float32 => column.as_primitive::<Float32Type>().iter().flatten().any(|x| !x.is_finite()),
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().any(|x| !x.is_finite()),
        DataType::List(_) => has_non_finite(column.as_list::<i32>().values()),
        DataType::LargeList(_) => has_non_finite(column.as_list::<i64>().values()),
        DataType::FixedSizeList(..) => has_non_finite(column.as_fixed_size_list().values()),
        DataType::Map(..) => column.as_map().entries().columns().iter().any(has_non_finite),
        DataType::Struct(_) => column.as_struct().columns().iter().any(has_non_finite),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Date64Array, Float32Array, Int32Array, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    };

    use super::*;

    fn texts(column: &ArrayRef) -> Vec<String> {
        let texts = exactly(column, &DataType::Utf8).unwrap();
        texts.as_string::<i32>().iter().map(|text| text.unwrap_or("null").to_owned()).collect()
    }

    fn converted(column: impl Array + 'static, kind: Kind) -> Result<Vec<String>, String> {
        let column: ArrayRef = Arc::new(column);
        convert(&column, kind).map(|column| texts(&column)).map_err(|error| error.reason)
    }

    #[test]
    fn values_keep_all_that_they_have() {
        let digits = Kind::Decimal { precision: 20, scale: 0 };
        assert_eq!(converted(UInt64Array::from(vec![u64::MAX]), digits).unwrap(), ["18446744073709551615"]);
        assert_eq!(converted(Float32Array::from(vec![1.1]), Kind::Float).unwrap(), ["1.1"]);
        let naive = Kind::Timestamp { aware: false };
        assert_eq!(converted(TimestampSecondArray::from(vec![0]), naive).unwrap(), ["1970-01-01T00:00:00"]);
        assert_eq!(
            converted(TimestampNanosecondArray::from(vec![1_000]), naive).unwrap(),
            ["1970-01-01T00:00:00.000001"]
        );
        assert_eq!(converted(Int32Array::from(vec![Some(1), None]), Kind::Text).unwrap(), ["1", "null"]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let naive = Kind::Timestamp { aware: false };
        assert!(
            converted(TimestampNanosecondArray::from(vec![1]), naive).unwrap_err().contains("nanoseconds")
        );
        assert!(converted(TimestampSecondArray::from(vec![i64::MAX]), naive).is_err());
        assert!(converted(Date64Array::from(vec![1]), Kind::Date).unwrap_err().contains("time of day"));
    }
}
