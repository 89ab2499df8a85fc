//! The values of one column of one block.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array, Float64Array,
    Int64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType as ArrowType;
use cartage_values::Scalar;

use super::physical::{Physical, WIDE_PRECISION};
use super::validity::Validity;

/// Values are appended under the number of their row; rows in between become null.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    validity: Validity,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Text(Bytes),
    Binary(Bytes),
    Bigint(Vec<i64>),
    /// Integers that are looked at before they are appended, so that the short ways do not know them.
    Narrow(Vec<i64>),
    /// Integers of which at least one does not fit a bigint.
    Wide(Vec<i128>),
    Double(Vec<f64>),
    Bool(BooleanBufferBuilder),
    Timestamp(Vec<i64>, bool),
    Date(Vec<i32>),
    Time(Vec<i64>),
    Decimal(Vec<i128>, u8, i8),
}

/// Rows and bytes of text for which there is room before any comes.
const MOST_ROWS: usize = 1 << 19;
const MOST_BYTES: usize = 16 << 20;

/// How many rows a column has, and how many bytes of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnSize {
    rows: usize,
    bytes: usize,
}

/// Texts or bytes, one after the other.
#[derive(Debug)]
struct Bytes {
    /// Where each value ends; begins with 0.
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

/// A value that a column cannot hold, although it has the right type.
#[derive(Debug)]
pub(crate) struct DoesNotFit {
    pub(crate) reason: String,
}

impl ColumnBuilder {
    /// An empty column for values of a physical type, with room for about `size`.
    pub(crate) fn new(physical: Physical, size: ColumnSize) -> Self {
        let ColumnSize { rows, bytes } = size;
        let values = match physical {
            Physical::Text => Values::Text(Bytes::new(rows, bytes)),
            Physical::Binary => Values::Binary(Bytes::new(rows, bytes)),
            Physical::Bigint => Values::Bigint(Vec::with_capacity(rows)),
            Physical::Narrow => Values::Narrow(Vec::with_capacity(rows)),
            Physical::Double => Values::Double(Vec::with_capacity(rows)),
            Physical::Bool => Values::Bool(BooleanBufferBuilder::new(rows)),
            Physical::Timestamp { utc } => Values::Timestamp(Vec::with_capacity(rows), utc),
            Physical::Date => Values::Date(Vec::with_capacity(rows)),
            Physical::Time => Values::Time(Vec::with_capacity(rows)),
            Physical::Decimal { precision, scale } => {
                Values::Decimal(Vec::with_capacity(rows), precision, scale)
            }
        };
        Self { validity: Validity::default(), values }
    }

    /// How large the column has become, with a little to spare.
    pub(crate) fn size(&self) -> ColumnSize {
        // What one long row took says nothing about the next block.
        let with_spare = |count: usize, most: usize| (count + count / 16 + 16).min(most);
        let bytes = match &self.values {
            Values::Text(values) | Values::Binary(values) => with_spare(values.bytes.len(), MOST_BYTES),
            _ => 0,
        };
        ColumnSize { rows: with_spare(self.validity.len(), MOST_ROWS), bytes }
    }

    /// Whether a row has a value.
    #[inline]
    pub(crate) fn has(&self, row: usize) -> bool {
        // Rows that bring nothing append nothing, so that the last one is never null.
        self.validity.len() > row
    }

    /// Whether a row has a value that marks it: true, or anything in a column that is not of booleans.
    pub(crate) fn is_marked(&self, row: usize) -> bool {
        match &self.values {
            Values::Bool(values) => self.has(row) && values.get_bit(row),
            _ => self.has(row),
        }
    }

    /// Appends a text if this is a text column. The bytes must be those of a text.
    #[inline]
    pub(crate) fn push_text(&mut self, row: usize, text: &[u8]) -> bool {
        self.fill_to(row);
        let Values::Text(texts) = &mut self.values else { return false };
        texts.push(text);
        self.validity.push_valid();
        true
    }

    /// Appends an integer if this is a bigint column and the integer fits.
    #[inline]
    pub(crate) fn push_bigint(&mut self, row: usize, value: i64) -> bool {
        self.fill_to(row);
        let Values::Bigint(values) = &mut self.values else { return false };
        values.push(value);
        self.validity.push_valid();
        true
    }

    /// Appends a float if this is a double column.
    #[inline]
    pub(crate) fn push_double(&mut self, row: usize, value: f64) -> bool {
        self.fill_to(row);
        let Values::Double(values) = &mut self.values else { return false };
        values.push(value);
        self.validity.push_valid();
        true
    }

    /// Appends a boolean if this is a bool column.
    #[inline]
    pub(crate) fn push_bool(&mut self, row: usize, value: bool) -> bool {
        self.fill_to(row);
        let Values::Bool(values) = &mut self.values else { return false };
        values.append(value);
        self.validity.push_valid();
        true
    }

