//! Filtering pages of columnar rows.

use std::cmp::Ordering;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::{and, filter_record_batch, not, or};
use arrow::error::ArrowError;
use cartage_source_api::{HashChange, columnar_value_in};

use crate::columns::{Bound, Column};
use crate::direction::{Extreme, RangeEnd};
use crate::error::CursorError;
use crate::hash::{self, HashForm};
use crate::meaning::{Mark, Meaning};
use crate::rows::{Filtered, Known, not_comparable};
use crate::settings::{CursorSettings, OnMissing, RowKey};
use crate::value::CursorValue;
use crate::window::{NotComparable, Window};

/// Goes through the rows of one batch.
pub(crate) struct BatchFilter<'a> {
    pub(crate) settings: &'a CursorSettings,
    pub(crate) window: &'a mut Window,
    pub(crate) known: &'a mut Known,
}

/// Which rows of a column pass the range.
pub(crate) struct InRange {
    /// Rows that stay, with those that have no cursor where these are included.
    pub(crate) kept: BooleanArray,
    /// Rows with a cursor that is not beyond the end.
    before_end: BooleanArray,
    /// Rows that have the value of the start.
    pub(crate) at_start: BooleanArray,
}

impl BatchFilter<'_> {
    /// The rows that are wanted, at most `room` of them.
    pub(crate) fn filter(
        mut self,
        batch: &RecordBatch,
        room: u64,
    ) -> Result<(RecordBatch, Filtered), CursorError> {
        let column = self.column(batch)?;
        let mut range = self.in_range(&column)?;
        self.drop_known(batch, &mut range)?;
        if range.kept.true_count() as u64 > room {
            // Rows behind the last one that fits are as if they had never come.
            let rows = rows_for(&range.kept, room);
            return self.filter(&batch.slice(0, rows), u64::MAX);
        }
        let rows_at_last = self.advance(&column, &range)?;
        let mut change = HashChange { reset: rows_at_last.1, added: Vec::new() };
        if let Some(mask) = rows_at_last.0
            && self.settings.deduplicates()
        {
            let mask = self.computed(and(&mask, &range.kept))?;
            change.added =
                self.hashes(batch, &mask, self.known.form)?.into_iter().map(|(_, hash)| hash).collect();
        }
        let kept = self.computed(filter_record_batch(batch, &range.kept))?;
        let left_out = (batch.num_rows() - kept.num_rows()) as u64;
        Ok((kept, Filtered { hashes: change, left_out }))
    }

    /// The cursor column. Its type decides that of the ends of the range.
    pub(crate) fn column(&mut self, batch: &RecordBatch) -> Result<Column, CursorError> {
        let name = self.settings.path.column();
        let array = name.and_then(|name| batch.column_by_name(name));
        let array = array.ok_or_else(|| CursorError::NoColumn { path: self.settings.name.clone() })?;
        let column = self.computed(Column::new(array))?;
        let meaning = self.window.meaning;
        if column.is_text() {
            // Texts of a columnar input are texts in its table, unless something says otherwise.
            let meaning = if meaning.reads_texts() { meaning } else { Meaning::PLAIN };
            let keyed = column.keyed(meaning);
            return keyed.map_err(|(value, stranger)| {
                let problem = NotComparable::Stranger { name: "its value", stranger };
                not_comparable(self.settings, &value, &problem)
            });
        }
        for end in [&mut self.window.start, &mut self.window.last, &mut self.window.end] {
            let adopted = end.take().map(|mark| Mark::new(column.adopt(mark.value), meaning)).transpose();
            *end = adopted.map_err(|stranger| {
                let problem = NotComparable::Stranger { name: "the last value", stranger };
                not_comparable(self.settings, &CursorValue::Bool(false), &problem)
            })?;
        }
        Ok(column)
    }

    /// Compares all rows with the ends of the range. Does not move the window.
    pub(crate) fn in_range(&mut self, column: &Column) -> Result<InRange, CursorError> {
        let valid = column.is_valid();
        if let Some(first) = self.computed(column.furthest(&valid, self.window.extreme))? {
            self.window.adapt_zones(&first);
            // The order of types is known from one value.
            let ends = [(&self.window.end, "end_value"), (&self.window.last, "the last value")];
            for (end, name) in ends {
                if let Some(end) = end
                    && column.bound(&end.value).is_none()
                {
                    let problem = NotComparable::With { other_name: name, other: end.value.clone() };
                    return Err(not_comparable(self.settings, &first, &problem));
                }
            }
        }
        let extreme = self.window.extreme;
        let rank = move |order: Ordering| {
            if extreme == Extreme::Max { order } else { order.reverse() }
        };
        let mut before_end = valid.clone();
        if let Some(bound) = bound(column, self.window.end.as_ref()) {
            let closed = self.window.range_end == RangeEnd::Closed;
            let inside = column.test(&bound, |order| match rank(order) {
                Ordering::Less => true,
                Ordering::Equal => closed,
                Ordering::Greater => false,
            });
            before_end = self.computed(and(&valid, &inside))?;
            self.window.end_out_of_range |= before_end.true_count() < valid.true_count();
        }
        let mut kept = before_end.clone();
        let mut at_start = BooleanArray::from(vec![false; valid.len()]);
        if let Some(bound) = bound(column, self.window.start.as_ref()) {
            let closed = self.window.range_start == RangeEnd::Closed;
            let inside = column.test(&bound, |order| match rank(order) {
                Ordering::Less => false,
                Ordering::Equal => closed,
                Ordering::Greater => true,
            });
            kept = self.computed(and(&before_end, &inside))?;
            self.window.start_out_of_range |= kept.true_count() < before_end.true_count();
            at_start = column.test(&bound, Ordering::is_eq);
        }
        let missing = self.computed(not(&valid))?;
        match self.settings.on_missing {
            OnMissing::Raise if missing.true_count() > 0 => {
                return Err(CursorError::Null { path: self.settings.name.clone() });
            }
            OnMissing::Include => kept = self.computed(or(&kept, &missing))?,
            OnMissing::Raise | OnMissing::Exclude => {}
        }
        Ok(InRange { kept, before_end, at_start })
    }

    /// Takes rows at the start out of the kept ones that an earlier run has seen.
    fn drop_known(&mut self, batch: &RecordBatch, range: &mut InRange) -> Result<(), CursorError> {
        if !self.settings.deduplicates() || self.known.at_start.is_empty() {
            return Ok(());
        }
        let candidates = self.computed(and(&range.kept, &range.at_start))?;
        let mut kept: Vec<bool> = range.kept.values().iter().collect();
        for (row, hash) in self.hashes(batch, &candidates, self.known.start_form)? {
            if self.known.at_start.contains(&hash) {
                kept[row] = false;
                self.window.drop_known();
            }
        }
        range.kept = BooleanArray::from(kept);
        Ok(())
    }

    /// Moves the last value. Gives the rows that have it, and whether it moved.
    pub(crate) fn advance(
        &mut self,
        column: &Column,
        range: &InRange,
    ) -> Result<(Option<BooleanArray>, bool), CursorError> {
        let Some(furthest) = self.computed(column.furthest(&range.before_end, self.window.extreme))? else {
            return Ok((None, false));
        };
        let unusable = |problem| not_comparable(self.settings, &furthest, &problem);
        let is_further = self.window.is_further(&furthest).map_err(unusable)?;
        if is_further {
            self.known.form = HashForm::Current;
            self.window.move_to(&furthest).map_err(unusable)?;
        }
        let bound = bound(column, self.window.last.as_ref());
        let mask = bound.map(|bound| column.test(&bound, Ordering::is_eq));
        Ok((mask, is_further))
    }

    /// Hashes of the rows of a mask, with their positions.
    pub(crate) fn hashes(
        &self,
        batch: &RecordBatch,
        mask: &BooleanArray,
        form: HashForm,
    ) -> Result<Vec<(usize, String)>, CursorError> {
        let columns = key_columns(batch, &self.settings.key)?;
        let rows = mask.values().set_indices();
        rows.map(|row| {
            let values = columns
                .iter()
                .map(|(name, column)| Ok((name.clone(), columnar_value_in(*column, row, form.instants())?)))
                .collect::<Result<_, ArrowError>>();
            let values = self.computed(values)?;
            Ok((row, hash::of_plain_value(&hash::key_of(values, &self.settings.key), form)))
        })
        .collect()
    }

    fn computed<T>(&self, result: Result<T, ArrowError>) -> Result<T, CursorError> {
        result.map_err(|error| CursorError::Column {
            path: self.settings.name.clone(),
            reason: error.to_string(),
        })
    }
}

