//! Names of columns as keys.

use serde_json::Value;

/// Columns that make a key. One name alone and a list of one name are the same key, but a cursor tells rows at its
/// boundary apart by the value of the one and by a list of values of the other, as in dlt.
#[derive(Clone, Debug)]
pub struct KeyColumns(Value);

impl KeyColumns {
    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

impl From<&str> for KeyColumns {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl<const N: usize> From<[&str; N]> for KeyColumns {
    fn from(names: [&str; N]) -> Self {
        Self(names.into_iter().collect())
    }
}

impl From<&[&str]> for KeyColumns {
    fn from(names: &[&str]) -> Self {
        Self(names.iter().copied().collect())
    }
}

impl From<Vec<String>> for KeyColumns {
    fn from(names: Vec<String>) -> Self {
        Self(names.into_iter().collect())
    }
}
