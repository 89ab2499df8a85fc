//! The range of a run, and how rows move it.

use std::cmp::Ordering;

use crate::direction::{Extreme, RangeEnd};
use crate::meaning::{Mark, Meaning, Stranger};
use crate::settings::CursorSettings;
use crate::value::CursorValue;

/// The range of one run. `start` and `end` are fixed, `last` runs ahead with the rows.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) meaning: Meaning,
    pub(crate) extreme: Extreme,
    pub(crate) range_start: RangeEnd,
    pub(crate) range_end: RangeEnd,
    pub(crate) start: Option<Mark>,
    pub(crate) end: Option<Mark>,
    pub(crate) last: Option<Mark>,
    /// Whether rows before the start, or after the end, were seen.
    pub(crate) start_out_of_range: bool,
    pub(crate) end_out_of_range: bool,
    seen_row: bool,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// After the end or before the start.
    Outside,
    /// Further than all before.
    NewLast,
    /// Inside the range, and not further than all before.
    Inside {
        /// Equal to the start, where earlier runs may have seen the row.
        at_start: bool,
        /// Equal to the last value.
        at_last: bool,
    },
}

/// Why a value cannot be put into the order.
#[derive(Debug)]
pub(crate) enum NotComparable {
    /// It has no order with another value.
    With { other_name: &'static str, other: CursorValue<'static> },
    /// It, or the value at an end of the range, is not what all are.
    Stranger { name: &'static str, stranger: Stranger },
}

/// How messages name the value of a row.
const OF_ROW: &str = "its value";

impl Window {
    /// Makes the range; fails where an end of it is not of the kind that the cursor has.
    pub(crate) fn new(
        settings: &CursorSettings,
        meaning: Meaning,
        start: Option<CursorValue<'static>>,
        end: Option<CursorValue<'static>>,
    ) -> Result<Self, NotComparable> {
        let mark = |value: Option<CursorValue<'static>>, name| {
            let mark = value.map(|value| Mark::new(value, meaning)).transpose();
            mark.map_err(|stranger| NotComparable::Stranger { name, stranger })
        };
        let start = mark(start, "the last value")?;
        Ok(Self {
            meaning,
            extreme: settings.extreme,
            range_start: settings.range_start,
            range_end: settings.range_end,
            last: start.clone(),
            start,
            end: mark(end, "end_value")?,
            start_out_of_range: false,
            end_out_of_range: false,
            seen_row: false,
        })
    }

    /// Says where a value lies, and moves the last value.
    ///
    /// A row at the start that is known already is dropped by the caller, which also has to call
    /// [`Window::drop_known`].
    pub(crate) fn place(&mut self, value: &CursorValue<'_>) -> Result<Place, NotComparable> {
        self.adapt_zones(value);
        if self.meaning.is_undecided() {
            self.decide(value)?;
        }
        let key = self.meaning.key(value);
        let key = key.map_err(|stranger| NotComparable::Stranger { name: OF_ROW, stranger })?;
        let by = key.as_ref().unwrap_or(value);
        if let Some(end) = &self.end {
            let rank = self.rank(by, end, "end_value")?;
            if rank == Ordering::Greater || rank == Ordering::Equal && self.range_end == RangeEnd::Open {
                self.end_out_of_range = true;
                return Ok(Place::Outside);
            }
        }
        self.seen_row = true;
        let to_last = match &self.last {
            None => Ordering::Greater,
            Some(last) => self.rank(by, last, "the last value")?,
        };
        if to_last == Ordering::Greater {
            self.move_last(value, key)?;
            return Ok(Place::NewLast);
        }
        let to_start = match &self.start {
            None => Ordering::Greater,
            Some(start) => self.rank(by, start, "the last value")?,
        };
        let at_start = to_start == Ordering::Equal;
        if to_start == Ordering::Less || at_start && self.range_start == RangeEnd::Open {
            self.start_out_of_range = true;
            return Ok(Place::Outside);
        }
        Ok(Place::Inside { at_start, at_last: to_last == Ordering::Equal })
    }

    /// Decides what the values mean, if this one says it.
    fn decide(&mut self, value: &CursorValue<'_>) -> Result<(), NotComparable> {
        let ends = [&self.start, &self.last, &self.end];
        let others = ends.into_iter().flatten().map(|mark| &mark.value);
        if !self.meaning.decide(value, others) {
            return Ok(());
        }
        for (end, name) in [
            (&mut self.start, "the last value"),
            (&mut self.last, "the last value"),
            (&mut self.end, "end_value"),
        ] {
            if let Some(mark) = end.take() {
                let mark = Mark::new(mark.value, self.meaning);
                *end = Some(mark.map_err(|stranger| NotComparable::Stranger { name, stranger })?);
            }
        }
        Ok(())
    }

    /// Notes that a row at the start was dropped because it is known.
    pub(crate) fn drop_known(&mut self) {
        self.start_out_of_range = true;
    }

    /// Naive ends of the range become aware where the rows are, and the other way round. Instants do not
    /// change, since naive ones count as UTC; only what the state says of them does. The first row decides.
    pub(crate) fn adapt_zones(&mut self, value: &CursorValue<'_>) {
        let CursorValue::Timestamp { aware: wanted, .. } = value else { return };
        if self.seen_row {
            return;
        }
        for end in [&mut self.start, &mut self.last, &mut self.end].into_iter().flatten() {
            if let CursorValue::Timestamp { aware, .. } = &mut end.value {
                *aware = *wanted;
            }
        }
    }

    fn rank(
        &self,
        by: &CursorValue<'_>,
        other: &Mark,
        other_name: &'static str,
    ) -> Result<Ordering, NotComparable> {
        let rank = self.extreme.rank(by, other.by());
        rank.ok_or_else(|| NotComparable::With { other_name, other: other.value.clone() })
    }

    /// Whether a value lies further than the last one; for values of columns, which are looked at one by one only
    /// where they may be the last.
    pub(crate) fn is_further(&self, value: &CursorValue<'_>) -> Result<bool, NotComparable> {
        let Some(last) = &self.last else { return Ok(true) };
        let rank = self.meaning.rank(self.extreme, value, &last.value);
        let rank = rank
            .ok_or_else(|| NotComparable::With { other_name: "the last value", other: last.value.clone() })?;
        Ok(rank == Ordering::Greater)
    }

    /// Makes a value the last one.
    pub(crate) fn move_to(&mut self, value: &CursorValue<'_>) -> Result<(), NotComparable> {
        let key = self.meaning.key(value);
        self.move_last(value, key.map_err(|stranger| NotComparable::Stranger { name: OF_ROW, stranger })?)
    }

    fn move_last(
        &mut self,
        value: &CursorValue<'_>,
        key: Option<CursorValue<'static>>,
    ) -> Result<(), NotComparable> {
        if let Some(last) = &mut self.last {
            last.put(value, key);
            return Ok(());
        }
        let mark = Mark::new(value.clone().into_owned(), self.meaning);
        self.last = Some(mark.map_err(|stranger| NotComparable::Stranger { name: OF_ROW, stranger })?);
        Ok(())
    }
}
