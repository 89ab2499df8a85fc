//! Whether a destination can hold the names of a schema.

use std::collections::HashMap;

use crate::error::SchemaError;
use crate::schema::Schema;

/// What a destination asks of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifierLimits {
    /// Longest name of a table, in characters.
    pub table_length: usize,
    /// Longest name of a column, in characters.
    pub column_length: usize,
    /// Whether names that differ in case only are different names.
    pub case_sensitive: bool,
}

impl Schema {
    /// Checks that all names fit the destination and stay different there. Columns without type are left out,
    /// because they are never created.
    ///
    /// # Errors
    /// [`SchemaError::IdentifierTooLong`] and [`SchemaError::IdentifierCollision`], for the first name in the
    /// order of the schema.
    pub fn verify_identifiers(&self, limits: &IdentifierLimits) -> Result<(), SchemaError> {
        let tables = self.tables.values().filter(|table| !table.is_new());
        self.verify(
            tables.clone().map(|table| table.name.as_str()),
            "table",
            "",
            limits.table_length,
            limits,
        )?;
        for table in tables {
            let of_table = format!(" of table `{}`", table.name);
            let columns = table.complete_columns().map(|column| column.name.as_str());
            self.verify(columns, "column", &of_table, limits.column_length, limits)?;
        }
        Ok(())
    }

    fn verify<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        kind: &str,
        of_table: &str,
        limit: usize,
        limits: &IdentifierLimits,
    ) -> Result<(), SchemaError> {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for name in names {
            let length = name.chars().count();
            if length > limit {
                let what = format!("{kind}{of_table}");
                let (schema, name) = (self.name.clone(), name.to_owned());
                return Err(SchemaError::IdentifierTooLong { schema, what, name, length, limit });
            }
            let folded = if limits.case_sensitive { name.to_owned() } else { name.to_lowercase() };
            if let Some(first) = seen.insert(folded, name) {
                return Err(SchemaError::IdentifierCollision {
                    schema: self.name.clone(),
                    what: format!("{kind}s{of_table}"),
                    first: first.to_owned(),
                    second: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}
