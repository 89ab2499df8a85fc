//! In which direction a cursor goes, and whether the ends of its range belong to it.

use std::cmp::Ordering;

use crate::value::CursorValue;

/// Which value of two is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extreme {
    Max,
    Min,
}

/// Whether a value that equals an end of the range is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeEnd {
    Open,
    Closed,
}

impl Extreme {
    /// `Greater` where `a` lies further in the direction of the cursor; `None` where types have no order.
    pub(crate) fn rank(self, a: &CursorValue<'_>, b: &CursorValue<'_>) -> Option<Ordering> {
        let order = a.order(b)?;
        Some(if self == Self::Max { order } else { order.reverse() })
    }
}