    /// Appends microseconds since 1970 if this is a timestamp column.
    #[inline]
    pub(crate) fn push_timestamp(&mut self, row: usize, micros: i64) -> bool {
        self.fill_to(row);
        let Values::Timestamp(values, _) = &mut self.values else { return false };
        values.push(micros);
        self.validity.push_valid();
        true
    }

    /// Appends a value that was coerced to the type of this column.
    ///
    /// # Errors
    /// [`DoesNotFit`] for integers of more than 38 digits and decimals beyond the column's precision.
    pub(crate) fn push(&mut self, row: usize, scalar: &Scalar<'_>) -> Result<(), DoesNotFit> {
        if let (Values::Bigint(_), Scalar::Int(value)) = (&self.values, scalar)
            && i64::try_from(*value).is_err()
        {
            self.widen();
        }
        let number = self.number_of(scalar)?;
        self.fill_to(row);
        match (&mut self.values, scalar) {
            (Values::Text(texts), Scalar::Text(text) | Scalar::Json(text)) => texts.push(text.as_bytes()),
            // A decimal of more digits than files have; see `PhysicalRules`.
            (Values::Text(texts), Scalar::Decimal(value) | Scalar::Wei(value)) => {
                texts.push(value.to_string().as_bytes());
            }
            (Values::Binary(values), Scalar::Binary(bytes)) => values.push(bytes),
            (Values::Bigint(values) | Values::Narrow(values), Scalar::Int(value)) => {
                values.push(*value as i64);
            }
            (Values::Wide(values) | Values::Decimal(values, ..), _) => values.push(number),
            (Values::Double(values), Scalar::Double(value)) => values.push(*value),
            (Values::Bool(values), Scalar::Bool(value)) => values.append(*value),
            (Values::Timestamp(values, _), Scalar::Timestamp { micros, .. })
            | (Values::Time(values), Scalar::Time(micros)) => values.push(*micros),
            (Values::Date(values), Scalar::Date(days)) => values.push(*days),
            (values, scalar) => {
                return Err(DoesNotFit {
                    reason: format!("{scalar:?} was coerced to the wrong type for {values:?}"),
                });
            }
        }
        self.validity.push_valid();
        Ok(())
    }

    /// The value as a number of the column's scale, where the column holds such.
    fn number_of(&self, scalar: &Scalar<'_>) -> Result<i128, DoesNotFit> {
        match (&self.values, scalar) {
            (Values::Wide(_), Scalar::Int(value)) => {
                let limit = 10_i128.pow(u32::from(WIDE_PRECISION));
                if value.abs() < limit {
                    Ok(*value)
                } else {
                    Err(DoesNotFit { reason: "the integer is beyond 64 bits".into() })
                }
            }
            (Values::Decimal(_, precision, scale), Scalar::Decimal(value) | Scalar::Wei(value)) => {
                value.to_exact_i128(*precision, *scale as u8).map_err(|error| DoesNotFit {
                    reason: format!("`{value}` does not fit decimal({precision},{scale}): {error}"),
                })
            }
            _ => Ok(0),
        }
    }

    /// Makes wide integers of bigints.
    fn widen(&mut self) {
        if let Values::Bigint(values) = &self.values {
            self.values = Values::Wide(values.iter().map(|value| i128::from(*value)).collect());
        }
    }

    /// Brings the column to exactly `row` rows: nulls for rows without a value, and a second value of a row
    /// replaces the first.
    #[inline]
    fn fill_to(&mut self, row: usize) {
        if self.validity.len() != row {
            self.fit(row);
        }
    }

    /// Not inlined, so that the short ways stay short.
    #[inline(never)]
    fn fit(&mut self, row: usize) {
        let len = self.validity.len();
        if len < row {
            self.push_nulls(row - len);
        } else {
            self.truncate(row);
        }
    }

    fn push_nulls(&mut self, count: usize) {
        let len = self.validity.len() + count;
        self.validity.push_nulls(count);
        match &mut self.values {
            Values::Text(values) | Values::Binary(values) => values.push_empty(count),
            Values::Bigint(values)
            | Values::Narrow(values)
            | Values::Timestamp(values, _)
            | Values::Time(values) => {
                values.resize(len, 0);
            }
            Values::Wide(values) | Values::Decimal(values, ..) => values.resize(len, 0),
            Values::Double(values) => values.resize(len, 0.0),
            Values::Bool(values) => values.append_n(count, false),
            Values::Date(values) => values.resize(len, 0),
        }
    }

    /// Removes all rows after the first `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.validity.truncate(len);
        match &mut self.values {
            Values::Text(values) | Values::Binary(values) => values.truncate(len),
            Values::Bigint(values)
            | Values::Narrow(values)
            | Values::Timestamp(values, _)
            | Values::Time(values) => {
                values.truncate(len);
            }
            Values::Wide(values) | Values::Decimal(values, ..) => values.truncate(len),
            Values::Double(values) => values.truncate(len),
            Values::Bool(values) => values.truncate(len),
            Values::Date(values) => values.truncate(len),
        }
    }

