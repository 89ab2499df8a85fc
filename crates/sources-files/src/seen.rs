//! Which files earlier runs have read, in the state of the resource.
//!
//! A file is remembered by two numbers: one of its address, and one of all that tells whether it is still the same
//! (size, modification date, the server's mark). They stand in up to 256 keys `files_00` .. `files_ff` by the first
//! byte of the address's number, each an object of `number: number`, so that a page that ends a file changes a small part
//! of what is remembered, however many files there are.

use std::collections::{BTreeMap, BTreeSet};

use cartage_source_api::{StateChange, StateOf};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::found::{Found, Place};

/// With what the keys in the state begin.
const KEY: &str = "files_";

/// What is remembered, as far as this run has come.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    shards: BTreeMap<String, Map<String, Value>>,
}

impl Seen {
    /// What the state of a resource has.
    pub(crate) fn of(state: Option<&Map<String, Value>>) -> Self {
        let known = state.into_iter().flatten().filter(|(key, _)| key.starts_with(KEY));
        let shards = known.filter_map(|(key, value)| Some((key.clone(), value.as_object()?.clone())));
        Self { shards: shards.collect() }
    }

    /// Whether a file was read as it is now.
    pub(crate) fn has(&self, found: &Found) -> bool {
        let Some(address) = address(found) else { return false };
        let known = self.shards.get(&shard(&address)).and_then(|shard| shard.get(&address));
        known.and_then(Value::as_str).is_some_and(|known| known == mark(found))
    }

    /// Remembers that all of a file was read.
    pub(crate) fn note(&mut self, found: &Found) -> StateChange {
        let Some(address) = address(found) else { return StateChange::default() };
        let key = shard(&address);
        let files = self.shards.entry(key.clone()).or_default();
        files.insert(address, mark(found).into());
        StateChange::default().set(StateOf::Resource, key, files.clone())
    }

    /// Forgets the files that are not there any more.
    pub(crate) fn keep_only(&mut self, found: &[Found]) -> StateChange {
        let mut present = BTreeMap::<String, BTreeSet<String>>::new();
        for address in found.iter().filter_map(address) {
            present.entry(shard(&address)).or_default().insert(address);
        }
        let mut change = StateChange::default();
        self.shards.retain(|key, files| {
            let here = present.get(key);
            let before = files.len();
            files.retain(|address, _| here.is_some_and(|here| here.contains(address)));
            if files.len() != before {
                let kept = std::mem::take(&mut change);
                change = if files.is_empty() {
                    kept.remove(StateOf::Resource, key.clone())
                } else {
                    kept.set(StateOf::Resource, key.clone(), files.clone())
                };
            }
            !files.is_empty()
        });
        change
    }
}

/// The number of an address. Standard input has none.
fn address(found: &Found) -> Option<String> {
    let number = match &found.place {
        Place::StandardInput => return None,
        // As the user wrote it where that was relative: a project may be moved.
        Place::File(path) if found.name.contains('\u{fffd}') => xxh3_64(path.as_os_str().as_encoded_bytes()),
        Place::File(_) => xxh3_64(found.name.as_bytes()),
        Place::Object(object) => xxh3_64(object.identity().as_bytes()),
    };
    Some(format!("{number:016x}"))
}

fn shard(address: &str) -> String {
    format!("{KEY}{}", &address[..2])
}

/// What changes when a file does.
fn mark(found: &Found) -> String {
    let all = format!("{:?} {:?} {:?}", found.bytes, found.modified, found.etag);
    format!("{:016x}", xxh3_64(all.as_bytes()))
}
