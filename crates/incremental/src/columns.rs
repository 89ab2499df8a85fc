//! A column of cursor values, compared as a whole.

use std::borrow::Cow;
use std::cmp::Ordering;

use arrow::array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, LargeStringArray,
};
use arrow::compute::{
    CastOptions, cast_with_options, max, max_string, min, min_string, nullif, prep_null_mask_filter,
};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;

use crate::direction::Extreme;
use crate::instant::{PER_DAY, PER_NANO, instant, is_day};
use crate::iso_text::IsoText;
use crate::meaning::{Meaning, Stranger};
use crate::number;
use crate::value::{CursorValue, NANOS_PER_DAY};

/// Cursor values in one of four forms, whatever Arrow type they had.
#[derive(Debug)]
pub(crate) struct Column {
    values: Values,
    kind: Kind,
}

#[derive(Debug)]
enum Values {
    Integers(Int64Array),
    Floats(Float64Array),
    Decimals(Decimal128Array),
    Texts(LargeStringArray),
    /// Texts that stand for something else, with that by which they compare.
    Keyed {
        texts: LargeStringArray,
        keys: Vec<Option<CursorValue<'static>>>,
        meaning: Meaning,
    },
}

/// What the values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Integer,
    Float,
    Decimal { scale: i8 },
    Text,
    Timestamp { unit: i128, aware: bool },
    Date,
    Time { unit: i128 },
}

/// A value as the column has it: the largest one of the column's form that is not above it.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Integer {
        floor: i64,
        exact: bool,
    },
    Decimal {
        floor: i128,
        exact: bool,
    },
    Float(f64),
    Text(String),
    Key(CursorValue<'static>),
    /// All values of the column are larger, or smaller.
    Outside(Ordering),
}

