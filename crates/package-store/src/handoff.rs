//! What one stage leaves for another: `settings` in `package.json`.
//!
//! The stages meet nowhere else, so these types are the contract between them; the keys are described in
//! `docs/package-format.md`, and `fixtures/handoff/` holds a document with all of them. The types of other crates
//! (schema, capabilities) stay out of here: the stages translate.
//!
//! What is absent is not known, and restricts nothing. No default is the value of some database: where a stage
//! needs a number all the same, it takes that of dlt for destinations of which nothing is known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cartage_runtime::{NameCollisions, OnBadRow};
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

mod destination;
mod tables;
mod writer;

pub use destination::{DestinationTraits, MergeStrategy, ReplaceStrategy};
pub use tables::{ColumnPlace, Refresh, RefreshTables};
pub use writer::DataWriter;

/// Settings that shape the bytes of a package or of what the next stage makes of it. Normalize hands on what it
/// was handed.
///
/// A key that is absent is not written again, and a key that this version does not know is: see
/// [`others`](Self::others).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageSettings {
    /// What the destination can take. Pipeline to extract and normalize.
    pub destination: DestinationTraits,
    /// When normalize begins a new job file, and how it packs them. Pipeline to normalize.
    pub data_writer: DataWriter,
    /// What happens to rows that cannot be used; [`OnBadRow::Fail`] where absent. Extract to normalize.
    pub on_bad_row: Option<OnBadRow>,
    /// What happens where two keys of an object become one column; [`NameCollisions::Share`] where absent. Extract
    /// to normalize.
    pub name_collisions: Option<NameCollisions>,
    /// Columns that get the type that `schema.json` has for them; all others keep the one that they have at the
    /// destination. Pipeline to normalize and load.
    pub widen_columns: Vec<ColumnPlace>,
    /// What is dropped or emptied before the first row. Extract, or the pipeline where it drops tables, to normalize
    /// and load; only in the first package of a run.
    pub refresh: Option<RefreshTables>,
    /// How tables are replaced, by root table, where the resource says so. Extract to load.
    pub replace_strategies: BTreeMap<String, ReplaceStrategy>,
    /// Root tables of which rows and values that contracts discard are kept in quarantine, with those of the
    /// tables below them. Extract to normalize.
    pub quarantine: BTreeSet<String>,
    /// Root tables that an earlier package of the same run has replaced: the rows of this one are added. Extract
    /// to load.
    pub continues: BTreeSet<String>,
    /// Keys that this version does not know. They mean nothing to it, and stay with the package.
    pub others: Map<String, Value>,
}

/// The keys, in the order in which they are written.
mod keys {
    pub(super) const DESTINATION: &str = "destination";
    pub(super) const DATA_WRITER: &str = "data_writer";
    pub(super) const ON_BAD_ROW: &str = "on_bad_row";
    pub(super) const NAME_COLLISIONS: &str = "name_collisions";
    pub(super) const WIDEN_COLUMNS: &str = "widen_columns";
    pub(super) const REFRESH: &str = "refresh";
    pub(super) const REPLACE_STRATEGIES: &str = "replace_strategies";
    pub(super) const QUARANTINE: &str = "quarantine";
    pub(super) const CONTINUES: &str = "continues";
}

impl Serialize for PackageSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.destination != DestinationTraits::default() {
            map.serialize_entry(keys::DESTINATION, &self.destination)?;
        }
        if self.data_writer != DataWriter::default() {
            map.serialize_entry(keys::DATA_WRITER, &self.data_writer)?;
        }
        if let Some(what) = self.on_bad_row {
            map.serialize_entry(keys::ON_BAD_ROW, &what)?;
        }
        if let Some(what) = self.name_collisions {
            map.serialize_entry(keys::NAME_COLLISIONS, &what)?;
        }
        if !self.widen_columns.is_empty() {
            map.serialize_entry(keys::WIDEN_COLUMNS, &self.widen_columns)?;
        }
        if let Some(tables) = &self.refresh {
            map.serialize_entry(keys::REFRESH, tables)?;
        }
        if !self.replace_strategies.is_empty() {
            map.serialize_entry(keys::REPLACE_STRATEGIES, &self.replace_strategies)?;
        }
        if !self.quarantine.is_empty() {
            map.serialize_entry(keys::QUARANTINE, &self.quarantine)?;
        }
        if !self.continues.is_empty() {
            map.serialize_entry(keys::CONTINUES, &self.continues)?;
        }
        for (key, value) in &self.others {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for PackageSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A package without any may say null.
        let mut found = Option::<Map<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self {
            destination: take(&mut found, keys::DESTINATION)?,
            data_writer: take(&mut found, keys::DATA_WRITER)?,
            on_bad_row: take(&mut found, keys::ON_BAD_ROW)?,
            name_collisions: take(&mut found, keys::NAME_COLLISIONS)?,
            widen_columns: take(&mut found, keys::WIDEN_COLUMNS)?,
            refresh: take(&mut found, keys::REFRESH)?,
            replace_strategies: take(&mut found, keys::REPLACE_STRATEGIES)?,
            quarantine: take(&mut found, keys::QUARANTINE)?,
            continues: take(&mut found, keys::CONTINUES)?,
            others: found,
        })
    }
}

/// The value of a key, which the error names; the default where it is absent.
fn take<T: DeserializeOwned + Default, E: serde::de::Error>(
    found: &mut Map<String, Value>,
    key: &str,
) -> Result<T, E> {
    let Some(value) = found.shift_remove(key) else { return Ok(T::default()) };
    T::deserialize(value).map_err(|cause| E::custom(format_args!("settings.{key}: {cause}")))
}

impl fmt::Display for PackageSettings {
    /// As JSON in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
