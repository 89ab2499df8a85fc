//! The destination of a new pipeline file.

use cartage_destinations_api::kinds::{self, Asked, DestinationKind};
use cartage_pipeline::PipelineError;

use super::Part;

/// A type, or a type and a place as `ingest` takes them.
pub(super) fn part(destination: &str, name: &str) -> Result<Part, PipelineError> {
    let (kind, place) = destination.split_once(':').unwrap_or((destination, ""));
    let known = kinds::find(kind);
    let Some((known, template)) = known.and_then(|known| Some((known, known.template?))) else {
        return Err(PipelineError::Usage {
            message: format!("there is no template for the destination \"{kind}\""),
            remedy: format!(
                "{}, optionally with a place after a colon: duckdb:shop.duckdb",
                kinds::remedy_of_unknown(kind, with_template())
            ),
        });
    };
    if !place.is_empty() && holds_secret(known) {
        return Err(PipelineError::Usage {
            message:
                "the address of a database may contain a password, which must not be on the command line"
                    .to_owned(),
            remedy: format!("write `{kind}`, and fill in .cartage/secrets.toml afterwards"),
        });
    }
    let made = template(&Asked { place, pipeline: name });
    Ok(Part { text: made.settings, secrets: made.secrets, files: Vec::new() })
}

fn holds_secret(kind: &DestinationKind) -> bool {
    kind.place.as_ref().is_some_and(|place| place.is_secret)
}

fn with_template() -> impl Iterator<Item = &'static str> {
    kinds::KINDS.iter().filter(|kind| kind.template.is_some()).map(|kind| kind.name)
}
