//! What a resource or its source remembers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cartage_source_api::{OpenContext, StateChange, StateOf};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What a resource or its source remembers, as of the last run that was loaded and with what this run changed.
///
/// A change goes with the page that is given next (or with the end of the resource), so that it is loaded with
/// the rows of that page or not at all. Handles are cheap to clone and all show the same.
#[derive(Clone, Debug)]
pub struct State {
    of: StateOf,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    resource: Map<String, Value>,
    source: Map<String, Value>,
    change: StateChange,
}

impl State {
    /// The state at the start of a run: that of the resource, that of its source.
    pub(crate) fn at_start(context: &OpenContext) -> (Self, Self) {
        let shared = Shared {
            resource: context.resource_state().cloned().unwrap_or_default(),
            source: context.source_state().clone(),
            change: StateChange::default(),
        };
        let shared = Arc::new(Mutex::new(shared));
        (Self { of: StateOf::Resource, shared: Arc::clone(&shared) }, Self { of: StateOf::Source, shared })
    }

    /// The value of a key; `None` if there is none or it has another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let mut shared = self.shared();
        let value = shared.values(&self.of).get(key)?;
        T::deserialize(value).ok()
    }

    /// Sets a key, from the next page on.
    pub fn set(&self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        let mut shared = self.shared();
        shared.change = std::mem::take(&mut shared.change).set(self.of.clone(), key, value.clone());
        shared.values(&self.of).insert(key.to_owned(), value);
    }

    /// Removes a key, from the next page on.
    pub fn remove(&self, key: &str) {
        let mut shared = self.shared();
        shared.change = std::mem::take(&mut shared.change).remove(self.of.clone(), key);
        shared.values(&self.of).shift_remove(key);
    }

    /// What was changed since this was last asked.
    pub(crate) fn take_change(&self) -> StateChange {
        std::mem::take(&mut self.shared().change)
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // A panic of the user's code leaves whole values behind.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn values(&mut self, of: &StateOf) -> &mut Map<String, Value> {
        match of {
            StateOf::Source => &mut self.source,
            _ => &mut self.resource,
        }
    }
}
