//! `[extract]`, `[normalize]` and `[load]`.

use std::num::{NonZeroU64, NonZeroUsize};

use cartage_runtime::{NextItemMode, Parallelism};
use serde::Deserialize;

use super::memory::MemorySize;

/// The settings of `[extract]`; a source or a resource may have its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtractSection {
    /// Threads for resources that work in parallel.
    pub workers: NonZeroUsize,
    /// Pages that may be under way at the same time.
    pub max_parallel_items: NonZeroUsize,
    /// Which resource is asked for the next page.
    pub next_item_mode: NextItemMode,
    /// Rows with which a package is published although there is more to come.
    pub package_max_rows: Option<NonZeroU64>,
    /// The same for the bytes of its rows before compression.
    pub package_max_bytes: Option<NonZeroU64>,
    /// The same for the seconds since it was begun; no limit where the text is empty.
    pub package_max_seconds: Option<NonZeroU64>,
    /// Longest row, as JSON text; 256 MiB, or what `runtime.memory_limit` allows, unless it is set.
    pub max_row_bytes: Option<MemorySize>,
}

impl Default for ExtractSection {
    fn default() -> Self {
        Self {
            workers: at_least_one(5),
            max_parallel_items: at_least_one(20),
            next_item_mode: NextItemMode::default(),
            package_max_rows: None,
            package_max_bytes: None,
            package_max_seconds: NonZeroU64::new(600),
            max_row_bytes: None,
        }
    }
}

/// The settings of `[normalize]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NormalizeSection {
    /// Threads; as many as the machine has cores unless it is set.
    pub workers: Option<NonZeroUsize>,
}

/// The settings of `[load]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadSection {
    /// Jobs that may run at the same time; destinations may lower it.
    pub workers: NonZeroUsize,
    /// A failed job ends the run with an error.
    pub raise_on_failed_jobs: bool,
    /// A job that was tried this many times ends the run with an error; the package stays pending.
    pub raise_on_max_retries: NonZeroUsize,
    /// Whether the job files of a loaded package are deleted.
    pub delete_completed_jobs: bool,
    /// Whether the staging tables are emptied once a package is loaded.
    pub truncate_staging_dataset: bool,
    /// Which jobs may run concurrently; the destination decides unless it is set.
    pub parallelism_strategy: Option<Parallelism>,
}

impl Default for LoadSection {
    fn default() -> Self {
        Self {
            workers: at_least_one(20),
            raise_on_failed_jobs: true,
            raise_on_max_retries: at_least_one(5),
            delete_completed_jobs: false,
            truncate_staging_dataset: false,
            parallelism_strategy: None,
        }
    }
}

fn at_least_one(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("the defaults are not zero")
}
