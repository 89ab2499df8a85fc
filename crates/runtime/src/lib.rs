//! What the stages are handed from outside: clock, random source, progress and cancellation; how they wait between
//! attempts, start [threads], and keep panics of libraries to themselves. Besides, the words that all crates share: of
//! [stages](Stage), of the [formats](FileFormat) and [codecs](Codec) of job files, of what happens to
//! [bad rows](OnBadRow), and of how resources [take turns](NextItemMode).
//!
//! Nothing else in the workspace asks the machine for the time or for randomness, so that the same
//! input, clock and seed leave the same bytes on disk.
//!
//! # Limitations
//! A [`Runtime`] carries no async executor: sources and destinations that need one own it.

mod cancel;
mod clock;
mod files;
mod next_item;
mod panics;
mod parallelism;
mod progress;
mod random;
mod retry;
mod rotation;
mod rows;
pub mod threads;

pub use cancel::CancelToken;
pub use clock::{Clock, FixedClock, SystemClock};
pub use files::{Codec, FileFormat, PageCompression, UnknownFileWord};
pub use next_item::NextItemMode;
pub use panics::{Panicked, contain};
pub use parallelism::Parallelism;
pub use progress::{NoProgress, Progress, Stage};
pub use random::{Random, SeededRandom, SystemRandom};
pub use retry::{RetryPolicy, Sleeper, ThreadSleeper};
pub use rotation::{DEFAULT_FILE_BYTES, DEFAULT_FILE_ROWS};
pub use rows::{NameCollisions, OnBadRow};

use std::sync::Arc;

/// The outside world of a stage. Cloning shares every part.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The clock that all timestamps come from.
    pub clock: Arc<dyn Clock>,
    /// Makes file ids and suffixes of staging folders.
    pub random: Arc<dyn Random>,
    /// Hears how far a stage is.
    pub progress: Arc<dyn Progress>,
    /// Says whether the user asked to stop.
    pub cancel: CancelToken,
}

impl Runtime {
    /// The machine's clock and randomness, no progress, never cancelled unless the caller does it.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            progress: Arc::new(NoProgress),
            cancel: CancelToken::default(),
        }
    }

    /// A clock that starts at `unix_micros` and a random source that starts at `seed`: for tests and
    /// for runs that must be repeatable byte for byte.
    pub fn repeatable(unix_micros: i64, seed: u64) -> Self {
        Self {
            clock: Arc::new(FixedClock::new(unix_micros)),
            random: Arc::new(SeededRandom::new(seed)),
            ..Self::system()
        }
    }
}
