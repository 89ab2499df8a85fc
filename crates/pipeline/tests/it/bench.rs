//! A pipeline in a temporary folder, files for its sources, and a destination in memory.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartage_config::{Config, ConfigError, Environment, LoadOptions};
use cartage_destinations_api::{Capabilities, ConnectRequest, Destination, Result as Connected};
use cartage_destinations_null::FaultyMemory;
use cartage_package_store::{FileSystem, Folder, LoadId, PackageStore, RealFs, StoreOptions, Wait};
use cartage_pipeline::{ExtractOptions, Kind, PipelineError, Project, RunOptions, RunReport};
use cartage_runtime::Runtime;
use cartage_test_support::runtime;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// What is in every pipeline file: files that the destination in memory reads.
const HEAD: &str = "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"memory\"\n\
                    [normalize.data_writer]\ndisable_compression = true\n[load]\nraise_on_max_retries = 2\n";

/// A pipeline with its outside world.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) destination: FaultyMemory,
    pub(crate) runtime: Runtime,
    pub(crate) sets: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Bench {
    /// A pipeline whose source `test` has what `source` says.
    pub(crate) fn new(source: &str) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            destination: FaultyMemory::default(),
            runtime: runtime(),
            sets: Vec::new(),
            variables: Vec::new(),
        };
        bench.pipeline(source);
        bench
    }

    /// A pipeline with one resource `items` that reads `items.jsonl`, and rows in it.
    pub(crate) fn items(hints: &str, rows: &str) -> Self {
        let bench = Self::new(&resource("items", hints));
        bench.write("items.jsonl", rows);
        bench
    }

    /// Writes the pipeline file anew.
    pub(crate) fn pipeline(&self, source: &str) {
        self.write("pipeline.toml", &format!("{HEAD}[sources.test]\ntype = \"files\"\n{source}"));
    }

    /// The same pipeline and destination on another machine: with a data folder of its own.
    pub(crate) fn machine(&self, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Self {
            folder,
            destination: self.destination.clone(),
            runtime: Runtime::repeatable(self.runtime.clock.unix_micros() + 1_000_000, name.len() as u64),
            sets: self.sets.clone(),
            variables: self.variables.clone(),
        }
    }

    /// Adds a `--set`.
    pub(crate) fn set(mut self, text: &str) -> Self {
        self.sets.push(text.to_owned());
        self
    }

    /// Adds a variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the pipeline's packages and documents.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data/pipelines/test")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let data = self.path().join("data").display().to_string();
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let environment: Environment = variables.chain([("CARTAGE_DATA_DIR", data.as_str())]).collect();
        Config::load(LoadOptions {
            file: Some(self.path().join("pipeline.toml")),
            sets: self.sets.clone(),
            environment,
            ..LoadOptions::default()
        })
    }

    /// Opens the pipeline as a command does, without waiting for the disk.
    pub(crate) fn open(&self) -> Result<Project, PipelineError> {
        self.open_on(Arc::new(RealFs))
    }

    /// The same on another file system.
    pub(crate) fn open_on(&self, fs: Arc<dyn FileSystem>) -> Result<Project, PipelineError> {
        let config = self.config()?;
        let options = |fs| StoreOptions { durable: false, fs, ..StoreOptions::of(&self.runtime) };
        // Made here, the folder is not synced.
        let (dir, name) = (config.pipeline_dir()?, config.pipeline.name.clone());
        PackageStore::open(&dir, &name, options(Arc::new(RealFs)))?;
        let mut project = Project::open(config, self.runtime.clone(), Wait::Fail)?;
        project.store = PackageStore::open(&dir, &name, options(fs))?;
        Ok(project.with_capabilities(self.capabilities()))
    }

    pub(crate) fn project(&self) -> Project {
        self.open().unwrap_or_else(|error| panic!("{}", chain(&error)))
    }

    fn capabilities(&self) -> Capabilities {
        self.destination.capabilities().clone()
    }

    /// Does something with a connector to the destination.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(
            Project,
            &(dyn Fn(&ConnectRequest) -> Connected<Box<dyn Destination>> + Send + Sync),
        ) -> Result<T, PipelineError>,
    ) -> Result<T, PipelineError> {
        let destination = self.destination.clone();
        work(self.open()?, &move |_: &ConnectRequest| {
            Ok(Box::new(destination.clone()) as Box<dyn Destination>)
        })
    }

    pub(crate) fn try_run(&self, options: &RunOptions) -> Result<RunReport, PipelineError> {
        self.with(|project, connector| project.run(options, connector))
    }

    pub(crate) fn run(&self) -> RunReport {
        done(self.try_run(&RunOptions::default()))
    }

    pub(crate) fn run_fails(&self) -> PipelineError {
        fails(self.try_run(&RunOptions::default()))
    }

    pub(crate) fn extract(&self) -> RunReport {
        done(self.project().extract(&ExtractOptions::default()))
    }

    pub(crate) fn normalize(&self) -> RunReport {
        done(self.project().normalize())
    }

    pub(crate) fn load(&self) -> RunReport {
        done(self.with(|project, connector| project.load(connector)))
    }

    /// Names of the packages in a folder, in order.
    pub(crate) fn packages(&self, folder: Folder) -> Vec<String> {
        self.project().store.list(folder).unwrap().iter().map(LoadId::to_string).collect()
    }

    /// How many packages are extracted, normalized, loaded and aborted.
    pub(crate) fn folders(&self) -> [usize; 4] {
        [Folder::Extracted, Folder::Normalized, Folder::Loaded, Folder::Aborted]
            .map(|folder| self.packages(folder).len())
    }

    /// Tables of the user at the destination, in order.
    pub(crate) fn tables(&self) -> Vec<String> {
        let mut names = self.destination.reader().unwrap().tables().unwrap();
        names.retain(|name| !name.starts_with("_dlt"));
        names.sort();
        names
    }

    /// Rows of a table; none where there is no such table.
    pub(crate) fn count(&self, table: &str) -> u64 {
        let reader = self.destination.reader().unwrap();
        if reader.tables().unwrap().iter().any(|name| name == table) {
            reader.count(table).unwrap()
        } else {
            0
        }
    }

    /// The values of a column, in order; null where a row has none.
    pub(crate) fn values(&self, table: &str, column: &str) -> Vec<String> {
        let reader = self.destination.reader().unwrap();
        let columns = reader.columns(table).unwrap();
        let at = columns.iter().position(|(name, _)| name == column);
        let at = at.unwrap_or_else(|| panic!("{table} has no column {column}: {columns:?}"));
        let mut values: Vec<String> = reader
            .rows(table)
            .unwrap()
            .into_iter()
            .map(|row| row[at].clone().unwrap_or_else(|| "null".to_owned()))
            .collect();
        values.sort();
        values
    }

    /// Columns of a table at the destination without those of dlt, in order.
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        let columns = self.destination.reader().unwrap().columns(table).unwrap();
        let mut names: Vec<String> =
            columns.into_iter().map(|(name, _)| name).filter(|name| !name.starts_with("_dlt")).collect();
        names.sort();
        names
    }

    /// What the sources remember, as of the last load.
    pub(crate) fn remembered(&self) -> Value {
        let state = self.project().store.documents().state().unwrap();
        let state: Value = state.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        state.get("sources").and_then(|sources| sources.get("test")).cloned().unwrap_or_default()
    }

    /// The traces of all runs.
    pub(crate) fn traces(&self) -> Vec<Value> {
        let project = self.project();
        let documents = project.store.documents();
        let ids = documents.trace_ids().unwrap();
        ids.iter().map(|id| serde_json::from_str(&documents.trace(id).unwrap().unwrap()).unwrap()).collect()
    }
}

