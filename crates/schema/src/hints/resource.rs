//! The hints of a resource and of the tables below it.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::disposition::WriteDispositionConfig;
use super::incremental::IncrementalHint;
use super::keys::{ColumnHints, KeyHint};
use crate::record::{record, record_serde};
use crate::table::TableReference;

/// What a resource says about its table: the arguments of `dlt.resource`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceHints {
    /// Name of the table; that of the resource where absent.
    pub table_name: Option<String>,
    /// What a load does to rows that are there; append where absent.
    pub write_disposition: Option<WriteDispositionConfig>,
    /// Primary key columns. They replace those that `columns` mark.
    pub primary_key: Option<KeyHint>,
    /// Merge key columns. They replace those that `columns` mark.
    pub merge_key: Option<KeyHint>,
    /// Hints of columns.
    pub columns: Option<ColumnHints>,
    /// Mode or modes of the contract.
    pub schema_contract: Option<Value>,
    /// Whether what the contract discards is kept in quarantine; as the source has it where absent.
    pub quarantine: Option<bool>,
    /// Hints of the tables below: by the key of a list, or by keys joined with `.` for deeper ones.
    pub nested_hints: Option<IndexMap<String, NestedHints>>,
    /// How many levels of lists and objects are unpacked.
    pub max_table_nesting: Option<u32>,
    /// `iceberg`, `delta`, `hive` or `native`.
    pub table_format: Option<String>,
    /// `preferred` or a file format.
    pub file_format: Option<String>,
    /// References to other tables.
    pub references: Option<Vec<TableReference>>,
    /// How to load only what is new.
    pub incremental: Option<IncrementalHint>,
    /// What the table holds, for people.
    pub description: Option<String>,
    /// Table to hang this one below, for resources that make nested tables themselves.
    pub parent_table_name: Option<String>,
    /// `x-` hints of the table, and known keys that are explicitly `null`, which say nothing.
    pub other: Map<String, Value>,
}

record!(ResourceHints {
    "table_name" => table_name,
    "write_disposition" => write_disposition,
    "primary_key" => primary_key,
    "merge_key" => merge_key,
    "columns" => columns,
    "schema_contract" => schema_contract,
    "quarantine" => quarantine,
    "nested_hints" => nested_hints,
    "max_table_nesting" => max_table_nesting,
    "table_format" => table_format,
    "file_format" => file_format,
    "references" => references,
    "incremental" => incremental,
    "description" => description,
    "parent_table_name" => parent_table_name,
});
record_serde!(ResourceHints);

impl ResourceHints {
    /// The keys that [`ResourceHints`] reads, for configurations that mix them with others. `x-` hints come on
    /// top.
    pub const KEYS: &'static [&'static str] = &[
        "table_name",
        "write_disposition",
        "primary_key",
        "merge_key",
        "columns",
        "schema_contract",
        "quarantine",
        "nested_hints",
        "max_table_nesting",
        "table_format",
        "file_format",
        "references",
        "incremental",
        "description",
        "parent_table_name",
    ];

    /// These hints with others laid over them. Columns are merged by their names; every other hint that `upper`
    /// has replaces the one here.
    #[must_use]
    pub fn overlaid(&self, upper: &Self) -> Self {
        let over = |mut base: Map<String, Value>, upper: Map<String, Value>| {
            base.extend(upper);
            base
        };
        let columns = match (&self.columns, &upper.columns) {
            (Some(base), Some(upper)) if !upper.0.is_empty() => {
                let mut columns = base.clone();
                for (name, hints) in &upper.0 {
                    match columns.0.get_mut(name) {
                        Some(known) => known.merge(hints),
                        None => drop(columns.0.insert(name.clone(), hints.clone())),
                    }
                }
                Some(columns)
            }
            (base, upper) => upper.clone().or_else(|| base.clone()),
        };
        Self {
            table_name: upper.table_name.clone().or_else(|| self.table_name.clone()),
            write_disposition: upper.write_disposition.clone().or_else(|| self.write_disposition.clone()),
            primary_key: upper.primary_key.clone().or_else(|| self.primary_key.clone()),
            merge_key: upper.merge_key.clone().or_else(|| self.merge_key.clone()),
            columns,
            schema_contract: upper.schema_contract.clone().or_else(|| self.schema_contract.clone()),
            quarantine: upper.quarantine.or(self.quarantine),
            nested_hints: upper.nested_hints.clone().or_else(|| self.nested_hints.clone()),
            max_table_nesting: upper.max_table_nesting.or(self.max_table_nesting),
            table_format: upper.table_format.clone().or_else(|| self.table_format.clone()),
            file_format: upper.file_format.clone().or_else(|| self.file_format.clone()),
            references: upper.references.clone().or_else(|| self.references.clone()),
            incremental: upper.incremental.clone().or_else(|| self.incremental.clone()),
            description: upper.description.clone().or_else(|| self.description.clone()),
            parent_table_name: upper.parent_table_name.clone().or_else(|| self.parent_table_name.clone()),
            other: over(self.other.clone(), upper.other.clone()),
        }
    }

    /// The name of the table before it is normalized.
    pub fn raw_table_name<'a>(&'a self, resource: &'a str) -> &'a str {
        self.table_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(resource)
    }
}

/// What a resource says about a table below its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NestedHints {
    /// Parent of the table, where it is not the one that the path says.
    pub parent_table_name: Option<String>,
    /// Only for tables that have keys and are root tables therefore.
    pub write_disposition: Option<WriteDispositionConfig>,
    /// Primary key columns. A table with keys is no longer nested: it is a root table of its own.
    pub primary_key: Option<KeyHint>,
    /// Merge key columns, with the same effect.
    pub merge_key: Option<KeyHint>,
    /// Hints of columns.
    pub columns: Option<ColumnHints>,
    /// Mode or modes of the contract.
    pub schema_contract: Option<Value>,
    /// `iceberg`, `delta`, `hive` or `native`.
    pub table_format: Option<String>,
    /// `preferred` or a file format.
    pub file_format: Option<String>,
    /// References to other tables.
    pub references: Option<Vec<TableReference>>,
    /// `x-` hints of the table, and known keys that are explicitly `null`, which say nothing.
    pub other: Map<String, Value>,
}

record!(NestedHints {
    "parent_table_name" => parent_table_name,
    "write_disposition" => write_disposition,
    "primary_key" => primary_key,
    "merge_key" => merge_key,
    "columns" => columns,
    "schema_contract" => schema_contract,
    "table_format" => table_format,
    "file_format" => file_format,
    "references" => references,
});
record_serde!(NestedHints);
