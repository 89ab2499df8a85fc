//! Columns: name, type and hints.

use cartage_values::DataType;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

use crate::record::{is_unset, record};
use crate::words::SortOrder;

/// A column of a table.
///
/// Every hint is optional, because an absent key and a stored default are different documents with
/// different version hashes. A column without `data_type` is *incomplete*: a hint that waits for data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// As the naming convention spells it, and so as the destination has it.
    pub name: String,
    /// Type; absent on incomplete columns.
    pub data_type: Option<DataType>,
    /// Whether nulls are allowed; absent means yes.
    pub nullable: Option<bool>,
    /// Characters or bytes of text and binary, bits of bigint, digits of decimal and wei, fraction digits
    /// of timestamp and time.
    pub precision: Option<u32>,
    /// Fraction digits of decimal and wei.
    pub scale: Option<u32>,
    /// False for timestamps without time zone; absent means with.
    pub timezone: Option<bool>,
    /// What the column means, for people.
    pub description: Option<String>,
    /// Whether rows are partitioned by it, where the destination does that.
    pub partition: Option<bool>,
    /// Whether rows are clustered by it, where the destination does that.
    pub cluster: Option<bool>,
    /// Values are unique.
    pub unique: Option<bool>,
    /// Whether rows are stored in its order, where the destination does that.
    pub sort: Option<bool>,
    /// Part of the primary key.
    pub primary_key: Option<bool>,
    /// Identifies the row; `_dlt_id` as a rule.
    pub row_key: Option<bool>,
    /// Points to the row key of the parent row.
    pub parent_key: Option<bool>,
    /// Points to the row key of the root row.
    pub root_key: Option<bool>,
    /// Part of the merge key.
    pub merge_key: Option<bool>,
    /// Holds the values of another column that do not fit its type.
    pub variant: Option<bool>,
    /// Marks deleted rows; one column a table.
    pub hard_delete: Option<bool>,
    /// Orders rows of equal keys; one column a table.
    pub dedup_sort: Option<SortOrder>,
    /// Cursor of an incremental resource.
    pub incremental: Option<bool>,
    /// `x-` hints, and known keys that are explicitly `null`.
    pub other: Map<String, Value>,
}

record!(Column {
    "data_type" => data_type,
    "nullable" => nullable,
    "precision" => precision,
    "scale" => scale,
    "timezone" => timezone,
    "description" => description,
    "partition" => partition,
    "cluster" => cluster,
    "unique" => unique,
    "sort" => sort,
    "primary_key" => primary_key,
    "row_key" => row_key,
    "parent_key" => parent_key,
    "root_key" => root_key,
    "merge_key" => merge_key,
    "variant" => variant,
    "hard_delete" => hard_delete,
    "dedup_sort" => dedup_sort,
    "incremental" => incremental,
});

/// Hints that several columns of a table carry together, so that one of them alone means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompoundHint {
    /// The columns of `primary_key`.
    PrimaryKey,
    /// The columns of `merge_key`.
    MergeKey,
    /// The columns with `partition`.
    Partition,
    /// The columns with `cluster`.
    Cluster,
    /// The column with the cursor of an incremental resource.
    Incremental,
}

impl CompoundHint {
    /// Every compound hint.
    pub const ALL: [Self; 5] =
        [Self::PrimaryKey, Self::MergeKey, Self::Partition, Self::Cluster, Self::Incremental];

    /// The key in documents.
    pub fn key(self) -> &'static str {
        match self {
            Self::PrimaryKey => "primary_key",
            Self::MergeKey => "merge_key",
            Self::Partition => "partition",
            Self::Cluster => "cluster",
            Self::Incremental => "incremental",
        }
    }
}

impl Column {
    /// An incomplete column without hints.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A column of `data_type` that says whether it takes nulls.
    pub fn typed(name: impl Into<String>, data_type: DataType, nullable: bool) -> Self {
        Self { data_type: Some(data_type), nullable: Some(nullable), ..Self::new(name) }
    }

    /// Reads a column of a document; `name` is its key and wins over a stored `name`.
    pub(crate) fn from_map(
        name: &str,
        mut map: Map<String, Value>,
    ) -> Result<Self, crate::record::RecordError> {
        map.shift_remove("name");
        let mut column = Self::new(name);
        column.fill(map)?;
        Ok(column)
    }

    /// True if the column can be created at a destination: it has a name and a type.
    pub fn is_complete(&self) -> bool {
        !self.name.is_empty() && self.data_type.is_some()
    }

    /// Whether nulls are allowed. Columns that say nothing take nulls.
    pub fn is_nullable(&self) -> bool {
        self.nullable.unwrap_or(true)
    }

    /// Whether timestamps carry a time zone. Columns that say nothing do.
    pub fn has_timezone(&self) -> bool {
        self.timezone.unwrap_or(true)
    }

    /// Whether the column has the compound hint.
    pub fn has_compound(&self, hint: CompoundHint) -> bool {
        match hint {
            CompoundHint::PrimaryKey => self.primary_key,
            CompoundHint::MergeKey => self.merge_key,
            CompoundHint::Partition => self.partition,
            CompoundHint::Cluster => self.cluster,
            CompoundHint::Incremental => self.incremental,
        }
        .unwrap_or(false)
    }

    /// Sets or removes the compound hint.
    pub(crate) fn set_compound(&mut self, hint: CompoundHint, value: Option<bool>) {
        self.other.shift_remove(hint.key());
        let slot = match hint {
            CompoundHint::PrimaryKey => &mut self.primary_key,
            CompoundHint::MergeKey => &mut self.merge_key,
            CompoundHint::Partition => &mut self.partition,
            CompoundHint::Cluster => &mut self.cluster,
            CompoundHint::Incremental => &mut self.incremental,
        };
        *slot = value;
    }

    /// Whether an `x-` hint is set to something else than `null` or `false`.
    pub fn has_own_hint(&self, key: &str) -> bool {
        self.other.get(key).is_some_and(|value| !is_unset(value))
    }

    /// Lets every key of `newer` replace the one of this column. The name stays.
    pub fn merge(&mut self, newer: &Self) {
        self.overlay_keys(newer);
    }

    /// Like [`merge`](Self::merge), but keys of `newer` that hold their default count as absent.
    pub(crate) fn merge_without_defaults(&mut self, newer: &Self) {
        let mut newer = newer.clone();
        newer.remove_defaults();
        self.overlay_keys(&newer);
    }

    /// Removes keys that hold their default, so that only what was really said remains.
    pub(crate) fn remove_defaults(&mut self) {
        if self.nullable == Some(true) {
            self.nullable = None;
        }
        if self.timezone == Some(true) {
            self.timezone = None;
        }
        for flag in [
            &mut self.partition,
            &mut self.cluster,
            &mut self.unique,
            &mut self.sort,
            &mut self.primary_key,
            &mut self.row_key,
            &mut self.parent_key,
            &mut self.root_key,
            &mut self.merge_key,
            &mut self.variant,
            &mut self.hard_delete,
            &mut self.incremental,
        ] {
            if *flag == Some(false) {
                *flag = None;
            }
        }
        // The timestamp of active records has no default: null means that active rows hold NULL.
        self.other.retain(|key, value| key == "x-active-record-timestamp" || !is_unset(value));
    }
}

impl serde::Serialize for Column {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        self.entries(&mut map)?;
        map.end()
    }
}

impl<'de> serde::Deserialize<'de> for Column {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        let name = map.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::from_map(&name, map)
            .map_err(|error| serde::de::Error::custom(format_args!("column `{name}`: {error}")))
    }
}
