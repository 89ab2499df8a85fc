//! What differs between two schemas, for people: tables, columns, hints.

use serde::Serialize;
use serde_json::Value;

use crate::schema::Schema;
use crate::table::Table;

/// One difference on the way from one schema to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SchemaChange {
    /// A table that only the new schema has.
    TableAdded {
        /// Name of the table, as in the schema.
        table: String,
        /// Names of its columns, in the order of the table.
        columns: Vec<String>,
    },
    /// A table that only the old schema has.
    TableRemoved {
        /// Name of the table, as in the schema.
        table: String,
    },
    /// A column that only the new table has.
    ColumnAdded {
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the column, as in the schema.
        column: String,
        /// Its hints as an object, under the keys of the schema document.
        hints: Value,
    },
    /// A column that only the old table has.
    ColumnRemoved {
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the column, as in the schema.
        column: String,
    },
    /// A hint of a column that differs.
    ColumnChanged {
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the column, as in the schema.
        column: String,
        /// Name of the hint, as in the document.
        hint: String,
        /// Its old value.
        old: Option<Value>,
        /// Its new value.
        new: Option<Value>,
    },
    /// A hint of a table that differs.
    TableChanged {
        /// Name of the table, as in the schema.
        table: String,
        /// Name of the hint, as in the document.
        hint: String,
        /// Its old value.
        old: Option<Value>,
        /// Its new value.
        new: Option<Value>,
    },
    /// A part of the schema itself that differs.
    SettingChanged {
        /// `settings` or `normalizers` and a key.
        setting: String,
        /// Its old value.
        old: Option<Value>,
        /// Its new value.
        new: Option<Value>,
    },
}

impl Schema {
    /// What must be changed in this schema to become `newer`. What the stages note for themselves does not
    /// count, nor do versions.
    pub fn changes_to(&self, newer: &Self) -> Vec<SchemaChange> {
        let (old, new) = (self.without_processing_hints(), newer.without_processing_hints());
        let mut changes = Vec::new();
        for (name, table) in &new.tables {
            match old.tables.get(name) {
                None => changes.push(SchemaChange::TableAdded {
                    table: name.clone(),
                    columns: table.columns.keys().cloned().collect(),
                }),
                Some(known) => table_changes(known, table, &mut changes),
            }
        }
        for name in old.tables.keys().filter(|name| !new.tables.contains_key(*name)) {
            changes.push(SchemaChange::TableRemoved { table: name.clone() });
        }
        for part in ["settings", "normalizers"] {
            let of = |schema: &Self| {
                serde_json::to_value(schema).ok().and_then(|document| document.get(part).cloned())
            };
            for (key, old, new) in differing(of(&old), of(&new), &[]) {
                changes.push(SchemaChange::SettingChanged { setting: format!("{part}.{key}"), old, new });
            }
        }
        changes
    }
}

fn table_changes(old: &Table, new: &Table, changes: &mut Vec<SchemaChange>) {
    let table = &new.name;
    let document = |table: &Table| serde_json::to_value(table).ok();
    for (hint, old, new) in differing(document(old), document(new), &["columns", "name"]) {
        changes.push(SchemaChange::TableChanged { table: table.clone(), hint, old, new });
    }
    for (name, column) in &new.columns {
        let hints = serde_json::to_value(column).unwrap_or_default();
        let (table, column) = (table.clone(), name.clone());
        let Some(known) = old.columns.get(name) else {
            changes.push(SchemaChange::ColumnAdded { table, column, hints });
            continue;
        };
        for (hint, old, new) in differing(serde_json::to_value(known).ok(), Some(hints), &["name"]) {
            changes.push(SchemaChange::ColumnChanged {
                table: table.clone(),
                column: column.clone(),
                hint,
                old,
                new,
            });
        }
    }
    for name in old.columns.keys().filter(|name| !new.columns.contains_key(*name)) {
        changes.push(SchemaChange::ColumnRemoved { table: table.clone(), column: name.clone() });
    }
}

/// Keys of two objects that differ, with both values.
fn differing(
    old: Option<Value>,
    new: Option<Value>,
    without: &[&str],
) -> Vec<(String, Option<Value>, Option<Value>)> {
    let object = |value: Option<Value>| match value {
        Some(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (old, new) = (object(old), object(new));
    let keys = new.keys().chain(old.keys().filter(|key| !new.contains_key(*key)));
    keys.filter(|key| !without.contains(&key.as_str()) && old.get(*key) != new.get(*key))
        .map(|key| (key.clone(), old.get(key).cloned(), new.get(key).cloned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Column;
    use crate::naming::NamingKind;
    use cartage_values::DataType;

    #[test]
    fn changes_name_tables_columns_and_hints_and_ignore_what_the_stages_note() {
        let mut old = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        let items = Table::root("items", "items")
            .with_column(Column::typed("id", DataType::Bigint, true))
            .with_column(Column::typed("gone", DataType::Text, true));
        old.tables.insert("items".to_owned(), items);
        old.tables.insert("old".to_owned(), Table::root("old", "old"));
        let mut new = old.clone();
        new.tables.shift_remove("old");
        let items = &mut new.tables["items"];
        items.set_seen_data();
        items.columns.shift_remove("gone");
        items.columns["id"].data_type = Some(DataType::Text);
        items.columns.insert("more".to_owned(), Column::typed("more", DataType::Bool, true));
        let changes: Vec<String> = old
            .changes_to(&new)
            .iter()
            .map(|change| serde_json::to_value(change).unwrap()["change"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(changes, ["column_changed", "column_added", "column_removed", "table_removed"]);
        assert!(old.changes_to(&old.clone()).is_empty());
    }
}
