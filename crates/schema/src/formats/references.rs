//! Which tables point to which: what users declare, and what follows from keys of nested rows and loads.

use serde::Deserialize;
use serde_json::Value;

use crate::column::Column;
use crate::schema::Schema;
use crate::table::Table;

/// How many rows of one table belong to how many of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cardinality {
    /// One to one.
    OneToOne,
    /// One to many.
    #[default]
    OneToMany,
    /// Many to one.
    ManyToOne,
    /// Many to many.
    ManyToMany,
    /// None or one to many.
    ZeroToMany,
    /// Many to none or one.
    ManyToZero,
    /// None or one to one.
    ZeroToOne,
    /// One to none or one.
    OneToZero,
}

/// A reference from columns of one table to columns of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table that refers.
    pub table: String,
    /// The columns that refer, each to the one at its place among the columns referred to.
    pub columns: Vec<String>,
    /// The table that is referred to.
    pub referenced_table: String,
    /// Its columns, one for each of `columns`.
    pub referenced_columns: Vec<String>,
    /// What the reference is called.
    pub label: String,
    /// How many rows belong together, where the schema says so.
    pub cardinality: Option<Cardinality>,
}

impl Schema {
    /// All references between tables that exist, in the order of the tables: to the parent, to the root, to the
    /// load, declared ones; then those between dlt's own tables.
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        for table in self.tables.values() {
            found.extend(self.to_parent(table));
            found.extend(self.to_root(table));
            found.extend(self.to_load(table));
            found.extend(declared(table));
        }
        let (version, loads) = (self.version_table_name(), self.loads_table_name());
        let naming = self.naming(None);
        let own = |column: &str, referenced: &str, label: &str, cardinality| Reference {
            table: version.clone(),
            columns: vec![naming.normalize_identifier(column)],
            referenced_table: loads.clone(),
            referenced_columns: vec![naming.normalize_identifier(referenced)],
            label: label.to_owned(),
            cardinality: Some(cardinality),
        };
        found.push(own("version_hash", "schema_version_hash", "_dlt_schema_version", Cardinality::OneToMany));
        found.push(own("schema_name", "schema_name", "_dlt_schema_name", Cardinality::ManyToMany));
        found.retain(|reference| self.has(&reference.table, &reference.columns));
        found.retain(|reference| self.has(&reference.referenced_table, &reference.referenced_columns));
        found
    }

    /// Whether the table exists with these columns, all of them with a type.
    fn has(&self, table: &str, columns: &[String]) -> bool {
        self.tables.get(table).is_some_and(|table| {
            columns.iter().all(|name| table.columns.get(name).is_some_and(Column::is_complete))
        })
    }

    fn to_parent(&self, table: &Table) -> Option<Reference> {
        let parent = self.tables.get(table.parent.as_ref().filter(|_| table.is_nested())?)?;
        let key = table.first_column(|column| column.parent_key == Some(true))?;
        link(table, key, parent, row_key(parent)?, "_dlt_parent")
    }

    fn to_root(&self, table: &Table) -> Option<Reference> {
        let root = self.root_of(&table.name).filter(|_| table.is_nested())?;
        let key = table.first_column(|column| column.root_key == Some(true))?;
        link(table, key, root, row_key(root)?, "_dlt_root")
    }

    fn to_load(&self, table: &Table) -> Option<Reference> {
        let naming = self.naming(None);
        let key = table.columns.get(&naming.normalize_identifier("_dlt_load_id"))?;
        let loads = self.tables.get(&self.loads_table_name())?;
        link(table, key, loads, loads.columns.get(&naming.normalize_identifier("load_id"))?, "_dlt_load")
    }
}

fn row_key(table: &Table) -> Option<&Column> {
    table.first_column(|column| column.row_key == Some(true))
}

#[expect(clippy::unnecessary_wraps, reason = "ends a chain of questions")]
fn link(from: &Table, key: &Column, to: &Table, target: &Column, label: &str) -> Option<Reference> {
    Some(Reference {
        table: from.name.clone(),
        columns: vec![key.name.clone()],
        referenced_table: to.name.clone(),
        referenced_columns: vec![target.name.clone()],
        label: label.to_owned(),
        cardinality: Some(Cardinality::ManyToOne),
    })
}

/// What the user declared. A reference that cannot be understood makes no line in a diagram.
fn declared(table: &Table) -> Vec<Reference> {
    let document = serde_json::to_value(table).unwrap_or_default();
    let references = document.get("references").and_then(Value::as_array).cloned().unwrap_or_default();
    references.iter().filter_map(|reference| one(table, reference)).collect()
}

fn one(table: &Table, reference: &Value) -> Option<Reference> {
    let texts = |key: &str| Vec::<String>::deserialize(reference.get(key)?).ok();
    let text = |key: &str| reference.get(key)?.as_str().map(str::to_owned);
    Some(Reference {
        table: text("table").unwrap_or_else(|| table.name.clone()),
        columns: texts("columns")?,
        referenced_table: text("referenced_table")?,
        referenced_columns: texts("referenced_columns")?,
        label: text("label").unwrap_or_default(),
        cardinality: reference.get("cardinality").and_then(|word| Cardinality::deserialize(word).ok()),
    })
}
