//! The three stages of a pipeline in one process or one at a time, for the front door and for programs.
//!
//! A [`Project`] is a configuration with its data folder. Its methods are the commands: [`Project::run`],
//! [`Project::extract`], [`Project::normalize`], [`Project::load`], [`Project::abort`], [`Project::status`].
//! Stages get nothing from one another but what is in the packages; given the same clock and seed, one
//! process and three leave the same bytes on disk.
//!
//! This crate links no destination: whoever needs one passes a
//! [`Connector`](cartage_destinations_api::Connector).
//!
//! # Limitations
//! The stages of a run follow one another; they do not yet work on different packages at the same time.

mod abort;
mod contracts;
mod error;
mod marker;
mod memory;
mod project;
mod refuse;
mod report;
mod restore;
mod run;
mod stages;
mod status;
mod trace;

pub use abort::AbortReport;
pub use cartage_extract::Refresh;
pub use error::{Kind, PipelineError};
pub use project::Project;
pub use report::{FailedJob, PackageReport, RunReport, Skipped, SourceFile, StageReport, Target};
pub use run::RunOptions;
pub use stages::ExtractOptions;
pub use status::{PackageLine, SchemaLine, Status};
