//! What a page changes in the pipeline's state.

use cartage_state::PipelineState;
use serde_json::Value;

use crate::cursor_advance::CursorAdvance;

/// What a page changes in the state, handed over with the page: see
/// [`Producer::take_state_change`](crate::Producer::take_state_change).
///
/// Changes set or remove whole keys. So resources that work at the same time can share the state of their
/// source, as long as each has its own keys there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateChange {
    edits: Vec<Edit>,
    cursors: Vec<CursorAdvance>,
    is_checkpoint: bool,
}

/// Whose state is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateOf {
    /// That of the resource whose producer changes it. The key `incremental` in it belongs to cursors.
    Resource,
    /// That of another resource of the source, as of the parent of a transformer.
    OtherResource(String),
    /// That of the source. The key `resources` in it holds the states of the resources.
    Source,
}

#[derive(Clone, Debug, PartialEq)]
struct Edit {
    of: StateOf,
    key: String,
    /// `None` removes the key.
    value: Option<Value>,
}

impl StateChange {
    /// Sets a key besides what is changed so far.
    #[must_use]
    pub fn set(self, of: StateOf, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.edit(Edit { of, key: key.into(), value: Some(value.into()) })
    }

    /// Removes a key besides what is changed so far.
    #[must_use]
    pub fn remove(self, of: StateOf, key: impl Into<String>) -> Self {
        self.edit(Edit { of, key: key.into(), value: None })
    }

    /// Both changes, this one first: for producers that make one page of several.
    #[must_use]
    pub fn then(mut self, later: Self) -> Self {
        self.cursors.extend(later.cursors);
        self.is_checkpoint |= later.is_checkpoint;
        later.edits.into_iter().fold(self, Self::edit)
    }

    /// Says that a later run can go on after the page that the change comes with: see
    /// [`Producer::has_checkpoints`](crate::Producer::has_checkpoints).
    #[must_use]
    pub fn at_checkpoint(mut self) -> Self {
        self.is_checkpoint = true;
        self
    }

    /// Whether a later run can go on after the page.
    pub fn is_checkpoint(&self) -> bool {
        self.is_checkpoint
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.cursors.is_empty()
    }

    /// Adds what the page did to the cursor of the resource, if that looked at one: for producers whose rows pass a
    /// cursor.
    #[must_use]
    pub fn with_cursor(mut self, advance: Option<CursorAdvance>) -> Self {
        self.cursors.extend(advance);
        self
    }

    /// What cursors did, and the rest: for the stage.
    pub fn split(mut self) -> (Vec<CursorAdvance>, Self) {
        (std::mem::take(&mut self.cursors), self)
    }

    /// Whether keys are set or removed by the producer itself.
    pub fn has_edits(&self) -> bool {
        !self.edits.is_empty()
    }

    /// Makes the changes, leaving out what cursors did.
    pub fn apply(self, state: &mut PipelineState, source: &str, resource: &str) {
        for Edit { of, key, value } in self.edits {
            let of = match &of {
                StateOf::Resource => state.resource_state_mut(source, resource),
                StateOf::OtherResource(other) => state.resource_state_mut(source, other),
                StateOf::Source => state.source_state_mut(source),
            };
            match value {
                Some(value) => drop(of.insert(key, value)),
                None => drop(of.shift_remove(&key)),
            }
        }
    }

    /// The last word about a key counts, so that changes that are held back do not pile up.
    fn edit(mut self, edit: Edit) -> Self {
        self.edits.retain(|earlier| earlier.of != edit.of || earlier.key != edit.key);
        self.edits.push(edit);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_a_key_counts_and_each_state_is_its_own() {
        let first = StateChange::default().set(StateOf::Resource, "page", 1).set(StateOf::Source, "page", 7);
        let second = StateChange::default()
            .set(StateOf::Resource, "page", 2)
            .set(StateOf::OtherResource("parent".to_owned()), "page", 3)
            .remove(StateOf::Source, "page");
        let mut state = PipelineState::new("test");
        first.then(second).apply(&mut state, "shop", "orders");
        assert_eq!(state.resource_state("shop", "orders").unwrap()["page"], 2);
        assert_eq!(state.resource_state("shop", "parent").unwrap()["page"], 3);
        assert!(!state.source_state("shop").unwrap().contains_key("page"));
    }
}
