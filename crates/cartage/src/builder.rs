//! A pipeline of a program, before it is opened: its name, where it loads to, and its settings.

use std::path::PathBuf;

use cartage_config::{Config, Environment, LoadOptions};
use cartage_package_store::Wait;
use cartage_pipeline::{PipelineError, Project, RunReport};
use cartage_runtime::Runtime;
use cartage_sources_rust::IntoSources;
use serde_json::Value;

use crate::program::Pipeline;
use crate::to::To;

/// A pipeline called `name`: what `dlt.pipeline(pipeline_name=..)` is in Python.
///
/// It needs no `pipeline.toml`. What is not said here is looked for in the environment
/// (`LOAD__WORKERS=4`, `DESTINATION__POSTGRES__CREDENTIALS=..`) and in `config.toml` and `secrets.toml` of the
/// folder `.cartage/` (or `.dlt/`) in the current folder; what is said here wins.
///
/// ```no_run
/// use cartage::{To, pipeline, rows};
/// use serde_json::json;
///
/// let players = rows("players", [json!({"id": 1, "name": "Magnus"})]).primary_key(["id"]);
/// let report = pipeline("chess").destination(To::duckdb("chess.duckdb")).dataset("raw").run(players)?;
/// print!("{report}");
/// # Ok::<(), cartage::Error>(())
/// ```
pub fn pipeline(name: &str) -> PipelineBuilder {
    PipelineBuilder {
        given: vec![("pipeline.name".to_owned(), name.into())],
        folder: None,
        environment: None,
        runtime: Runtime::system(),
        wait: Wait::Fail,
    }
}

/// A pipeline that is not open yet; see [`pipeline`].
#[derive(Clone)]
#[must_use = "a pipeline does nothing until it is opened or run"]
pub struct PipelineBuilder {
    /// Keys of the configuration that the program sets.
    given: Vec<(String, Value)>,
    folder: Option<PathBuf>,
    environment: Option<Environment>,
    runtime: Runtime,
    wait: Wait,
}

impl std::fmt::Debug for PipelineBuilder {
    /// Values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<&str> = self.given.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("PipelineBuilder").field("keys", &keys).finish_non_exhaustive()
    }
}

impl PipelineBuilder {
    /// Where to load to: a type such as `"duckdb"`, a name of the configuration, or a [`To`].
    pub fn destination(self, to: impl Into<To>) -> Self {
        self.place("destination", to.into())
    }

    /// A place that files pass through on their way, such as a bucket.
    pub fn staging(self, to: impl Into<To>) -> Self {
        self.place("staging", to.into())
    }

    /// The dataset, `<name>_dataset` without.
    pub fn dataset(self, name: &str) -> Self {
        self.set("pipeline.dataset_name", name)
    }

    /// Starts from nothing in each run, in a dataset of its own.
    pub fn dev_mode(self, is_on: bool) -> Self {
        self.set("pipeline.dev_mode", is_on)
    }

    /// The folder of all pipelines, for packages and state; without, that of the user.
    pub fn pipelines_dir(self, folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        self.set("pipeline.pipelines_dir", folder.to_string_lossy().into_owned())
    }

    /// Sets any key of the configuration, such as `set("extract.next_item_mode", "fifo")`.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.given.push((key.to_owned(), value.into()));
        self
    }

    /// The folder that relative paths start from and that has `.cartage/`; the current one without.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The environment variables that count; those of the process without.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Clock, randomness, progress and cancellation.
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Waits while another process works on the pipeline, instead of failing.
    pub fn wait(mut self) -> Self {
        self.wait = Wait::Block(None);
        self
    }

    /// Opens the pipeline: reads the configuration and makes its folder where there is none. Nothing is
    /// connected to.
    ///
    /// # Errors
    /// If a setting cannot be used, or no destination is named.
    pub fn open(self) -> Result<Pipeline, PipelineError> {
        let file = self.folder.unwrap_or_default().join("pipeline.toml");
        let config = Config::load(LoadOptions {
            file: Some(file),
            // The folder may have a pipeline file, which is another pipeline.
            text: Some(String::new()),
            sets: Vec::new(),
            given: self.given,
            environment: self.environment.unwrap_or_else(Environment::of_process),
        })?;
        if config.destination.is_none() {
            return Err(PipelineError::Usage {
                message: format!("pipeline `{}` names no destination", config.pipeline.name),
                remedy: "say .destination(\"duckdb\"), or set DESTINATION_TYPE".to_owned(),
            });
        }
        Ok(Pipeline::new(Project::open(config, self.runtime, self.wait)?))
    }

    /// Opens the pipeline and runs it: see [`Pipeline::run`].
    ///
    /// # Errors
    /// Those of [`PipelineBuilder::open`] and [`Pipeline::run`].
    pub fn run(self, sources: impl IntoSources) -> Result<RunReport, PipelineError> {
        self.open()?.run(sources)
    }

    fn place(mut self, key: &str, to: To) -> Self {
        let (name, keys) = to.into_settings();
        self.given.extend(keys);
        self.set(&format!("pipeline.{key}"), name)
    }
}
