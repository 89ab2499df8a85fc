//! What a load in flight has done, as small files below `_cartage/loads/<pipeline>/<schema>/<load id>/`.
//!
//! A mark is written after what it stands for, and what it stands for can be repeated until then. Jobs need no
//! mark: their file is there or not.

use cartage_destinations_api::{LoadKey, Result};

use crate::store::{Created, IN_FLIGHT, Store, step};
use crate::system_files::load_file;

/// The load was begun; holds the tables that it fills, a line each.
pub(crate) const BEGUN: &str = "begun";
/// Tables were dropped.
pub(crate) const DROPPED: &str = "dropped";
/// Tables were emptied.
pub(crate) const TRUNCATED: &str = "truncated";
/// The state that the load brings, to be published by its commit.
pub(crate) const STATE: &str = "state.json";
/// How the load ends: written once, by its commit or by a load that takes over.
pub(crate) const OUTCOME: &str = "outcome.json";

/// A load that was begun and not tidied up; names as they stand in paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InFlight {
    pub(crate) pipeline: String,
    pub(crate) schema: String,
    pub(crate) load_id: String,
}

impl InFlight {
    pub(crate) fn of(load: &LoadKey) -> Self {
        Self { pipeline: step(&load.pipeline), schema: step(&load.schema), load_id: step(&load.load_id) }
    }

    fn folder(&self) -> String {
        format!("{IN_FLIGHT}/loads/{}/{}/{}/", self.pipeline, self.schema, self.load_id)
    }

    fn mark(&self, mark: &str) -> String {
        format!("{}{mark}", self.folder())
    }

    /// All loads that are in flight.
    pub(crate) fn all(store: &Store) -> Result<Vec<Self>> {
        let prefix = format!("{IN_FLIGHT}/loads/");
        let mut loads = Vec::new();
        for found in store.list(&prefix)? {
            let mut steps = found.name[prefix.len()..].split('/').map(str::to_owned);
            if let (Some(pipeline), Some(schema), Some(load_id)) = (steps.next(), steps.next(), steps.next())
            {
                loads.push(Self { pipeline, schema, load_id });
            }
        }
        loads.dedup();
        Ok(loads)
    }

    /// The file that says that the load is complete.
    pub(crate) fn load_file(&self) -> String {
        load_file(&self.schema, &self.load_id)
    }

    /// Whether a mark was left.
    pub(crate) fn has(&self, store: &Store, mark: &str) -> Result<bool> {
        store.exists(&self.mark(mark))
    }

    /// Whether anything is known of the load.
    pub(crate) fn is_known(&self, store: &Store) -> Result<bool> {
        Ok(!store.list(&self.folder())?.is_empty())
    }

    /// Leaves a mark, unless it is there.
    pub(crate) fn record(&self, store: &Store, mark: &str, content: &[u8]) -> Result<Created> {
        store.create(&self.mark(mark), content.to_vec())
    }

    /// What a mark holds.
    pub(crate) fn read(&self, store: &Store, mark: &str) -> Result<Option<Vec<u8>>> {
        store.read(&self.mark(mark))
    }

    /// Removes one mark.
    pub(crate) fn unmark(&self, store: &Store, mark: &str) -> Result<()> {
        store.delete(&[self.mark(mark)])
    }

    /// Removes all marks; the outcome comes last, so that who finds one of them finds it, too.
    pub(crate) fn forget(&self, store: &Store) -> Result<()> {
        let mut names: Vec<String> =
            store.list(&self.folder())?.into_iter().map(|found| found.name).collect();
        names.retain(|name| !name.ends_with(OUTCOME));
        store.delete(&names)?;
        self.unmark(store, OUTCOME)
    }
}
