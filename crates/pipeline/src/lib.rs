//! The three stages of a pipeline in one process or one at a time, for the front door and for programs.
//!
//! A [`Project`] is a configuration with its data folder. Its methods are the commands: [`Project::run`],
//! [`Project::extract`], [`Project::normalize`], [`Project::load`], [`Project::abort`], [`Project::status`],
//! [`Project::state`], [`Project::sync`], [`Project::drop`].
//! Stages get nothing from one another but what is in the packages; given the same clock and seed, one
//! process and three leave the same bytes on disk.
//!
//! This crate links no destination: callers pass a
//! [`Connector`](cartage_destinations_api::Connector).
//! In a run they work at the same time on different packages.

mod abort;
mod budget;
mod check;
mod concurrent_run;
mod contracts;
mod control;
mod dev_mode;
mod drop;
mod error;
mod extract_options;
mod extraction;
mod handoff;
mod human;
mod interrupted_run;
mod newest;
mod plan;
mod project;
mod report;
mod restore;
mod run;
mod schema_commands;
mod schema_files;
mod set_aside;
mod set_aside_package;
mod source_check;
mod source_input;
mod stages;
mod state_commands;
mod status;
mod summary;
mod sync;
mod trace;
mod unsupported;
mod widen;

pub use abort::AbortReport;
pub use cartage_package_store::Refresh;
pub use check::{DestinationReport, check_destination};
pub use drop::{DropOptions, DropPlan, DropReport};
pub use error::{Kind, PipelineError};
pub use extract_options::ExtractOptions;
pub use human::{grouped, size};
pub use plan::{PlanOptions, PlanReport, PlannedPackage, StatementText};
pub use project::Project;
pub use report::{
    FailedJob, PackageReport, PackageState, RunReport, Skipped, SourceFile, StageReport, Target,
};
pub use run::RunOptions;
pub use schema_commands::{SchemaImport, SchemaPlace};
pub use set_aside_package::SetAside;
pub use source_check::{
    CheckFinding, CheckedColumn, CheckedResource, CheckedSource, SourceCheck, check_sources,
};
pub use state_commands::{ChangedValue, StateEdit, StateScope, StateView};
pub use status::{PackageLine, SchemaLine, Status};
pub use summary::left_out;
pub use sync::{SyncOutcome, SyncReport};
pub use widen::{WidenOptions, Widened};
