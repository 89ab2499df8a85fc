//! `type = "files"`.

use std::sync::Arc;

use cartage_config::{ConfigError, ResourceSection, SourceSettings};
use cartage_runtime::{OnBadRow, Random};
use cartage_source_api::Resource;
use cartage_sources_files::{FilesConfig, FilesProducer};

use crate::shared::split_hints;

pub(crate) fn resources(
    settings: &SourceSettings,
    on_bad_row: OnBadRow,
    _: &Arc<dyn Random>,
) -> Result<Vec<Resource>, ConfigError> {
    settings.resources.iter().map(|resource| one(resource, on_bad_row)).collect()
}

fn one(settings: &ResourceSection, on_bad_row: OnBadRow) -> Result<Resource, ConfigError> {
    let (hints, rest) = split_hints(&settings.section)?;
    let config: FilesConfig = rest.parse()?;
    config.csv.check().map_err(|reason| rest.invalid("csv", reason))?;
    let producer = FilesProducer::new(config, rest.base_dir(), on_bad_row)
        .map_err(|error| rest.invalid("data_selector", error.to_string()))?;
    Ok(Resource::new(&settings.name, hints, Box::new(producer)))
}
