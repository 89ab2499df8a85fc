//! The words for rows that cannot be used as they are: a source chooses them, the stages obey.

use serde::{Deserialize, Serialize};

/// What happens to rows that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// The stage that meets one stops with an error that names it.
    #[default]
    Fail,
    /// They go to a file of the package, with the reason, and are counted.
    Quarantine,
}

/// What happens where two keys of an object in JSON become one column or table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameCollisions {
    /// The later value counts, as in dlt. The summary names both keys and counts the values that were replaced.
    #[default]
    Share,
    /// The row cannot be used, see [`OnBadRow`].
    Fail,
}
