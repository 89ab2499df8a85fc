//! Reading documents, and bringing those of older engines to the current form.

use serde_json::{Map, Value};

use crate::error::StateError;
use crate::state::{ENGINE, HASH, LOCAL, PipelineState, VERSION, default_name};

impl PipelineState {
    /// Reads a document, with or without its local part. Documents of older engines are migrated, those of
    /// newer ones refused.
    ///
    /// # Errors
    /// [`StateError`] if the document is not a JSON object, lacks its version, or is newer.
    pub fn from_json(json: &str) -> Result<Self, StateError> {
        Self::from_document(serde_json::from_str(json)?)
    }

    pub(crate) fn from_document(document: Map<String, Value>) -> Result<Self, StateError> {
        let mut state = Self { document };
        if state.number(VERSION).is_none() {
            return Err(StateError::Key { key: VERSION });
        }
        migrate(&mut state)?;
        Ok(state)
    }
}

/// Brings a state to the current engine version.
fn migrate(state: &mut PipelineState) -> Result<(), StateError> {
    let found = state.number(ENGINE).filter(|engine| *engine > 0).ok_or(StateError::Key { key: ENGINE })?;
    if found > PipelineState::ENGINE_VERSION {
        return Err(StateError::NewerEngine {
            pipeline: state.pipeline_name().to_owned(),
            found,
            known: PipelineState::ENGINE_VERSION,
        });
    }
    for engine in found..PipelineState::ENGINE_VERSION {
        match engine {
            1 => state.set(LOCAL, Value::Object(Map::new())),
            2 => {
                let hash = state.compute_hash();
                state.set(HASH, hash.into());
            }
            _ => ["destination", "staging"].iter().for_each(|role| split_reference(state, role)),
        }
    }
    if found < PipelineState::ENGINE_VERSION {
        for role in ["destination", "staging"] {
            drop_default_name(state, role);
        }
        state.set(ENGINE, PipelineState::ENGINE_VERSION.into());
    }
    Ok(())
}

/// `destination` was the type, from which the name followed.
fn split_reference(state: &mut PipelineState, role: &str) {
    let Some(kind) = state.text(role).filter(|kind| !kind.is_empty()).map(str::to_owned) else { return };
    state.set(&format!("{role}_name"), default_name(&kind).into());
    state.set(&format!("{role}_type"), kind.into());
    state.document.shift_remove(role);
}

fn drop_default_name(state: &mut PipelineState, role: &str) {
    let (kind, name) = (format!("{role}_type"), format!("{role}_name"));
    if state.text(&kind).is_some_and(|kind| state.text(&name) == Some(default_name(kind))) {
        state.set(&name, Value::Null);
    }
}
