//! Deserializes nodes into serde types with errors that know the key and the place.
//!
//! Text of layers without types (environment, `--set`) becomes what the type asks for, never what it looks like; where
//! any type will do it is text unless nothing is lost. An empty text is `None` where the type is an `Option`, because TOML has no null.

use std::fmt::{self, Display};

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::node::{Node, Table, Value};
use crate::origin::{Layer, Origin};
use crate::secret::{is_placeholder, is_secret_key};
use crate::written::{STRUCTURE, Written};

/// An error on its way out of the tree; keys are added as it passes them.
#[derive(Debug)]
pub(crate) struct DeError {
    pub(crate) kind: Kind,
    /// Keys from the inside out.
    pub(crate) path: Vec<String>,
    pub(crate) place: Option<Origin>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    WrongType { found: String, wanted: String },
    UnknownKey { key: String, known: &'static [&'static str] },
    Missing { key: &'static str },
    Placeholder,
    Other(String),
}

impl From<Kind> for DeError {
    fn from(kind: Kind) -> Self {
        Self { kind, path: Vec::new(), place: None }
    }
}

impl DeError {
    /// Adds the key of the value. Below a secret key nothing of the value is kept.
    pub(crate) fn under(mut self, key: &str, node: &Node) -> Self {
        self.path.push(key.to_owned());
        self.place.get_or_insert_with(|| node.origin.clone());
        if is_secret_key(key) || node.origin.layer == Layer::Secrets {
            self.hide();
        }
        self
    }

    /// Keeps nothing of the value.
    pub(crate) fn hide(&mut self) {
        match &mut self.kind {
            Kind::WrongType { found, .. } => "something else".clone_into(found),
            Kind::Other(message) => "the value cannot be used".clone_into(message),
            _ => {}
        }
    }
}

impl Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for DeError {}

impl de::Error for DeError {
    fn custom<T: Display>(message: T) -> Self {
        Kind::Other(message.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Kind::WrongType { found: describe(&found), wanted: plain(&wanted.to_string()) }.into()
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::invalid_type(found, wanted)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let wanted = format!("one of {}", expected.join(", "));
        Kind::WrongType { found: format!("`{variant}`"), wanted }.into()
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Kind::UnknownKey { key: key.to_owned(), known }.into()
    }

    fn missing_field(key: &'static str) -> Self {
        Kind::Missing { key }.into()
    }
}

fn describe(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("{value}"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(text) => format!("the text \"{text}\""),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// Serde's words for Rust types, for readers who write TOML.
fn plain(wanted: &str) -> String {
    let plain = match wanted {
        "a nonzero u8" => "a whole number from 1 to 255",
        "u16" | "a nonzero u16" => "a whole number from 1 to 65535",
        "u8" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => "a whole number of 1 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string or map" | "a borrowed string" => "text",
        "a sequence" => "a list",
        "a map" => "a table",
        "path string" => "a path",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("variant ") || other.starts_with("enum ") => "text",
        other => other,
    };
    plain.to_owned()
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "t" | "y" | "1" => Some(true),
        "false" | "no" | "off" | "f" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// What text without a type is when no type is asked for: a number or a boolean only where it would be
/// printed as the same text again, so that nothing is lost should it be meant as text.
fn visit_guessed<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, DeError> {
    match text {
        "true" => return visitor.visit_bool(true),
        "false" => return visitor.visit_bool(false),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return visitor.visit_borrowed_str(text);
    }
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return visitor.visit_i64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if printed(number) == text => visitor.visit_f64(number),
        _ => visitor.visit_borrowed_str(text),
    }
}

/// A whole number as TOML has it: with underscores between digits, or to another base.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.replace('_', "");
    match digits.get(..2) {
        Some("0x") => i64::from_str_radix(&digits[2..], 16).ok(),
        Some("0o") => i64::from_str_radix(&digits[2..], 8).ok(),
        Some("0b") => i64::from_str_radix(&digits[2..], 2).ok(),
        _ => digits.parse().ok(),
    }
}

/// A number as JSON has it.
pub(crate) fn printed(number: f64) -> String {
    serde_json::Value::from(number).to_string()
}

fn visit_number<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, DeError> {
    let trimmed = text.trim();
    if let Some(number) = whole_number(trimmed) {
        visitor.visit_i64(number)
    } else if let Ok(number) = trimmed.parse::<u64>() {
        visitor.visit_u64(number)
    } else if let Ok(number) = trimmed.parse::<f64>() {
        visitor.visit_f64(number)
    } else {
        Err(de::Error::invalid_type(Unexpected::Str(text), &visitor))
    }
}

fn visit_value<'de, V: Visitor<'de>>(
    value: &'de Value,
    fields: Option<&'static [&'static str]>,
    visitor: V,
) -> Result<V::Value, DeError> {
    match value {
        Value::Bool(value) => visitor.visit_bool(*value),
        Value::Int(number) => visitor.visit_i64(*number),
        Value::Float(number) => visitor.visit_f64(*number),
        Value::Text(text) => visitor.visit_borrowed_str(text),
        Value::Written(value, _) => visit_value(value, fields, visitor),
        Value::Loose(_, Some(structured)) => visit_value(structured, fields, visitor),
        Value::Loose(text, None) => visit_guessed(text, visitor),
        Value::List(items) => visitor.visit_seq(List(items.iter().enumerate())),
        Value::Table(table) => visitor.visit_map(Entries::new(table, fields)),
    }
}

impl Node {
    pub(crate) fn checked(&self) -> Result<&Self, DeError> {
        match &self.value {
            Value::Text(text) | Value::Loose(text, _) if is_placeholder(text) => {
                Err(Kind::Placeholder.into())
            }
            _ => Ok(self),
        }
    }

