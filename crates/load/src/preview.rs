//! The statements that loading a package runs, without running any.

use cartage_destinations_api::SqlScript;
use cartage_destinations_api::{Destination, Error as DestinationError};
use cartage_package_store::Package;

use crate::error::{LoadError, refused};
use crate::job::LoadJob;
use crate::run::plan_of;

/// What statements that make and extend tables are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Nothing is asked of the destination, and tables are made in full.
    None,
    /// Only what the tables at the destination lack, where it can tell.
    WithDestination,
}

/// What loading `package` runs, in order; of jobs that are settled already nothing. Nothing is changed at the
/// destination.
///
/// # Errors
/// As [`run`](crate::run) before its first effect; also if the destination does not use SQL.
pub fn preview(
    package: &Package,
    destination: &dyn Destination,
    now_micros: i64,
    comparison: Comparison,
) -> Result<SqlScript, LoadError> {
    let load_id = package.load_id();
    let jobs = LoadJob::all(package)?;
    let plan = plan_of(package, &jobs, destination.capabilities(), now_micros)?;
    let unsettled = jobs.iter().filter(|job| !job.is_settled());
    let files: Vec<_> = unsettled.map(|job| job.file(package)).collect();
    let doing = "show the statements";
    let failed = |source| refused(load_id, doing, source);
    let preview = destination.preview().ok_or_else(|| {
        let name = &destination.capabilities().destination;
        failed(DestinationError::invalid(format!("{name} does not speak SQL")))
    })?;
    match comparison {
        Comparison::None => preview.statements(&plan, &files),
        Comparison::WithDestination => preview.statements_now(&plan, &files),
    }
    .map_err(failed)
}
