//! The sources of a run: those of the configuration, or those that a program hands over.

use std::sync::Arc;

use cartage_config::{Config, SourceSettings};
use cartage_runtime::Random;
use cartage_source_api::Source;

use crate::error::PipelineError;

/// A source that takes part in a run, before it is made.
pub(crate) enum SourceInput<'a> {
    /// A table of the configuration.
    Configured(&'a SourceSettings),
    /// A source of a program.
    Handed(Box<Source>),
}

impl<'a> SourceInput<'a> {
    /// The sources of the configuration, in the order of the file.
    ///
    /// # Errors
    /// If there are none.
    pub(crate) fn configured(config: &'a Config) -> Result<Vec<Self>, PipelineError> {
        if config.sources.is_empty() {
            return Err(PipelineError::usage(
                format!("{} has no sources", config.file().display()),
                "add a table [sources.NAME] with type = \"files\"",
            ));
        }
        Ok(config.sources.iter().map(Self::Configured).collect())
    }

    /// Sources of a program.
    pub(crate) fn handed(sources: Vec<Source>) -> Vec<Self> {
        sources.into_iter().map(Box::new).map(Self::Handed).collect()
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Configured(settings) => &settings.name,
            Self::Handed(source) => &source.name,
        }
    }

    pub(crate) fn resources(&self) -> Vec<&str> {
        match self {
            Self::Configured(settings) => {
                settings.resources.iter().map(|resource| resource.name.as_str()).collect()
            }
            Self::Handed(source) => source.resources.iter().map(|resource| resource.name.as_str()).collect(),
        }
    }

    /// Whether it may have more resources, which are known once it is made.
    pub(crate) fn finds_resources(&self) -> bool {
        matches!(self, Self::Configured(settings) if cartage_sources::finds_resources(&settings.kind))
    }

    /// The source. Nothing is read yet; a database is asked what its tables look like.
    ///
    /// # Errors
    /// If the configuration of the source cannot be used, or its database cannot be reached.
    pub(crate) fn make(self, random: &Arc<dyn Random>) -> Result<Source, PipelineError> {
        match self {
            Self::Configured(settings) => Ok(cartage_sources::build(settings, random)?),
            Self::Handed(source) => Ok(*source),
        }
    }
}
