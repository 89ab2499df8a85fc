//! The cursor of a resource in the pipeline's state.

use std::collections::BTreeSet;

use cartage_source_api::{CursorAdvance, CursorId};
use cartage_state::PipelineState;
use serde_json::{Map, Value, json};

/// Rows at one value beyond which the user should know that each run hashes all of them.
const MANY_HASHES: usize = 200;

/// The entry of one cursor in the state, as of the pages that were taken.
#[derive(Debug)]
pub struct Position {
    cursor: CursorId,
    /// The last value of the run before.
    start_value: Value,
    last_value: Value,
    hashes: BTreeSet<String>,
    hashes_at_start: usize,
    has_changed: bool,
    kept_rows: bool,
}

impl Position {
    /// Reads the entry that the state has at the start of the run, for the first step of its cursor.
    pub fn at_start(state: &PipelineState, source: &str, step: &CursorAdvance) -> Self {
        let cursor = step.cursor.clone();
        let entry = entry(state, source, &cursor.resource, &cursor.name);
        let hashes: BTreeSet<String> = entry.unique_hashes.into_iter().collect();
        Self {
            cursor,
            start_value: entry.last_value.clone(),
            last_value: entry.last_value,
            hashes_at_start: hashes.len(),
            hashes,
            has_changed: false,
            kept_rows: false,
        }
    }

    /// Whether the step is one of this cursor.
    pub fn is_of(&self, step: &CursorAdvance) -> bool {
        self.cursor == step.cursor
    }

    /// Notes what the page did that is taken now.
    pub fn advance(&mut self, step: CursorAdvance) {
        if !step.had_rows {
            return;
        }
        self.has_changed = true;
        self.kept_rows |= step.kept_rows;
        if let Some(last) = step.last_value {
            self.last_value = last;
        }
        match step.hashes {
            None => self.hashes.clear(),
            Some(change) => {
                if change.reset {
                    self.hashes.clear();
                }
                self.hashes.extend(change.added);
            }
        }
    }

    /// Writes the entry.
    pub fn write(&self, state: &mut PipelineState, source: &str) {
        if !self.has_changed || !self.cursor.is_stored {
            return;
        }
        let entry = entry_mut(state.resource_state_mut(source, &self.cursor.resource), &self.cursor.name);
        entry.insert("last_value".to_owned(), self.last_value.clone());
        entry.insert("unique_hashes".to_owned(), self.hashes.iter().cloned().collect());
        if self.kept_rows {
            entry.insert("start_value".to_owned(), self.start_value.clone());
        }
    }

    /// What the user should know.
    pub fn warning(&self) -> Option<String> {
        let count = self.hashes.len();
        (self.hashes_at_start <= MANY_HASHES && count > MANY_HASHES).then(|| {
            format!(
                "{count} rows share the last value of the cursor `{}`, and the state has a hash of each; use a \
                 finer cursor, or `range_start = \"open\"` if no row comes late",
                self.cursor.name
            )
        })
    }
}

/// What the state remembers of a cursor.
#[derive(Clone, Debug, Default)]
pub(crate) struct CursorEntry {
    pub(crate) last_value: Value,
    pub(crate) unique_hashes: Vec<String>,
}

impl CursorEntry {
    fn read(entry: &Map<String, Value>) -> Self {
        let hashes = entry.get("unique_hashes").and_then(Value::as_array);
        let hashes = hashes.into_iter().flatten().filter_map(Value::as_str);
        Self {
            last_value: entry.get("last_value").cloned().unwrap_or_default(),
            unique_hashes: hashes.map(str::to_owned).collect(),
        }
    }
}

/// Reads the entry of a cursor, which is made where there is none yet: a run without rows leaves one, too.
pub(crate) fn read_or_make(
    state: &mut PipelineState,
    source: &str,
    resource: &str,
    cursor: &str,
    initial: &Value,
) -> CursorEntry {
    let entry = entry_mut(state.resource_state_mut(source, resource), cursor);
    if entry.is_empty() {
        let fresh = json!({
            "initial_value": initial, "last_value": initial, "unique_hashes": [], "start_value": initial
        });
        if let Value::Object(fresh) = fresh {
            *entry = fresh;
        }
    }
    CursorEntry::read(entry)
}

/// The entry of a cursor, as far as there is one.
fn entry(state: &PipelineState, source: &str, resource: &str, cursor: &str) -> CursorEntry {
    let cursors = state.resource_state(source, resource).and_then(|state| state.get("incremental"));
    let entry = cursors.and_then(|cursors| cursors.get(cursor)?.as_object());
    entry.map(CursorEntry::read).unwrap_or_default()
}

fn entry_mut<'a>(resource: &'a mut Map<String, Value>, cursor: &str) -> &'a mut Map<String, Value> {
    object(object(resource, "incremental"), cursor)
}

fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut().expect("just made an object")
}
