//! From arguments to an open pipeline.

use std::path::Path;

use cartage_config::{Config, Environment, LoadOptions};
use cartage_package_store::Wait;
use cartage_pipeline::{PipelineError, Project};
use cartage_runtime::{CancelToken, Runtime};

use crate::args::{GlobalArgs, ProgressArg};
use crate::{allocator, logging, progress};

/// Environment variables that make a run repeatable byte for byte: the clock in microseconds since 1970,
/// and the seed of file ids. For tests and for comparing packages.
const REPEATABLE: (&str, &str) = ("CARTAGE_CLOCK", "CARTAGE_SEED");

/// What a command starts from.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) global: &'a GlobalArgs,
    pub(crate) cancel: CancelToken,
}

impl Start<'_> {
    /// Reads the configuration of a pipeline file.
    pub(crate) fn config(&self, file: &Path) -> Result<Config, PipelineError> {
        self.load(LoadOptions { file: Some(file.to_owned()), ..LoadOptions::default() })
    }

    /// Reads a configuration that the command made itself, relative to the working directory.
    pub(crate) fn config_of_text(&self, text: String) -> Result<Config, PipelineError> {
        self.load(LoadOptions { text: Some(text), ..LoadOptions::default() })
    }

    fn load(&self, options: LoadOptions) -> Result<Config, PipelineError> {
        let config = Config::load(LoadOptions {
            sets: self.global.sets.clone(),
            environment: Environment::of_process(),
            ..options
        })?;
        logging::start(config.runtime, self.global.verbose);
        if config.runtime.memory_limit.is_some() {
            allocator::give_back_early();
        }
        Ok(config)
    }

    /// Opens a pipeline for work.
    pub(crate) fn open(&self, config: Config) -> Result<Project, PipelineError> {
        let wait = if self.global.wait { Wait::Block(None) } else { Wait::Fail };
        let runtime = self.runtime(&config);
        Project::open(config, runtime, wait)
    }

    /// Opens a pipeline read-only.
    pub(crate) fn look(&self, file: &Path) -> Result<Project, PipelineError> {
        let config = self.config(file)?;
        let runtime = self.runtime(&config);
        Project::look(config, runtime)
    }

    /// Clock, randomness, progress and cancellation of this process.
    pub(crate) fn runtime(&self, config: &Config) -> Runtime {
        let number = |name: &str| std::env::var(name).ok()?.parse::<i64>().ok();
        let base = match (number(REPEATABLE.0), number(REPEATABLE.1)) {
            (Some(clock), seed) => Runtime::repeatable(clock, seed.unwrap_or_default().unsigned_abs()),
            _ => Runtime::system(),
        };
        let configured = match config.pipeline.progress {
            cartage_config::ProgressMode::Bars => Some(ProgressArg::Bars),
            cartage_config::ProgressMode::Log => Some(ProgressArg::Log),
            cartage_config::ProgressMode::None => Some(ProgressArg::None),
            _ => None,
        };
        let progress = progress::display(self.global.progress.or(configured));
        Runtime { progress, cancel: self.cancel.clone(), ..base }
    }
}
