//! `source check`: whether the sources of a pipeline can be read, seen by their first pages.

use cartage_config::Config;
use cartage_extract::{ExtractError, ProbeSettings, Probed, Sample, probe};
use cartage_runtime::Runtime;
use serde::Serialize;
use serde_json::Value;

use crate::contracts;
use crate::error::PipelineError;
use crate::extraction::{check_names, check_resources};
use crate::source_input::SourceInput;

/// What the first pages of all sources have shown.
#[derive(Clone, Debug, Serialize)]
pub struct SourceCheck {
    /// Name of the pipeline.
    pub pipeline: String,
    /// The sources, in the order of the file.
    pub sources: Vec<CheckedSource>,
}

/// A source that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedSource {
    /// Name in the configuration.
    pub name: String,
    /// The type that its table names, such as `rest`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its resources, parents before their children.
    pub resources: Vec<CheckedResource>,
}

/// A resource that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedResource {
    /// Name in the configuration.
    pub name: String,
    /// The table of its rows.
    pub table: String,
    /// The resource for whose first rows it was asked.
    pub parent: Option<String>,
    /// Why it cannot be read; absent where it can.
    pub error: Option<String>,
    /// What to do about it, where the error does not say.
    pub hint: Option<String>,
    /// What was read: addresses without secrets, files.
    pub inputs: Vec<String>,
    /// How it was read.
    pub findings: Vec<CheckFinding>,
    /// Rows of the first page.
    pub rows: u64,
    /// The first row; a text where it is not JSON.
    pub first_row: Option<Value>,
    /// The fields of its rows.
    pub columns: Vec<CheckedColumn>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Something about how a resource is read.
#[derive(Clone, Debug, Serialize)]
pub struct CheckFinding {
    /// What it is about.
    pub name: String,
    /// As people read it.
    pub value: String,
    /// Whether it was detected, not configured.
    pub found: bool,
}

/// A field of the rows.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedColumn {
    /// As the source calls it.
    pub name: String,
    /// The type that its first value makes; `object` and `list` become columns and tables of their own.
    pub data_type: String,
}

impl SourceCheck {
    /// Whether every resource can be read.
    pub fn is_good(&self) -> bool {
        self.sources.iter().flat_map(|source| &source.resources).all(|resource| resource.error.is_none())
    }
}

/// Reads the first page of each resource. Nothing is written, here or at the destination.
///
/// # Errors
/// What is wrong with the configuration. A resource that cannot be read is part of the result.
pub fn check_sources(
    config: &Config,
    runtime: &Runtime,
    resources: &[String],
) -> Result<SourceCheck, PipelineError> {
    check_resources(&SourceInput::configured(config)?, resources)?;
    let mut sources = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for settings in &config.sources {
        let mut source = cartage_sources::build(settings, &runtime.random)?;
        contracts::lay_over(config, &mut source)?;
        known.extend(source.resources.iter().map(|resource| resource.name.clone()));
        let has = |name: &String| source.resources.iter().any(|resource| resource.name == *name);
        let wanted: Vec<String> = resources.iter().filter(|name| has(name)).cloned().collect();
        if wanted.is_empty() && !resources.is_empty() {
            continue;
        }
        let settings_of_probe = ProbeSettings { resources: (!wanted.is_empty()).then_some(wanted) };
        let name = source.name.clone();
        let probed = probe(source, settings_of_probe, runtime)?;
        sources.push(CheckedSource {
            name: settings.name.clone(),
            kind: settings.kind.clone(),
            resources: probed.into_iter().map(|probed| checked(&name, probed)).collect(),
        });
    }
    check_names(&known.iter().map(String::as_str).collect::<Vec<_>>(), resources)?;
    Ok(SourceCheck { pipeline: config.pipeline.name.clone(), sources })
}

fn checked(source_name: &str, probed: Probed) -> CheckedResource {
    let Probed { name, table, parent, sample } = probed;
    let (error, sample) = match sample {
        Ok(sample) => (None, sample),
        Err(source) => {
            let (source_name, resource) = (source_name.to_owned(), name.clone());
            (Some(ExtractError::Source { source_name, resource, source }), Sample::default())
        }
    };
    let hint = error.as_ref().and_then(ExtractError::hint);
    let error = error.as_ref().and_then(std::error::Error::source).map(chain);
    CheckedResource {
        name,
        table,
        parent,
        error,
        hint,
        inputs: sample.inputs.into_iter().map(|input| input.name).collect(),
        findings: sample
            .findings
            .into_iter()
            .map(|finding| CheckFinding {
                name: finding.name.to_owned(),
                value: finding.value,
                found: finding.is_found,
            })
            .collect(),
        rows: sample.rows,
        first_row: sample.first_row.map(|row| serde_json::from_str(&row).unwrap_or(Value::String(row))),
        columns: sample
            .columns
            .into_iter()
            .map(|column| CheckedColumn { name: column.name, data_type: column.data_type })
            .collect(),
        warnings: sample.warnings,
    }
}

/// The message and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
