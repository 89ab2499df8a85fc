//! The library of a driver, and its options.

use std::path::{Path, PathBuf};

use adbc_core::options::{AdbcVersion, OptionDatabase, OptionValue};
use adbc_core::{Driver as _, LOAD_FLAG_DEFAULT};
use adbc_driver_manager::{ManagedDatabase, ManagedDriver};
use cartage_config::{Secret, Section};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::Secrets;
use crate::error::SqlError;

/// `credentials` of `drivername = "adbc"`.
#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(rename = "drivername")]
    _drivername: String,
    /// The library: a path, or a name that the system finds, or one of a manifest of the driver.
    driver: String,
    /// The function that the library begins with, where it is not named after it.
    entrypoint: Option<String>,
    uri: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    /// Options of the driver, by their names.
    #[serde(flatten)]
    options: Map<String, Value>,
}

impl std::fmt::Debug for Credentials {
    // Options may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("driver", &self.driver).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the table.
    pub(super) fn read(credentials: &Section) -> Result<Self, SqlError> {
        credentials.table_or_empty("credentials").parse().map_err(|cause| {
            SqlError::new(cause.to_string()).with_remedy(
                "credentials of ADBC are a table: { drivername = \"adbc\", driver = \"/path/libadbc_driver_x.so\", uri = \"..\" }",
            )
        })
    }

    /// Name of the driver, for messages.
    pub(super) fn name(&self) -> &str {
        Path::new(&self.driver).file_stem().and_then(|stem| stem.to_str()).unwrap_or(&self.driver)
    }

    /// What no message may show.
    pub(super) fn secrets(&self) -> Secrets {
        let given = [&self.uri, &self.password].into_iter().flatten().map(Secret::expose);
        Secrets::of(given.chain(self.options.values().filter_map(Value::as_str)))
    }

    /// Loads the library and hands it the options. Nothing connects before a connection is made of the database.
    pub(super) fn open(&self, base_dir: &Path) -> Result<ManagedDatabase, SqlError> {
        let secrets = self.secrets();
        let entrypoint = self.entrypoint.as_ref().map(String::as_bytes);
        let loaded = ManagedDriver::load_from_name(
            self.library(base_dir),
            entrypoint,
            AdbcVersion::V110,
            LOAD_FLAG_DEFAULT,
            None,
        );
        let mut driver = loaded.map_err(|cause| {
            secrets.error(&format!("cannot load the driver `{}`", self.driver), &cause).with_remedy(
                "check `driver`: the path of the library, from the pipeline file on, or a name that the system finds",
            )
        })?;
        driver.new_database_with_opts(self.told()?).map_err(|cause| secrets.error("cannot connect", &cause))
    }

    /// A path begins at the folder of the pipeline file.
    fn library(&self, base_dir: &Path) -> PathBuf {
        let is_path = self.driver.contains(['/', '\\']);
        if is_path { base_dir.join(&self.driver) } else { PathBuf::from(&self.driver) }
    }

    fn told(&self) -> Result<Vec<(OptionDatabase, OptionValue)>, SqlError> {
        let mut told = Vec::new();
        if let Some(uri) = &self.uri {
            told.push((OptionDatabase::Uri, uri.expose().into()));
        }
        if let Some(username) = &self.username {
            told.push((OptionDatabase::Username, username.as_str().into()));
        }
        if let Some(password) = &self.password {
            told.push((OptionDatabase::Password, password.expose().into()));
        }
        for (key, value) in &self.options {
            let value = match value {
                Value::String(text) => OptionValue::String(text.clone()),
                Value::Bool(_) | Value::Number(_) => OptionValue::String(value.to_string()),
                _ => {
                    return Err(SqlError::new(format!(
                        "the option `{key}` of the driver is neither a text nor a number"
                    ))
                    .with_remedy("options whose names have dots need quotes: \"adbc.x.y\" = \"..\""));
                }
            };
            told.push((OptionDatabase::Other(key.clone()), value));
        }
        Ok(told)
    }
}
