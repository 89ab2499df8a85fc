//! The columns that a table has at the server.

use arrow::datatypes::SchemaRef;
use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};

use crate::client::Session;

/// A column of the table.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// As people write the type, in small letters.
    type_name: String,
}

impl Target {
    /// Fraction digits that the column keeps of a second; the server would cut off the rest without a word.
    pub(super) fn fraction_digits(&self) -> Option<u32> {
        let name = self.name();
        if !matches!(name, "datetime" | "timestamp" | "time") {
            return None;
        }
        let digits = self.type_name[name.len()..].trim_matches(['(', ')']);
        Some(digits.parse().unwrap_or(0))
    }

    /// Whether the column keeps seven digits of a number, whatever they are.
    pub(super) fn is_single(&self) -> bool {
        self.name() == "float"
    }

    fn name(&self) -> &str {
        self.type_name.split(['(', ' ']).next().unwrap_or_default()
    }
}

/// What the table has for each column of a file.
pub(super) fn of_fields(session: &Session, table: &TableRef, schema: &SchemaRef) -> Result<Vec<Target>> {
    let dialect = &session.about().dialect;
    let columns = session.columns(table)?;
    let target = |name: &String| {
        let wanted = dialect.fold_column(name);
        let found = columns.iter().find(|(column, _)| dialect.fold_column(column) == wanted);
        let (_, type_name) = found.ok_or_else(|| {
            Error::terminal(format!("table {} has no column {name}", table.table))
                .with_remedy("somebody changed the table during the load; run again")
        })?;
        Ok(Target { type_name: type_name.to_ascii_lowercase() })
    };
    schema.fields().iter().map(|field| target(field.name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_say_how_many_digits_they_keep() {
        let digits = |name: &str| Target { type_name: name.to_owned() }.fraction_digits();
        assert_eq!(digits("datetime(6)"), Some(6));
        assert_eq!(digits("time(3)"), Some(3));
        assert_eq!(digits("timestamp"), Some(0));
        assert_eq!(digits("date"), None);
        assert_eq!(digits("decimal(38,9)"), None);
        assert!(Target { type_name: "float unsigned".to_owned() }.is_single());
    }
}
