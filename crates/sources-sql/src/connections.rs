//! How many connections a source has at once, over all of its tables.
//!
//! Tables come first: each that is being read has one connection, and each that is about to be read is sure of one. What
//! is left goes to tables that are read in parts. So no table waits for another one, which may itself be waiting for
//! its rows to be taken.

use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the first connection of a table waits for those of a table that has ended.
const HANGING_UP: Duration = Duration::from_secs(5);

/// The connections of a source.
#[derive(Debug)]
pub(crate) struct Connections {
    max: NonZeroUsize,
    counts: Mutex<Counts>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Counts {
    in_use: usize,
    /// Tables that have their first connection.
    tables: usize,
    /// Tables that will want one.
    waiting_tables: usize,
}

impl Connections {
    pub(crate) fn new(max: NonZeroUsize) -> Self {
        Self { max, counts: Mutex::default(), freed: Condvar::new() }
    }

    pub(crate) fn max(&self) -> NonZeroUsize {
        self.max
    }

    /// Announces a table.
    pub(crate) fn announce(self: &Arc<Self>) -> WaitingTable {
        self.counts().waiting_tables += 1;
        WaitingTable { connections: Arc::clone(self) }
    }

    /// A connection more for a table that is being read; `None` where others need what is left.
    pub(crate) fn spare(self: &Arc<Self>) -> Option<Permit> {
        let mut counts = self.counts();
        let reserved = counts.waiting_tables.min(self.max.get().saturating_sub(counts.tables));
        if counts.in_use + reserved >= self.max.get() {
            return None;
        }
        counts.in_use += 1;
        Some(Permit { connections: Arc::clone(self), is_first: false })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A table that has no connection yet.
#[derive(Debug)]
pub(crate) struct WaitingTable {
    connections: Arc<Connections>,
}

impl WaitingTable {
    /// The first connection of the table.
    pub(crate) fn first(self) -> Permit {
        let connections = Arc::clone(&self.connections);
        drop(self);
        let counts = connections.counts();
        // The stage reads no more tables at once than there are connections. A caller that does gets one more in the end.
        let waited = connections
            .freed
            .wait_timeout_while(counts, HANGING_UP, |now| now.in_use >= connections.max.get());
        let (mut counts, _) = waited.unwrap_or_else(PoisonError::into_inner);
        counts.in_use += 1;
        counts.tables += 1;
        drop(counts);
        Permit { connections, is_first: true }
    }
}

impl Drop for WaitingTable {
    fn drop(&mut self) {
        self.connections.counts().waiting_tables -= 1;
    }
}

/// Leave to have one connection.
#[derive(Debug)]
pub(crate) struct Permit {
    connections: Arc<Connections>,
    is_first: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.connections.counts();
        counts.in_use -= 1;
        counts.tables -= usize::from(self.is_first);
        self.connections.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(max: usize) -> Arc<Connections> {
        Arc::new(Connections::new(NonZeroUsize::new(max).expect("it is not zero")))
    }

    #[test]
    fn tables_come_before_parts_of_tables() {
        let connections = of(3);
        let [one, two] = [connections.announce(), connections.announce()];
        let first = one.first();
        let more = connections.spare();
        assert!(more.is_some() && connections.spare().is_none(), "the second table is sure of one");
        let second = two.first();
        drop(first);
        assert!(connections.spare().is_some());
        drop((second, more));
        assert_eq!(connections.counts().in_use, 0);
    }

    #[test]
    fn what_a_table_that_never_begins_was_sure_of_is_for_others() {
        let connections = of(2);
        let [one, two] = [connections.announce(), connections.announce()];
        let _first = one.first();
        assert!(connections.spare().is_none());
        drop(two);
        assert!(connections.spare().is_some());
    }
}
