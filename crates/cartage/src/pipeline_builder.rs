//! A pipeline of sources that are written in Rust.

use std::path::Path;

use cartage_config::{Config, Environment, LoadOptions};
use cartage_extract::Source;
use cartage_package_store::Wait;
use cartage_pipeline::{PipelineError, Project, RunOptions, RunReport};
use cartage_runtime::Runtime;
use toml::{Table, Value};

/// A pipeline of sources that are written in Rust: `dlt.pipeline` in Python.
///
/// Whatever is not said here comes from where a `pipeline.toml` would have it: the environment, `.cartage/` and
/// `.dlt/` in the working directory.
///
/// ```no_run
/// use cartage::{Pipeline, rows, source};
/// use serde_json::json;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shop = source("shop").with(rows("orders", [json!({"id": 1, "amount": "9.90"})])).build()?;
/// let report = Pipeline::new("shop").destination("duckdb").dataset_name("raw").run(shop)?;
/// println!("{} rows", report.tables["orders"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a pipeline does nothing until it is run"]
pub struct Pipeline {
    document: Table,
    destination: String,
    options: RunOptions,
    runtime: Option<Runtime>,
    wait: bool,
}

impl Pipeline {
    /// A pipeline that loads into the DuckDB file `<name>.duckdb` unless it is told otherwise.
    pub fn new(name: &str) -> Self {
        let pipeline = Self {
            document: Table::new(),
            destination: "duckdb".to_owned(),
            options: RunOptions::default(),
            runtime: None,
            wait: false,
        };
        pipeline.set(["pipeline", "name"], name)
    }

    /// The type of the destination.
    pub fn destination(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.destination);
        self
    }

    /// A setting of the destination, such as `path` of DuckDB or `credentials` of a server.
    pub fn destination_setting(self, key: &str, value: impl Into<Value>) -> Self {
        let destination = self.destination.clone();
        self.set(["destination", &destination, key], value)
    }

    /// The dataset: a schema of the database, a folder of the bucket.
    pub fn dataset_name(self, name: &str) -> Self {
        self.set(["pipeline", "dataset_name"], name)
    }

    /// Any key of `pipeline.toml`, such as `["load", "workers"]`.
    pub fn set<'a>(mut self, path: impl IntoIterator<Item = &'a str>, value: impl Into<Value>) -> Self {
        let mut path: Vec<&str> = path.into_iter().collect();
        let Some(key) = path.pop() else { return self };
        let mut table = &mut self.document;
        for step in path {
            let below = table.entry(step).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(below) = below else { return self };
            table = below;
        }
        table.insert(key.to_owned(), value.into());
        self
    }

    /// How the run is made: which resources, limits, refresh.
    pub fn options(mut self, options: RunOptions) -> Self {
        self.options = options;
        self
    }

    /// Clock, randomness, progress and cancellation; those of the system without.
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Waits while another process works on the pipeline, instead of failing.
    pub fn wait(mut self) -> Self {
        self.wait = true;
        self
    }

    /// Extracts, normalizes and loads a source.
    ///
    /// # Errors
    /// As for [`Project::run`].
    pub fn run(self, source: Source) -> Result<RunReport, PipelineError> {
        self.run_all(vec![source])
    }

    /// The same for several sources, each with a schema of its own, in order.
    ///
    /// # Errors
    /// As for [`Project::run`].
    pub fn run_all(self, sources: Vec<Source>) -> Result<RunReport, PipelineError> {
        let options = self.options.clone();
        let project = self.open()?;
        project.run_sources(sources, &options, &|request| cartage_destinations::connect(request))
    }

    /// The pipeline, for stages one by one and for looking at it.
    ///
    /// # Errors
    /// If a setting cannot be used, or the data folder.
    pub fn open(self) -> Result<Project, PipelineError> {
        let destination = self.destination.clone();
        let named = self.set(["pipeline", "destination"], destination.as_str());
        let config = Config::load(LoadOptions {
            file: Some(Path::new("pipeline.toml").to_owned()),
            text: Some(named.document.to_string()),
            sets: Vec::new(),
            environment: Environment::of_process(),
        })?;
        let wait = if named.wait { Wait::Block(None) } else { Wait::Fail };
        Project::open(config, named.runtime.unwrap_or_else(Runtime::system), wait)
    }
}
