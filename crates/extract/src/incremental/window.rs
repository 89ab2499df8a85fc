//! The range of a run, and how rows move it.

use std::cmp::Ordering;

use super::settings::CursorSettings;
use super::value::CursorValue;

/// Which value of two is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extreme {
    Max,
    Min,
}

/// Whether a value that equals an end of the range is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeEnd {
    Open,
    Closed,
}

impl Extreme {
    /// `Greater` where `a` lies further in the direction of the cursor; `None` where types have no order.
    pub(super) fn rank(self, a: &CursorValue<'_>, b: &CursorValue<'_>) -> Option<Ordering> {
        let order = a.order(b)?;
        Some(if self == Self::Max { order } else { order.reverse() })
    }
}

/// The range of one run. `start` and `end` are fixed, `last` runs ahead with the rows.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) extreme: Extreme,
    pub(super) range_start: RangeEnd,
    pub(super) range_end: RangeEnd,
    pub(super) start: Option<CursorValue<'static>>,
    pub(super) end: Option<CursorValue<'static>>,
    pub(super) last: Option<CursorValue<'static>>,
    /// Whether rows behind the start, or beyond the end, were seen.
    pub(super) start_out_of_range: bool,
    pub(super) end_out_of_range: bool,
    seen_row: bool,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Beyond the end or behind the start.
    Outside,
    /// Further than all before.
    NewLast,
    /// Inside.
    Inside {
        /// Equal to the start, where earlier runs may have seen the row.
        at_start: bool,
        /// Equal to the last value.
        at_last: bool,
    },
}

/// A value that has no order with another one.
#[derive(Debug)]
pub(super) struct NotComparable {
    pub(super) other_name: &'static str,
    pub(super) other: CursorValue<'static>,
}

impl Window {
    pub(super) fn new(
        settings: &CursorSettings,
        start: Option<CursorValue<'static>>,
        end: Option<CursorValue<'static>>,
    ) -> Self {
        Self {
            extreme: settings.extreme,
            range_start: settings.range_start,
            range_end: settings.range_end,
            last: start.clone(),
            start,
            end,
            start_out_of_range: false,
            end_out_of_range: false,
            seen_row: false,
        }
    }

    /// Says where a value lies, and moves the last value.
    ///
    /// A row at the start that is known already is dropped by the caller, which also has to call
    /// [`Window::drop_known`].
    pub(super) fn place(&mut self, value: &CursorValue<'_>) -> Result<Place, NotComparable> {
        self.adapt_zones(value);
        if let Some(end) = &self.end {
            let rank = self.rank(value, end, "end_value")?;
            if rank == Ordering::Greater || rank == Ordering::Equal && self.range_end == RangeEnd::Open {
                self.end_out_of_range = true;
                return Ok(Place::Outside);
            }
        }
        self.seen_row = true;
        let to_last = match &self.last {
            None => Ordering::Greater,
            Some(last) => self.rank(value, last, "the last value")?,
        };
        if to_last == Ordering::Greater {
            self.move_last(value);
            return Ok(Place::NewLast);
        }
        let to_start = match &self.start {
            None => Ordering::Greater,
            Some(start) => self.rank(value, start, "the last value")?,
        };
        let at_start = to_start == Ordering::Equal;
        if to_start == Ordering::Less || at_start && self.range_start == RangeEnd::Open {
            self.start_out_of_range = true;
            return Ok(Place::Outside);
        }
        Ok(Place::Inside { at_start, at_last: to_last == Ordering::Equal })
    }

    /// Notes that a row at the start was dropped because it is known.
    pub(super) fn drop_known(&mut self) {
        self.start_out_of_range = true;
    }

    /// Naive ends of the range become aware where the rows are, and the other way round. Instants do not
    /// change, since naive ones count as UTC; only what the state says of them does. The first row decides.
    pub(super) fn adapt_zones(&mut self, value: &CursorValue<'_>) {
        let CursorValue::Timestamp { aware: wanted, .. } = value else { return };
        if self.seen_row {
            return;
        }
        for end in [&mut self.start, &mut self.last, &mut self.end] {
            if let Some(CursorValue::Timestamp { aware, .. }) = end {
                *aware = *wanted;
            }
        }
    }

    pub(super) fn rank(
        &self,
        value: &CursorValue<'_>,
        other: &CursorValue<'static>,
        other_name: &'static str,
    ) -> Result<Ordering, NotComparable> {
        self.extreme.rank(value, other).ok_or_else(|| NotComparable { other_name, other: other.clone() })
    }

    fn move_last(&mut self, value: &CursorValue<'_>) {
        match (&mut self.last, value) {
            // Rows in the order of the cursor move it each time: the text is overwritten in place.
            (Some(CursorValue::Text(last)), CursorValue::Text(text)) => {
                let last = last.to_mut();
                last.clear();
                last.push_str(text);
            }
            (last, value) => *last = Some(value.clone().into_owned()),
        }
    }
}
