//! `[sources.<name>]`: a name, a type, a table for the crate that implements the type, and its resources.

use std::sync::Arc;

use crate::error::ConfigError;
use crate::node::{Node, Table, Value, lay_over};
use crate::origin::Origin;
use crate::section::{Section, Shared};

/// A source with its resources in the order of the file.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// The name, which is that of its schema, too.
    pub name: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// The type: `files`, `rest_api`, ...
    pub kind: String,
    /// The table without `type`, `resources`, the settings of stages and the tables of resources.
    pub section: Section,
    /// The resources of the source, in the order of the file.
    pub resources: Vec<ResourceSection>,
}

/// One resource of a source.
#[derive(Clone, Debug)]
pub struct ResourceSection {
    /// Name of the resource, unique in its source.
    pub name: String,
    /// The table without `name`; empty where the list holds only the name.
    pub section: Section,
    /// Where the resource is defined.
    pub origin: Origin,
}

/// Splits the list of resources; `overrides` returns what other layers say about a resource.
pub(crate) fn resources_of(
    source: &str,
    list: Option<&Node>,
    overrides: impl Fn(&str) -> Table,
    shared: &Arc<Shared>,
) -> Result<Vec<ResourceSection>, ConfigError> {
    let mut out: Vec<ResourceSection> = Vec::new();
    for (index, node) in items(source, list)?.iter().enumerate() {
        let (name, mut table) = named(source, index, node)?;
        if out.iter().any(|earlier| earlier.name == name) {
            return Err(ConfigError::DuplicateResource {
                source_name: source.to_owned(),
                name,
                place: node.origin.clone(),
            });
        }
        lay_over(&mut table, overrides(&name));
        let section = Section::of(format!("sources.{source}.{name}"), table, Arc::clone(shared));
        out.push(ResourceSection { name, section, origin: node.origin.clone() });
    }
    Ok(out)
}

fn items<'a>(source: &str, list: Option<&'a Node>) -> Result<&'a [Node], ConfigError> {
    let Some(node) = list else { return Ok(&[]) };
    let value = match &node.value {
        Value::Loose(_, Some(structured)) => structured,
        value => value,
    };
    match value {
        Value::List(items) => Ok(items),
        _ => Err(ConfigError::WrongType {
            key: format!("sources.{source}.resources"),
            found: node.kind().to_owned(),
            wanted: format!("a list of tables (one resource is sources.{source}.<resource>)"),
            place: Some(node.origin.clone()),
        }),
    }
}

fn named(source: &str, index: usize, node: &Node) -> Result<(String, Table), ConfigError> {
    let key = format!("sources.{source}.resources.{index}");
    let wrong = |key: String, node: &Node, wanted: &str| ConfigError::WrongType {
        key,
        found: node.kind().to_owned(),
        wanted: wanted.to_owned(),
        place: Some(node.origin.clone()),
    };
    if let Some(name) = node.as_text() {
        return Ok((name.to_owned(), Table::new()));
    }
    let mut table = node.as_table().ok_or_else(|| wrong(key.clone(), node, "a table or a name"))?.clone();
    let name = table.shift_remove("name").ok_or_else(|| ConfigError::Invalid {
        key: key.clone(),
        message: "a resource needs a `name`".to_owned(),
        place: Some(node.origin.clone()),
    })?;
    match name.as_text() {
        Some("") => Err(wrong(format!("{key}.name"), &name, "a name that is not empty")),
        Some(text) => Ok((text.to_owned(), table)),
        None => Err(wrong(format!("{key}.name"), &name, "text")),
    }
}
