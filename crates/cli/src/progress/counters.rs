//! Sums of a stage, and how rates are written.

use std::time::Duration;

use cartage_pipeline::{grouped, size};

/// What went through a stage so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// Rows of all tables.
    pub(crate) rows: u64,
    /// Bytes of input.
    pub(crate) bytes: u64,
    /// Units of the total that are finished.
    pub(crate) done: u64,
    /// Units that there are, where that is known.
    pub(crate) total: Option<u64>,
}

impl Counters {
    /// Adds what one call of `advance` reports.
    pub(crate) fn add(&mut self, rows: u64, bytes: u64, done: u64) {
        self.rows += rows;
        self.bytes += bytes;
        self.done += done;
    }

    /// "1,234,567 rows, 105.0 MB, 1,016,000 rows/s" after `elapsed`.
    pub(crate) fn describe(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let rate = (self.rows as f64 / seconds) as u64;
        format!("{} rows, {}, {} rows/s", grouped(self.rows), size(self.bytes), grouped(rate))
    }
}
