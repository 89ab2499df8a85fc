//! The statements that loading a package runs, without running any.

use cartage_destinations_api::sql::SqlScript;
use cartage_destinations_api::{Destination, Error as DestinationError};
use cartage_package_store::PublishedPackage;

use crate::error::LoadError;
use crate::job::LoadJob;
use crate::run::{plan_of, refused};

/// What loading `package` runs, in order; of jobs that are settled already nothing. Nothing is asked of the
/// destination.
///
/// # Errors
/// As [`run`](crate::run) before its first effect; also if the destination speaks no SQL.
pub fn preview(
    package: &PublishedPackage,
    destination: &dyn Destination,
    now_micros: i64,
) -> Result<SqlScript, LoadError> {
    let load_id = package.load_id();
    let jobs = LoadJob::all(package)?;
    let plan = plan_of(package, &jobs, destination.capabilities(), now_micros)?;
    let files: Result<Vec<_>, _> =
        jobs.iter().filter(|job| !job.is_settled()).map(|job| job.file(package)).collect();
    let doing = "show the statements";
    let failed = |source| refused(load_id, doing, source);
    let preview = destination.preview().ok_or_else(|| {
        let name = &destination.capabilities().destination;
        failed(DestinationError::invalid(format!("{name} does not speak SQL")))
    })?;
    preview.statements(&plan, &files.map_err(failed)?).map_err(failed)
}
