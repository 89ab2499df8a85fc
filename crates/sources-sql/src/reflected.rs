//! What a database says about its tables.

use crate::kind::Kind;

/// What rows are selected from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// A table or view. Without schema, in the one that the session begins in.
    Table { schema: Option<String>, name: String },
    /// A query of the user.
    Query(String),
}

/// What a relation looks like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reflected {
    /// In the order of the relation.
    pub(crate) columns: Vec<ReflectedColumn>,
    /// Names of the columns of the primary key.
    pub(crate) primary_key: Vec<String>,
    /// References to other tables.
    pub(crate) references: Vec<ForeignKey>,
    /// The first columns of its indexes; `None` where it is not a table.
    pub(crate) indexed: Option<Vec<String>>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    /// Columns of the table.
    pub(crate) columns: Vec<String>,
    /// The other table.
    pub(crate) table: String,
    /// Columns of the other table, in the same order.
    pub(crate) referenced: Vec<String>,
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReflectedColumn {
    pub(crate) name: String,
    /// The type as the database calls it, for messages.
    pub(crate) declared: String,
    pub(crate) nullable: bool,
    pub(crate) kind: Kind,
    /// What is selected: the column in quotes, or a conversion of it.
    pub(crate) expression: String,
    /// Characters of a text, bytes, bits: what `full_with_precision` adds.
    pub(crate) precision: Option<u32>,
}

/// A bound of a cursor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bound {
    /// A number as SQL writes it.
    Number(String),
    /// A text, a date, a time.
    Text(String),
}
