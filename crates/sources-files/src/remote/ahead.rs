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
    /// Of the inputs that wait, those that were looked at.
    passed: usize,
}

impl Ahead {
    /// Takes the first input that waits, with its download if it is an object, after beginning with those behind it.
    pub(crate) fn next(
        &mut self,
        waiting: &mut VecDeque<Found>,
        clients: &Clients,
        cancel: &CancelToken,
    ) -> Option<(Found, Option<ObjectReader>)> {
        self.fill(waiting, clients, cancel);
        let found = waiting.pop_front()?;
        self.passed = self.passed.saturating_sub(1);
        let object = match &found.place {
            Place::Object(_) => self.take(),
            Place::StandardInput | Place::File(_) => None,
        };
        Some((found, object))
    }

    /// Begins with the next ones, as far as there is room.
    fn fill(&mut self, waiting: &VecDeque<Found>, clients: &Clients, cancel: &CancelToken) {
        let Some(executor) = clients.handle() else { return };
        for found in waiting.range(self.passed..) {
            if let Place::Object(object) = &found.place {
                // What is in flight of a large one, and what waits to be taken.
                let bytes = object.size().clamp(LEAST, RANGE * (RANGES_AHEAD as u64 + 2));
                let is_full = self.started.len() == MOST || self.bytes + bytes > BYTES;
                if is_full && !self.started.is_empty() {
                    return;
                }
                self.bytes += bytes;
                self.started.push_back((ObjectReader::start(object, &executor, cancel), bytes));
            }
            self.passed += 1;
        }
    }

    fn take(&mut self) -> Option<ObjectReader> {
        let (reader, bytes) = self.started.pop_front()?;
        self.bytes -= bytes;
        Some(reader)
    }
}
