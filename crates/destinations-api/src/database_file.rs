//! Databases that are a file: how the settings name it, and whether it could be made.

use std::fs::{self, File};
use std::path::Path;

use crate::error::{Error, Result};
use crate::settings::{Settings, TableOrText};

/// The settings that name the file; at most one of them, or all the same.
pub const KEYS: [&str; 3] = ["path", "database", "credentials"];

/// What the settings name: a path, or an address as dlt writes it. `credentials` may be a table with `database`.
///
/// # Errors
/// Invalid if two settings name different files, or one is neither text nor such a table.
pub fn named(settings: &Settings) -> Result<Option<String>> {
    let mut named: Option<(&str, String)> = None;
    for key in KEYS {
        let text = match settings.table_or_text(key)? {
            Some(TableOrText::Table(keys)) => {
                let keys = Settings::new(keys);
                keys.check_keys(&["database", "drivername"])?;
                keys.text("database")?
            }
            _ => settings.text(key)?,
        };
        match (&named, text) {
            (Some((first, known)), Some(text)) if *known != text => {
                return Err(Error::invalid(format!("'{first}' and '{key}' name different databases"))
                    .with_remedy("keep one of them"));
            }
            (None, Some(text)) => named = Some((key, text)),
            _ => {}
        }
    }
    Ok(named.map(|(_, text)| text))
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
    Ok(format!("{} is not there yet and can be made", path.display()))
}
