//! The tree of values that every layer is read into, and how one layer lies over another.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::origin::Origin;

/// The key of credentials, and the one in them that a connection string has.
const CREDENTIALS: &str = "credentials";
const ADDRESS: &str = "url";

/// Keys in the order of the file.
pub(crate) type Table = IndexMap<String, Node>;

/// A value with the place it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// A key that may be meant for another program (the environment, settings shared by several
    /// pipelines): it is used where it is known and passed over where it is not.
    pub(crate) lax: bool,
    /// A key of a more general table than the one that was asked for. Implies lax.
    pub(crate) general: bool,
}

/// What a value is. It has no derived `Debug`, because any value may be a secret.
#[derive(Clone)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A number or a date of a file whose text is not the one that it would be printed as, with that text.
    Written(Box<Value>, String),
    /// Text of a layer without types: what it is depends on who asks. Lists and tables are read ahead.
    Loose(String, Option<Box<Value>>),
    List(Vec<Node>),
    Table(Table),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(table) => table.fmt(f),
            Self::List(items) => items.fmt(f),
            _ => f.write_str("value"),
        }
    }
}

impl Node {
    pub(crate) fn new(value: Value, origin: Origin) -> Self {
        Self { value, origin, lax: false, general: false }
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Loose(text, _) => Some(text),
            Value::Written(value, text) if matches!(**value, Value::Text(_)) => Some(text),
            _ => None,
        }
    }

    /// The value, a text without a type as what it is in JSON or TOML.
    pub(crate) fn structure(&self) -> Option<&Value> {
        match &self.value {
            Value::Loose(_, structured) => structured.as_deref(),
            value => Some(value),
        }
    }

    /// The kind of value in the words of the error messages.
    pub(crate) fn kind(&self) -> &'static str {
        self.value.kind()
    }
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Value::Written(value, _) => value.kind(),
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) | Value::Loose(..) => "text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    /// Marks this node and everything below it as lax.
    pub(crate) fn relax(&mut self) {
        self.lax = true;
        match &mut self.value {
            Value::Table(table) => table.values_mut().for_each(Node::relax),
            Value::List(list) => list.iter_mut().for_each(Node::relax),
            _ => {}
        }
    }

    pub(crate) fn relaxed(&self) -> Self {
        let mut copy = self.clone();
        copy.relax();
        copy
    }
}

/// The table at `path`, if there is one.
pub(crate) fn table_at<'a>(mut table: &'a Table, path: &[String]) -> Option<&'a Table> {
    for key in path {
        table = table.get(key)?.as_table()?;
    }
    Some(table)
}

/// Lays `upper` over `base`: tables key by key, anything else as a whole. Keys keep the position that
/// they have in `base`, so that an override does not change the order of columns.
pub(crate) fn lay_over(base: &mut Table, upper: Table) {
    for (key, node) in upper {
        match base.entry(key) {
            Entry::Vacant(free) => {
                free.insert(node);
            }
            Entry::Occupied(mut taken) => {
                let node = if taken.key() == CREDENTIALS { with_address(node, taken.get()) } else { node };
                lay_node_over(taken.get_mut(), node);
            }
        }
    }
}

/// Credentials that are a connection string in one layer and single keys, such as the password, in one above it: the
/// string becomes the key `url` of them.
fn with_address(mut upper: Node, lower: &Node) -> Node {
    let is_address = lower.as_text().is_some_and(|text| text.contains("://"));
    if let (Value::Table(keys), true) = (&mut upper.value, is_address) {
        keys.entry(ADDRESS.to_owned()).or_insert_with(|| lower.clone());
    }
    upper
}

fn lay_node_over(base: &mut Node, mut upper: Node) {
    if let (Value::Table(below), Value::Table(_)) = (&mut base.value, &upper.value) {
        if let Value::Table(above) = upper.value {
            lay_over(below, above);
        }
        base.lax &= upper.lax;
        base.general &= upper.general;
        return;
    }
    // A key that must be known stays one, whichever layer overrides its value.
    upper.lax &= base.lax;
    upper.general &= base.general;
    *base = upper;
}
