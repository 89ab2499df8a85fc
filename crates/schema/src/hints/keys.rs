//! Lists of hints that may be written in more than one way.

use indexmap::IndexMap;
use serde::de::Error as _;
use serde_json::Value;

use crate::column::Column;

/// Names of key columns: one text, or a list of texts. An empty list removes the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyHint {
    names: Vec<String>,
    form: KeyForm,
}

/// How a key was written. It makes no difference to a table, but hashes of keys differ: those of a list are
/// hashes of a list of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyForm {
    /// A name by itself: `"id"`.
    Text,
    /// A list of names: `["id"]`.
    #[default]
    List,
}

impl KeyHint {
    /// The names in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How the key was written.
    pub fn form(&self) -> KeyForm {
        self.form
    }
}

impl<'de> serde::Deserialize<'de> for KeyHint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (names, form) = match Value::deserialize(deserializer)? {
            // Configuration files have no null: an empty text stands for it.
            Value::String(name) if name.is_empty() => (Vec::new(), KeyForm::Text),
            Value::String(name) => (vec![name], KeyForm::Text),
            Value::Array(names) => names
                .into_iter()
                .map(|name| match name {
                    Value::String(name) => Ok(name),
                    other => Err(D::Error::custom(format_args!("`{other}` is not the name of a column"))),
                })
                .collect::<Result<_, _>>()
                .map(|names| (names, KeyForm::List))?,
            other => {
                return Err(D::Error::custom(format_args!(
                    "`{other}` is neither a name nor a list of names"
                )));
            }
        };
        Ok(Self { names, form })
    }
}

impl serde::Serialize for KeyHint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.form, self.names.as_slice()) {
            (KeyForm::Text, [name]) => name.serialize(serializer),
            (KeyForm::Text, []) => "".serialize(serializer),
            _ => self.names.serialize(serializer),
        }
    }
}

/// Hints of columns by name: an object, or a list of columns that say their `name`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnHints(pub IndexMap<String, Column>);

impl<'de> serde::Deserialize<'de> for ColumnHints {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let columns: Vec<(Option<String>, Value)> = match Value::deserialize(deserializer)? {
            Value::Object(columns) => columns.into_iter().map(|(name, hints)| (Some(name), hints)).collect(),
            Value::Array(columns) => columns.into_iter().map(|hints| (None, hints)).collect(),
            _ => return Err(D::Error::custom("write hints by column name, or a list of columns")),
        };
        let mut read = IndexMap::with_capacity(columns.len());
        for (name, hints) in columns {
            let named = hints.get("name").and_then(Value::as_str).map(str::to_owned);
            let Some(name) = name.or(named) else { return Err(D::Error::custom("a column has no `name`")) };
            let Value::Object(hints) = hints else {
                return Err(D::Error::custom(format_args!(
                    "column `{name}` must have hints like `data_type`"
                )));
            };
            let column = Column::from_map(&name, hints)
                .map_err(|error| D::Error::custom(format_args!("column `{name}`: {error}")))?;
            read.insert(name, column);
        }
        Ok(Self(read))
    }
}

impl serde::Serialize for ColumnHints {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
