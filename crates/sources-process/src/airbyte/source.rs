//! The settings of `type = "airbyte"`, and the streams that a connector has.

use std::sync::Arc;

use cartage_config::ConfigError;
use cartage_source_api::SourceError;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::airbyte::catalog::{self, CatalogStream};
use crate::airbyte::dialect::Connector;
use crate::airbyte::message::Said;
use crate::airbyte::rewritten_config::RewrittenConfig;
use crate::command::{self, ProgramSettings};
use crate::config_file::ProgramConfig;
use crate::described::{Described, DescribedSchema};
use crate::private_files::PrivateFiles;
use crate::program::Arguments;
use crate::run_to_end::run_to_end;
use crate::secret_values::secret_values;
use crate::source::{ProgramSource, ProgramTable, Wanted, taking_part};

/// Keys of the source's table that belong to this type.
pub const AIRBYTE_KEYS: &[&str] = &[
    "command",
    "config",
    "streams",
    "cursor_fields",
    "env",
    "working_dir",
    "start_timeout",
    "stop_timeout",
    "idle_timeout",
];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    config: ProgramConfig,
    streams: Option<Vec<String>>,
    cursor_fields: IndexMap<String, String>,
}

/// An Airbyte connector. It is asked for its catalog.
///
/// # Errors
/// The key that cannot be used, and what to do; what the connector says is wrong.
pub fn airbyte(table: &ProgramTable<'_>) -> Result<ProgramSource, ConfigError> {
    let section = table.section;
    let keys: Keys = section.without(&[&["command"], command::KEYS].concat()).parse()?;
    let failed = |key: &str, error: SourceError| table.failed(key, &error);
    let rewritten = RewrittenConfig::of(section.base_dir(), table.name);
    let config = keys.config.value().clone();
    let newest = match keys.config {
        ProgramConfig::Table(_) => ProgramConfig::Table(rewritten.newest(&config)),
        // Connectors want a configuration, even an empty one.
        ProgramConfig::None => ProgramConfig::Table(json!({})),
        file => file,
    };
    let secrets = [secret_values(&config), secret_values(newest.value())].concat();
    let settings = Arc::new(ProgramSettings::read(section, None, &secrets)?);
    let files = PrivateFiles::new().map_err(|error| failed("config", error))?;
    let arguments = newest.arguments(&files, section.base_dir()).map_err(|error| failed("config", error))?;
    let found = discover(&settings, &arguments, &files).map_err(|error| failed("command", error))?;
    let mut streams =
        catalog::streams(&found, &keys.cursor_fields).map_err(|reason| section.invalid("command", reason))?;
    // A table that is replaced needs all rows each time.
    for stream in &mut streams {
        stream.is_incremental &= !table.is_replaced(&stream.described);
    }
    if let Some(unknown) =
        keys.cursor_fields.keys().find(|name| !streams.iter().any(|stream| stream.name == **name))
    {
        return Err(section.invalid("cursor_fields", format!("the connector has no stream `{unknown}`")));
    }
    let described: Vec<Described> = streams.iter().map(|stream| stream.described.clone()).collect();
    let connector = Connector {
        settings: Arc::clone(&settings),
        files,
        arguments,
        config,
        rewritten,
        numbers: numbers(&streams),
        records: vec![0; streams.len()],
        is_wanted: vec![false; streams.len()],
        streams,
    };
    let wanted = Wanted::of("streams", keys.streams);
    table.check_tables(taking_part(&described, wanted.as_ref()))?;
    table.source(&settings, described, wanted.as_ref(), DescribedSchema::default(), Box::new(connector))
}

fn numbers(streams: &[CatalogStream]) -> std::collections::HashMap<(String, Option<String>), usize> {
    let names = streams.iter().map(|stream| (stream.name.clone(), stream.namespace.clone()));
    names.enumerate().map(|(number, name)| (name, number)).collect()
}

fn discover(
    settings: &Arc<ProgramSettings>,
    arguments: &[String],
    files: &PrivateFiles,
) -> Result<Value, SourceError> {
    let words = [&["discover".to_owned()], arguments].concat();
    let arguments = Arguments { words, files: Some(files.folder()) };
    let mut found = None;
    run_to_end(settings, &arguments, "asked for its catalog with `discover`", |line| {
        let Ok(said) = serde_json::from_slice::<Said<'_>>(line) else {
            tracing::info!("{}", String::from_utf8_lossy(line));
            return Ok(());
        };
        if let Some(log) = said.log {
            log.pass_on();
        }
        if let Some(error) = said.trace.and_then(|trace| trace.error) {
            return Err(error.text());
        }
        if let Some(status) = said.connection_status.filter(|status| status.status == "FAILED") {
            return Err(status.message);
        }
        if let Some(catalog) = said.catalog {
            found = Some(catalog);
        }
        Ok(())
    })?;
    found.ok_or_else(|| SourceError::Unusable {
        input: format!("program `{}`", settings.shown),
        reason: "asked for its catalog with `discover`, it has printed none; check that `command` is an Airbyte source"
            .to_owned(),
    })
}
