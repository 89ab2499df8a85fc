//! What sources and resources remember between runs.

use serde_json::{Map, Value};

use crate::path::{PathError, StatePath};
use crate::state::{LOCAL, PipelineState, object};

const SOURCES: &str = "sources";
const RESOURCES: &str = "resources";

impl PipelineState {
    /// Names of the sources that remember something.
    pub fn sources(&self) -> Vec<&str> {
        let sources = self.document.get(SOURCES).and_then(Value::as_object);
        sources.into_iter().flatten().map(|(source, _)| source.as_str()).collect()
    }

    /// Names of the resources of a source that remember something.
    pub fn resources(&self, source: &str) -> Vec<&str> {
        let resources = self.source_state(source).and_then(|state| state.get(RESOURCES)?.as_object());
        resources.into_iter().flatten().map(|(resource, _)| resource.as_str()).collect()
    }

    /// What a source remembers.
    pub fn source_state(&self, source: &str) -> Option<&Map<String, Value>> {
        self.document.get(SOURCES)?.get(source)?.as_object()
    }

    /// What a source remembers, made if there is nothing. Looking at it with this method changes the hash;
    /// [`source_state`](Self::source_state) does not.
    pub fn source_state_mut(&mut self, source: &str) -> &mut Map<String, Value> {
        object(object(&mut self.document, SOURCES), source)
    }

    /// What a resource remembers: its cursors under `incremental`, and what the user put there.
    pub fn resource_state(&self, source: &str, resource: &str) -> Option<&Map<String, Value>> {
        self.source_state(source)?.get(RESOURCES)?.get(resource)?.as_object()
    }

    /// What a resource remembers, made if there is nothing.
    pub fn resource_state_mut(&mut self, source: &str, resource: &str) -> &mut Map<String, Value> {
        object(object(self.source_state_mut(source), RESOURCES), resource)
    }

    /// Forgets everything about a resource. Returns whether there was something.
    pub fn reset_resource(&mut self, source: &str, resource: &str) -> bool {
        let Some(Value::Object(sources)) = self.document.get_mut(SOURCES) else { return false };
        let resources = sources.get_mut(source).and_then(|state| state.get_mut(RESOURCES)?.as_object_mut());
        resources.is_some_and(|resources| resources.shift_remove(resource).is_some())
    }

    /// Forgets everything about a source. Returns whether there was something.
    pub fn reset_source(&mut self, source: &str) -> bool {
        let sources = self.document.get_mut(SOURCES).and_then(Value::as_object_mut);
        sources.is_some_and(|sources| sources.shift_remove(source).is_some())
    }

    /// Resets a source, as a refresh does: what its resources remember goes, and all else that it does. As in
    /// dlt a source that was known stays, with no resources, and the hash tells that sources were looked for.
    pub fn empty_source(&mut self, source: &str) {
        if let Some(Value::Object(state)) = object(&mut self.document, SOURCES).get_mut(source) {
            state.retain(|key, _| key == RESOURCES);
            if let Some(Value::Object(resources)) = state.get_mut(RESOURCES) {
                resources.clear();
            }
        }
    }

    /// Resets a resource, as a refresh does: like [`empty_source`](Self::empty_source) for one resource.
    pub fn empty_resource(&mut self, source: &str, resource: &str) {
        object(&mut self.document, SOURCES);
        self.reset_resource(source, resource);
    }

    /// The document for people: without what stays on this machine.
    pub fn shared_document(&self) -> Value {
        let mut document = self.document.clone();
        document.shift_remove(LOCAL);
        Value::Object(document)
    }

    /// What `path` means in the whole document.
    pub fn value(&self, path: &StatePath) -> Option<Value> {
        path.get(&self.shared_document()).cloned()
    }

    /// Puts a value at a path of the whole document; returns the previous value. The version stays: see
    /// [`bump`](Self::bump).
    ///
    /// # Errors
    /// [`PathError`]; nothing is changed.
    pub fn set_value(&mut self, path: &StatePath, value: Value) -> Result<Option<Value>, PathError> {
        self.with_document(|document| path.set(document, value))
    }

    /// The paths that `path` means in what a source remembers, seen from the source. All that `*` finds there
    /// but `resources` itself, as in dlt.
    pub fn resolve_in_source(&self, source: &str, path: &StatePath) -> Vec<StatePath> {
        let Some(state) = self.document.get(SOURCES).and_then(|sources| sources.get(source)) else {
            return Vec::new();
        };
        let mut found = path.resolve(state);
        found.retain(|path| *path != StatePath::of([RESOURCES]));
        found
    }

    /// Forgets what a path means in what a source remembers.
    pub fn remove_from_source(&mut self, source: &str, path: &StatePath) -> Option<Value> {
        let path = path.below(&StatePath::of([SOURCES, source]));
        self.with_document(|document| path.remove(document))
    }

    fn with_document<T>(&mut self, work: impl FnOnce(&mut Value) -> T) -> T {
        let mut document = Value::Object(std::mem::take(&mut self.document));
        let done = work(&mut document);
        if let Value::Object(document) = document {
            self.document = document;
        }
        done
    }
}
