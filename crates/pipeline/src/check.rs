//! Looks at the destination before a load does: what works, what does not, and what is there.

use cartage_config::Config;
use cartage_destinations_api::{ConnectionCheck, Connector, check_connection};
use cartage_package_store::{Error as StoreError, Folder, PackageStore, StoreOptions};
use cartage_runtime::Runtime;
use serde::Serialize;

use crate::error::PipelineError;
use crate::project::Project;
use crate::report::Target;
use crate::run::target;
use crate::status::PackageLine;

/// What was tried and found at the destination of a pipeline.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct DestinationReport {
    /// Name of the pipeline.
    pub pipeline: String,
    /// The destination that the pipeline names.
    pub target: Target,
    /// What was tried and found there.
    #[serde(flatten)]
    pub connection: ConnectionCheck,
    /// Packages of this machine that are still to be loaded.
    pub pending: Vec<PackageLine>,
}

/// Checks the destination of a pipeline, which need not have been run yet. Leaves nothing behind.
///
/// # Errors
/// If the configuration cannot be used. What is wrong with the destination is part of the report.
pub fn check_destination(
    config: Config,
    runtime: Runtime,
    connector: Connector<'_>,
) -> Result<DestinationReport, PipelineError> {
    // A pipeline that was never run has no folder, and gets none by being looked at.
    let nowhere = tempfile::Builder::new().prefix("cartage-check-").tempdir().map_err(|error| {
        PipelineError::usage(
            format!("cannot make a temporary folder: {error}"),
            "make room in the folder for temporary files, or name another one with TMPDIR",
        )
    })?;
    let (folder, name) = (config.pipeline_dir()?, config.pipeline.name.clone());
    let store = match PackageStore::open_existing(&folder, &name, StoreOptions::of(&runtime)) {
        Err(StoreError::NoSuchPipeline { .. }) => {
            PackageStore::open(&nowhere.path().join("pipeline"), &name, StoreOptions::of(&runtime))?
        }
        found => found?,
    };
    Project::over(config, store, runtime).check_destination(connector)
}

impl Project {
    fn check_destination(&self, connector: Connector<'_>) -> Result<DestinationReport, PipelineError> {
        let destination = self.connect(connector)?;
        let pending = self.packages()?.into_iter();
        Ok(DestinationReport {
            pipeline: self.config.pipeline.name.clone(),
            target: target(&*destination),
            connection: check_connection(&*destination),
            pending: pending
                .filter(|package| matches!(package.folder, Folder::Extracted | Folder::Normalized))
                .collect(),
        })
    }
}
