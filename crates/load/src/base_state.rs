//! Which state of the pipeline a package builds on: the one of the package that was loaded before it.

use cartage_destinations_api::BaseState;
use cartage_package_store::{LoadId, PackageStore};
use serde::Deserialize;

use crate::error::{LoadError, store_error};

/// The two keys of a state document that tell whether it has moved.
#[derive(Debug, Deserialize)]
struct StateVersion {
    #[serde(rename = "_state_version", default)]
    version: u64,
    #[serde(rename = "_version_hash", default)]
    hash: Option<String>,
}

/// The state that the pipeline has committed last. The destination compares it with its own.
pub(crate) fn base_state(store: &PackageStore, load_id: &LoadId) -> Result<BaseState, LoadError> {
    let Some(document) = store.documents().state().map_err(store_error(load_id))? else {
        return Ok(BaseState::Nothing);
    };
    let state: StateVersion = serde_json::from_str(&document).map_err(|cause| LoadError::Document {
        load_id: load_id.to_string(),
        document: "the pipeline's state.json",
        reason: cause.to_string(),
    })?;
    Ok(BaseState::Known { version: state.version, hash: state.hash })
}
