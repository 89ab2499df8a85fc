//! A table with all layers laid over one another, for its owner to parse.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use crate::de::{DeError, Kind};
use crate::error::{ConfigError, nearest};
use crate::node::{Node, Table, Value};
use crate::origin::{Layer, Origin, OriginPlace};
use crate::secret::is_secret_key;
use crate::trace::Recorder;

/// What all sections of a configuration share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) file: PathBuf,
    pub(crate) base_dir: PathBuf,
    pub(crate) recorder: Recorder,
}

/// The resolved table of one destination, source, resource or stage.
///
/// `Debug` shows the names of the keys only, because values may be secrets.
#[derive(Clone)]
pub struct Section {
    path: String,
    root: Arc<Node>,
    /// Keys that belong to another part of the same table: known, but not here.
    elsewhere: Vec<String>,
    shared: Arc<Shared>,
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("path", &self.path)
            .field("keys", &self.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Section {
    pub(crate) fn of(path: String, table: Table, shared: Arc<Shared>) -> Self {
        let place = OriginPlace::File { path: Arc::from(shared.file.as_path()), line: 1, column: 1 };
        Self::of_node(path, Node::new(Value::Table(table), Origin { layer: Layer::File, place }), shared)
    }

    pub(crate) fn of_node(path: String, root: Node, shared: Arc<Shared>) -> Self {
        Self { path, root: Arc::new(root), elsewhere: Vec::new(), shared }
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn record(&self, key: &str, node: &Node) {
        self.shared.recorder.record(&self.full(key), node);
    }

    pub(crate) fn table(&self) -> &Table {
        self.root.as_table().expect("a section is made of a table")
    }

    /// The dotted name of the table, such as `destination.duckdb`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The folder that relative paths in this table start from: that of the pipeline file.
    pub fn base_dir(&self) -> &Path {
        &self.shared.base_dir
    }

    /// The keys that are set here (not those that may only be meant for others), in file order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.table().iter().filter(|(_, node)| !node.lax).map(|(key, _)| key.as_str())
    }

    /// This table under another name.
    #[must_use]
    pub fn named(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Where the value of a key comes from; below a table that is one text, where that comes from.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        let mut keys = key.split('.');
        let mut node = self.table().get(keys.next()?)?;
        for key in keys {
            let Some(below) = node.as_table().and_then(|table| table.get(key)) else { break };
            node = below;
        }
        Some(&node.origin)
    }

    /// This table with only the given keys, for owners who read it in two parts.
    #[must_use]
    pub fn only(&self, keys: &[&str]) -> Self {
        self.part(|key| keys.contains(&key), Vec::new())
    }

    /// This table without the given keys, which another part knows.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        let elsewhere = self.elsewhere.iter().map(String::as_str).chain(keys.iter().copied());
        self.part(|key| !keys.contains(&key), elsewhere.map(str::to_owned).collect())
    }

    pub(crate) fn part(&self, keep: impl Fn(&str) -> bool, elsewhere: Vec<String>) -> Self {
        let table = self.table().iter().filter(|(key, _)| keep(key));
        let table = table.map(|(key, node)| (key.clone(), node.clone())).collect();
        Self { elsewhere, ..self.with_table(table) }
    }

    fn with_table(&self, table: Table) -> Self {
        let root = Node::new(Value::Table(table), self.root.origin.clone());
        Self { root: Arc::new(root), ..self.clone() }
    }

    /// The table under `key`, as a section of its own.
    #[must_use]
    pub fn table_at(&self, key: &str) -> Option<Self> {
        let table = self.table().get(key)?.as_table()?.clone();
        Some(Self::of(self.full(key), table, Arc::clone(&self.shared)))
    }

    /// The same; where there is no such table, an empty one.
    #[must_use]
    pub fn table_or_empty(&self, key: &str) -> Self {
        self.table_at(key).unwrap_or_else(|| Self::of(self.full(key), Table::new(), Arc::clone(&self.shared)))
    }

    /// This table with a text under `key` written out as a table that has the text under `inner`.
    #[must_use]
    pub fn spell_out(&self, key: &str, inner: &str) -> Self {
        let spelled: Result<Self, Infallible> =
            self.spell_out_with(key, |text| Ok(vec![(inner.to_owned(), text.to_owned())]));
        spelled.unwrap_or_else(|never| match never {})
    }

    /// This table with a text under `key` written out as the table that `spell` makes of it. A text without a type that
    /// is a table in JSON or TOML is that table.
    ///
    /// # Errors
    /// Those of `spell`.
    pub fn spell_out_with<E>(
        &self,
        key: &str,
        spell: impl FnOnce(&str) -> Result<Vec<(String, String)>, E>,
    ) -> Result<Self, E> {
        let mut table = self.table().clone();
        if let Some(node) = table.get_mut(key) {
            let inner = |(key, text)| (key, Node { value: Value::Loose(text, None), ..node.clone() });
            let spelled = match (node.structure(), node.as_text()) {
                (Some(Value::Table(table)), _) => table.clone(),
                (_, Some(text)) if !text.is_empty() => spell(text)?.into_iter().map(inner).collect(),
                _ => return Ok(self.clone()),
            };
            node.value = Value::Table(spelled);
        }
        Ok(self.with_table(table))
    }

    /// This table with a text under `inner` of the table under `key` written out as the table that `spell` makes of it.
    ///
    /// # Errors
    /// Those of `spell`.
    pub fn spell_out_below<E>(
        &self,
        key: &str,
        inner: &str,
        spell: impl FnOnce(&str) -> Result<Vec<(String, String)>, E>,
    ) -> Result<Self, E> {
        let Some(below) = self.table_at(key) else { return Ok(self.clone()) };
        let spelled = below.spell_out_with(inner, spell)?;
        let mut table = self.table().clone();
        if let Some(node) = table.get_mut(key) {
            node.value = Value::Table(spelled.table().clone());
        }
        Ok(self.with_table(table))
    }

    /// This table with the table under `inner` of the one under `key` moved there, below what is there.
    #[must_use]
    pub fn lift(&self, key: &str, inner: &str) -> Self {
        let mut table = self.table().clone();
        if let Some(Value::Table(outer)) = table.get_mut(key).map(|node| &mut node.value)
            && let Some(Value::Table(lifted)) = outer.get(inner).and_then(Node::structure).cloned()
        {
            outer.shift_remove(inner);
            for (key, node) in lifted {
                outer.entry(key).or_insert(node);
            }
        }
        self.with_table(table)
    }

    /// This table over the defaults in `base`. What is a table in both is taken from here as a whole, except
    /// at the dotted paths that `deep` names, where it is laid over the other key by key.
    #[must_use]
    pub fn over(&self, base: &Self, deep: impl Fn(&str) -> bool) -> Self {
        self.with_table(laid_over(self.table(), base.table(), "", &deep))
    }

    /// Reads the table into a type. Derive `Deserialize` with `deny_unknown_fields` and defaults.
    ///
    /// # Errors
    /// Unknown keys, values of the wrong type, missing values and placeholders, each with its place.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        T::deserialize(Root(self)).map_err(|error| self.explain(error))
    }

