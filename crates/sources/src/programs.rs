//! `type = "process"` and the other types of programs.

use cartage_config::{ConfigError, Section, SourceSettings};
use cartage_schema::hints::ResourceHints;
use cartage_sources_process::{self as process, ProgramSource, ProgramTable};

use crate::shared::split_hints;

/// What makes the source of a type of programs.
type Make = fn(&ProgramTable<'_>) -> Result<ProgramSource, ConfigError>;

/// Types of programs with the keys of each.
const PROGRAMS: &[(&str, &[&str], Make)] = &[
    ("process", process::PROCESS_KEYS, process::process),
    ("python", process::PYTHON_KEYS, process::python),
    ("singer", process::SINGER_KEYS, process::singer),
    ("airbyte", process::AIRBYTE_KEYS, process::airbyte),
];

/// The keys of a type of programs, if it is one.
pub(crate) fn keys_of(kind: &str) -> Option<&'static [&'static str]> {
    PROGRAMS.iter().find(|(name, ..)| *name == kind).map(|(_, keys, _)| *keys)
}

pub(crate) fn source(settings: &SourceSettings) -> Result<ProgramSource, ConfigError> {
    let found = PROGRAMS.iter().find(|(name, ..)| *name == settings.kind);
    let (_, keys, make) = found.expect("the registry knows the type");
    let mut listed: Vec<(String, ResourceHints)> = Vec::new();
    for resource in &settings.resources {
        let (hints, rest) = split_hints(&resource.section)?;
        rest.parse::<NoKeys>()?;
        listed.push((resource.name.clone(), hints));
    }
    let section: Section = settings.section.only(keys);
    make(&ProgramTable {
        name: &settings.name,
        pipeline: &settings.pipeline,
        section: &section,
        listed: &listed,
    })
}

/// Resources of programs have hints only.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoKeys {}
