//! How much memory downloads take, in the whole process: many resources may read at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

use super::fetch::RANGES_AHEAD;

/// Bytes that are asked for at once.
const STEP: u64 = 8 << 20;

/// The same where memory is short.
const SHORT_STEP: u64 = 1 << 20;

/// Bytes that all downloads may take. A resource whose turn it is goes on beyond, in short steps.
const BYTES: u64 = 80 << 20;

/// What even the smallest takes.
const LEAST: u64 = 64 << 10;

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Memory for one download; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Reserved {
    bytes: u64,
    step: u64,
}

impl Reserved {
    /// Memory for an object of this size, as much as it is good for.
    pub(super) fn full(size: u64) -> Option<Self> {
        Self::take(size, STEP, BYTES)
    }

    /// As little as it can be read with.
    pub(super) fn short(size: u64) -> Self {
        Self::take(size, SHORT_STEP, u64::MAX).expect("there is no limit")
    }

    fn take(size: u64, step: u64, limit: u64) -> Option<Self> {
        // What is on its way, what waits to be taken, and what is being read.
        let bytes = size.clamp(LEAST, step * (RANGES_AHEAD as u64 + 2));
        let fits = |taken: u64| Some(taken + bytes).filter(|sum| *sum <= limit);
        TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok().map(|_| Self { bytes, step })
    }

    /// Bytes that are asked for at once.
    pub(super) fn step(&self) -> u64 {
        self.step
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
