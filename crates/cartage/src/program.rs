//! An open pipeline of a program.

use cartage_destinations_api::{ConnectRequest, Destination};
use cartage_pipeline::{
    AbortReport, ExtractOptions, PipelineError, Project, RunOptions, RunReport, Status, SyncReport,
};
use cartage_source_api::Source;
use cartage_sources_rust::IntoSources;
use serde::de::DeserializeOwned;

/// A pipeline with its folder, ready to run. Several of them may run in one process.
///
/// It keeps packages, state and locks where the binary `cartage` keeps them, so that `cartage status` and the
/// others find them, and a run that was interrupted is finished by the next one.
#[derive(Debug)]
pub struct Pipeline {
    project: Project,
}

impl Pipeline {
    pub(crate) fn new(project: Project) -> Self {
        Self { project }
    }

    /// Extracts, normalizes and loads: a source, several, or a single resource, whose source has the name of
    /// the pipeline.
    ///
    /// Packages that an earlier run has left are finished first. Then every resource is extracted that cannot
    /// double: a plain append that an interrupted run had already extracted is left out, and the report says so.
    ///
    /// # Errors
    /// The first error of a stage. Whatever was published stays, and the next run continues from there.
    pub fn run(&self, sources: impl IntoSources) -> Result<RunReport, PipelineError> {
        self.run_with(sources, &RunOptions::default())
    }

    /// Does the same for some of the resources, up to a limit, or with a refresh before.
    ///
    /// # Errors
    /// As for [`Pipeline::run`].
    pub fn run_with(
        &self,
        sources: impl IntoSources,
        options: &RunOptions,
    ) -> Result<RunReport, PipelineError> {
        self.project.run_sources(self.sources(sources)?, options, &connect)
    }

    /// Extracts into packages, which the other stages find on disk.
    ///
    /// # Errors
    /// That of the stage.
    pub fn extract(&self, sources: impl IntoSources) -> Result<RunReport, PipelineError> {
        self.project.extract_sources(self.sources(sources)?, &ExtractOptions::default())
    }

    /// Normalizes all extracted packages.
    ///
    /// # Errors
    /// That of the stage; the package stays extracted.
    pub fn normalize(&self) -> Result<RunReport, PipelineError> {
        self.project.normalize()
    }

    /// Loads all normalized packages.
    ///
    /// # Errors
    /// That of the stage; the package stays pending.
    pub fn load(&self) -> Result<RunReport, PipelineError> {
        self.project.load(&connect)
    }

    /// Takes over state and schemas of the destination, if they are newer.
    ///
    /// # Errors
    /// If packages are pending, or the destination cannot be read.
    pub fn sync(&self) -> Result<SyncReport, PipelineError> {
        self.project.sync(false, &connect)
    }

    /// What is pending, and what the last run did.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn status(&self) -> Result<Status, PipelineError> {
        self.project.status()
    }

    /// Drops the packages that are pending.
    ///
    /// # Errors
    /// If another process works on the pipeline.
    pub fn abort(&self) -> Result<AbortReport, PipelineError> {
        self.project.abort()
    }

    /// A value of the configuration, such as `sources.github.access_token`: what `dlt.config` and `dlt.secrets`
    /// are. Read into [`Secret`](crate::config::Secret) it is not shown by accident.
    ///
    /// # Errors
    /// If no layer has it, or it has another type.
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Result<T, PipelineError> {
        self.find(key)?.ok_or_else(|| PipelineError::Usage {
            message: format!("`{key}` is not set"),
            remedy: format!(
                "set {}, or write it into .cartage/secrets.toml",
                key.replace('.', "__").to_uppercase()
            ),
        })
    }

    /// The same where it may be missing.
    ///
    /// # Errors
    /// If it has another type.
    pub fn find<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, PipelineError> {
        Ok(self.project.config.value(key)?)
    }

    /// Everything else that can be done with it.
    pub fn project(&self) -> &Project {
        &self.project
    }

    fn sources(&self, sources: impl IntoSources) -> Result<Vec<Source>, PipelineError> {
        sources.into_sources(&self.project.config.pipeline.name).map_err(|error| PipelineError::Usage {
            message: error.to_string(),
            remedy: "correct the resource; nothing was extracted".to_owned(),
        })
    }
}

fn connect(request: &ConnectRequest) -> Result<Box<dyn Destination>, cartage_destinations_api::Error> {
    cartage_destinations::connect(request)
}
