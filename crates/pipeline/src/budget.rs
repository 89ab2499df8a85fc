//! How `runtime.memory_limit` is shared out among the stages, which work at the same time.
//!
//! The destination's engine gets three eighths of a small limit, and all that is left of a large one when the
//! program itself has what it needs. Shares depend on the limit only, so that one process and three write the same
//! bytes.

use std::num::NonZeroUsize;

use cartage_config::{Config, MemorySize};
use cartage_extract::MAX_ROW_BYTES;
use cartage_normalize::NormalizeSettings;

use crate::error::PipelineError;

/// The smallest limit that a run keeps (`tests/tests/it/memory.rs`).
const LEAST: u64 = 256_000_000;

/// With this much the program itself is as fast as with any more.
const ENOUGH: u64 = 512 << 20;

/// What a thread of normalize takes: its blocks before and after they are parsed, and a row group.
const PER_WORKER: u64 = 28 << 20;

/// What a thread that compresses extracted rows takes.
const PER_COMPRESSOR: u64 = 20 << 20;

/// What a byte of a long row takes while it is in work, where the row has many values below it; long lists of tiny
/// numbers take three times as much.
const PER_ROW_BYTE: u64 = 32;

/// The same where the row is one long text.
const PER_TEXT_BYTE: u64 = 4;

/// The shares of a limit, or none where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    limit: Option<u64>,
}

impl Budget {
    /// The limit of the configuration.
    pub(crate) fn of(config: &Config) -> Self {
        Self { limit: config.runtime.memory_limit.map(MemorySize::bytes) }
    }

    /// Refuses a limit that no run could keep.
    pub(crate) fn check(self) -> Result<(), PipelineError> {
        match self.limit {
            Some(limit) if limit < LEAST => Err(PipelineError::usage(
                format!(
                    "runtime.memory_limit is {} MB, and a run needs {}",
                    limit / 1_000_000,
                    LEAST / 1_000_000
                ),
                format!("set it to \"{}MB\" or more", LEAST / 1_000_000),
            )),
            _ => Ok(()),
        }
    }

    /// Bytes for the engine of the destination.
    pub(crate) fn destination(self) -> Option<u64> {
        self.limit.map(|limit| limit - own(limit))
    }

    /// When row groups are written.
    pub(crate) fn normalize(self) -> NormalizeSettings {
        let usual = NormalizeSettings::default();
        let Some(buffer) = self.buffer() else { return usual };
        NormalizeSettings {
            row_group_bytes: usual.row_group_bytes.min(buffer / 4),
            buffer_bytes: usual.buffer_bytes.min(buffer),
            ..usual
        }
    }

    /// Bytes of extracted rows that wait for their block to be full.
    pub(crate) fn buffered_rows(self, usual: usize) -> usize {
        self.buffer().map_or(usual, |buffer| usual.min(buffer))
    }

    /// How many of `wanted` threads normalize may have. The bytes that they write do not depend on it.
    pub(crate) fn normalize_workers(self, wanted: usize) -> usize {
        self.threads(wanted, PER_WORKER)
    }

    /// The same for threads that compress extracted rows; `None` leaves it to extract.
    pub(crate) fn compression_threads(self, wanted: usize) -> Option<NonZeroUsize> {
        self.limit.and_then(|_| NonZeroUsize::new(self.threads(wanted, PER_COMPRESSOR)))
    }

    /// Bytes of the longest row: extract and normalize hold it as text, parsed and in columns. Who sets it knows what
    /// the rows are; a long text takes less than a list of numbers.
    pub(crate) fn max_row_bytes(self, wanted: Option<MemorySize>) -> Result<usize, PipelineError> {
        let share = |per_byte| self.limit.map_or(usize::MAX, |limit| (own(limit) / per_byte) as usize);
        let Some(wanted) = wanted else { return Ok(MAX_ROW_BYTES.min(share(PER_ROW_BYTE))) };
        let most = share(PER_TEXT_BYTE);
        match usize::try_from(wanted.bytes()) {
            Ok(wanted) if wanted <= most => Ok(wanted),
            _ => Err(PipelineError::usage(
                format!(
                    "extract.max_row_bytes is {} MB, and within runtime.memory_limit a row may have {} MB",
                    wanted.bytes() / 1_000_000,
                    most / 1_000_000
                ),
                "raise runtime.memory_limit, or remove one of them",
            )),
        }
    }

    fn threads(self, wanted: usize, bytes: u64) -> usize {
        self.limit.map_or(wanted, |limit| wanted.min((own(limit) / 2 / bytes).max(1) as usize))
    }

    /// An eighth of what the program has, where that is little: extract and normalize have such a buffer each, and
    /// normalize encodes as much again.
    fn buffer(self) -> Option<usize> {
        self.limit.map(own).filter(|own| *own < ENOUGH).map(|own| (own / 8) as usize)
    }
}

/// What the program has for itself.
fn own(limit: u64) -> u64 {
    (limit / 8 * 5).min(ENOUGH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(limit: u64) -> Budget {
        Budget { limit: Some(limit) }
    }

    #[test]
    fn without_a_limit_everything_is_as_usual() {
        let none = Budget { limit: None };
        assert_eq!(none.normalize(), NormalizeSettings::default());
        assert_eq!((none.destination(), none.normalize_workers(64), none.buffered_rows(7)), (None, 64, 7));
    }

    #[test]
    fn a_large_limit_changes_nothing_but_what_the_destination_may_take() {
        let large = of(16_000_000_000);
        assert_eq!(large.normalize(), NormalizeSettings::default());
        assert_eq!(large.destination(), Some(16_000_000_000 - (512 << 20)));
        assert_eq!(large.normalize_workers(4), 4);
    }

    #[test]
    fn what_all_parts_take_together_stays_below_a_small_limit() {
        for limit in [LEAST, 400_000_000, 800_000_000] {
            let budget = of(limit);
            let buffers = 2 * budget.normalize().buffer_bytes + budget.buffered_rows(usize::MAX);
            let threads = budget.normalize_workers(64) as u64 * PER_WORKER;
            let engine = budget.destination().unwrap();
            assert!(buffers as u64 + threads + engine <= limit, "{limit}");
        }
    }

    #[test]
    fn a_row_is_as_long_as_the_limit_allows_or_the_setting_is_refused() {
        assert_eq!(Budget { limit: None }.max_row_bytes(None).unwrap(), MAX_ROW_BYTES);
        let small = of(LEAST).max_row_bytes(None).unwrap();
        assert!(small as u64 * PER_ROW_BYTE <= own(LEAST));
        let size = |text: &str| Some(text.parse::<MemorySize>().unwrap());
        assert_eq!(of(LEAST).max_row_bytes(size("5MB")).unwrap(), 5_000_000);
        let error = of(LEAST).max_row_bytes(size("200MB")).unwrap_err().to_string();
        assert!(error.contains("max_row_bytes is 200 MB"), "{error}");
    }

    #[test]
    fn a_limit_that_nobody_could_keep_is_refused() {
        assert!(of(LEAST).check().is_ok());
        let error = of(100_000_000).check().unwrap_err().to_string();
        assert!(error.contains("100 MB"), "{error}");
    }
}
