//! What a resource says about its table, in the words of dlt.

use cartage_schema::hints::ResourceHints;
use cartage_source_api::SourceError;
use serde_json::{Map, Value, json};

/// Hints for a table, apart from a resource: for [`with_hints`](crate::with_hints), and for nested tables.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "hints do nothing until a page or a resource has them"]
pub struct Hints {
    map: Map<String, Value>,
}

/// No hints yet.
pub fn hints() -> Hints {
    Hints::default()
}

/// The hints as the stage reads them; `resource` is named where they cannot be understood.
pub(crate) fn parse(resource: &str, map: Map<String, Value>) -> Result<ResourceHints, SourceError> {
    serde_json::from_value(Value::Object(map))
        .map_err(|error| SourceError::Config(format!("resource `{resource}`: {error}")))
}

/// Lays hints over others: those of columns and nested tables by their names, all others as a whole.
pub(crate) fn lay_over(base: &mut Map<String, Value>, upper: Map<String, Value>) {
    for (key, value) in upper {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above))
                if key == "columns" || key == "nested_hints" =>
            {
                below.extend(above);
            }
            (_, value) => drop(base.insert(key, value)),
        }
    }
}

/// Sets an entry of a hint that is an object.
pub(crate) fn set_entry(map: &mut Map<String, Value>, key: &str, name: &str, value: Value) {
    let entries = map.entry(key).or_insert_with(|| json!({}));
    if let Value::Object(entries) = entries {
        entries.insert(name.to_owned(), value);
    }
}

/// The methods that set hints, for every type that has a function `hints_mut`.
macro_rules! hint_methods {
    () => {
        /// Any hint by dlt's name, in the form that it has in `pipeline.toml`.
        pub fn hint(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
            self.hints_mut().insert(key.to_owned(), value.into());
            self
        }

        /// What a load does to rows that are there; they stay without.
        pub fn write_disposition(self, disposition: cartage_schema::WriteDisposition) -> Self {
            self.hint("write_disposition", disposition.to_string())
        }

        /// Combines rows with those that are there by a strategy such as `scd2`.
        pub fn merge_strategy(self, strategy: &str) -> Self {
            let long = serde_json::json!({ "disposition": "merge", "strategy": strategy });
            self.hint("write_disposition", long)
        }

        /// Columns that identify a row.
        pub fn primary_key(self, columns: impl Into<$crate::keys::KeyColumns>) -> Self {
            self.hint("primary_key", columns.into().into_value())
        }

        /// Columns whose rows are replaced together.
        pub fn merge_key(self, columns: impl Into<$crate::keys::KeyColumns>) -> Self {
            self.hint("merge_key", columns.into().into_value())
        }

        /// Hints of one column, such as `json!({"data_type": "decimal"})`.
        pub fn column(mut self, name: &str, hints: impl Into<serde_json::Value>) -> Self {
            $crate::hints::set_entry(self.hints_mut(), "columns", name, hints.into());
            self
        }

        /// Hints of the table that a list becomes: by its key, or by keys joined with `.` for deeper ones.
        pub fn nested_hints(mut self, path: &str, hints: $crate::hints::Hints) -> Self {
            $crate::hints::set_entry(self.hints_mut(), "nested_hints", path, hints.into_value());
            self
        }

        /// A mode for everything new, or an object of modes for `tables`, `columns` and `data_type`.
        pub fn schema_contract(self, contract: impl Into<serde_json::Value>) -> Self {
            self.hint("schema_contract", contract)
        }

        /// Levels of lists and objects that become tables and columns of their own.
        pub fn max_table_nesting(self, levels: u32) -> Self {
            self.hint("max_table_nesting", levels)
        }
    };
}

pub(crate) use hint_methods;

impl Hints {
    hint_methods!();

    /// Name of the table.
    pub fn table_name(self, name: &str) -> Self {
        self.hint("table_name", name)
    }

    pub(crate) fn hints_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.map
    }

    /// The name of the table, where there is one.
    pub(crate) fn name_of_table(&self) -> Option<String> {
        self.map.get("table_name").and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned)
    }

    /// Hints that were written as JSON.
    pub(crate) fn from_text(text: &str) -> Self {
        Self { map: serde_json::from_str(text).unwrap_or_default() }
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.map
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.map)
    }
}
