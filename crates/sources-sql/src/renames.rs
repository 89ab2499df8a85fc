//! Columns under other names than those of the database.
//!
//! The database is asked by its own names; rows, and the hints that are about them, have the new ones.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::error::SqlError;
use crate::reflected::{ForeignKey, Reflected, ReflectedColumn};

/// New names of columns by those that the database has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renames(IndexMap<String, String>);

impl Renames {
    /// Checks that no two of the columns that are read get one name. All keys are names of columns.
    pub(crate) fn new(
        renames: IndexMap<String, String>,
        columns: &[ReflectedColumn],
    ) -> Result<Self, SqlError> {
        let renames = Self(renames);
        let mut seen = HashSet::new();
        for column in columns {
            let name = renames.new_name(&column.name);
            if !seen.insert(name) {
                return Err(SqlError::new(format!("`rename_columns`: two columns become `{name}`"))
                    .with_remedy("choose another name, or leave one out with `excluded_columns`"));
            }
        }
        Ok(renames)
    }

    /// The name that rows have a column under.
    pub(crate) fn new_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    /// The columns as rows have them.
    pub(crate) fn of_columns(&self, columns: &[ReflectedColumn]) -> Vec<ReflectedColumn> {
        let renamed = |column: &ReflectedColumn| ReflectedColumn {
            name: self.new_name(&column.name).to_owned(),
            ..column.clone()
        };
        columns.iter().map(renamed).collect()
    }

    /// The keys of a relation as rows have them; those that are not read as a whole are none.
    pub(crate) fn of_keys(&self, reflected: &Reflected, columns: &[ReflectedColumn]) -> Reflected {
        let is_read = |name: &String| columns.iter().any(|column| column.name == *name);
        let renamed = |names: &[String]| -> Vec<String> {
            if !names.iter().all(is_read) {
                return Vec::new();
            }
            names.iter().map(|name| self.new_name(name).to_owned()).collect()
        };
        let references = reflected.references.iter();
        Reflected {
            primary_key: renamed(&reflected.primary_key),
            references: references
                .map(|key| ForeignKey { columns: renamed(&key.columns), ..key.clone() })
                .filter(|key| !key.columns.is_empty())
                .collect(),
            ..Reflected::default()
        }
    }
}
