//! A list of statements with their purposes and parameters.

use std::fmt;

/// A value that is bound, not pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Param {
    /// Text, in UTF-8.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A point in time in UTC, in microseconds since 1970.
    Timestamp(i64),
    /// The null of any type.
    Null,
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<&str>> for Param {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

/// One SQL statement with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Why it is run, as a fragment; printed as a comment.
    pub purpose: String,
    /// The statement without a semicolon at its end.
    pub sql: String,
    /// Values of its placeholders, in order.
    pub params: Vec<Param>,
}

impl Statement {
    /// A statement without parameters.
    pub fn new(purpose: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { purpose: purpose.into(), sql: sql.into(), params: Vec::new() }
    }

    /// Adds the values of its placeholders.
    #[must_use]
    pub fn with_params(mut self, params: Vec<Param>) -> Self {
        self.params = params;
        self
    }
}

/// Statements that run in this order, in one transaction where the destination has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlScript {
    /// The statements, in the order in which they run.
    pub statements: Vec<Statement>,
}

impl SqlScript {
    /// Adds a statement without parameters.
    pub fn push(&mut self, purpose: impl Into<String>, sql: impl Into<String>) {
        self.statements.push(Statement::new(purpose, sql));
    }

    /// Adds all statements of another script.
    pub fn extend(&mut self, other: Self) {
        self.statements.extend(other.statements);
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

impl From<Statement> for SqlScript {
    fn from(statement: Statement) -> Self {
        Self { statements: vec![statement] }
    }
}

/// One comment line and one statement each. Purposes never hold line ends, so a comment cannot run
/// into SQL.
impl fmt::Display for SqlScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for statement in &self.statements {
            writeln!(f, "-- {}", statement.purpose.replace(['\n', '\r'], " "))?;
            writeln!(f, "{};", statement.sql)?;
        }
        Ok(())
    }
}
