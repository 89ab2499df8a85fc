//! What opens buckets: `[sources.<name>.credentials]`.

use cartage_config::{ConfigError, Section, nearest};
use cartage_object_storage::{BucketAddress, BucketCredentials};
use serde::Deserialize;

/// What `[sources.<name>]` says of buckets.
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

/// What opens buckets. A key that means nothing would be missed when it is needed.
pub(crate) fn credentials(source: &Section) -> Result<BucketCredentials, ConfigError> {
    let table: FilesTable = source.parse()?;
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