fn bound(column: &Column, mark: Option<&Mark>) -> Option<Bound> {
    column.bound(&mark?.value)
}

/// The columns that are hashed.
fn key_columns<'a>(
    batch: &'a RecordBatch,
    key: &RowKey,
) -> Result<Vec<(String, &'a dyn Array)>, CursorError> {
    let named = |name: &String| {
        let column = batch.column_by_name(name);
        let column = column.ok_or_else(|| CursorError::KeyMissing { column: name.clone() })?;
        Ok((name.clone(), column.as_ref()))
    };
    match key {
        RowKey::Column(name) => Ok(vec![named(name)?]),
        RowKey::Columns(names) => names.iter().map(named).collect(),
        RowKey::WholeRow => {
            let fields = batch.schema_ref().fields().iter().map(|field| field.name().clone());
            Ok(fields.zip(batch.columns().iter().map(AsRef::as_ref)).collect())
        }
        RowKey::None => Ok(Vec::new()),
    }
}

/// Rows up to and with the one that fills the room.
fn rows_for(kept: &BooleanArray, room: u64) -> usize {
    match usize::try_from(room) {
        Ok(0) | Err(_) => 0,
        Ok(room) => kept.values().set_indices().nth(room - 1).map_or(kept.len(), |last| last + 1),
    }
}
