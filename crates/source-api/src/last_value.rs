//! The last value of a cursor as it moves, for the code that makes the pages.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// The last value of a cursor so far; null where there is none. It moves behind each page whose rows have passed
/// the cursor. All clones show the same.
#[derive(Clone, Debug, Default)]
pub struct LastValue(Arc<Mutex<Value>>);

impl LastValue {
    /// The value now.
    pub fn get(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Moves it, for all clones.
    pub fn set(&self, value: Value) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }
}
