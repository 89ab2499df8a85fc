//! The version hash of a schema and the rule by which its version goes up.

use cartage_values::canonical;
use serde_json::{Map, Value};

use crate::digest::VersionHasher;
use crate::schema::Schema;

/// How many hashes of earlier versions a schema keeps.
const KEPT_HASHES: usize = 10;

/// Keys that say which version it is instead of what is in it.
pub(crate) const UNHASHED: [&str; 4] =
    ["version", "version_hash", "imported_version_hash", "previous_hashes"];

impl Schema {
    /// The hash of the content, byte for byte what dlt computes for the same document.
    pub fn compute_hash(&self) -> String {
        let document = serde_json::to_value(self).expect("a schema is representable as JSON");
        let Value::Object(document) = document else { unreachable!("a schema is an object") };
        hash_document(document)
    }

    /// Whether the content differs from what was stored under `version_hash`, or was never stored.
    pub fn is_modified(&self) -> bool {
        self.version_hash.as_deref() != Some(self.compute_hash().as_str())
    }

    /// Raises the version if the content changed since it was stored. To be called whenever a schema is
    /// written. Returns whether version or hash are new.
    ///
    /// A schema that was never stored gets its first hash without raising the version.
    pub fn bump(&mut self) -> bool {
        let hash = self.compute_hash();
        match self.version_hash.take() {
            Some(stored) if stored == hash => {
                self.version_hash = Some(stored);
                return false;
            }
            Some(stored) if !stored.is_empty() => {
                self.version += 1;
                self.remember_hash(stored);
            }
            _ => self.version = self.version.max(1),
        }
        self.version_hash = Some(hash);
        true
    }

    /// Puts a hash in front of the hashes of earlier versions, unless it is among them.
    pub fn remember_hash(&mut self, hash: String) {
        if !self.previous_hashes.contains(&hash) {
            self.previous_hashes.insert(0, hash);
            self.previous_hashes.truncate(KEPT_HASHES);
        }
    }
}

/// The version hash of a schema document of the current engine version.
pub(crate) fn hash_document(mut document: Map<String, Value>) -> String {
    for key in UNHASHED {
        document.shift_remove(key);
    }
    let document = Value::Object(document);
    let mut hasher = VersionHasher::new(&canonical::to_vec(&document));
    // Sorting the keys hides the order of columns, which counts.
    if let Some(tables) = document.get("tables").and_then(Value::as_object) {
        let mut tables: Vec<_> = tables.iter().collect();
        tables.sort_unstable_by_key(|(name, _)| *name);
        for (name, table) in tables {
            hasher.update(name);
            let columns = table.get("columns").and_then(Value::as_object);
            columns.into_iter().flatten().for_each(|(column, _)| hasher.update(column));
        }
    }
    hasher.finish()
}
