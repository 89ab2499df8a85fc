//! The write disposition of a resource in its short and its long form.

use cartage_values::{DataType, parse_iso};
use serde::de::Error as _;
use serde_json::{Map, Value};

use super::error::HintsError;
use crate::column::Column;
use crate::record::{record, record_serde};
use crate::table::Table;
use crate::words::{MergeStrategy, ReplaceStrategy, WriteDisposition};

/// A write disposition: a word, or an object with `disposition` and options.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteDispositionConfig {
    /// Only the write disposition, without options.
    Short(WriteDisposition),
    /// The word and its options.
    Long(Box<WriteDispositionOptions>),
}

/// The long form of a write disposition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteDispositionOptions {
    /// The word of the short form.
    pub disposition: Option<WriteDisposition>,
    /// Strategy of a replace or a merge.
    pub strategy: Option<String>,
    /// The rows of a load have different keys already.
    pub deduplicated: Option<bool>,
    /// Names of the two validity columns of scd2.
    pub validity_column_names: Option<[String; 2]>,
    /// Value that stands for "still valid" in scd2; NULL where absent.
    pub active_record_timestamp: Option<Value>,
    /// Time at which rows of scd2 begin and end; that of the load where absent.
    pub boundary_timestamp: Option<Value>,
    /// Column of the user that identifies the version of a row.
    pub row_version_column_name: Option<String>,
    /// SQL condition: which rows of the load take part.
    pub source_filter: Option<String>,
    /// SQL condition: which rows of the destination may be deleted or retired.
    pub destination_scope: Option<String>,
    /// Update only rows that differ.
    pub skip_unchanged_rows: Option<bool>,
    /// Known keys that are explicitly `null`, and `x-` keys.
    pub other: Map<String, Value>,
}

record!(WriteDispositionOptions {
    "disposition" => disposition,
    "strategy" => strategy,
    "deduplicated" => deduplicated,
    "validity_column_names" => validity_column_names,
    "active_record_timestamp" => active_record_timestamp,
    "boundary_timestamp" => boundary_timestamp,
    "row_version_column_name" => row_version_column_name,
    "source_filter" => source_filter,
    "destination_scope" => destination_scope,
    "skip_unchanged_rows" => skip_unchanged_rows,
});
record_serde!(WriteDispositionOptions);

impl WriteDispositionConfig {
    /// The disposition in either form; an object that names none appends.
    pub fn disposition(&self) -> WriteDisposition {
        match self {
            Self::Short(disposition) => *disposition,
            Self::Long(options) => options.disposition.unwrap_or(WriteDisposition::Append),
        }
    }

    /// The replace strategy that the resource asks for. It is not stored in the schema, as in dlt.
    pub fn replace_strategy(&self) -> Option<ReplaceStrategy> {
        match self {
            Self::Long(options) if options.disposition == Some(WriteDisposition::Replace) => {
                options.strategy.as_deref()?.parse().ok()
            }
            _ => None,
        }
    }

    /// Checks options against each other.
    pub(super) fn check(&self, resource: &str) -> Result<(), HintsError> {
        let Self::Long(options) = self else { return Ok(()) };
        let strategy_error = |error: cartage_values::UnknownWord| HintsError::Strategy {
            resource: resource.to_owned(),
            reason: error.to_string(),
        };
        match (self.disposition(), options.strategy.as_deref()) {
            (WriteDisposition::Merge, Some(strategy)) => {
                let strategy = strategy.parse().map_err(strategy_error)?;
                options.check_merge(resource, strategy)
            }
            (WriteDisposition::Replace, Some(strategy)) => {
                strategy.parse::<ReplaceStrategy>().map(drop).map_err(strategy_error)
            }
            _ => Ok(()),
        }
    }

    /// Puts disposition and options into the table.
    pub(super) fn apply(&self, table: &mut Table) {
        table.write_disposition = Some(self.disposition());
        if let Self::Long(options) = self
            && self.disposition() == WriteDisposition::Merge
        {
            options.apply_merge(table);
        }
    }
}

impl WriteDispositionOptions {
    fn is_set(&self, option: &str) -> bool {
        let text = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        match option {
            "source_filter" => text(&self.source_filter),
            "destination_scope" => text(&self.destination_scope),
            "row_version_column_name" => text(&self.row_version_column_name),
            _ => self.skip_unchanged_rows == Some(true),
        }
    }