    /// Turns the column into an array of `rows` rows.
    ///
    /// # Errors
    /// [`DoesNotFit`] if the texts of the block are longer than 2 GiB.
    pub(crate) fn finish(mut self, rows: usize) -> Result<ArrayRef, DoesNotFit> {
        let len = self.validity.len();
        if len < rows {
            self.push_nulls(rows - len);
        }
        let nulls = self.validity.finish();
        Ok(match self.values {
            Values::Text(values) => {
                let (offsets, bytes) = values.finish()?;
                // Texts come as `str` only, so the bytes are valid by construction; checking costs little.
                let array = StringArray::try_new(offsets, bytes, nulls);
                Arc::new(array.map_err(|error| DoesNotFit { reason: error.to_string() })?)
            }
            Values::Binary(values) => {
                let (offsets, bytes) = values.finish()?;
                Arc::new(BinaryArray::new(offsets, bytes, nulls))
            }
            Values::Bigint(values) | Values::Narrow(values) => {
                Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls))
            }
            Values::Wide(values) => Arc::new(
                Decimal128Array::new(ScalarBuffer::from(values), nulls)
                    .with_data_type(ArrowType::Decimal128(WIDE_PRECISION, 0)),
            ),
            Values::Double(values) => Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls)),
            Values::Bool(mut values) => {
                let bits: BooleanBuffer = values.finish();
                Arc::new(BooleanArray::new(bits, nulls))
            }
            Values::Timestamp(values, utc) => Arc::new(
                TimestampMicrosecondArray::new(ScalarBuffer::from(values), nulls)
                    .with_timezone_opt(utc.then_some("UTC")),
            ),
            Values::Date(values) => Arc::new(Date32Array::new(ScalarBuffer::from(values), nulls)),
            Values::Time(values) => Arc::new(Time64MicrosecondArray::new(ScalarBuffer::from(values), nulls)),
            Values::Decimal(values, precision, scale) => Arc::new(
                Decimal128Array::new(ScalarBuffer::from(values), nulls)
                    .with_data_type(ArrowType::Decimal128(precision, scale)),
            ),
        })
    }
}

impl Bytes {
    fn new(values: usize, bytes: usize) -> Self {
        let mut ends = Vec::with_capacity(values + 1);
        ends.push(0);
        Self { ends, bytes: Vec::with_capacity(bytes) }
    }

    #[inline]
    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        // Blocks whose texts are longer than this can count are refused by `finish`.
        self.ends.push(self.bytes.len() as i32);
    }

    fn push_empty(&mut self, count: usize) {
        let end = self.ends.last().copied().unwrap_or_default();
        self.ends.resize(self.ends.len() + count, end);
    }

    fn truncate(&mut self, len: usize) {
        self.ends.truncate(len + 1);
        let end = self.ends.last().copied().unwrap_or_default();
        self.bytes.truncate(end as usize);
    }

    fn finish(self) -> Result<(OffsetBuffer<i32>, Buffer), DoesNotFit> {
        if i32::try_from(self.bytes.len()).is_err() {
            return Err(DoesNotFit { reason: "the texts of one block are longer than 2 GiB".into() });
        }
        Ok((OffsetBuffer::new(ScalarBuffer::from(self.ends)), Buffer::from_vec(self.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;
    use arrow::array::cast::AsArray;

    use super::*;

    #[test]
    fn rows_without_a_value_become_null() {
        let mut column = ColumnBuilder::new(Physical::Text, ColumnSize::default());
        assert!(column.push_text(2, b"c"));
        assert!(column.push_text(4, b"e"));
        let array = column.finish(6).unwrap();
        let texts: Vec<Option<&str>> = array.as_string::<i32>().iter().collect();
        assert_eq!(texts, [None, None, Some("c"), None, Some("e"), None]);
    }

    #[test]
    fn a_second_value_of_a_row_replaces_the_first() {
        let mut column = ColumnBuilder::new(Physical::Bigint, ColumnSize::default());
        assert!(column.push_bigint(0, 1));
        assert!(column.push_bigint(0, 2));
        assert_eq!(column.finish(1).unwrap().as_primitive::<arrow::datatypes::Int64Type>().values(), &[2]);
    }

    #[test]
    fn an_integer_beyond_a_bigint_makes_the_column_wide() {
        let mut column = ColumnBuilder::new(Physical::Bigint, ColumnSize::default());
        column.push(0, &Scalar::Int(-5)).unwrap();
        column.push(2, &Scalar::Int(i128::from(u64::MAX))).unwrap();
        let array = column.finish(3).unwrap();
        assert_eq!(*array.data_type(), ArrowType::Decimal128(20, 0));
        let values = array.as_primitive::<arrow::datatypes::Decimal128Type>();
        assert_eq!((values.value(0), values.is_null(1), values.value(2)), (-5, true, i128::from(u64::MAX)));
    }
}
