//! Settings of dlt that are understood but not carried out: refused, because to ignore them would do
//! something else than the user asked for.

use cartage_config::Config;

use crate::error::PipelineError;

/// Refuses settings of the pipeline.
pub(crate) fn pipeline_settings(config: &Config) -> Result<(), PipelineError> {
    stages_of_resources(config)
}

/// `[sources.<source>.<resource>.extract]` and `.data_writer`: all resources of a source share theirs.
fn stages_of_resources(config: &Config) -> Result<(), PipelineError> {
    for source in &config.sources {
        for resource in &source.resources {
            let (source, name) = (Some(source.name.as_str()), Some(resource.name.as_str()));
            let own = config.extract(source, name)? != config.extract(source, None)?
                || config.extract_writer(source, name)? != config.extract_writer(source, None)?;
            if own {
                let key = format!(
                    "sources.{}.{}.extract or .data_writer",
                    source.unwrap_or_default(),
                    resource.name
                );
                return Err(not_carried_out(&key, "set it for the whole source"));
            }
        }
    }
    Ok(())
}

fn not_carried_out(key: &str, remedy: &str) -> PipelineError {
    PipelineError::usage(format!("{key} is not carried out by this version"), remedy)
}
