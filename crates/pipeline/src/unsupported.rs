//! Settings of dlt that are understood but not carried out: refused, because to ignore them would do
//! something else than the user asked for.

use cartage_config::{Config, ExtractSection};

use crate::error::PipelineError;

/// Refuses settings of the pipeline.
pub(crate) fn pipeline_settings(config: &Config) -> Result<(), PipelineError> {
    stages_of_resources(config)
}

/// What `[sources.<source>.<resource>.extract]` says about packages and about the order of resources, which the
/// resources of a source share. The other keys, and those of `.data_writer`, are read again when the source is extracted.
fn stages_of_resources(config: &Config) -> Result<(), PipelineError> {
    for source in &config.sources {
        let shared = config.extract(Some(&source.name), None)?;
        for resource in &source.resources {
            config.extract_writer(Some(&source.name), Some(&resource.name))?;
            let own = config.extract(Some(&source.name), Some(&resource.name))?;
            let allowed = ExtractSection {
                workers: own.workers,
                max_parallel_items: own.max_parallel_items,
                max_row_bytes: own.max_row_bytes,
                ..shared
            };
            if own != allowed {
                return Err(PipelineError::usage(
                    format!(
                        "sources.{}.{}.extract: only workers, max_parallel_items and max_row_bytes can differ between \
                         the resources of a source",
                        source.name, resource.name
                    ),
                    format!("set the others in [sources.{}.extract]", source.name),
                ));
            }
        }
    }
    Ok(())
}
