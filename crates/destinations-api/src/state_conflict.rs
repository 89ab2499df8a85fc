//! What a load builds on: the state of its pipeline that must still be the newest when it commits.

use crate::error::{Error, Result};
use crate::load_key::LoadKey;
use crate::stored::StoredState;

/// The state of the pipeline from which the rows of a load were extracted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseState {
    /// Whatever is stored will do: the pipeline does not take its state from the destination.
    #[default]
    Unchecked,
    /// There was none: the pipeline ran for the first time.
    Nothing,
    /// The state of this version and hash.
    Known {
        /// Counts the changes of the state.
        version: u64,
        /// Hash of the state, where it is known.
        hash: Option<String>,
    },
}

impl BaseState {
    /// Fails with a conflict if another run has moved the state; `stored` is the newest one of complete loads.
    ///
    /// A destination that is behind is not a conflict: its dataset was dropped or restored from a copy, and
    /// no rows would be skipped. Nor is the state that the load itself has written.
    ///
    /// # Errors
    /// Conflict, naming the load that moved the state.
    pub fn check(&self, load: &LoadKey, stored: Option<&StoredState>) -> Result<()> {
        let Some(stored) = stored else { return Ok(()) };
        if stored.load_id == load.load_id || self.covers(stored) {
            return Ok(());
        }
        let ours = match self {
            Self::Known { version, .. } => format!("version {version}"),
            Self::Unchecked | Self::Nothing => "no state".to_owned(),
        };
        Err(conflict(format!(
            "load {} has brought version {} of the state of pipeline {}, but load {} was extracted from {ours}",
            stored.load_id, stored.version, load.pipeline, load.load_id
        )))
    }

    /// Whether `stored` is this state or an older one.
    fn covers(&self, stored: &StoredState) -> bool {
        match self {
            Self::Unchecked => true,
            Self::Nothing => false,
            Self::Known { version, .. } if stored.version != *version => stored.version < *version,
            Self::Known { hash, .. } => match (&stored.version_hash, hash) {
                (Some(stored), Some(known)) => stored == known,
                // A row without a hash cannot disagree.
                _ => true,
            },
        }
    }
}

/// The error of a load that is no longer in flight, because another load of its pipeline took over.
pub fn taken_over(load: &LoadKey) -> Error {
    conflict(format!(
        "load {} of pipeline {} is not in flight any more: another machine has begun a load of the same pipeline",
        load.load_id, load.pipeline
    ))
}

fn conflict(message: String) -> Error {
    Error::conflict(message).with_remedy(
        "another machine runs the same pipeline; `cartage run` drops this package, takes over the newer state \
         and extracts again (`cartage abort` only drops it)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(version: u64, hash: &str) -> StoredState {
        StoredState::new(version, Some(hash.to_owned()), String::new(), "1.5".to_owned())
    }

    fn known(version: u64, hash: &str) -> BaseState {
        BaseState::Known { version, hash: Some(hash.to_owned()) }
    }

    fn load(load_id: &str) -> LoadKey {
        LoadKey { pipeline: "shop".to_owned(), schema: "shop".to_owned(), load_id: load_id.to_owned() }
    }

    #[test]
    fn the_same_an_older_and_the_own_state_are_no_conflict() {
        known(3, "c").check(&load("2.5"), Some(&stored(3, "c"))).unwrap();
        known(3, "c").check(&load("2.5"), Some(&stored(2, "b"))).unwrap();
        known(3, "c").check(&load("1.5"), Some(&stored(4, "d"))).unwrap();
        BaseState::Nothing.check(&load("2.5"), None).unwrap();
        BaseState::Unchecked.check(&load("2.5"), Some(&stored(4, "d"))).unwrap();
    }

    #[test]
    fn a_newer_another_or_an_unknown_state_is_a_conflict_that_names_its_load() {
        for (base, stored) in [
            (known(3, "c"), stored(4, "d")),
            (known(3, "c"), stored(3, "x")),
            (BaseState::Nothing, stored(1, "a")),
        ] {
            let error = base.check(&load("2.5"), Some(&stored)).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Conflict);
            assert!(error.to_string().contains("load 1.5"), "{error}");
        }
    }
}
