//! `type = "files"`.

use std::sync::Arc;

use cartage_config::{ConfigError, ResourceSection, Section, SourceSettings, nearest};
use cartage_object_storage::{BucketAddress, BucketCredentials};
use cartage_runtime::{OnBadRow, Random};
use cartage_source_api::Resource;
use cartage_sources_files::{FilesConfig, FilesProducer};
use serde::Deserialize;

use crate::shared::split_hints;

/// Keys of the source's table that belong to this type.
pub(crate) const KEYS: &[&str] = &["credentials"];

/// `[sources.<name>]`, as far as it is of this type.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesTable {
    #[serde(default)]
    credentials: BucketCredentials,
}

/// Whether a path is the address of objects in a bucket, such as `s3://bucket/*.csv`.
pub fn is_bucket_path(path: &str) -> bool {
    BucketAddress::split(path).is_some()
}

pub(crate) fn resources(
    settings: &SourceSettings,
    on_bad_row: OnBadRow,
    _: &Arc<dyn Random>,
) -> Result<Vec<Resource>, ConfigError> {
    let credentials = credentials(&settings.section)?;
    settings.resources.iter().map(|resource| one(resource, on_bad_row, &credentials)).collect()
}

/// What opens buckets. A key that means nothing would be missed when it is needed.
fn credentials(source: &Section) -> Result<BucketCredentials, ConfigError> {
    let table: FilesTable = source.only(KEYS).parse()?;
    if let Some(unknown) = table.credentials.unknown() {
        let nearest = nearest(unknown, BucketCredentials::known_keys());
        let advice = nearest.map_or_else(
            || format!("known are {}", BucketCredentials::known_keys().collect::<Vec<_>>().join(", ")),
            |known| format!("did you mean `{known}`?"),
        );
        return Err(source.invalid("credentials", format!("unknown key `{unknown}`; {advice}")));
    }
    Ok(table.credentials)
}

fn one(
    settings: &ResourceSection,
    on_bad_row: OnBadRow,
    credentials: &BucketCredentials,
) -> Result<Resource, ConfigError> {
    let (hints, rest) = split_hints(&settings.section)?;
    let config: FilesConfig = rest.parse()?;
    config.csv.check().map_err(|reason| rest.invalid("csv", reason))?;
    let producer = FilesProducer::new(config, rest.base_dir(), on_bad_row)
        .map_err(|error| rest.invalid("data_selector", error.to_string()))?
        .with_credentials(credentials.clone());
    Ok(Resource::new(&settings.name, hints, Box::new(producer)))
}
