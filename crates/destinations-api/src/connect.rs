//! How a caller asks for a destination, and the settings that all destinations share.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use cartage_config::{Section as Settings, keys_of};
use cartage_runtime::CancelToken;
use cartage_schema::{NamingKind, ReplaceStrategy};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Map;

use crate::capabilities::Capabilities;
use crate::destination::Destination;
use crate::error::Result;
use crate::files::FileFormat;

/// Makes a destination of a request. The registry in `cartage-destinations` is one; `pipeline` is
/// handed it, so that it links no driver.
pub type Connector<'a> = &'a (dyn Fn(&ConnectRequest) -> Result<Box<dyn Destination>> + Send + Sync);

/// What it takes to connect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// Registered type, such as `duckdb`.
    pub destination_type: String,
    /// Name under `[destination]`, equal to the type where none is configured.
    pub name: String,
    /// Defaults such as the file name derive from it.
    pub pipeline_name: String,
    /// The dataset that is read and written, as it is named at the destination.
    pub dataset_name: String,
    /// The keys below `[destination.<name>]` without `type`. Values may be text even where a number or a boolean is
    /// meant, because environment variables are: the type that they are read into decides.
    pub settings: Settings,
    /// Folder that relative paths start from.
    pub base_dir: PathBuf,
    /// The place that files are put for the destination to read them from, where there is one.
    pub staging: Option<Box<Self>>,
    /// Bytes that an engine inside of this process may take, unless its own settings say so.
    pub memory_limit: Option<u64>,
    /// A folder of this machine for a destination that has no place of its own to remember how far a load is.
    /// Made when it is needed.
    pub state_dir: Option<PathBuf>,
    /// Set when the user asks to stop. A job that can continue later from where it is checks it and ends with
    /// [`JobOutcome::Interrupted`](crate::JobOutcome::Interrupted).
    pub cancel: CancelToken,
}

impl ConnectRequest {
    /// A request with default settings, relative to the working directory.
    pub fn new(
        destination_type: impl Into<String>,
        pipeline: impl Into<String>,
        dataset: impl Into<String>,
    ) -> Self {
        let destination_type = destination_type.into();
        Self {
            name: destination_type.clone(),
            destination_type,
            pipeline_name: pipeline.into(),
            dataset_name: dataset.into(),
            settings: Settings::new(Map::new()),
            base_dir: PathBuf::from("."),
            staging: None,
            memory_limit: None,
            state_dir: None,
            cancel: CancelToken::default(),
        }
    }

    /// Sets the name under `[destination]`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        let settings = self.settings.clone();
        self.with_settings(settings)
    }

    /// Sets the keys of the destination: a section of the configuration, or a table that a program has made.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings.named(format!("destination.{}", self.name));
        self
    }

    /// Sets the place that files are put first.
    #[must_use]
    pub fn with_staging(mut self, staging: Self) -> Self {
        self.staging = Some(Box::new(staging));
        self
    }

    /// Sets how many bytes an engine inside of this process may take.
    #[must_use]
    pub fn with_memory_limit(mut self, bytes: Option<u64>) -> Self {
        self.memory_limit = bytes;
        self
    }

    /// Sets the folder that a destination without a place of its own remembers loads in.
    #[must_use]
    pub fn remembering_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Sets what tells that the user asked to stop.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: CancelToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// Sets the folder that relative paths start from.
    #[must_use]
    pub fn in_folder(mut self, base_dir: impl Into<PathBuf>) -> Self {
        self.base_dir = base_dir.into();
        self
    }
}

/// Settings that every destination takes. They shape what extract and normalize write, so they are
/// read without connecting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CommonSettings {
    /// Naming convention, else that of the destination, else that of the schema.
    #[serde(default, deserialize_with = "naming_convention")]
    pub naming_convention: Option<NamingKind>,
    /// Limits the names of tables.
    pub max_identifier_length: Option<NonZeroUsize>,
    /// Limits the names of columns.
    pub max_column_identifier_length: Option<NonZeroUsize>,
    /// How many levels of nested values become tables of their own at most, whatever a resource says.
    pub max_table_nesting: Option<u32>,
    /// How tables are replaced.
    pub replace_strategy: Option<ReplaceStrategy>,
    /// The format that normalize writes.
    pub loader_file_format: Option<FileFormat>,
    /// Whether unique constraints are created.
    pub create_indexes: Option<bool>,
    /// Name of the dataset for data in flight; `%s` stands for the dataset.
    pub staging_dataset_name_layout: Option<String>,
    /// Whether the caller that makes the [`ConnectRequest`] normalizes the name of the dataset; yes where absent.
    pub enable_dataset_name_normalization: Option<bool>,
}

