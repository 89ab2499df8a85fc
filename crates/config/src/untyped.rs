//! Tables for owners with types of their own for everything, who have no use for the types of TOML.

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Map;

use crate::de::{DeError, Kind, printed};
use crate::error::ConfigError;
use crate::node::{Node, Value};
use crate::origin::{Layer, Origin, OriginPlace};
use crate::section::{Section, Shared};
use crate::set_layer::{from_json, loose};
use crate::trace::Recorder;

impl Section {
    /// A table that a program has made, untyped as in [`Section::untyped`]. Errors cannot say more of its place.
    pub fn new(values: Map<String, serde_json::Value>) -> Self {
        let origin = Origin { layer: Layer::Set, place: OriginPlace::Given };
        let root = Node::new(from_json(values.into(), &origin), origin).untyped();
        let (file, base_dir) = (PathBuf::new(), PathBuf::new());
        let shared = Arc::new(Shared { file, base_dir, recorder: Recorder::default() });
        Self::of_node(String::new(), root, shared)
    }

    /// This table for an owner with types of its own for everything, who does not share it: what is a number or a
    /// boolean here may be a text and the other way round, and whatever no type knows is refused. Of more general
    /// tables it has only the keys in `known`.
    ///
    /// # Errors
    /// A placeholder that was left in the table.
    pub fn untyped(&self, known: &[&str]) -> Result<Self, ConfigError> {
        let part = self.part(|key| !self.table()[key].general || known.contains(&key), Vec::new());
        for (key, node) in part.table() {
            self.record(key, node);
            node.check_all().map_err(|error| self.explain(error.under(key, node)))?;
        }
        // What is spelled out for the owner is not what was written: the trace has it already.
        let Shared { file, base_dir, .. } = self.shared();
        let shared = Shared { file: file.clone(), base_dir: base_dir.clone(), recorder: Recorder::default() };
        Ok(Self::of_node(self.path().to_owned(), part.root().untyped(), Arc::new(shared)))
    }

    /// Reads the keys that `T` has, and leaves the others for other types, which know of these.
    ///
    /// # Errors
    /// As for [`Section::parse`]. What `T` has not is none.
    pub fn split<T: DeserializeOwned>(&self) -> Result<(T, Self), ConfigError> {
        let keys = keys_of::<T>();
        Ok((self.only(keys).parse()?, self.without(keys)))
    }
}

impl Node {
    /// Looks for placeholders of templates.
    fn check_all(&self) -> Result<(), DeError> {
        let check = |key: &str, node: &Self| node.check_all().map_err(|error| error.under(key, node));
        match &self.checked()?.value {
            Value::List(items) => {
                items.iter().enumerate().try_for_each(|(nth, item)| check(&nth.to_string(), item))
            }
            Value::Table(table) => table.iter().try_for_each(|(key, node)| check(key, node)),
            _ => Ok(()),
        }
    }

    /// The same with everything but lists and tables as text without a type, as it is written. Nothing in it is meant
    /// for others.
    fn untyped(&self) -> Self {
        let value = match &self.value {
            Value::Bool(boolean) => self.loose(&boolean.to_string()),
            Value::Int(number) => self.loose(&number.to_string()),
            Value::Float(number) => self.loose(&printed(*number)),
            Value::Text(text) | Value::Loose(text, _) | Value::Written(_, text) => self.loose(text),
            Value::List(items) => Value::List(items.iter().map(Self::untyped).collect()),
            Value::Table(table) => {
                Value::Table(table.iter().map(|(key, node)| (key.clone(), node.untyped())).collect())
            }
        };
        Self::new(value, self.origin.clone())
    }

    fn loose(&self, text: &str) -> Value {
        match loose(text, &self.origin) {
            Value::Loose(text, Some(structured)) => {
                let structured = Self::new(*structured, self.origin.clone()).untyped();
                Value::Loose(text, Some(Box::new(structured.value)))
            }
            value => value,
        }
    }
}

/// The keys of a struct that derives `Deserialize`.
pub fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(KeysOf).err().map(|error| error.kind) {
        Some(Kind::UnknownKey { known, .. }) => known,
        _ => &[],
    }
}

/// Answers whatever a type asks for with an error that has its keys.
struct KeysOf;

impl<'de> Deserializer<'de> for KeysOf {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DeError> {
        Err(serde::de::Error::unknown_field("", &[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, DeError> {
        Err(serde::de::Error::unknown_field("", fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
