//! The load stage: one package of `normalized/` into a destination, then to `loaded/`.
//!
//! [`run`] verifies the whole package, asks the destination how far it is with it, and then prepares
//! tables, runs the jobs concurrently, finishes table chains, commits and moves the package. It
//! drives any [`Destination`](cartage_destinations_api::Destination) and knows none.
//!
//! # Invariants
//! - Nothing is written to the destination before the package is verified, the plan is found possible
//!   and no other run has changed the pipeline's state.
//! - Every step can be repeated: the destination's ledger says what was done, the folders of the
//!   package only say what was seen. A process may die between any two steps.
//! - Jobs begin in an order that depends on the package only, the biggest first.
//!
//! # Limitations
//! - Where the destination declares no merge strategy, the rows of a `merge` are appended with a warning,
//!   as dlt does; a strategy that is asked for and not offered is refused.
//! - A follow-up that fails for good stops the load, also without `raise_on_failed_jobs`: its rows are
//!   in no table yet, and there is no file that could be kept as failed.

mod base_state;
mod chains;
mod commit;
mod error;
mod handoff;
mod job;
mod plan;
mod preview;
mod queue;
mod report;
mod run;
mod running;
mod schedule;
mod settings;

pub use error::LoadError;
pub use preview::{Comparison, preview};
pub use report::{JobFailure, LoadReport, TableReport};
pub use run::{LoadRequest, run};
pub use settings::LoadSettings;
