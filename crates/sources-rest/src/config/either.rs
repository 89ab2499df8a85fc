//! Values that are a text or a table.

use std::fmt;
use std::marker::PhantomData;

use cartage_config::{Written, text_or_structure};
use indexmap::IndexMap;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What a bare text stands for.
pub(crate) trait FromText {
    fn from_text(text: &str) -> Self;
}

/// Reads a text or a table; an empty text is nothing.
pub(crate) fn text_or_table<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + FromText,
{
    text_or_structure(deserializer, Either(PhantomData))
}

/// A table whose values become text, and are as they are written.
pub(crate) fn as_written<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<String, Value>, D::Error> {
    let entries = IndexMap::<String, Written>::deserialize(deserializer)?;
    Ok(entries.into_iter().map(|(key, Written(value))| (key, value)).collect())
}

/// The fields of a form, as [`as_written`].
pub(crate) fn form<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    let entries = Option::<IndexMap<String, Written>>::deserialize(deserializer)?;
    Ok(entries.map(|entries| entries.into_iter().map(|(key, Written(value))| (key, value)).collect()))
}

/// A body that is a text or the fields of a form; an empty text is nothing.
pub(crate) fn form_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    struct Fields(Map<String, Value>);
    impl<'de> Deserialize<'de> for Fields {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            as_written(deserializer).map(|fields| Self(fields.into_iter().collect()))
        }
    }
    enum Body {
        Text(String),
        Form(Fields),
    }
    impl FromText for Body {
        fn from_text(text: &str) -> Self {
            Self::Text(text.to_owned())
        }
    }
    impl<'de> Deserialize<'de> for Body {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Fields::deserialize(deserializer).map(Self::Form)
        }
    }
    Ok(text_or_table::<D, Body>(deserializer)?.map(|body| match body {
        Body::Text(text) => Value::String(text),
        Body::Form(Fields(fields)) => Value::Object(fields),
    }))
}

/// A key that may be set to nothing with `""`, which is not the same as a key that is not there.
#[derive(Clone, Debug, Default)]
pub(crate) enum Given<T> {
    #[default]
    Absent,
    Nothing,
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Nothing, Self::Value))
    }
}

struct Either<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + FromText> Visitor<'de> for Either<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a table")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((!text.is_empty()).then(|| T::from_text(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}
