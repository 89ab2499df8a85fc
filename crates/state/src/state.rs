//! The state document and its keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha3::{Digest as _, Sha3_256};

use crate::canonical;

pub(crate) const VERSION: &str = "_state_version";
pub(crate) const ENGINE: &str = "_state_engine_version";
pub(crate) const HASH: &str = "_version_hash";
pub(crate) const LOCAL: &str = "_local";
pub(crate) const PIPELINE: &str = "pipeline_name";
const LAST_EXTRACTED_HASH: &str = "_last_extracted_hash";
const LAST_EXTRACTED_AT: &str = "_last_extracted_at";

/// The state of a pipeline.
///
/// Keys that this program does not know are kept, because the state belongs to the user as well.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineState {
    pub(crate) document: Map<String, Value>,
}

impl PipelineState {
    /// Version of the form of documents that this crate writes. It is dlt's.
    pub const ENGINE_VERSION: u64 = 4;

    /// The state of a pipeline that never ran.
    pub fn new(pipeline_name: &str) -> Self {
        let mut state = Self { document: Map::new() };
        state.set(VERSION, 0.into());
        state.set(ENGINE, Self::ENGINE_VERSION.into());
        let local = [("first_run", Value::Bool(true)), ("_dev_mode", Value::Bool(false))];
        state.set(
            LOCAL,
            Value::Object(local.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()),
        );
        state.set(PIPELINE, pipeline_name.into());
        state
    }

    /// The whole document on one line, as the working directory holds it.
    pub fn to_json(&self) -> String {
        String::from_utf8(canonical::compact(&self.document)).expect("JSON of text is UTF-8")
    }

    /// Incremented with every change after the first hash; starts at 0.
    pub fn version(&self) -> u64 {
        self.number(VERSION).unwrap_or_default()
    }

    /// Version of the form of the document.
    pub fn engine_version(&self) -> u64 {
        self.number(ENGINE).unwrap_or_default()
    }

    /// Hash of the content when it was bumped last.
    pub fn version_hash(&self) -> Option<&str> {
        self.text(HASH)
    }

    /// The hash of the content, byte for byte what dlt computes. Versions and the local part do not count.
    pub fn compute_hash(&self) -> String {
        let mut content = self.document.clone();
        for key in [VERSION, ENGINE, HASH, LOCAL] {
            content.shift_remove(key);
        }
        STANDARD.encode(Sha3_256::digest(canonical::sorted(&content)))
    }

    /// Raises the version if the content changed since the last time. Returns whether version or hash are
    /// new. The first hash does not raise the version.
    pub fn bump(&mut self) -> bool {
        let hash = self.compute_hash();
        let stored = self.version_hash().filter(|stored| !stored.is_empty());
        if stored == Some(hash.as_str()) {
            return false;
        }
        if stored.is_some() {
            self.set(VERSION, (self.version() + 1).into());
        }
        self.set(HASH, hash.into());
        true
    }

    /// Name of the pipeline.
    pub fn pipeline_name(&self) -> &str {
        self.text(PIPELINE).unwrap_or_default()
    }

    /// Name of the dataset.
    pub fn dataset_name(&self) -> Option<&str> {
        self.text("dataset_name")
    }

    /// Sets the name of the dataset.
    pub fn set_dataset_name(&mut self, name: Option<&str>) {
        self.set("dataset_name", name.into());
    }

    /// The schema that the state table belongs to.
    pub fn default_schema_name(&self) -> Option<&str> {
        self.text("default_schema_name")
    }

    /// Sets the default schema.
    pub fn set_default_schema_name(&mut self, name: Option<&str>) {
        self.set("default_schema_name", name.into());
    }

    /// Names of all schemas of the pipeline, sorted.
    pub fn schema_names(&self) -> Vec<&str> {
        let names = self.document.get("schema_names").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Sets the names of the schemas. They are sorted.
    pub fn set_schema_names<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        self.set("schema_names", names.into());
    }

    /// Type of the destination, in dlt's spelling: `dlt.destinations.duckdb`.
    pub fn destination_type(&self) -> Option<&str> {
        self.text("destination_type")
    }

    /// Name of the destination, where it is not the default one of its type.
    pub fn destination_name(&self) -> Option<&str> {
        self.text("destination_name")
    }

    /// Sets the destination. A name that is the default of the type is left out, as dlt does.
    pub fn set_destination(&mut self, destination_type: Option<&str>, name: Option<&str>) {
        self.set_reference("destination", destination_type, name);
    }

    /// Type of the staging destination.
    pub fn staging_type(&self) -> Option<&str> {
        self.text("staging_type")
    }

    fn set_reference(&mut self, role: &str, kind: Option<&str>, name: Option<&str>) {
        let name = name.filter(|name| Some(*name) != kind.map(default_name));
        self.set(&format!("{role}_type"), kind.into());
        self.set(&format!("{role}_name"), name.into());
    }

    /// The part of the state that stays on this machine.
    pub fn local(&self) -> Option<&Map<String, Value>> {
        self.document.get(LOCAL).and_then(Value::as_object)
    }

    /// The part of the state that stays on this machine, made if it is missing.
    pub fn local_mut(&mut self) -> &mut Map<String, Value> {
        object(&mut self.document, LOCAL)
    }

    /// Takes the local part of another state, after this one was restored from a destination.
    pub fn take_local_from(&mut self, other: &Self) {
        if let Some(local) = other.local() {
            self.set(LOCAL, Value::Object(local.clone()));
        }
    }

    /// Notes whether something was loaded.
    pub fn set_first_run(&mut self, first: bool) {
        self.local_mut().insert("first_run".to_owned(), first.into());
    }

    /// Hash of the state that was put into a package last.
    pub fn last_extracted_hash(&self) -> Option<&str> {
        self.local()?.get(LAST_EXTRACTED_HASH)?.as_str()
    }

    /// Whether the state must go into the next package, because it differs from the one that went last.
    pub fn needs_extract(&self) -> bool {
        self.last_extracted_hash() != Some(self.compute_hash().as_str())
    }

    /// Notes that the state of this hash went into a package. `at` is ISO 8601 text.
    pub fn mark_extracted(&mut self, hash: &str, at: &str) {
        // dlt reads the time as a typed value: a text behind the mark of timestamps.
        self.local_mut().insert(LAST_EXTRACTED_AT.to_owned(), format!("\u{f027}{at}").into());
        self.local_mut().insert(LAST_EXTRACTED_HASH.to_owned(), hash.into());
    }

    /// Makes the state go into the next package whether it changed or not.
    pub fn force_extract(&mut self) {
        self.local_mut().shift_remove(LAST_EXTRACTED_AT);
        self.local_mut().shift_remove(LAST_EXTRACTED_HASH);
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.document.insert(key.to_owned(), value);
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.document.get(key).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.document.get(key).and_then(Value::as_u64)
    }
}

/// The name that a destination has where none is configured: the last part of its type.
pub(crate) fn default_name(destination_type: &str) -> &str {
    destination_type.rsplit('.').next().unwrap_or(destination_type)
}

/// The object at `key`, made where it is absent or no object.
pub(crate) fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = map.entry(key).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut().expect("just made an object")
}