/// A naming convention by its name, or by the Python module that it has in dlt.
fn naming_convention<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NamingKind>, D::Error> {
    const NAMES: &[&str] = &[
        NamingKind::SnakeCase.as_str(),
        NamingKind::Direct.as_str(),
        NamingKind::DuckCase.as_str(),
        NamingKind::SqlCsV1.as_str(),
        NamingKind::SqlCiV1.as_str(),
    ];
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    name.parse().map(Some).map_err(|_| D::Error::unknown_variant(&name, NAMES))
}

impl CommonSettings {
    /// Names of the keys that all destinations share.
    pub fn keys() -> &'static [&'static str] {
        keys_of::<Self>()
    }

    /// Reads them from a destination's settings; other keys are left alone.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) naming the key whose value is not allowed.
    pub fn read(settings: &Settings) -> Result<Self> {
        Ok(Self::split(settings)?.0)
    }

    /// Reads them, and returns the settings that are left for a destination's own type.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn split(settings: &Settings) -> Result<(Self, Settings)> {
        let (common, rest): (Self, _) = settings.split()?;
        match &common.staging_dataset_name_layout {
            Some(layout) if layout.matches("%s").count() > 1 => {
                Err(settings.invalid("staging_dataset_name_layout", "must hold %s at most once").into())
            }
            _ => Ok((common, rest)),
        }
    }
}

impl Capabilities {
    /// These capabilities as the user's settings narrow them.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if a file format is asked for that cannot be loaded.
    /// An unsupported replace strategy is found by `load` where a table asks for it, as in dlt.
    pub fn with_settings(mut self, settings: &CommonSettings) -> Result<Self> {
        self.files.preferred_format = self.file_format(settings.loader_file_format)?;
        self.names.naming = settings.naming_convention.or(self.names.naming);
        if let Some(length) = settings.max_identifier_length {
            self.names.max_identifier_length = length.get().min(self.names.max_identifier_length);
        }
        if let Some(length) = settings.max_column_identifier_length {
            self.names.max_column_identifier_length =
                length.get().min(self.names.max_column_identifier_length);
        }
        self.tables.max_table_nesting = settings.max_table_nesting.or(self.tables.max_table_nesting);
        self.strategies.asked_replace = settings.replace_strategy;
        if let Some(create) = settings.create_indexes {
            self.tables.create_indexes = create;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_narrow_capabilities_but_never_widen_them() {
        let given = json!({"max_identifier_length": 32, "max_column_identifier_length": 99_999_999, "path": "x.duckdb"});
        let common = CommonSettings::read(&Settings::new(given.as_object().unwrap().clone())).unwrap();
        let narrowed = Capabilities::of("duckdb").unwrap().with_settings(&common).unwrap();
        assert_eq!(narrowed.names.max_identifier_length, 32);
        assert_eq!(narrowed.names.max_column_identifier_length, 65_536);
    }

    #[test]
    fn a_naming_convention_is_one_of_those_that_are_known() {
        let read = |name: &str| {
            let given = json!({"naming_convention": name});
            CommonSettings::read(&Settings::new(given.as_object().unwrap().clone()))
        };
        for kind in NamingKind::ALL {
            assert_eq!(read(kind.as_str()).unwrap().naming_convention, Some(kind));
        }
        let module = read("dlt.common.normalizers.naming.sql_cs_v1").unwrap();
        let narrowed = Capabilities::of("process").unwrap().with_settings(&module).unwrap();
        assert_eq!(narrowed.names.naming, Some(NamingKind::SqlCsV1));
        let error = read("camel_case").unwrap_err().to_string();
        for kind in NamingKind::ALL {
            assert!(error.contains("`camel_case`") && error.contains(kind.as_str()), "{error}");
        }
        assert_eq!(read("").unwrap().naming_convention, None);
    }

    #[test]
    fn a_file_format_that_cannot_be_loaded_is_refused_before_anything_is_written() {
        let given = json!({"loader_file_format": "csv"});
        let common = CommonSettings::read(&Settings::new(given.as_object().unwrap().clone())).unwrap();
        let error = Capabilities::of("duckdb").unwrap().with_settings(&common).unwrap_err();
        assert_eq!(error.remedy(), Some("use one of parquet, jsonl"));
    }
}
