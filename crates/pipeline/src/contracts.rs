//! Contracts: the one of the run is laid over those of sources and resources, and packages that wait get the
//! contracts of now.

use std::collections::{BTreeMap, BTreeSet};

use cartage_config::{Config, PipelineSettings, SourceSettings};
use cartage_normalize::{CurrentContracts, SchemaContract};
use cartage_package_store::Package;
use cartage_schema::hints::ResourceHints;
use cartage_schema::{ContractModes, Naming, Schema, normalize_schema_name};
use cartage_source_api::Source;
use serde::Deserialize;
use serde_json::Value;

use crate::error::PipelineError;
use crate::project::Project;

/// The keys of a source that are about contracts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SourceKeys {
    schema_contract: Option<Value>,
    quarantine: Option<bool>,
}

/// The keys by which a source says something about its schema, as `dlt.source` does with its arguments.
const OF_SCHEMA: [&str; 4] = ["max_table_nesting", "root_key", "schema_contract", "schema"];

/// Whether a source says something about its schema. An empty table says that it has one of its own.
fn has_schema(source: &SourceSettings) -> bool {
    source.section.keys().any(|key| OF_SCHEMA.contains(&key))
}

/// Gives a source and its resources the contract of the run, where there is one.
pub(crate) fn lay_over(config: &Config, source: &mut Source) -> Result<(), PipelineError> {
    let run = &config.pipeline;
    let of_config = config.sources.iter().find(|settings| settings.name == source.name);
    source.schema.inherits = source.schema.says_nothing() && !of_config.is_some_and(has_schema);
    if run.schema_contract.is_some() {
        source.schema.schema_contract.clone_from(&run.schema_contract);
        for resource in &mut source.resources {
            resource.hints.schema_contract = of_run(run).cloned();
        }
    }
    source.schema.quarantine = source.schema.quarantine.or(run.quarantine);
    check("pipeline", run.schema_contract.as_ref())?;
    check(&format!("sources.{}", source.name), source.schema.schema_contract.as_ref())?;
    source.resources.iter().try_for_each(|resource| {
        let place = format!("sources.{}.{}", source.name, resource.name);
        check(&place, resource.hints.schema_contract.as_ref())
    })
}

/// The contract that a run with one lays over those of all resources. One without entries takes theirs away, as in dlt.
fn of_run(run: &PipelineSettings) -> Option<&Value> {
    let says_something = |contract: &&Value| contract.as_object().is_none_or(|modes| !modes.is_empty());
    run.schema_contract.as_ref().filter(says_something)
}

fn check(place: &str, contract: Option<&Value>) -> Result<(), PipelineError> {
    contract.map(ContractModes::parse).transpose().map(|_| ()).map_err(|error| {
        PipelineError::usage(
            format!("{place}.schema_contract: {error}"),
            "for example schema_contract = { tables = \"evolve\", columns = \"freeze\", data_type = \"discard_value\" }",
        )
    })
}

/// The contracts that the configuration has now for an extracted package; `None` if it does not know the source.
pub(crate) fn current(
    project: &Project,
    package: &Package,
) -> Result<Option<CurrentContracts>, PipelineError> {
    let manifest = package.manifest();
    let mut sources = project.config.sources.iter();
    let source = sources.find(|source| normalize_schema_name(&source.name) == manifest.schema_name);
    let Some(source) = source else { return Ok(None) };
    let of_schema =
        |source| PipelineError::Schema { name: manifest.schema_name.clone(), source: Box::new(source) };
    let schema = Schema::from_json(&package.schema_json()?).map_err(of_schema)?;
    let naming = schema.naming(manifest.settings.destination.max_name_length());
    // A resource without rows says nothing about its table.
    let has_rows = |table: &str| manifest.files.iter().any(|file| file.table == table && file.rows > 0);
    let spoken = manifest.resources.iter().filter(|resource| has_rows(&resource.table));
    let roots: BTreeMap<&str, &str> =
        spoken.map(|resource| (resource.name.as_str(), resource.table.as_str())).collect();
    of_source(&project.config, source, &naming, &roots).map(Some)
}

fn of_source(
    config: &Config,
    source: &SourceSettings,
    naming: &Naming,
    roots: &BTreeMap<&str, &str>,
) -> Result<CurrentContracts, PipelineError> {
    let run = &config.pipeline;
    let of_source: SourceKeys = source.section.only(&["schema_contract", "quarantine"]).parse()?;
    let schema = run.schema_contract.clone().or(of_source.schema_contract);
    check(&format!("sources.{}", source.name), schema.as_ref())?;
    let stays = schema.is_none() && !has_schema(source);
    let schema = if stays { SchemaContract::Stays } else { SchemaContract::Is(schema) };
    let (mut tables, mut quarantine) = (BTreeMap::new(), BTreeSet::new());
    for resource in &source.resources {
        let Some(root) = roots.get(resource.name.as_str()) else { continue };
        let keys = ["table_name", "schema_contract", "quarantine", "nested_hints"];
        let mut hints: ResourceHints = resource.section.only(&keys).parse()?;
        if run.schema_contract.is_some() {
            hints.schema_contract = of_run(run).cloned();
        }
        check(&format!("sources.{}.{}", source.name, resource.name), hints.schema_contract.as_ref())?;
        if hints.quarantine.or(of_source.quarantine).or(run.quarantine) == Some(true) {
            quarantine.insert((*root).to_owned());
        }
        let unusable = |error: cartage_schema::hints::HintsError| {
            PipelineError::usage(error.to_string(), "correct the hints of the resource")
        };
        for table in hints.to_tables(&resource.name, naming).map_err(unusable)? {
            // The first resource of a table decides, as when it was extracted.
            if let Some(contract) = table.schema_contract {
                tables.entry(table.name).or_insert(contract);
            }
        }
    }
    Ok(CurrentContracts { schema, tables, quarantine })
}
