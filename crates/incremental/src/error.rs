//! What can be wrong with cursors.

use thiserror::Error;

/// The cursor or the key of a row cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CursorError {
    /// The row has no such field.
    #[error(
        "the row has no cursor `{path}`; name the field as it is in the data, or set `on_cursor_value_missing` \
         to include or exclude"
    )]
    Missing {
        /// Path of the cursor.
        path: String,
    },
    /// The field is null.
    #[error("the cursor `{path}` is null; set `on_cursor_value_missing` to include or exclude such rows")]
    Null {
        /// Path of the cursor.
        path: String,
    },
    /// The values of two types cannot be put in an order.
    #[error(
        "the cursor `{path}` is {found}, which cannot be compared with {other_name} {other}; both must have one \
         type: change the values in the configuration, convert the data, or forget the stored value with a refresh"
    )]
    NotComparable {
        /// Path of the cursor.
        path: String,
        /// Value and type in the row.
        found: String,
        /// `the last value` or `end_value`.
        other_name: &'static str,
        /// Value and type that it was compared with.
        other: String,
    },
    /// A value is not of the kind by which the cursor compares.
    #[error(
        "the cursor `{path}`: {name} is {found}, which is not {wanted}, and {because}; correct the value, give the \
         column the type that all values have with `columns.NAME.data_type` (`text` compares them as texts), or forget a stored \
         value with a refresh"
    )]
    Stranger {
        /// Path of the cursor.
        path: String,
        /// Which value: that of the row, `the last value`, `end_value`.
        name: &'static str,
        /// The value and its type.
        found: String,
        /// What it should be.
        wanted: &'static str,
        /// Why it should be that.
        because: String,
    },
    /// Lists and objects have no order.
    #[error("the cursor `{path}` is {kind}; it must be a number, a text or a time")]
    NoScalar {
        /// Path of the cursor.
        path: String,
        /// What it is.
        kind: String,
    },
    /// The row lacks a column of the key that tells boundary rows apart.
    #[error(
        "the row has no key column `{column}`, which distinguishes rows with equal cursors; name the field as it is \
         in the data, or set `primary_key = []` in `incremental`"
    )]
    KeyMissing {
        /// Name of the column, as in the schema.
        column: String,
    },
    /// The rows are columnar and have no such column.
    #[error(
        "there is no cursor column `{path}`; in columnar data the cursor must be a column, not a path into one"
    )]
    NoColumn {
        /// Path of the cursor.
        path: String,
    },
    /// Arrow could not compute with the column.
    #[error("the cursor column `{path}` cannot be used: {reason}")]
    Column {
        /// Path of the cursor.
        path: String,
        /// What Arrow says.
        reason: String,
    },
}
