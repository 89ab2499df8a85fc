//! The settings below `[destination.<name>]`: parsed and checked, nothing opened.

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use cartage_destinations_api::{CommonSettings, ConnectRequest, Error, Result, Settings, Written};
use cartage_object_storage::{BucketAddress, BucketCredentials};
use serde::Deserialize;

use crate::date_tokens;
use crate::layout::{DEFAULT_LAYOUT, Layout};

/// Keys of this destination beside those that all destinations share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    bucket_url: Option<String>,
    #[serde(default)]
    credentials: BucketCredentials,
    layout: Option<String>,
    #[serde(default)]
    extra_placeholders: BTreeMap<String, Written>,
    current_datetime: Option<String>,
    max_state_files: Option<i64>,
    warn_unsafe_layout_separators: Option<bool>,
    conditional_put: Option<bool>,
    multipart_size: Option<NonZeroU64>,
    max_parallel_load_jobs: Option<NonZeroUsize>,
    truncate_tables_on_staging_destination_before_load: Option<bool>,
    keep_staged_files: Option<bool>,
}

/// Files above this are sent in parts unless the settings say otherwise.
const MULTIPART_SIZE: u64 = 32 << 20;

/// dlt's default of `max_state_files`.
const MAX_STATE_FILES: i64 = 100;

/// Where the files lie and what they are called.
pub(crate) struct Config {
    pub(crate) place: Place,
    pub(crate) dataset: String,
    pub(crate) pipeline: String,
    pub(crate) layout: Layout,
    pub(crate) credentials: BucketCredentials,
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
    Bucket { bucket: BucketAddress, prefix: String, url: String },
}

impl Config {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown, absent or has a value that is not allowed.
    pub(crate) fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let keys: Keys = rest.parse()?;
        let place = place(request, keys.bucket_url.as_deref())?;
        let layout = layout(
            &request.settings,
            keys.layout.as_deref(),
            keys.extra_placeholders,
            keys.current_datetime,
        )?;
        if keys.warn_unsafe_layout_separators != Some(false)
            && let Some(separator) = layout.unsafe_separator()
        {
            tracing::warn!(
                "the layout ends table names with '{separator}', which table names may hold too; use a / or a dot, \
                 or set warn_unsafe_layout_separators = false"
            );
        }
        let max_state_files = usize::try_from(keys.max_state_files.unwrap_or(MAX_STATE_FILES));
        Ok(Self {
            place,
            dataset: name_of("dataset", &request.dataset_name)?,
            pipeline: name_of("pipeline", &request.pipeline_name)?,
            layout,
            credentials: keys.credentials,
            max_state_files: max_state_files.ok().filter(|number| *number > 0),
            conditional_put: keys.conditional_put.unwrap_or(true),
            multipart_size: keys.multipart_size.map_or(MULTIPART_SIZE, NonZeroU64::get),
            max_parallel_load_jobs: keys.max_parallel_load_jobs.map(NonZeroUsize::get),
            truncate_before_load: keys.truncate_tables_on_staging_destination_before_load.unwrap_or(true),
            keep_staged_files: keys.keep_staged_files.unwrap_or(true),
            common,
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

fn layout(
    settings: &Settings,
    layout: Option<&str>,
    extra: BTreeMap<String, Written>,
    moment: Option<String>,
) -> Result<Layout> {
    let extra = extra.into_iter().map(|(name, value)| (name, value.into_text())).collect();
    let parse = |text: String| {
        date_tokens::parse(&text).ok_or_else(|| {
            Error::from(settings.invalid("current_datetime", format!("'{text}' is not a date or time")))
                .with_remedy("write it like 2024-12-31T23:59:59Z")
        })
    };
    let moment = moment.map(parse).transpose()?;
    Layout::new(layout.unwrap_or(DEFAULT_LAYOUT), extra, moment)
}

fn place(request: &ConnectRequest, url: Option<&str>) -> Result<Place> {
    let url = url.ok_or_else(|| {
        Error::invalid(format!("'bucket_url' is missing in [{}]", request.settings.path()))
            .with_remedy("name a folder, or a bucket like s3://bucket/folder, gs://bucket or az://container")
    })?;
    let invalid = |reason: &str| Error::from(request.settings.invalid("bucket_url", reason));
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(Place::Local(request.base_dir.join(url)));
    };
    if scheme == "file" {
        // file:///absolute; dlt also takes file://relative.
        return Ok(Place::Local(request.base_dir.join(decoded(rest))));
    }
    let Some((bucket, prefix)) = BucketAddress::split(url) else {
        return Err(invalid(&format!("begins with {scheme}://, which is not known"))
            .with_remedy("use a folder, file://, s3://, gs:// or az://"));
    };
    if bucket.bucket.is_empty() {
        return Err(invalid("names no bucket"));
    }
    let prefix = prefix.trim_matches('/').to_owned();
    Ok(Place::Bucket { bucket, prefix, url: url.trim_end_matches('/').to_owned() })
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
    use serde_json::{Value, json};

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
            matches!(&config.place, Place::Bucket { bucket, prefix, .. }
                if bucket.bucket == "bucket" && prefix == "some/folder"),
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
