//! `type = "files"`.

use std::sync::Arc;

use cartage_config::{ConfigError, ResourceSection, SourceSettings};
use cartage_runtime::{OnBadRow, Random};
use cartage_schema::hints::ResourceHints;
use cartage_source_api::Resource;
use cartage_sources_files::{FilesConfig, FilesProducer};

#[cfg(feature = "buckets")]
use crate::buckets;
use crate::shared::split_hints;

/// Keys of the source's table that belong to this type.
pub(crate) const KEYS: &[&str] = if cfg!(feature = "buckets") { &["credentials"] } else { &[] };

pub(crate) fn resources(
    settings: &SourceSettings,
    on_bad_row: OnBadRow,
    _: &Arc<dyn Random>,
) -> Result<Vec<Resource>, ConfigError> {
    #[cfg(feature = "buckets")]
    let credentials = buckets::credentials(&settings.section.only(KEYS))?;
    let mut resources = Vec::new();
    for resource in &settings.resources {
        let (hints, producer) = one(resource, on_bad_row)?;
        #[cfg(feature = "buckets")]
        let producer = producer.with_credentials(credentials.clone());
        resources.push(Resource::new(&resource.name, hints, Box::new(producer)));
    }
    Ok(resources)
}

fn one(
    settings: &ResourceSection,
    on_bad_row: OnBadRow,
) -> Result<(ResourceHints, FilesProducer), ConfigError> {
    let (hints, rest) = split_hints(&settings.section)?;
    let config: FilesConfig = rest.parse()?;
    config.csv.check().map_err(|reason| rest.invalid("csv", reason))?;
    let producer = FilesProducer::new(config, rest.base_dir(), on_bad_row)
        .map_err(|error| rest.invalid("data_selector", error.to_string()))?;
    Ok((hints, producer))
}