    /// For who wants a list or a table, perhaps also a text: a text that is neither is text, whatever it looks like.
    fn visit_structure<'de, V: Visitor<'de>>(&'de self, visitor: V) -> Result<V::Value, DeError> {
        match &self.checked()?.value {
            Value::Loose(text, None) => visitor.visit_borrowed_str(text),
            value => visit_value(value, None, visitor),
        }
    }
}

macro_rules! numbers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            match &self.checked()?.value {
                Value::Loose(text, None) => visit_number(text, visitor),
                value => visit_value(value, None, visitor),
            }
        }
    )*};
}

macro_rules! texts {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            match self.checked()?.as_text() {
                Some(text) => visitor.visit_borrowed_str(text),
                None => visit_value(&self.value, None, visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = DeError;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visit_value(&self.checked()?.value, None, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match &self.checked()?.value {
            Value::Loose(text, None) => match boolean(text) {
                Some(value) => visitor.visit_bool(value),
                None => Err(de::Error::invalid_type(Unexpected::Str(text), &visitor)),
            },
            value => visit_value(value, None, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.as_text() {
            Some("") => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match name {
            Written::NAME => {}
            STRUCTURE => return self.visit_structure(visitor),
            _ => return visitor.visit_newtype_struct(self),
        }
        match &self.checked()?.value {
            Value::Text(text) | Value::Loose(text, _) | Value::Written(_, text) => {
                visitor.visit_borrowed_str(text)
            }
            value => visit_value(value, None, visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.visit_structure(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.visit_structure(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match &self.checked()?.value {
            Value::Text(text) | Value::Loose(text, None) => {
                Err(de::Error::invalid_type(Unexpected::Str(text), &visitor))
            }
            value => visit_value(value, Some(fields), visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match &self.checked()?.value {
            Value::Text(text) | Value::Loose(text, None) => {
                visitor.visit_enum(BorrowedStrDeserializer::new(text))
            }
            Value::Table(table) => visitor.visit_enum(MapAccessDeserializer::new(Entries::new(table, None))),
            _ => Err(Kind::WrongType { found: self.kind().to_owned(), wanted: "text".to_owned() }.into()),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { unit unit_struct tuple tuple_struct }
}

struct List<'de>(std::iter::Enumerate<std::slice::Iter<'de, Node>>);

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        let Some((index, node)) = self.0.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|error| error.under(&index.to_string(), node))
    }
}

/// The entries of a table; for a struct without the lax ones that it does not know.
struct Entries<'de> {
    rest: indexmap::map::Iter<'de, String, Node>,
    fields: Option<&'static [&'static str]>,
    current: Option<(&'de str, &'de Node)>,
}

impl<'de> Entries<'de> {
    fn new(table: &'de Table, fields: Option<&'static [&'static str]>) -> Self {
        Self { rest: table.iter(), fields, current: None }
    }

    /// Whether a struct does not see this: it is meant for others, or an empty text without a type, which is none.
    fn is_passed_over(&self, key: &str, node: &Node) -> bool {
        let is_empty = matches!(&node.value, Value::Loose(text, _) if text.is_empty());
        self.fields.is_some_and(|fields| if fields.contains(&key) { is_empty } else { node.lax })
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DeError> {
        while let Some((key, node)) = self.rest.next() {
            if self.is_passed_over(key, node) {
                continue;
            }
            self.current = Some((key, node));
            let read = seed.deserialize(BorrowedStrDeserializer::new(key));
            return read.map(Some).map_err(|mut error: DeError| {
                error.place = Some(node.origin.clone());
                error
            });
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let (key, node) = self.current.take().expect("a value is asked for after its key");
        seed.deserialize(node).map_err(|error| error.under(key, node))
    }
}
