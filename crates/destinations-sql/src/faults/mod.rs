//! Loads whose process ends where a test wants it: after any statement that changes something, before its answer comes.
//! That is before the next one, too.
//!
//! What comes of a load whose process ended is what the database makes of it: the transaction that was open is undone,
//! locks are free again. [`for_each_end`] tries all ends of a load, one after the other; [`survives`] does so with
//! loads of every kind, also in a database whose transactions are made to hold less than they do.

mod engine;
mod found;
mod loads;
mod scenario;
mod survival;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartage_destinations_api::{Error, Result};

pub use engine::{Faulty, FaultySession};
pub use scenario::Scenario;
pub use survival::{TestDataset, survives, survives_interrupted_take_over};

/// The end of a process: at which statement, counted from 1.
#[derive(Debug)]
pub struct Faults {
    nth: usize,
    seen: AtomicUsize,
}

impl Faults {
    /// An end at the `nth` statement that changes something.
    pub fn new(nth: usize) -> Self {
        Self { nth, seen: AtomicUsize::new(0) }
    }

    /// Faults that never strike.
    pub fn never() -> Self {
        Self::new(usize::MAX)
    }

    /// Whether the end has come.
    pub(crate) fn have_struck(&self) -> bool {
        self.seen.load(Ordering::SeqCst) >= self.nth
    }

    fn ended() -> Error {
        Error::transient("the process has ended, as the test wants it")
    }

    fn alive(&self) -> Result<()> {
        if self.have_struck() { Err(Self::ended()) } else { Ok(()) }
    }

    fn step<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.alive()?;
        let is_last = self.seen.fetch_add(1, Ordering::SeqCst) + 1 >= self.nth;
        let done = work();
        // Whatever came of the last one: nobody is there to hear of it.
        if is_last { Err(Self::ended()) } else { done }
    }
}

/// Runs `scenario` with an end at the first statement, the second and so on, or one of some of these, until it is through
/// before its end comes. Returns how many statements there were about.
pub(crate) fn for_each_end(one_of: usize, scenario: impl Fn(Arc<Faults>)) -> usize {
    // Each caller begins elsewhere.
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let mut end = 1 + CALLS.fetch_add(1, Ordering::SeqCst) % one_of;
    loop {
        let faults = Arc::new(Faults::new(end));
        scenario(Arc::clone(&faults));
        if !faults.have_struck() {
            return end - 1;
        }
        end += one_of;
    }
}
