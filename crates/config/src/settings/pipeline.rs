//! `[pipeline]`: what the pipeline is called and what it works on.

use std::path::PathBuf;

use cartage_runtime::FileFormat;
use serde::Deserialize;

/// The settings of `[pipeline]`.
#[derive(Clone, Debug)]
pub struct PipelineSettings {
    /// Names the working folder and the pipeline in the destination.
    pub name: String,
    /// The dataset, `<name>_dataset` unless it is set.
    pub dataset_name: String,
    /// How the dataset is named from `dataset_name`, which stands for `%s`.
    pub dataset_name_layout: Option<String>,
    /// A name under `[destination]` or a bare type; stages before load can do without.
    pub destination: Option<String>,
    /// A destination to pass files through on their way.
    pub staging: Option<String>,
    /// Every run starts from nothing, in a dataset of its own.
    pub dev_mode: bool,
    /// How progress is shown.
    pub progress: ProgressMode,
    /// What to drop before the run.
    pub refresh: Option<RefreshMode>,
    /// The contract of the run: a word or a table of words.
    pub schema_contract: Option<serde_json::Value>,
    /// Whether rows and values that contracts discard are kept in quarantine. Sources and resources may say
    /// otherwise.
    pub quarantine: Option<bool>,
    /// The file format that the destination should get, where it may be chosen for the run.
    pub loader_file_format: Option<FileFormat>,
    /// Whether state and schemas come from the destination where the working folder has none.
    pub restore_from_destination: bool,
    /// A folder of schema files that win over inferred ones.
    pub import_schema_path: Option<PathBuf>,
    /// A folder to write schema files into.
    pub export_schema_path: Option<PathBuf>,
    /// The form of schema files.
    pub external_schema_format: SchemaFileFormat,
    /// Whether schema files leave out what their keys say already.
    pub external_schema_format_remove_defaults: bool,
    /// The folder of all pipelines, `<data dir>/pipelines` unless it is set.
    pub pipelines_dir: Option<PathBuf>,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProgressMode {
    /// Bars on a terminal, log lines elsewhere.
    #[default]
    Auto,
    /// Bars. dlt's names of its bars mean the same.
    #[serde(alias = "tqdm", alias = "enlighten", alias = "alive_progress")]
    Bars,
    /// Log lines with CPU and memory.
    Log,
    /// No progress is shown.
    None,
}

/// What to drop before a run, in dlt's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshMode {
    /// All tables and all state of the sources that run.
    DropSources,
    /// Tables and state of the resources that run.
    DropResources,
    /// The rows of the resources that run, and their incremental state.
    DropData,
}

/// The form of schema files, by its name or the extension of its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemaFileFormat {
    /// The document of a schema.
    #[default]
    #[serde(alias = "yml")]
    Yaml,
    /// The same document as JSON.
    Json,
    /// Tables and references in the database markup language; only written.
    Dbml,
    /// A graph for Graphviz; only written.
    #[serde(alias = "gv")]
    Dot,
    /// An entity diagram for Mermaid; only written.
    #[serde(alias = "mmd")]
    Mermaid,
}

/// The table as it is written; defaults that depend on others are settled in [`Raw::resolve`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    name: String,
    #[serde(default)]
    dataset_name: Option<String>,
    #[serde(default)]
    dataset_name_layout: Option<String>,
    #[serde(default)]
    destination: Option<String>,
    #[serde(default)]
    staging: Option<String>,
    #[serde(default)]
    dev_mode: bool,
    #[serde(default)]
    progress: Option<ProgressMode>,
    #[serde(default)]
    refresh: Option<RefreshMode>,
    #[serde(default)]
    schema_contract: Option<serde_json::Value>,
    #[serde(default)]
    quarantine: Option<bool>,
    #[serde(default)]
    loader_file_format: Option<FileFormat>,
    #[serde(default = "yes")]
    restore_from_destination: bool,
    #[serde(default)]
    import_schema_path: Option<PathBuf>,
    #[serde(default)]
    export_schema_path: Option<PathBuf>,
    #[serde(default)]
    external_schema_format: Option<SchemaFileFormat>,
    #[serde(default = "yes")]
    external_schema_format_remove_defaults: bool,
    #[serde(default)]
    pipelines_dir: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

impl Raw {
    pub(crate) fn resolve(self) -> PipelineSettings {
        PipelineSettings {
            dataset_name: self.dataset_name.unwrap_or_else(|| format!("{}_dataset", self.name)),
            name: self.name,
            dataset_name_layout: self.dataset_name_layout,
            destination: self.destination,
            staging: self.staging,
            dev_mode: self.dev_mode,
            progress: self.progress.unwrap_or_default(),
            refresh: self.refresh,
            schema_contract: self.schema_contract,
            quarantine: self.quarantine,
            loader_file_format: self.loader_file_format,
            restore_from_destination: self.restore_from_destination,
            import_schema_path: self.import_schema_path,
            export_schema_path: self.export_schema_path,
            external_schema_format: self.external_schema_format.unwrap_or_default(),
            external_schema_format_remove_defaults: self.external_schema_format_remove_defaults,
            pipelines_dir: self.pipelines_dir,
        }
    }
}

/// Why a text cannot name a pipeline: the name is that of a folder.
pub(crate) fn fault_of_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("a pipeline needs a name")
    } else if name.starts_with('.') {
        Some("the name of a pipeline is the name of a folder and cannot start with a dot")
    } else if name.contains(['/', '\\', '\0']) || name.contains(char::is_control) {
        Some(
            "the name of a pipeline is the name of a folder and cannot contain slashes or control characters",
        )
    } else if name.len() > 200 {
        Some("the name of a pipeline cannot be longer than 200 bytes")
    } else {
        None
    }
}
