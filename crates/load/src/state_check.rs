//! Whether the state that this package builds on is still the newest at the destination.

use cartage_destinations_api::{Destination, Error as DestinationError, StoredState};
use serde::Deserialize;

/// The two keys of a state document that tell whether it has moved.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct StateVersion {
    #[serde(rename = "_state_version", default)]
    version: u64,
    #[serde(rename = "_version_hash", default)]
    hash: Option<String>,
}

impl StateVersion {
    pub(crate) fn read(document: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(document)
    }
}

/// Says who moved the state, if somebody did.
///
/// A destination that is behind is no conflict: its dataset was dropped or restored from a copy, and
/// nobody's rows would be passed over.
pub(crate) fn conflict(
    destination: &dyn Destination,
    pipeline: &str,
    committed: Option<&StateVersion>,
) -> Result<Option<String>, DestinationError> {
    let Some(sync) = destination.state_sync() else { return Ok(None) };
    let Some(stored) = sync.newest_state(pipeline)? else { return Ok(None) };
    if is_known(&stored, committed) {
        return Ok(None);
    }
    let ours = committed.map_or_else(|| "no state".to_owned(), |state| format!("version {}", state.version));
    Ok(Some(format!(
        "load {} has brought version {} of the state of pipeline {pipeline}, this package builds on {ours}",
        stored.load_id, stored.version
    )))
}

fn is_known(stored: &StoredState, committed: Option<&StateVersion>) -> bool {
    let Some(committed) = committed else { return false };
    if stored.version != committed.version {
        return stored.version < committed.version;
    }
    match (&stored.version_hash, &committed.hash) {
        (Some(stored), Some(committed)) => stored == committed,
        // A row without a hash cannot disagree.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(version: u64, hash: &str) -> StoredState {
        StoredState::new(version, Some(hash.to_owned()), String::new(), "1.5".to_owned())
    }

    fn committed(version: u64, hash: &str) -> StateVersion {
        let document =
            format!(r#"{{"_state_version": {version}, "_version_hash": "{hash}", "sources": {{}}}}"#);
        StateVersion::read(&document).unwrap()
    }

    #[test]
    fn the_same_or_an_older_state_is_no_conflict() {
        assert!(is_known(&stored(3, "c"), Some(&committed(3, "c"))));
        assert!(is_known(&stored(2, "b"), Some(&committed(3, "c"))));
    }

    #[test]
    fn a_newer_another_or_an_unknown_state_is_a_conflict() {
        assert!(!is_known(&stored(4, "d"), Some(&committed(3, "c"))));
        assert!(!is_known(&stored(3, "x"), Some(&committed(3, "c"))));
        assert!(!is_known(&stored(1, "a"), None));
    }
}