impl Column {
    /// Takes a column of any type that has an order.
    pub(crate) fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        let kind = Kind::of(array.data_type())
            .ok_or_else(|| ArrowError::InvalidArgumentError(format!("{} has no order", array.data_type())))?;
        let form = match kind {
            Kind::Text => DataType::LargeUtf8,
            Kind::Float => DataType::Float64,
            Kind::Decimal { scale } => DataType::Decimal128(38, scale),
            Kind::Date => DataType::Date32,
            _ => DataType::Int64,
        };
        // A value that does not fit is an error: a null in its place would be taken for a missing cursor.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let cast = |array: &ArrayRef, form| cast_with_options(array, form, &options);
        let array = match kind {
            // The cast between times and integers goes by way of the integer that has the same width.
            Kind::Time { .. }
                if array.data_type() == &DataType::Time32(TimeUnit::Second)
                    || array.data_type() == &DataType::Time32(TimeUnit::Millisecond) =>
            {
                cast(&cast(array, &DataType::Int32)?, &form)?
            }
            _ => cast(array, &form)?,
        };
        let values = match kind {
            Kind::Text => Values::Texts(array.as_string::<i64>().clone()),
            Kind::Float => Values::Floats(ordered(array.as_primitive::<Float64Type>())?),
            Kind::Decimal { .. } => Values::Decimals(array.as_primitive::<Decimal128Type>().clone()),
            Kind::Date => {
                let days = array.as_primitive::<Date32Type>();
                Values::Integers(days.unary::<_, Int64Type>(i64::from))
            }
            _ => Values::Integers(array.as_primitive::<Int64Type>().clone()),
        };
        Ok(Self { values, kind })
    }

    pub(crate) fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// The same column of texts, compared by what they mean. Fails with the first one that does not.
    pub(crate) fn keyed(self, meaning: Meaning) -> Result<Self, (CursorValue<'static>, Stranger)> {
        let Values::Texts(texts) = self.values else { return Ok(self) };
        if !meaning.reads_texts() {
            return Ok(Self { values: Values::Texts(texts), ..self });
        }
        let key = |text: Option<&str>| {
            let Some(text) = text else { return Ok(None) };
            let value = CursorValue::Text(Cow::Borrowed(text));
            meaning.key(&value).map_err(|stranger| (value.into_owned(), stranger))
        };
        let keys = texts.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { values: Values::Keyed { texts, keys, meaning }, ..self })
    }

    pub(crate) fn is_valid(&self) -> BooleanArray {
        let array: &dyn Array = match &self.values {
            Values::Integers(values) => values,
            Values::Floats(values) => values,
            Values::Decimals(values) => values,
            Values::Texts(values) | Values::Keyed { texts: values, .. } => values,
        };
        let valid = |nulls: &arrow::buffer::NullBuffer| BooleanArray::new(nulls.inner().clone(), None);
        array.nulls().map_or_else(|| BooleanArray::from(vec![true; array.len()]), valid)
    }

    /// A value of the configuration or the state in the type of the column: texts of times become times.
    pub(crate) fn adopt(&self, value: CursorValue<'static>) -> CursorValue<'static> {
        let CursorValue::Text(text) = &value else { return value };
        if matches!(self.kind, Kind::Integer | Kind::Float | Kind::Decimal { .. }) {
            return Meaning::of_type(cartage_schema::DataType::Decimal).counted(value);
        }
        let (Some(instant), iso) = (instant(text), IsoText::parse(text)) else { return value };
        match self.kind {
            Kind::Date if is_day(text) => CursorValue::Date((instant / PER_DAY) as i32),
            Kind::Timestamp { .. } | Kind::Date => CursorValue::Timestamp {
                nanos: instant.div_euclid(PER_NANO),
                aware: iso.is_none_or(|iso| iso.is_aware()),
            },
            _ => value,
        }
    }

    /// The value in the form of the column; `None` where its type cannot be compared.
    pub(crate) fn bound(&self, value: &CursorValue<'_>) -> Option<Bound> {
        if let Values::Keyed { meaning, .. } = &self.values {
            let key = meaning.key(value).ok()?;
            return Some(Bound::Key(key.unwrap_or_else(|| value.clone().into_owned())));
        }
        match (self.kind, value) {
            (Kind::Text, CursorValue::Text(text)) => Some(Bound::Text(text.clone().into_owned())),
            (Kind::Float, CursorValue::Float(float)) => Some(Bound::Float(*float)),
            (Kind::Float, value) => Some(Bound::Float(value.decimal()?.to_f64())),
            (Kind::Decimal { scale }, value) => {
                let decimal = value.decimal()?;
                Some(number::floor(&decimal, scale).map_or_else(
                    || {
                        Bound::Outside(if decimal.to_f64() < 0.0 {
                            Ordering::Greater
                        } else {
                            Ordering::Less
                        })
                    },
                    |(floor, exact)| Bound::Decimal { floor, exact },
                ))
            }
            (Kind::Integer | Kind::Bool, value) => {
                let decimal = value.decimal()?;
                let outside = if decimal.to_f64() < 0.0 { Ordering::Greater } else { Ordering::Less };
                Some(
                    number::floor(&decimal, 0)
                        .map_or(Bound::Outside(outside), |(floor, exact)| integer(floor, exact)),
                )
            }
            (Kind::Timestamp { unit, .. }, CursorValue::Timestamp { nanos, .. })
            | (Kind::Time { unit }, CursorValue::Time(nanos)) => {
                Some(integer(nanos.div_euclid(unit), nanos.rem_euclid(unit) == 0))
            }
            (Kind::Timestamp { unit, .. }, CursorValue::Date(days)) => {
                Some(integer(i128::from(*days) * NANOS_PER_DAY / unit, true))
            }
            (Kind::Date, CursorValue::Date(days)) => Some(integer(i128::from(*days), true)),
            (Kind::Date, CursorValue::Timestamp { nanos, .. }) => {
                Some(integer(nanos.div_euclid(NANOS_PER_DAY), nanos.rem_euclid(NANOS_PER_DAY) == 0))
            }
            _ => None,
        }
    }

    /// For each row whether its order with `bound` passes the test. Nulls do not.
    pub(crate) fn test(&self, bound: &Bound, test: impl Fn(Ordering) -> bool) -> BooleanArray {
        // A value that equals the floor of something larger is smaller than that.
        let settle = |order: Ordering, exact: bool| {
            if exact { order } else { order.then(Ordering::Less) }
        };
        let passed = match (&self.values, bound) {
            (Values::Integers(values), Bound::Integer { floor, exact }) => {
                BooleanArray::from_unary(values, |value| test(settle(value.cmp(floor), *exact)))
            }
            (Values::Decimals(values), Bound::Decimal { floor, exact }) => {
                BooleanArray::from_unary(values, |value| test(settle(value.cmp(floor), *exact)))
            }
            (Values::Floats(values), Bound::Float(bound)) => BooleanArray::from_unary(values, |value| {
                test(value.partial_cmp(bound).unwrap_or(Ordering::Less))
            }),
            (Values::Texts(values), Bound::Text(bound)) => {
                BooleanArray::from_unary(values, |value| test(value.cmp(bound.as_str())))
            }
            (Values::Keyed { keys, .. }, Bound::Key(bound)) => {
                let passes = |key: &Option<CursorValue<'_>>| key.as_ref()?.order(bound).map(&test);
                keys.iter().map(|key| Some(passes(key).unwrap_or(false))).collect()
            }
            (_, Bound::Outside(order)) => {
                let all = test(*order);
                BooleanArray::from(vec![all; self.is_valid().len()])
            }
            _ => BooleanArray::from(vec![false; self.is_valid().len()]),
        };
        if passed.nulls().is_some() { prep_null_mask_filter(&passed) } else { passed }
    }

    /// The value furthest in the direction of the cursor among the rows of the mask.
    pub(crate) fn furthest(
        &self,
        mask: &BooleanArray,
        extreme: Extreme,
    ) -> Result<Option<CursorValue<'static>>, ArrowError> {
        use arrow::compute::filter;
        let is_max = extreme == Extreme::Max;
        Ok(match &self.values {
            Values::Integers(values) => {
                let kept = filter(values, mask)?;
                let kept = kept.as_primitive::<Int64Type>();
                let found = if is_max { max(kept) } else { min(kept) };
                found.map(|value| self.integer_value(value))
            }
            Values::Floats(values) => {
                let kept = filter(values, mask)?;
                let kept = kept.as_primitive::<Float64Type>();
                let found = if is_max { max(kept) } else { min(kept) };
                found.map(CursorValue::Float)
            }
            Values::Decimals(values) => {
                let kept = filter(values, mask)?;
                let kept = kept.as_primitive::<Decimal128Type>();
                let found = if is_max { max(kept) } else { min(kept) };
                found.map(|value| self.decimal_value(value))
            }
            Values::Texts(values) => {
                let kept = filter(values, mask)?;
                let kept = kept.as_string::<i64>();
                let found = if is_max { max_string(kept) } else { min_string(kept) };
                found.map(|text| CursorValue::Text(Cow::Owned(text.to_owned())))
            }
            Values::Keyed { texts, keys, .. } => {
                let mut furthest: Option<(usize, &CursorValue<'_>)> = None;
                for row in mask.values().set_indices() {
                    let Some(key) = &keys[row] else { continue };
                    if furthest.is_none_or(|(_, best)| extreme.rank(key, best) == Some(Ordering::Greater)) {
                        furthest = Some((row, key));
                    }
                }
                furthest.map(|(row, _)| CursorValue::Text(Cow::Owned(texts.value(row).to_owned())))
            }
        })
    }

    fn integer_value(&self, value: i64) -> CursorValue<'static> {
        let number = i128::from(value);
        match self.kind {
            Kind::Bool => CursorValue::Bool(value != 0),
            Kind::Timestamp { unit, aware } => CursorValue::Timestamp { nanos: number * unit, aware },
            Kind::Time { unit } => CursorValue::Time(number * unit),
            Kind::Date => CursorValue::Date(i32::try_from(value).unwrap_or_default()),
            _ => CursorValue::Int(number),
        }
    }

    fn decimal_value(&self, unscaled: i128) -> CursorValue<'static> {
        use cartage_values::Decimal;
        match self.kind {
            Kind::Decimal { scale } if scale > 0 => {
                CursorValue::Decimal(Decimal::from_unscaled(unscaled, scale.unsigned_abs()))
            }
            Kind::Decimal { scale } => {
                let zeros = "0".repeat(usize::from(scale.unsigned_abs()));
                let whole = Decimal::parse(&format!("{unscaled}{zeros}"));
                CursorValue::Decimal(whole.unwrap_or_else(|| Decimal::from_i128(unscaled)))
            }
            _ => CursorValue::Int(unscaled),
        }
    }
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Bool,
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Self::Integer,
            // 64 bits without sign do not fit into 64 with one.
            DataType::UInt64 => Self::Decimal { scale: 0 },
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale)
            | DataType::Decimal256(_, scale) => Self::Decimal { scale: *scale },
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Timestamp(unit, zone) => {
                Self::Timestamp { unit: nanos_of(*unit), aware: zone.is_some() }
            }
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Time32(unit) | DataType::Time64(unit) => Self::Time { unit: nanos_of(*unit) },
            DataType::Dictionary(_, values) => Self::of(values)?,
            _ => return None,
        })
    }
}

fn nanos_of(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

fn integer(floor: i128, exact: bool) -> Bound {
    match i64::try_from(floor) {
        Ok(floor) => Bound::Integer { floor, exact },
        Err(_) => Bound::Outside(if floor < 0 { Ordering::Greater } else { Ordering::Less }),
    }
}

/// Floats with one zero, and nulls for what is not a number, so that comparing them is as for other numbers.
fn ordered(floats: &Float64Array) -> Result<Float64Array, ArrowError> {
    let one_zero: Float64Array = floats.unary(|float| float + 0.0);
    let no_number = BooleanArray::from_unary(&one_zero, f64::is_nan);
    Ok(nullif(&one_zero, &no_number)?.as_primitive::<Float64Type>().clone())
}
