//! Loads all layers and returns typed settings and the sections of destinations and sources.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::data_dir::data_dir;
use crate::env_layer::Environment;
use crate::error::{ConfigError, nearest};
use crate::layers::{Candidate, Layers};
use crate::node::{Node, Table};
use crate::origin::{Layer, OriginPlace};
use crate::providers::{check_names, name_of, providers};
use crate::section::{Section, Shared};
use crate::settings::{
    DataWriterSettings, DestinationSettings, ExtractSection, LoadSection, NormalizeSection, PipelineSettings,
    RuntimeSettings, SourceSettings, pipeline, resources_of,
};
use crate::trace::{Recorder, ResolvedValue};

/// What to read. It has no `Debug`, because options may hold secrets.
#[derive(Clone, Default)]
pub struct LoadOptions {
    /// The pipeline file, `pipeline.toml` in the current folder unless it is named.
    pub file: Option<PathBuf>,
    /// A text to read instead of the file, for commands that need none.
    pub text: Option<String>,
    /// `a.b.c=value` options, the last one wins.
    pub sets: Vec<String>,
    /// What the program says itself, by dotted key. It comes before everything else.
    pub given: Vec<(String, serde_json::Value)>,
    /// The variables that may be read.
    pub environment: Environment,
}

/// The whole configuration of one pipeline.
#[derive(Debug)]
pub struct Config {
    /// `[pipeline]`.
    pub pipeline: PipelineSettings,
    /// The destination that the pipeline loads to.
    pub destination: Option<DestinationSettings>,
    /// The destination that files pass through on their way.
    pub staging: Option<DestinationSettings>,
    /// The sources in the order of the file.
    pub sources: Vec<SourceSettings>,
    /// `[normalize]`.
    pub normalize: NormalizeSection,
    /// `[load]`.
    pub load: LoadSection,
    /// `[runtime]`.
    pub runtime: RuntimeSettings,
    environment: Environment,
    layers: Layers,
    shared: Arc<Shared>,
}

/// Names in `[sources]` and in a source that are settings of stages, not sources or resources.
const STAGE_TABLES: [&str; 2] = ["extract", "data_writer"];

/// Keys of a source whose tables are never meant for a resource of the same name.
const SOURCE_TABLES: [&str; 4] = ["schema", "client", "resource_defaults", "credentials"];

impl Config {
    /// Reads all layers and checks everything that does not belong to a destination or a source.
    ///
    /// # Errors
    /// Whatever is wrong with a file, an option or a value, with its place.
    pub fn load(options: LoadOptions) -> Result<Self, ConfigError> {
        let file = options.file.unwrap_or_else(|| PathBuf::from("pipeline.toml"));
        let shared = Arc::new(Shared { base_dir: folder_of(&file), file, recorder: Recorder::default() });
        let providers =
            providers(&shared, options.text, &options.sets, &options.given, &options.environment)?;
        let mut layers = Layers { providers, pipeline: None };
        check_names(&layers)?;
        layers.pipeline = name_of(&layers);
        let pipeline = pipeline_settings(&layers, &shared)?;
        let mut config = Self {
            destination: None,
            staging: None,
            sources: Vec::new(),
            normalize: stage(&layers, &shared, "normalize")?,
            load: stage(&layers, &shared, "load")?,
            runtime: stage(&layers, &shared, "runtime")?,
            environment: options.environment,
            pipeline,
            layers,
            shared,
        };
        let named =
            |name: &Option<String>| name.as_deref().map(|name| config.named_destination(name)).transpose();
        let (destination, staging) = (named(&config.pipeline.destination)?, named(&config.pipeline.staging)?);
        config.destination = destination;
        config.staging = staging;
        config.sources = config.read_sources()?;
        config.check_targets_of_sets()?;
        config.check_stages()?;
        Ok(config)
    }

    /// The pipeline file, as it was named.
    pub fn file(&self) -> &Path {
        &self.shared.file
    }

    /// The folder that relative paths in the configuration start from.
    pub fn base_dir(&self) -> &Path {
        &self.shared.base_dir
    }

    /// The folder of all working data.
    ///
    /// # Errors
    /// [`ConfigError::NoDataDir`] where no variable names one.
    pub fn data_dir(&self) -> Result<PathBuf, ConfigError> {
        data_dir(&self.environment)
    }

    /// The working folder of this pipeline: `<data dir>/pipelines/<name>`.
    ///
    /// # Errors
    /// [`ConfigError::NoDataDir`] where neither a variable nor `pipelines_dir` names one.
    pub fn pipeline_dir(&self) -> Result<PathBuf, ConfigError> {
        let all = match &self.pipeline.pipelines_dir {
            Some(folder) => self.base_dir().join(folder),
            None => self.data_dir()?.join("pipelines"),
        };
        Ok(all.join(&self.pipeline.name))
    }

