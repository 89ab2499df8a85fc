//! The settings below `[destination.<name>]`: parsed and checked, nothing opened.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use cartage_destinations_api::{
    CommonSettings, ConnectRequest, Error, Result, Secrets, Settings, TableOrText,
};
use serde_json::Value;

use crate::layout::{DEFAULT_LAYOUT, Layout};
use crate::moments;

/// Keys of this destination beside those that all destinations share.
pub(crate) const OWN_KEYS: &[&str] = &[
    "bucket_url",
    "credentials",
    "layout",
    "extra_placeholders",
    "current_datetime",
    "max_state_files",
    "warn_unsafe_layout_separators",
    "conditional_put",
    "multipart_size",
    "max_parallel_load_jobs",
    "truncate_tables_on_staging_destination_before_load",
    "keep_staged_files",
];

/// Files above this are sent in parts unless the settings say otherwise.
const MULTIPART_SIZE: u64 = 32 << 20;

/// dlt's default of `max_state_files`.
const MAX_STATE_FILES: usize = 100;

/// Where the files lie and what they are called.
pub(crate) struct Config {
    pub(crate) place: Place,
    pub(crate) dataset: String,
    pub(crate) pipeline: String,
    pub(crate) layout: Layout,
    pub(crate) credentials: Credentials,
    /// Newest state files that are kept; `None` keeps all.
    pub(crate) max_state_files: Option<usize>,
    /// Whether the server can be told to write only where nothing is yet.
    pub(crate) conditional_put: bool,
    pub(crate) multipart_size: u64,
    pub(crate) max_parallel_load_jobs: Option<usize>,
    /// In front of a database: whether files of earlier loads of a table are removed before a load.
    pub(crate) truncate_before_load: bool,
    /// In front of a database: whether the files of a load stay when it is complete.
    pub(crate) keep_staged_files: bool,
    pub(crate) common: CommonSettings,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("place", &self.place)
            .field("dataset", &self.dataset)
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// A folder, or a bucket with a beginning of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Local(PathBuf),
    Bucket { scheme: Scheme, bucket: String, prefix: String, url: String },
}

/// Which kind of bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    S3,
    Gcs,
    Azure,
}

/// What opens a bucket: dlt's names and their values. Not shown anywhere.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    values: BTreeMap<String, String>,
}

impl Credentials {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The values that nobody should see; names of accounts and places are none.
    pub(crate) fn secrets(&self) -> Secrets {
        const OPEN: [&str; 9] = [
            "aws_access_key_id",
            "region_name",
            "endpoint_url",
            "s3_url_style",
            "project_id",
            "client_email",
            "azure_storage_account_name",
            "azure_account_host",
            "azure_tenant_id",
        ];
        let hidden = self.values.iter().filter(|(key, _)| !OPEN.contains(&key.as_str()));
        Secrets::new(hidden.map(|(_, value)| value.as_str()))
    }

    fn read(settings: &Settings) -> Result<Self> {
        let table = match settings.table_or_text("credentials")? {
            None => return Ok(Self::default()),
            Some(TableOrText::Table(table)) => table,
            Some(_) => {
                return Err(Error::invalid("'credentials' of a filesystem destination must be a table")
                    .with_remedy(
                        "give aws_access_key_id and so on, each as a key of its own below credentials",
                    ));
            }
        };
        let names: Vec<String> = table.keys().cloned().collect();
        let given = Settings::new(table);
        let mut values = BTreeMap::new();
        for name in names {
            if let Some(text) = given.text(&name)? {
                values.insert(name, text);
            }
        }
        Ok(Self { values })
    }
}

impl Config {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown, absent or has a value that cannot be.
    pub(crate) fn read(request: &ConnectRequest) -> Result<Self> {
        let settings = &request.settings;
        let known: Vec<&str> = OWN_KEYS.iter().chain(CommonSettings::KEYS).copied().collect();
        settings.check_keys(&known)?;
        let max_state_files = match settings.value("max_state_files").map(whole_number) {
            None => Some(MAX_STATE_FILES),
            Some(Some(number)) => usize::try_from(number).ok().filter(|number| *number > 0),
            Some(None) => return Err(Error::invalid("'max_state_files' must be a whole number")),
        };
        let layout = layout(settings)?;
        if settings.flag("warn_unsafe_layout_separators")? != Some(false)
            && let Some(separator) = layout.unsafe_separator()
        {
            tracing::warn!(
                "the layout ends table names with '{separator}', which table names may hold too; use a / or a dot, \
                 or set warn_unsafe_layout_separators = false"
            );
        }
        Ok(Self {
            place: place(request)?,
            dataset: name_of("dataset", &request.dataset_name)?,
            pipeline: name_of("pipeline", &request.pipeline_name)?,
            layout,
            credentials: Credentials::read(settings)?,
            max_state_files,
            conditional_put: settings.flag("conditional_put")?.unwrap_or(true),
            multipart_size: settings.count("multipart_size")?.map_or(MULTIPART_SIZE, |size| size as u64),
            max_parallel_load_jobs: settings.count("max_parallel_load_jobs")?,
            truncate_before_load: settings
                .flag("truncate_tables_on_staging_destination_before_load")?
                .unwrap_or(true),
            keep_staged_files: settings.flag("keep_staged_files")?.unwrap_or(true),
            common: CommonSettings::read(settings)?,
        })
    }
}

