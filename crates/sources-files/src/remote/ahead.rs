//! Objects that are on their way before it is their turn.

use std::collections::VecDeque;

use cartage_runtime::CancelToken;

use super::clients::Clients;
use super::memory::Reserved;
use super::reader::ObjectReader;
use crate::found::{Found, Place};

/// Objects that are asked for at once: what a request waits for is the same for a small object and a large one.
const MOST: usize = 64;

/// Downloads that were begun, in the order in which they will be taken.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    started: VecDeque<ObjectReader>,
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
            Place::Object(_) => self.started.pop_front(),
            Place::StandardInput | Place::File(_) => None,
        };
        Some((found, object))
    }

    /// Begins with the next ones, as far as there is room.
    fn fill(&mut self, waiting: &VecDeque<Found>, clients: &Clients, cancel: &CancelToken) {
        let Some(executor) = clients.handle() else { return };
        for found in waiting.range(self.passed..) {
            if let Place::Object(object) = &found.place {
                let is_next = self.started.is_empty();
                let memory = match Reserved::full(object.size()) {
                    Some(memory) if self.started.len() < MOST => memory,
                    None if is_next => Reserved::short(object.size()),
                    _ => return,
                };
                self.started.push_back(ObjectReader::start(object, memory, &executor, cancel));
            }
            self.passed += 1;
        }
    }
}
