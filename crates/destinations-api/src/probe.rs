//! What a destination says that a load needs of it, to be tried before one.

use std::fmt;

use crate::error::Result;

/// Name of the table or file that a destination writes to try whether it can, and takes back.
pub const TRIAL_NAME: &str = "_cartage_check";

/// One thing that a load needs, to be tried out without leaving anything behind.
pub struct Probe<'a> {
    pub(crate) needs: String,
    pub(crate) attempt: Box<dyn FnOnce() -> Result<String> + 'a>,
}

impl<'a> Probe<'a> {
    /// A probe. `needs` is a verb such as `connect`; `attempt` says what it saw.
    pub fn new(needs: impl Into<String>, attempt: impl FnOnce() -> Result<String> + 'a) -> Self {
        Self { needs: needs.into(), attempt: Box::new(attempt) }
    }

    /// The same probe with words in front of its name.
    #[must_use]
    pub fn of(mut self, whose: &str) -> Self {
        self.needs = format!("{whose}: {}", self.needs);
        self
    }
}

impl fmt::Debug for Probe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("needs", &self.needs).finish_non_exhaustive()
    }
}
