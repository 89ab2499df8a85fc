//! Names that keys of nested values become: of the tables of lists, and of the columns of flattened objects.
//!
//! How a single key is spelled is decided by the naming convention, in `schema`; here is what the parts are.

use crate::rules::Rules;

impl Rules {
    /// The name of the table of a list: that of its root table, and the normalized keys that lead to it.
    pub(crate) fn table_name(&self, parts: &[Box<str>]) -> String {
        self.naming.shorten_fragments(parts.iter().map(AsRef::as_ref))
    }

    /// The name of a column: the normalized keys of the objects around it, and its own.
    pub(crate) fn column_name(&self, objects: &[Box<str>], key: &str) -> String {
        if objects.is_empty() {
            return key.to_owned();
        }
        self.naming.shorten_fragments(objects.iter().map(AsRef::as_ref).chain([key]))
    }
}
