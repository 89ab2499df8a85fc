//! How far a stage is. Calls come per page, block or job, never per row.

use std::fmt::{self, Debug, Display};

/// The three stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Reads sources into packages in `extracted/`.
    Extract,
    /// Turns packages in `extracted/` into packages in `normalized/`.
    Normalize,
    /// `normalized/` to the destination.
    Load,
}

impl Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Extract => "extract",
            Self::Normalize => "normalize",
            Self::Load => "load",
        })
    }
}

/// Hears about the progress of stages, from any thread. Implementations must be cheap.
pub trait Progress: Debug + Send + Sync {
    /// A stage begins to work on a package. `total` is the number of jobs or bytes to come, where known.
    fn begin(&self, stage: Stage, load_id: &str, total: Option<u64>);

    /// `rows` more rows of `table` and `bytes` more bytes of input went through `stage`.
    /// `done` more units of the `total` given to [`Progress::begin`] are finished.
    fn advance(&self, stage: Stage, table: &str, rows: u64, bytes: u64, done: u64);

    /// The stage is finished with the package.
    fn end(&self, stage: Stage, load_id: &str);
}

/// Reports nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _stage: Stage, _load_id: &str, _total: Option<u64>) {}
    fn advance(&self, _stage: Stage, _table: &str, _rows: u64, _bytes: u64, _done: u64) {}
    fn end(&self, _stage: Stage, _load_id: &str) {}
}
