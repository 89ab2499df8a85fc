//! Ranges of the values of a column, as conditions of which exactly one holds for each row.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};
use arrow::temporal_conversions::{date32_to_datetime, timestamp_us_to_datetime};

use crate::batches::{RowSink, Sent, Stop};
use crate::database::Database;
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::{Bound, ReflectedColumn};

/// A column whose values are divided.
#[derive(Clone, Debug)]
pub(crate) struct RangeColumn {
    pub(crate) column: ReflectedColumn,
    pub(crate) num: NonZeroUsize,
}

impl RangeColumn {
    /// Takes a column that can be divided.
    pub(crate) fn new(column: &ReflectedColumn, num: NonZeroUsize) -> Result<Self, SqlError> {
        match column.kind {
            Kind::Integer | Kind::Unsigned | Kind::Date | Kind::Timestamp { .. } => {
                Ok(Self { column: column.clone(), num })
            }
            _ => Err(SqlError::new(format!(
                "`partitions`: column `{}` is of type {}, which cannot be divided into ranges",
                column.name, column.declared
            ))
            .with_remedy("name a column of integers, dates or timestamps")),
        }
    }

    /// The least and the greatest value, which are what `sql` selects; `None` where there are no values.
    pub(crate) fn ends(
        &self,
        sql: &str,
        read: impl FnOnce(&str, &RowSink) -> Result<(), Stop>,
    ) -> Result<Option<(i64, i64)>, Stop> {
        let end =
            |name: &str| ReflectedColumn { name: name.to_owned(), nullable: true, ..self.column.clone() };
        // One row is one batch, so that nothing waits for it to be taken.
        let (sender, receiver) = mpsc::sync_channel(1);
        let sink = RowSink::new(vec![end("low"), end("high")], 2, sender, Arc::new(AtomicBool::new(true)));
        read(sql, &sink)?;
        Ok(match receiver.try_recv() {
            Ok(Sent::Batch(batch)) => self.value(&batch, 0).zip(self.value(&batch, 1)),
            _ => None,
        })
    }

    fn value(&self, batch: &RecordBatch, column: usize) -> Option<i64> {
        let values = batch.column(column);
        if values.is_empty() || values.is_null(0) {
            return None;
        }
        Some(match self.column.kind {
            Kind::Date => values.as_primitive::<Date32Type>().value(0).into(),
            Kind::Timestamp { .. } => values.as_primitive::<TimestampMicrosecondType>().value(0),
            _ => values.as_primitive::<Int64Type>().value(0),
        })
    }

    /// The conditions. The first range has no lower end and takes rows without a value, the last one has no upper end: what
    /// has come since the ends were asked for is in them.
    pub(crate) fn conditions(&self, database: &dyn Database, ends: Option<(i64, i64)>) -> Vec<String> {
        let value = database.ordered(&self.column);
        let starts = ends.map(|ends| starts(ends, self.num)).unwrap_or_default();
        let starts: Vec<String> = starts
            .into_iter()
            .filter_map(|start| Some(database.literal(&self.column, &self.bound(start)?)))
            .collect();
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Vec::new() };
        // What values are compared by may be NULL where they are not.
        let has_nulls = self.column.nullable || value != self.column.expression;
        let nulls = if has_nulls { format!(" OR {value} IS NULL") } else { String::new() };
        let mut conditions = vec![format!("{value} < {first}{nulls}")];
        for pair in starts.windows(2) {
            conditions.push(format!("{value} >= {} AND {value} < {}", pair[0], pair[1]));
        }
        conditions.push(format!("{value} >= {last}"));
        conditions
    }

    /// A value as a bound; `None` where calendars do not agree on how it is written.
    fn bound(&self, value: i64) -> Option<Bound> {
        let (Kind::Timestamp { .. } | Kind::Date) = self.column.kind else {
            return Some(Bound::Number(value.to_string()));
        };
        let moment = match self.column.kind {
            Kind::Date => date32_to_datetime(i32::try_from(value).ok()?)?,
            _ => timestamp_us_to_datetime(value)?,
        };
        let form = match self.column.kind {
            Kind::Date => "%Y-%m-%d",
            Kind::Timestamp { aware: true } => "%Y-%m-%dT%H:%M:%S%.6fZ",
            _ => "%Y-%m-%dT%H:%M:%S%.6f",
        };
        let text = moment.format(form).to_string();
        let has_year_of_four_digits = text.as_bytes().get(4) == Some(&b'-') && !text.starts_with("0000");
        has_year_of_four_digits.then_some(Bound::Text(text))
    }
}

/// Where all ranges but the first one start.
fn starts((low, high): (i64, i64), num: NonZeroUsize) -> Vec<i64> {
    let (low, width) = (i128::from(low), i128::from(high) - i128::from(low) + 1);
    let num = i128::try_from(num.get()).unwrap_or(1).min(width);
    (1..num).filter_map(|nth| i64::try_from(low + width * nth / num).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_even_and_no_more_than_there_are_values() {
        let of = |low, high, num| starts((low, high), NonZeroUsize::new(num).expect("it is not zero"));
        assert_eq!(of(1, 8, 4), [3, 5, 7]);
        assert_eq!(of(-10, 9, 4), [-5, 0, 5]);
        assert_eq!(of(1, 2, 8), [2]);
        assert_eq!(of(5, 5, 8), [0_i64; 0]);
        assert_eq!(of(i64::MIN, i64::MAX, 2), [0]);
    }
}
