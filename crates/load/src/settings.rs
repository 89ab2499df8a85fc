//! The settings of the stage, with dlt's names and defaults.

use std::num::{NonZeroU32, NonZeroUsize};

use cartage_destinations_api::Parallelism;

use cartage_runtime::RetryPolicy;

/// Settings of the load stage, from `[load]`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct LoadSettings {
    /// Jobs at a time; the destination may lower it.
    pub workers: NonZeroUsize,
    /// Which jobs may run concurrently; the destination's choice where absent.
    pub parallelism_strategy: Option<Parallelism>,
    /// Whether a job that fails for good ends the load. It stays pending then; if not, the job is set
    /// aside with its reason and the others continue.
    pub raise_on_failed_jobs: bool,
    /// After how many transient errors of one job the load stops; it stays pending.
    pub raise_on_max_retries: NonZeroU32,
    /// Whether job files are deleted once the package is loaded without failed jobs.
    pub delete_completed_jobs: bool,
    /// Whether the staging dataset holds no rows of the load's tables once the package is loaded, not even those that
    /// dlt has left there. What this program stages is removed in any case.
    pub truncate_staging_dataset: bool,
    /// Whether the state at the destination must be the one that the package builds on. Off where the
    /// pipeline does not restore its state (`restore_from_destination = false`).
    pub check_state: bool,
    /// How long to wait between attempts, and before asking again about a job that runs at the destination.
    pub retry: RetryPolicy,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            workers: NonZeroUsize::new(20).expect("twenty is not zero"),
            parallelism_strategy: None,
            raise_on_failed_jobs: true,
            raise_on_max_retries: NonZeroU32::new(5).expect("five is not zero"),
            delete_completed_jobs: false,
            truncate_staging_dataset: false,
            check_state: true,
            retry: RetryPolicy::default(),
        }
    }
}
