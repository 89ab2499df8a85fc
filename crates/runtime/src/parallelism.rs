//! The words for jobs that may run at the same time: destinations and settings say them, load obeys.

use serde::{Deserialize, Serialize};

/// Whether jobs may run concurrently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parallelism {
    /// Any jobs run concurrently.
    #[default]
    Parallel,
    /// At most one job of a table at a time.
    TableSequential,
    /// One job at a time.
    Sequential,
}
