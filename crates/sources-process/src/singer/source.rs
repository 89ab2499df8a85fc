//! The settings of `type = "singer"`, and the streams that a tap has.

use std::path::PathBuf;
use std::sync::Arc;

use cartage_config::ConfigError;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::{Resume, RouteScope, SourceError};
use serde::Deserialize;
use serde_json::Value;

use crate::command::{self, ProgramSettings};
use crate::config_file::ProgramConfig;
use crate::described::{Described, DescribedSchema};
use crate::private_files::PrivateFiles;
use crate::program::Arguments;
use crate::run_to_end::run_to_end;
use crate::secret_values::secret_values;
use crate::singer::catalog::{Catalog, CatalogStream};
use crate::singer::dialect::Tap;
use crate::source::{ProgramSource, ProgramTable, Wanted, taking_part};

/// Keys of the source's table that belong to this type.
pub const SINGER_KEYS: &[&str] = &[
    "command",
    "config",
    "catalog",
    "streams",
    "discover",
    "catalog_argument",
    "env",
    "working_dir",
    "start_timeout",
    "stop_timeout",
    "idle_timeout",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    config: ProgramConfig,
    catalog: Option<PathBuf>,
    streams: Option<Vec<String>>,
    discover: bool,
    catalog_argument: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            config: ProgramConfig::default(),
            catalog: None,
            streams: None,
            discover: true,
            catalog_argument: "--catalog".to_owned(),
        }
    }
}

/// A Singer tap. It is asked for its catalog, unless the settings name one or say which streams it has.
///
/// # Errors
/// The key that cannot be used, and what to do; what the tap says is wrong.
pub fn singer(table: &ProgramTable<'_>) -> Result<ProgramSource, ConfigError> {
    let section = table.section;
    let keys: Keys = section.without(&[&["command"], command::KEYS].concat()).parse()?;
    let secrets = secret_values(keys.config.value());
    let settings = Arc::new(ProgramSettings::read(section, None, &secrets)?);
    let failed = |key: &str, error: SourceError| table.failed(key, &error);
    let files = PrivateFiles::new().map_err(|error| failed("config", error))?;
    let arguments =
        keys.config.arguments(&files, section.base_dir()).map_err(|error| failed("config", error))?;
    let catalog = match (&keys.catalog, keys.discover) {
        (Some(path), _) => {
            let path = section.base_dir().join(path);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                section.invalid("catalog", format!("cannot read {}: {error}", path.display()))
            })?;
            let parsed =
                serde_json::from_str(&text).map_err(|error| error.to_string()).and_then(Catalog::new);
            let named = |error| section.invalid("catalog", format!("{}: {error}", path.display()));
            Some((parsed.map_err(named)?, false))
        }
        (None, true) => {
            let found = discover(&settings, &arguments, &files).map_err(|error| failed("command", error))?;
            Some((found, true))
        }
        (None, false) => None,
    };
    let streams = match &catalog {
        Some((catalog, all)) => {
            let key = if *all { "command" } else { "catalog" };
            catalog.streams(*all).map_err(|error| section.invalid(key, error))?
        }
        None => listed(keys.streams.as_deref()).ok_or_else(|| {
            section.invalid(
                "streams",
                "a tap that is not asked for its catalog needs a list of its streams here",
            )
        })?,
    };
    let described: Vec<Described> = streams.iter().map(|stream| stream.described.clone()).collect();
    let replaced: Vec<bool> = described.iter().map(|stream| table.is_replaced(stream)).collect();
    let catalog = catalog.map(|(catalog, _)| (catalog, keys.catalog_argument));
    let tap = Tap::new(Arc::clone(&settings), files, arguments, catalog, &streams, &replaced);
    let wanted = Wanted::of("streams", keys.streams);
    table.check_tables(taking_part(&described, wanted.as_ref()))?;
    table.source(&settings, described, wanted.as_ref(), DescribedSchema::default(), Box::new(tap))
}

/// Streams of a tap without a catalog; what they are is said with their first message.
fn listed(names: Option<&[String]>) -> Option<Vec<CatalogStream>> {
    let stream = |name: &String| CatalogStream {
        described: Described {
            name: name.clone(),
            hints: ResourceHints::default(),
            selected: true,
            scope: RouteScope::OtherHints,
            resume: Resume::NearEachPage,
        },
        names: [name.clone(), name.clone()],
        columns: Vec::new(),
        keys: None,
        is_full_table: false,
    };
    Some(names?.iter().map(stream).collect())
}

fn discover(
    settings: &Arc<ProgramSettings>,
    arguments: &[String],
    files: &PrivateFiles,
) -> Result<Catalog, SourceError> {
    let words = [arguments, &["--discover".to_owned()]].concat();
    let arguments = Arguments { words, files: Some(files.folder()) };
    let mut text = Vec::new();
    let what = "asked for its catalog with --discover";
    run_to_end(settings, &arguments, what, |line| {
        text.extend_from_slice(line);
        text.push(b'\n');
        Ok(())
    })?;
    let parsed: Result<Value, _> = serde_json::from_slice(&text);
    let catalog =
        parsed.map_err(|error| format!("it has printed something else: {error}")).and_then(Catalog::new);
    catalog.map_err(|reason| SourceError::Unusable {
        input: format!("program `{}`", settings.shown),
        reason: format!(
            "{what}: {reason}; if it cannot do that, set `catalog` to a file, or `discover = false` and `streams` to the \
             names of its streams"
        ),
    })
}
