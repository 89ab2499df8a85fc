//! How the resources of a source take turns.

use serde::{Deserialize, Serialize};

/// Which resource yields the next page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextItemMode {
    /// One page of each resource in turn.
    #[default]
    RoundRobin,
    /// All pages of the first resource, then those of the second.
    Fifo,
}