    /// A destination by its name under `[destination]` or by its bare type.
    ///
    /// # Errors
    /// A `type` that is not text.
    pub(crate) fn named_destination(&self, name: &str) -> Result<DestinationSettings, ConfigError> {
        let foreign = self.names_in("destination");
        let exact = [Candidate::exact(&["destination", name])];
        let kind = kind_in(&self.layers.resolve(&exact, &[]), &format!("destination.{name}"))?;
        let kind = kind.unwrap_or_else(|| name.to_owned());
        let mut candidates = exact.to_vec();
        if kind != name {
            candidates.push(Candidate::general(&["destination", &kind]));
        }
        candidates.extend([Candidate::general(&["destination"]), Candidate::general(&[])]);
        let mut table = self.layers.resolve(&candidates, &foreign);
        table.shift_remove("type");
        let section = Section::of(format!("destination.{name}"), table, Arc::clone(&self.shared));
        Ok(DestinationSettings { name: name.to_owned(), kind, section })
    }

    /// A value of the user's own, such as `sources.github.access_token`: looked for in the table and then, as
    /// dlt does, in the more general ones, down to the bare key. `None` where no layer has it.
    ///
    /// # Errors
    /// A value of another type, or a placeholder that was not filled in.
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        let parts: Vec<&str> = key.split('.').collect();
        let (name, tables) = parts.split_last().expect("a split text has a part");
        let general = (0..tables.len()).rev().map(|length| Candidate::general(&tables[..length]));
        let candidates: Vec<Candidate> = std::iter::once(Candidate::exact(tables)).chain(general).collect();
        let table = self.layers.resolve(&candidates, &[]);
        Section::of(tables.join("."), table, Arc::clone(&self.shared)).value(name)
    }

    /// The settings of extract for all, for a source or for one of its resources.
    ///
    /// # Errors
    /// Unknown keys and wrong values.
    pub fn extract(
        &self,
        source: Option<&str>,
        resource: Option<&str>,
    ) -> Result<ExtractSection, ConfigError> {
        self.nested("extract", source, resource, &["extract"])
    }

    /// How extract writes files, for all, for a source or for one of its resources.
    ///
    /// # Errors
    /// Unknown keys and wrong values.
    pub fn extract_writer(
        &self,
        source: Option<&str>,
        resource: Option<&str>,
    ) -> Result<DataWriterSettings, ConfigError> {
        self.nested("data_writer", source, resource, &["extract", "data_writer"])
    }

    /// How normalize writes files.
    ///
    /// # Errors
    /// Unknown keys and wrong values.
    pub fn normalize_writer(&self) -> Result<DataWriterSettings, ConfigError> {
        self.nested("data_writer", None, None, &["normalize", "data_writer"])
    }

    /// The values that were taken from a layer so far, secrets masked, sorted by key.
    pub fn resolved_values(&self) -> Vec<ResolvedValue> {
        self.shared.recorder.values()
    }

    /// A table that is allowed at a resource, a source, all sources, a stage or at the top.
    fn nested<T: DeserializeOwned>(
        &self,
        table: &str,
        source: Option<&str>,
        resource: Option<&str>,
        stage: &[&str],
    ) -> Result<T, ConfigError> {
        let mut candidates = Vec::new();
        if let (Some(source), Some(resource)) = (source, resource) {
            candidates.push(Candidate::exact(&["sources", source, resource, table]));
        }
        if let Some(source) = source {
            candidates.push(Candidate::exact(&["sources", source, table]));
            candidates.push(Candidate::exact(&["sources", table]));
        }
        candidates.push(Candidate::exact(stage));
        if stage.len() > 1 {
            candidates.push(Candidate::exact(&[table]));
        }
        candidates.push(Candidate::general(&[]));
        let path = candidates[0].path.join(".");
        let mut table = self.layers.resolve(&candidates, &[]);
        table.shift_remove("data_writer");
        Section::of(path, table, Arc::clone(&self.shared)).parse()
    }

    fn names_in(&self, section: &str) -> Vec<&str> {
        let files = self.layers.provider(Layer::File);
        let tables = files.filter_map(|file| file.tree.get(section)?.as_table());
        tables.flat_map(|table| table.keys().map(String::as_str)).collect()
    }

    fn read_sources(&self) -> Result<Vec<SourceSettings>, ConfigError> {
        let mut names = self.names_in("sources");
        for set in self.layers.provider(Layer::Set) {
            for (name, node) in set.tree.get("sources").and_then(Node::as_table).into_iter().flatten() {
                let defined = node.as_table().is_some_and(|table| table.contains_key("type"));
                if defined && !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        names.retain(|name| !STAGE_TABLES.contains(name));
        names.iter().map(|name| self.source(name, &names)).collect()
    }

    fn source(&self, name: &str, all: &[&str]) -> Result<SourceSettings, ConfigError> {
        let candidates =
            [Candidate::exact(&["sources", name]), Candidate::general(&["sources"]), Candidate::general(&[])];
        let foreign: Vec<&str> = all.iter().chain(&STAGE_TABLES).copied().collect();
        let mut table = self.layers.resolve(&candidates, &foreign);
        let path = format!("sources.{name}");
        let kind = kind_in(&table, &path)?.ok_or_else(|| ConfigError::Missing {
            key: format!("{path}.type"),
            file: self.shared.file.display().to_string(),
        })?;
        let list = table.shift_remove("resources");
        let overrides = |resource: &str| {
            let mut table = self.layers.resolve(&[Candidate::exact(&["sources", name, resource])], &[]);
            table.retain(|key, _| !STAGE_TABLES.contains(&key.as_str()));
            table
        };
        let resources = resources_of(name, list.as_ref(), overrides, &self.shared)?;
        let is_resource = |key: &str| {
            let named = |resource: &str| key == resource || key == crate::variable_names::spelled(resource);
            !SOURCE_TABLES.contains(&key) && resources.iter().any(|resource| named(&resource.name))
        };
        table.retain(|key, node| {
            let of_resource = node.as_table().is_some() && is_resource(key);
            key != "type" && !STAGE_TABLES.contains(&key.as_str()) && !of_resource
        });
        let section = Section::of(path, table, Arc::clone(&self.shared));
        let pipeline = self.pipeline.name.clone();
        Ok(SourceSettings { name: name.to_owned(), pipeline, kind, section, resources })
    }

    /// An option for a source or destination that is not used would be ignored silently.
    fn check_targets_of_sets(&self) -> Result<(), ConfigError> {
        let used = self.destination.iter().chain(&self.staging).map(|destination| destination.name.as_str());
        let destinations = self.names_in("destination").into_iter().chain(used).collect();
        let sources = self.sources.iter().map(|source| source.name.as_str()).chain(STAGE_TABLES).collect();
        let known: [(&str, Vec<&str>); 2] = [("destination", destinations), ("sources", sources)];
        for set in self.layers.provider(Layer::Set) {
            for (section, known) in &known {
                let targets = set.tree.get(*section).and_then(Node::as_table).into_iter().flatten();
                // A program has sources of its own, and may change its mind about the destination.
                let is_unknown = |(name, node): &(&String, &Node)| {
                    let of_program = matches!(node.origin.place, OriginPlace::Program(_));
                    !known.contains(&name.as_str()) && !of_program
                };
                if let Some((name, node)) = targets.into_iter().find(is_unknown) {
                    return Err(ConfigError::UnknownKey {
                        key: format!("{section}.{name}"),
                        nearest: nearest(name, known.iter().copied()),
                        known: known.iter().map(|name| (*name).to_owned()).collect(),
                        place: node.origin.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Reads every table that will be read later, so that mistakes show before anything runs.
    fn check_stages(&self) -> Result<(), ConfigError> {
        self.extract(None, None)?;
        self.extract_writer(None, None)?;
        self.normalize_writer()?;
        for source in &self.sources {
            self.extract(Some(&source.name), None)?;
            self.extract_writer(Some(&source.name), None)?;
            for resource in &source.resources {
                self.extract(Some(&source.name), Some(&resource.name))?;
                self.extract_writer(Some(&source.name), Some(&resource.name))?;
            }
        }
        Ok(())
    }
}

/// The folder of the file, absolute where the system tells the current folder.
fn folder_of(file: &Path) -> PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    file.parent().map(Path::to_owned).unwrap_or_default()
}

fn pipeline_settings(layers: &Layers, shared: &Arc<Shared>) -> Result<PipelineSettings, ConfigError> {
    let mut candidates = vec![Candidate::exact(&["pipeline"])];
    candidates.extend(layers.pipeline.as_ref().map(|name| Candidate::general(&["pipelines", name])));
    candidates.extend([Candidate::general(&["pipelines"]), Candidate::general(&[])]);
    let table = layers.resolve(&candidates, &[]);
    let section = Section::of("pipeline".to_owned(), table, Arc::clone(shared));
    let settings = section.parse::<pipeline::Raw>()?.resolve();
    match pipeline::fault_of_name(&settings.name) {
        Some(fault) => Err(section.invalid("name", fault)),
        None => Ok(settings),
    }
}

/// `[normalize]`, `[load]` and `[runtime]`: the table itself, or a bare key in the environment.
fn stage<T: DeserializeOwned>(layers: &Layers, shared: &Arc<Shared>, name: &str) -> Result<T, ConfigError> {
    let mut table = layers.resolve(&[Candidate::exact(&[name]), Candidate::general(&[])], &[]);
    table.shift_remove("data_writer");
    Section::of(name.to_owned(), table, Arc::clone(shared)).parse()
}

fn kind_in(table: &Table, path: &str) -> Result<Option<String>, ConfigError> {
    let Some(node) = table.get("type") else { return Ok(None) };
    node.as_text().map(|text| Some(text.to_owned())).ok_or_else(|| ConfigError::WrongType {
        key: format!("{path}.type"),
        found: node.kind().to_owned(),
        wanted: "text".to_owned(),
        place: Some(node.origin.clone()),
    })
}