/// A resource of the pipeline file that reads the file of its name, with these lines.
pub(crate) fn resource(name: &str, hints: &str) -> String {
    format!("[[sources.test.resources]]\nname = \"{name}\"\npath = \"{name}.jsonl\"\n{hints}\n")
}

/// Lines of rows with these ids.
pub(crate) fn ids(ids: impl IntoIterator<Item = u64>) -> String {
    ids.into_iter().fold(String::new(), |text, id| text + &format!("{{\"id\": {id}}}\n"))
}

#[track_caller]
pub(crate) fn done<T>(result: Result<T, PipelineError>) -> T {
    result.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

#[track_caller]
pub(crate) fn fails<T: Debug>(result: Result<T, PipelineError>) -> PipelineError {
    match result {
        Err(error) => error,
        Ok(done) => panic!("this should fail: {done:?}"),
    }
}

/// Asserts the kind of an error, and that the message with its causes and the hint hold all words.
#[track_caller]
pub(crate) fn says(error: &PipelineError, kind: Kind, words: &[&str]) {
    let text = format!("{}\nhint: {}", chain(error), error.hint().unwrap_or_default());
    assert_eq!(error.kind(), kind, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

/// The message and its causes.
pub(crate) fn chain(error: &PipelineError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// The value of a JSON object by its path; null where there is none.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, key| &value[*key])
}

/// An empty object.
pub(crate) fn nothing() -> Value {
    Value::Object(Map::new())
}
