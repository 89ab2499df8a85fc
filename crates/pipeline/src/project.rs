//! A pipeline as a command finds it: its configuration, its data folder and the outside world.

use cartage_config::{Config, DestinationSettings};
use cartage_destinations_api::SqlScript;
use cartage_destinations_api::{
    Capabilities, CommonSettings, ConnectRequest, Connector, Destination, Settings, kinds, sqlalchemy,
};
use cartage_package_store::{Folder, LoadId, PackageStore, StoreOptions, Wait};
use cartage_runtime::Runtime;
use cartage_schema::{Naming, NamingKind};

use crate::budget::Budget;
use crate::error::PipelineError;
use crate::unsupported;

/// A pipeline as a command finds it.
#[derive(Debug)]
pub struct Project {
    /// The settings of all layers, with the origin of each.
    pub config: Config,
    /// The data folder.
    pub store: PackageStore,
    /// Clock, randomness, progress and cancellation.
    pub runtime: Runtime,
    /// What to do while another process works on the pipeline.
    pub wait: Wait,
    /// Whether this is a copy for trying something: files of the user are read and not written.
    pub(crate) is_trial: bool,
    /// What destinations can do that only the embedding program knows.
    pub(crate) brought: Vec<Capabilities>,
}

impl Project {
    /// Opens the pipeline for work: its data folder is made where it is missing.
    ///
    /// # Errors
    /// If the data folder cannot be used, or a setting is not carried out.
    pub fn open(config: Config, runtime: Runtime, wait: Wait) -> Result<Self, PipelineError> {
        unsupported::pipeline_settings(&config)?;
        let store =
            PackageStore::open(&config.pipeline_dir()?, &config.pipeline.name, StoreOptions::of(&runtime))?;
        let project = Self { config, store, runtime, wait, is_trial: false, brought: Vec::new() };
        Budget::of(&project.config).check()?;
        Ok(project)
    }

    /// Opens a pipeline that has been run before, read-only.
    ///
    /// # Errors
    /// If there is no such pipeline in the data folder.
    pub fn look(config: Config, runtime: Runtime) -> Result<Self, PipelineError> {
        let folder = config.pipeline_dir()?;
        let store = PackageStore::open_existing(&folder, &config.pipeline.name, StoreOptions::of(&runtime))?;
        Ok(Self::over(config, store, runtime))
    }

    /// A pipeline over a store that is open.
    pub(crate) fn over(config: Config, store: PackageStore, runtime: Runtime) -> Self {
        Self { config, store, runtime, wait: Wait::Fail, is_trial: false, brought: Vec::new() }
    }

    /// Registers the capabilities of a destination type that Cartage does not ship. The stages shape names, types
    /// and files by them; the connector that is passed to [`run`](Self::run) makes the destination itself.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.brought.push(capabilities);
        self
    }

    /// The destination's settings.
    ///
    /// # Errors
    /// If the pipeline names none.
    pub fn destination(&self) -> Result<&DestinationSettings, PipelineError> {
        self.config.destination.as_ref().ok_or_else(|| {
            PipelineError::usage(
                format!("{} names no destination", self.config.file().display()),
                "add destination = \"duckdb\" to [pipeline]",
            )
        })
    }

    /// What the destination can do with the user's settings; needs no connection and no driver.
    ///
    /// # Errors
    /// If the type is unknown or a setting cannot be used.
    pub fn capabilities(&self) -> Result<Capabilities, PipelineError> {
        let destination = self.destination()?;
        let settings = settings_of(destination)?;
        let brought = self.brought.iter().find(|known| known.destination == destination.kind);
        let known = match brought {
            Some(known) => Some(known.clone()),
            None if destination.kind == sqlalchemy::TYPE => Capabilities::of(sqlalchemy::type_of(&settings)?),
            None => Capabilities::of(&destination.kind),
        };
        let capabilities = known.ok_or_else(|| {
            PipelineError::usage(
                format!("destination type \"{}\" is not known", destination.kind),
                kinds::remedy_of_unknown(&destination.kind, kinds::names()),
            )
        })?;
        let mut common = CommonSettings::read(&settings)?;
        common.loader_file_format = self.config.pipeline.loader_file_format.or(common.loader_file_format);
        let capabilities = capabilities.with_settings(&common)?;
        let (format, staged) = (capabilities.files.preferred_format, &capabilities.files.staging_formats);
        if self.config.staging.is_some() && !staged.contains(&format) {
            return Err(PipelineError::usage(
                format!("{} does not load {format} files from a staging place", destination.kind),
                "leave 'staging' out of [pipeline], or choose another loader_file_format",
            ));
        }
        Ok(capabilities)
    }

    /// The naming convention that the settings or the destination ask for.
    ///
    /// # Errors
    /// As for [`Project::capabilities`].
    pub(crate) fn asked_naming(&self) -> Result<Option<NamingKind>, PipelineError> {
        Ok(self.capabilities()?.names.naming)
    }

    /// The dataset as the destination knows it.
    ///
    /// # Errors
    /// As for [`Project::capabilities`].
    pub fn dataset(&self) -> Result<String, PipelineError> {
        let layout = self.config.pipeline.dataset_name_layout.as_deref().unwrap_or("%s");
        let dataset = layout.replace("%s", &self.dataset_name()?);
        let common = CommonSettings::read(&settings_of(self.destination()?)?)?;
        if common.enable_dataset_name_normalization == Some(false) {
            return Ok(dataset);
        }
        let naming = Naming::new(self.asked_naming()?.unwrap_or(NamingKind::SnakeCase), None);
        Ok(naming.normalize_identifier(&dataset))
    }

    /// Connects to the destination.
    ///
    /// # Errors
    /// If it refuses, or the settings cannot be used.
    pub fn connect(&self, connector: Connector<'_>) -> Result<Box<dyn Destination>, PipelineError> {
        let mut request = self.request(self.destination()?)?;
        if let Some(staging) = &self.config.staging {
            request = request.with_staging(self.request(staging)?);
        }
        Ok(connector(&request)?)
    }

    fn request(&self, destination: &DestinationSettings) -> Result<ConnectRequest, PipelineError> {
        Ok(ConnectRequest::new(&destination.kind, &self.config.pipeline.name, self.dataset()?)
            .named(&destination.name)
            .with_settings(settings_of(destination)?)
            .with_memory_limit(Budget::of(&self.config).destination())
            .in_folder(self.config.base_dir())
            .remembering_in(self.store.destination_dir(&destination.name)?)
            .cancelled_by(self.runtime.cancel.clone()))
    }

    /// The statements that loading a normalized package runs. Nothing is run, and nothing connected to.
    ///
    /// # Errors
    /// If the package cannot be planned, or the destination does not use SQL.
    pub fn preview(&self, load_id: &LoadId, connector: Connector<'_>) -> Result<SqlScript, PipelineError> {
        let destination = self.connect(connector)?;
        let package = self.store.open_package(Folder::Normalized, load_id)?;
        Ok(cartage_load::preview(
            &package,
            &*destination,
            self.runtime.clock.unix_micros(),
            cartage_load::Comparison::None,
        )?)
    }
}

/// The table of a destination as drivers read it. Of `[destination]` and the top level, a driver takes what every driver
/// has, and its credentials.
fn settings_of(destination: &DestinationSettings) -> Result<Settings, PipelineError> {
    let general = [CommonSettings::keys(), &["credentials"]].concat();
    Ok(destination.section.untyped(&general)?)
}
