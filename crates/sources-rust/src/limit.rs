//! Taking only a part.

use std::time::{Duration, Instant};

/// How much is taken of a resource: `add_limit` of dlt. The first limit that is reached ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// Most pages that are taken.
    pub pages: Option<u64>,
    /// Pages until there are this many rows; the last page is not cut.
    pub rows: Option<u64>,
    /// Pages that begin within this time.
    pub time: Option<Duration>,
}

impl Limit {
    /// A limit of this many pages.
    pub fn pages(pages: u64) -> Self {
        Self { pages: Some(pages), ..Self::default() }
    }

    /// Pages until there are this many rows.
    pub fn rows(rows: u64) -> Self {
        Self { rows: Some(rows), ..Self::default() }
    }

    /// Pages that begin within this time.
    pub fn time(time: Duration) -> Self {
        Self { time: Some(time), ..Self::default() }
    }
}

/// How much of a limit is used up.
#[derive(Debug)]
pub(crate) struct Used {
    limit: Limit,
    pages: u64,
    rows: u64,
    begin: Instant,
}

impl Used {
    pub(crate) fn none_of(limit: Limit) -> Self {
        Self { limit, pages: 0, rows: 0, begin: Instant::now() }
    }

    /// Whether another page may begin.
    pub(crate) fn has_room(&self) -> bool {
        self.limit.pages.is_none_or(|pages| self.pages < pages)
            && self.limit.rows.is_none_or(|rows| self.rows < rows)
            && self.limit.time.is_none_or(|time| self.begin.elapsed() < time)
    }

    pub(crate) fn add(&mut self, rows: u64) {
        self.pages += 1;
        self.rows += rows;
    }
}