/// A name that becomes a folder or a part of a file's name.
fn name_of(what: &str, name: &str) -> Result<String> {
    let is_name = !name.trim().is_empty() && !name.contains(['/', '\\', '\0']) && !matches!(name, "." | "..");
    if is_name {
        return Ok(name.to_owned());
    }
    Err(Error::invalid(format!("the {what} is called '{name}', which cannot be the name of a folder"))
        .with_remedy("name it with letters, digits and underscores"))
}

fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn layout(settings: &Settings) -> Result<Layout> {
    let text = settings.text("layout")?;
    let mut extra = BTreeMap::new();
    for (name, value) in settings.table("extra_placeholders")?.unwrap_or_default() {
        extra.insert(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let moment = match settings.text("current_datetime")? {
        None => None,
        Some(text) => Some(moments::parse(&text).ok_or_else(|| {
            Error::invalid(format!("'current_datetime' is '{text}', which is no date or time"))
                .with_remedy("write it like 2024-12-31T23:59:59Z")
        })?),
    };
    Layout::new(text.as_deref().unwrap_or(DEFAULT_LAYOUT), extra, moment)
}

fn place(request: &ConnectRequest) -> Result<Place> {
    let url = request.settings.text("bucket_url")?.ok_or_else(|| {
        Error::invalid("'bucket_url' is missing")
            .with_remedy("name a folder, or a bucket like s3://bucket/folder, gs://bucket or az://container")
    })?;
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(Place::Local(request.base_dir.join(&url)));
    };
    let scheme = match scheme {
        "file" => {
            // file:///absolute; dlt also takes file://relative.
            return Ok(Place::Local(request.base_dir.join(decoded(rest))));
        }
        "s3" | "s3a" => Scheme::S3,
        "gs" | "gcs" => Scheme::Gcs,
        "az" | "azure" | "abfs" | "abfss" | "adl" => Scheme::Azure,
        other => {
            return Err(Error::invalid(format!("'bucket_url' begins with {other}://, which is not known"))
                .with_remedy("use a folder, file://, s3://, gs:// or az://"));
        }
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    // abfss://container@account.dfs.core.windows.net names the account, too.
    let bucket = bucket.split('@').next().unwrap_or(bucket);
    if bucket.is_empty() {
        return Err(Error::invalid("'bucket_url' names no bucket"));
    }
    let prefix = prefix.trim_matches('/').to_owned();
    Ok(Place::Bucket { scheme, bucket: bucket.to_owned(), prefix, url: url.trim_end_matches('/').to_owned() })
}

/// Percent signs of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        Config::read(
            &ConnectRequest::new("filesystem", "shop", "raw").with_settings(settings).in_folder("/base"),
        )
    }

    #[test]
    fn folders_and_urls_are_told_apart() {
        for (url, path) in [("lake", "/base/lake"), ("/lake", "/lake"), ("file:///a%20b", "/a b")] {
            assert_eq!(read(&json!({"bucket_url": url})).unwrap().place, Place::Local(path.into()), "{url}");
        }
        let config = read(&json!({"bucket_url": "s3://bucket/some/folder/"})).unwrap();
        assert!(
            matches!(&config.place, Place::Bucket { scheme: Scheme::S3, bucket, prefix, .. }
                if bucket == "bucket" && prefix == "some/folder"),
            "{config:?}"
        );
        assert!(read(&json!({"bucket_url": "ftp://host/x"})).is_err());
        assert!(read(&json!({})).unwrap_err().remedy().unwrap().contains("s3://"));
    }

    #[test]
    fn secrets_do_not_show() {
        let secret = json!({"bucket_url": "s3://b", "credentials": {"aws_secret_access_key": "hush"}});
        let config = read(&secret).unwrap();
        assert_eq!(config.credentials.get("aws_secret_access_key"), Some("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }
}
