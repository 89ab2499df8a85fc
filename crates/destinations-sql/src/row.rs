//! Rows of an answer.

use cartage_destinations_api::{Error, Result};

/// A value of an answer. Engines turn booleans and whole numbers of any width into [`SqlValue::Int`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// The null of any type.
    Null,
    /// A whole number.
    Int(i64),
    /// Text, in UTF-8.
    Text(String),
}

/// A row of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(pub Vec<SqlValue>);

impl Row {
    /// The number in a column, counted from 0.
    ///
    /// # Errors
    /// Corrupt if there is none.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self.0.get(column) {
            Some(SqlValue::Int(number)) => Ok(*number),
            other => Err(unexpected("a number", column, other)),
        }
    }

    /// The text in a column, counted from 0.
    ///
    /// # Errors
    /// Corrupt if there is none.
    pub fn text(&self, column: usize) -> Result<String> {
        self.optional_text(column)?.ok_or_else(|| unexpected("text", column, Some(&SqlValue::Null)))
    }

    /// The value in a column, counted from 0, as people read it; `None` for null.
    ///
    /// # Errors
    /// Corrupt if there is no such column.
    pub fn shown(&self, column: usize) -> Result<Option<String>> {
        match self.0.get(column) {
            Some(SqlValue::Int(number)) => Ok(Some(number.to_string())),
            _ => self.optional_text(column),
        }
    }

    /// The text in a column, counted from 0; `None` for null.
    ///
    /// # Errors
    /// Corrupt if there is a number, or no such column.
    pub fn optional_text(&self, column: usize) -> Result<Option<String>> {
        match self.0.get(column) {
            Some(SqlValue::Text(text)) => Ok(Some(text.clone())),
            Some(SqlValue::Null) => Ok(None),
            other => Err(unexpected("text", column, other)),
        }
    }
}

fn unexpected(wanted: &str, column: usize, found: Option<&SqlValue>) -> Error {
    let found = found.map_or_else(|| "nothing".to_owned(), |cell| format!("{cell:?}"));
    Error::corrupt(format!(
        "the database answered with {found} in column {} where {wanted} was expected",
        column + 1
    ))
}
