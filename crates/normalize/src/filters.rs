//! Row filters: patterns of field paths that are left out of the rows of a table and of those below it.

use std::collections::HashMap;

use cartage_schema::{Naming, Schema, SchemaError};
use regex::Regex;

/// Patterns of all tables.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    tables: HashMap<String, TableFilters>,
}

#[derive(Debug)]
struct TableFilters {
    excludes: Vec<Regex>,
    includes: Vec<Regex>,
}

impl Filters {
    pub(crate) fn new(schema: &Schema, naming: &Naming) -> Result<Self, SchemaError> {
        let mut tables = HashMap::new();
        for table in schema.tables.values() {
            let Some(filters) = &table.filters else { continue };
            let compile = |patterns: &Option<Vec<String>>| -> Result<Vec<Regex>, SchemaError> {
                patterns.iter().flatten().map(|pattern| compile(&table.name, pattern)).collect()
            };
            let excludes = compile(&filters.excludes)?;
            if !excludes.is_empty() {
                let includes = compile(&filters.includes)?;
                let path = naming.make_path(naming.break_path(&table.name));
                tables.insert(path, TableFilters { excludes, includes });
            }
        }
        Ok(Self { tables })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether a column is left out, by the patterns of its table or of one whose name begins its path.
    pub(crate) fn exclude(&self, naming: &Naming, table: &str, column: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let branch: Vec<&str> = naming.break_path(table).collect();
        (1..=branch.len()).rev().any(|depth| {
            let path = naming.make_path(branch[..depth].iter().copied());
            let Some(filters) = self.tables.get(&path) else { return false };
            let field = naming.make_path(branch[depth..].iter().copied().chain([column]));
            filters.excludes.iter().any(|pattern| pattern.is_match(&field))
                && !filters.includes.iter().any(|pattern| pattern.is_match(&field))
        })
    }
}

/// Plain patterns are exact names, those with `re:` are searched for.
fn compile(table: &str, pattern: &str) -> Result<Regex, SchemaError> {
    let expression = match pattern.strip_prefix("re:") {
        Some(expression) => expression.to_owned(),
        None => format!("^{}$", regex::escape(pattern)),
    };
    Regex::new(&expression).map_err(|error| SchemaError::Invalid {
        path: format!("filters of table `{table}`"),
        reason: format!("`{pattern}` is not a valid pattern: {error}"),
    })
}