    fn check_merge(&self, resource: &str, strategy: MergeStrategy) -> Result<(), HintsError> {
        use MergeStrategy::{Cdc, DeleteInsert, Scd2, Upsert};
        let options: [(&'static str, &[MergeStrategy]); 4] = [
            ("source_filter", &[DeleteInsert, Scd2, Upsert, Cdc]),
            ("destination_scope", &[DeleteInsert, Scd2, Cdc]),
            ("skip_unchanged_rows", &[Upsert, Cdc]),
            ("row_version_column_name", &[Scd2, Upsert, Cdc]),
        ];
        for (option, supported) in options {
            if self.is_set(option) && !supported.contains(&strategy) {
                let supported: Vec<&str> = supported.iter().map(|strategy| strategy.as_str()).collect();
                return Err(HintsError::OptionOfOtherStrategy {
                    resource: resource.to_owned(),
                    option,
                    supported: supported.join(", "),
                    strategy: strategy.to_string(),
                });
            }
        }
        let timestamps = [
            ("active_record_timestamp", &self.active_record_timestamp),
            ("boundary_timestamp", &self.boundary_timestamp),
        ];
        for (option, value) in timestamps.into_iter().filter(|_| strategy == Scd2) {
            let Some(value) = value else { continue };
            let is_iso = value.as_str().is_some_and(|text| parse_iso(text).is_some());
            if !is_iso && !value.is_number() {
                let value = value.to_string();
                return Err(HintsError::Timestamp { resource: resource.to_owned(), option, value });
            }
        }
        Ok(())
    }

    fn apply_merge(&self, table: &mut Table) {
        let mut hint = |key: &str, value: Value| drop(table.other.insert(key.to_owned(), value));
        if let Some(strategy) = self.strategy.as_deref().filter(|strategy| !strategy.is_empty()) {
            hint("x-merge-strategy", strategy.into());
        }
        if self.deduplicated == Some(true) {
            hint("x-stage-data-deduplicated", true.into());
        }
        if let Some(filter) = self.source_filter.as_deref().filter(|filter| !filter.is_empty()) {
            hint("x-merge-source-filter", filter.into());
        }
        if let Some(scope) = self.destination_scope.as_deref().filter(|scope| !scope.is_empty()) {
            hint("x-merge-destination-scope", scope.into());
        }
        if self.skip_unchanged_rows == Some(true) {
            hint("x-merge-skip-unchanged-rows", true.into());
        }
        if self.strategy.as_deref() == Some(MergeStrategy::Scd2.as_str()) {
            self.apply_scd2(table);
        } else if let Some(version) =
            self.row_version_column_name.as_deref().filter(|_| self.skip_unchanged_rows == Some(true))
        {
            let column = table.columns.entry(version.to_owned()).or_insert_with(|| Column::new(version));
            column.nullable = Some(false);
            column.other.insert("x-row-version".to_owned(), true.into());
        }
    }

    fn apply_scd2(&self, table: &mut Table) {
        if let Some(boundary) = &self.boundary_timestamp {
            table.other.insert("x-boundary-timestamp".to_owned(), boundary.clone());
        } else if self.other.contains_key("boundary_timestamp") {
            table.other.insert("x-boundary-timestamp".to_owned(), Value::Null);
        }
        let default = ["_dlt_valid_from".to_owned(), "_dlt_valid_to".to_owned()];
        let [from, to] = self.validity_column_names.as_ref().unwrap_or(&default);
        let validity = |name: &str, hint: &str| {
            let mut column = Column::typed(name, DataType::Timestamp, true);
            column.other.insert(hint.to_owned(), true.into());
            column
        };
        table.columns.insert(from.clone(), validity(from, "x-valid-from"));
        let mut until = validity(to, "x-valid-to");
        let active = self.active_record_timestamp.clone().unwrap_or_default();
        until.other.insert("x-active-record-timestamp".to_owned(), active);
        table.columns.insert(to.clone(), until);
        let version = self.row_version_column_name.as_deref().unwrap_or("_dlt_id");
        // A row may come back with the same content, so its version neither is unique nor identifies it.
        let mut column = Column {
            nullable: Some(false),
            unique: Some(false),
            row_key: Some(false),
            ..Column::new(version)
        };
        column.other.insert("x-row-version".to_owned(), true.into());
        table.columns.insert(version.to_owned(), column);
    }
}

impl From<WriteDisposition> for WriteDispositionConfig {
    fn from(disposition: WriteDisposition) -> Self {
        Self::Short(disposition)
    }
}

impl<'de> serde::Deserialize<'de> for WriteDispositionConfig {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(word) => word.parse().map(Self::Short).map_err(D::Error::custom),
            Value::Object(options) => {
                let options: WriteDispositionOptions =
                    serde_json::from_value(Value::Object(options)).map_err(D::Error::custom)?;
                if options.disposition.is_none() {
                    return Err(D::Error::custom("the long form needs `disposition`"));
                }
                Ok(Self::Long(Box::new(options)))
            }
            other => {
                Err(D::Error::custom(format_args!("`{other}` is neither a word nor an object of options")))
            }
        }
    }
}

impl serde::Serialize for WriteDispositionConfig {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Short(disposition) => disposition.serialize(serializer),
            Self::Long(options) => options.serialize(serializer),
        }
    }
}
