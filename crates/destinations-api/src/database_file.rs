//! Databases that are a file: how the settings name it, and whether it could be made.

use std::fs::{self, File};
use std::path::Path;

use cartage_config::Section as Settings;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, Result};

/// The settings that name the file; at most one of them, or all the same.
#[derive(Deserialize)]
struct Keys {
    path: Option<String>,
    database: Option<String>,
    credentials: Option<Credentials>,
}

/// dlt's table; a text stands for its `database`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    database: Option<String>,
    #[serde(rename = "drivername")]
    _driver: Option<IgnoredAny>,
}

/// What the settings name, a path or an address as dlt writes it, and the settings that are left.
///
/// # Errors
/// Invalid if two settings name different files, or one is neither text nor such a table.
pub fn split(settings: &Settings) -> Result<(Option<String>, Settings)> {
    let (keys, rest): (Keys, _) = settings.spell_out("credentials", "database").split()?;
    let credentials = keys.credentials.and_then(|credentials| credentials.database);
    let named = [("path", keys.path), ("database", keys.database), ("credentials", credentials)];
    let mut named = named.into_iter().filter_map(|(key, text)| Some((key, text?)));
    let Some((first, file)) = named.next() else { return Ok((None, rest)) };
    match named.find(|(_, other)| *other != file) {
        None => Ok((Some(file), rest)),
        Some((key, _)) => {
            let other = settings.invalid(key, format!("names another database than '{first}'"));
            Err(Error::from(other).with_remedy("keep one of them"))
        }
    }
}

/// Sees whether a file that is not there could be made, and leaves nothing.
///
/// # Errors
/// Invalid if it cannot.
pub fn try_making(path: &Path) -> Result<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let trial = path.with_file_name(format!(".{name}.check"));
    let made = File::create_new(&trial).and_then(|_| fs::remove_file(&trial));
    made.map_err(|cause| {
        Error::invalid(format!("cannot make {}: {cause}", path.display())).with_source(cause).with_remedy(
            "check that the folder exists and may be written to, or name another file with 'path'",
        )
    })?;
    Ok(format!("{} does not exist yet and can be created", path.display()))
}
