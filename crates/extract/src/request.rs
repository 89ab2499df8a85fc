//! What the stage is handed.

use std::sync::mpsc::Sender;

use cartage_package_store::{LoadId, PackageSettings, PackageStore, StageLock};
use cartage_runtime::{CancelToken, Runtime};
use cartage_schema::Schema;
use cartage_source_api::Source;
use cartage_state::PipelineState;

use crate::settings::ExtractSettings;

/// What [`run`](crate::run) is handed.
#[derive(Debug)]
pub struct ExtractRequest<'a> {
    /// Where the package goes.
    pub store: &'a PackageStore,
    /// The right to extract.
    pub lock: &'a StageLock,
    /// What is extracted.
    pub source: Source,
    /// The newest schema of the source; a new one where it has none.
    pub base_schema: Schema,
    /// The newest state of the pipeline, with what this run changes outside of sources.
    pub base_state: PipelineState,
    /// Settings of the stage.
    pub settings: ExtractSettings,
    /// What later stages must know; goes into `package.json`. What the source and this stage know of it is added:
    /// `on_bad_row`, `name_collisions`, `quarantine`, `replace_strategies`, `refresh` in the first package and
    /// `continues` in the others. What is under `destination` is read here, too: the lengths of names, so that
    /// names are cut as normalize cuts them, and how tables are replaced and merged, which decides where packages
    /// may end.
    pub package_settings: PackageSettings,
    /// The run that this package belongs to.
    pub run_id: String,
    /// Program and version for `package.json`.
    pub producer: String,
    /// Clock, randomness, progress and cancellation.
    pub runtime: Runtime,
    /// Hears of each package when it is published.
    pub published: Option<Sender<LoadId>>,
    /// Ends the run after the package that is being written, without an error.
    pub halt: CancelToken,
}