    /// The value of one key; `None` where it is not set.
    pub(crate) fn value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        let Some(node) = self.table().get(key) else { return Ok(None) };
        self.record(key, node);
        T::deserialize(node).map(Some).map_err(|error| self.explain(error.under(key, node)))
    }

    /// An error of the owner about the value of `key`, such as a pattern that is none.
    pub fn invalid(&self, key: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::Invalid {
            key: self.full(key),
            message: message.into(),
            place: self.origin(key).cloned(),
        }
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn explain(&self, mut error: DeError) -> ConfigError {
        if self.path.split('.').any(is_secret_key) {
            error.hide();
        }
        let mut keys: Vec<String> = error.path.into_iter().rev().collect();
        let place = error.place;
        let key =
            |keys: &[String]| if keys.is_empty() { self.path.clone() } else { self.full(&keys.join(".")) };
        match error.kind {
            Kind::WrongType { found, wanted } => {
                ConfigError::WrongType { key: key(&keys), found, wanted, place }
            }
            Kind::Other(message) => ConfigError::Invalid { key: key(&keys), message, place },
            Kind::Placeholder => ConfigError::Placeholder {
                key: key(&keys),
                place: place.unwrap_or_else(|| self.root.origin.clone()),
            },
            Kind::Missing { key: missing } => {
                keys.push(missing.to_owned());
                ConfigError::Missing { key: key(&keys), file: self.shared.file.display().to_string() }
            }
            Kind::UnknownKey { key: unknown, known } => {
                let top = keys.is_empty();
                let elsewhere = self.elsewhere.iter().filter(|_| top).map(String::as_str);
                let known: Vec<String> = known.iter().copied().chain(elsewhere).map(str::to_owned).collect();
                let nearest = nearest(&unknown, known.iter().map(String::as_str));
                keys.push(unknown);
                let place = place.unwrap_or_else(|| self.root.origin.clone());
                ConfigError::UnknownKey { key: key(&keys), nearest, known, place }
            }
        }
    }
}

fn laid_over(upper: &Table, base: &Table, path: &str, deep: &impl Fn(&str) -> bool) -> Table {
    let mut out = base.clone();
    for (key, node) in upper {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let mut node = node.clone();
        if let (Some(above), Some(below)) = (node.as_table(), base.get(key).and_then(Node::as_table))
            && deep(&path)
        {
            node.value = Value::Table(laid_over(above, below, &path, deep));
        }
        out.insert(key.clone(), node);
    }
    out
}

/// The table of a section; notes for the trace which of its values a struct takes.
struct Root<'a>(&'a Section);

impl<'de> Deserializer<'de> for Root<'de> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.0.root.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        for (key, node) in self.0.table().iter().filter(|(key, _)| fields.contains(&key.as_str())) {
            self.0.record(key, node);
        }
        self.0.root.deserialize_struct(name, fields, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
