//! Objects that are on their way before it is their turn.

use std::collections::VecDeque;

use cartage_runtime::CancelToken;

use super::clients::Clients;
use super::fetch::{RANGE, RANGES_AHEAD};
use super::reader::ObjectReader;
use crate::found::{Found, Place};

/// Objects that are asked for at once: what a request waits for is the same for a small object and a large one.
const MOST: usize = 64;

/// Bytes that all of them may take.
const BYTES: u64 = 48 << 20;

/// What even the smallest takes.
const LEAST: u64 = 64 << 10;

/// Downloads that were begun, in the order in which they will be taken.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    started: VecDeque<(ObjectReader, u64)>,
    bytes: u64,
}

impl Ahead {
    /// Begins with those of `waiting` that come next, as far as there is room.
    pub(crate) fn fill(&mut self, waiting: &VecDeque<Found>, clients: &Clients, cancel: &CancelToken) {
        let Some(executor) = clients.handle() else { return };
        let objects = waiting.iter().filter_map(|found| match &found.place {
            Place::Object(object) => Some(object),
            Place::StandardInput | Place::File(_) => None,
        });
        for object in objects.skip(self.started.len()) {
            // What is in flight of a large one, and what waits to be taken.
            let bytes = object.size().clamp(LEAST, RANGE * (RANGES_AHEAD as u64 + 2));
            let is_full = self.started.len() == MOST || self.bytes + bytes > BYTES;
            if is_full && !self.started.is_empty() {
                return;
            }
            self.bytes += bytes;
            self.started.push_back((ObjectReader::start(object, &executor, cancel), bytes));
        }
    }

    /// The next one. The caller has filled first.
    pub(crate) fn take(&mut self) -> Option<ObjectReader> {
        let (reader, bytes) = self.started.pop_front()?;
        self.bytes -= bytes;
        Some(reader)
    }
}
