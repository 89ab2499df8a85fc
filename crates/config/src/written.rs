//! Values that end as text, such as parameters of addresses and headers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A text, or what becomes one: numbers, booleans and dates are the text that is in the file, so that `1.10`
/// stays `1.10`. Lists have such values too, tables in them and tables below are JSON with its types.
///
/// From the environment and `--set` it is always a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written(pub Value);

impl Written {
    /// The text; lists and tables as JSON.
    pub fn into_text(self) -> String {
        match self.0 {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// By this name a [`Section`](crate::Section) knows what is asked for.
    pub(crate) const NAME: &'static str = "cartage_config::Written";
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(Self::NAME, WrittenVisitor)
    }
}

/// Reads a key that is a text, or else a list or a table. A text without a type is one of these if it is that in JSON or
/// TOML; else it is a text, whatever it looks like.
///
/// # Errors
/// Those of the visitor, which need not know numbers.
pub fn text_or_structure<'de, D, V>(deserializer: D, visitor: V) -> Result<V::Value, D::Error>
where
    D: Deserializer<'de>,
    V: Visitor<'de>,
{
    deserializer.deserialize_newtype_struct(STRUCTURE, Structure(visitor))
}

pub(crate) const STRUCTURE: &str = "cartage_config::text_or_structure";

struct Structure<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Structure<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.0.visit_str(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(map)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a boolean, a list or a table")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written(text.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Written, E> {
        Ok(Written(Value::Null))
    }

    fn visit_bool<E: Error>(self, boolean: bool) -> Result<Written, E> {
        Ok(Written(boolean.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Written, E> {
        Ok(Written(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Written, E> {
        Ok(Written(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Written, E> {
        Ok(Written(number.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let mut items = Vec::new();
        while let Some(Written(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Written(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut entries = Map::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            entries.insert(key, value);
        }
        Ok(Written(Value::Object(entries)))
    }
}
