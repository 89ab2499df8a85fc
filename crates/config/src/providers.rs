//! Reads the layers from their files, the environment and the options, and checks the names at their top.

use std::path::Path;

use crate::env_layer::Environment;
use crate::error::{ConfigError, nearest};
use crate::layers::{Layers, Provider, TOP};
use crate::node::{Node, table_at};
use crate::origin::Layer;
use crate::section::Shared;
use crate::{set_layer, toml_layer};

/// Reads all layers, the weakest first.
pub(crate) fn providers(
    shared: &Shared,
    text: Option<String>,
    sets: &[String],
    given: &[(String, serde_json::Value)],
    environment: &Environment,
) -> Result<Vec<Provider>, ConfigError> {
    let text = match text {
        Some(text) => text,
        None => read(&shared.file)?.ok_or_else(|| ConfigError::NoFile { path: shared.file.clone() })?,
    };
    let file = toml_layer::read(&text, &shared.file, Layer::File)?;
    let mut providers = vec![Provider { layer: Layer::File, tree: file, shared: false }];
    for (layer, name) in [(Layer::Config, "config.toml"), (Layer::Secrets, "secrets.toml")] {
        for (folder, foreign) in [(".dlt", true), (".cartage", false)] {
            let path = shared.base_dir.join(folder).join(name);
            if let Some(text) = read(&path)? {
                providers.push(Provider {
                    layer,
                    tree: toml_layer::read(&text, &path, layer)?,
                    shared: foreign,
                });
            }
        }
    }
    providers.push(Provider { layer: Layer::Environment, tree: environment.layer(), shared: true });
    providers.push(Provider { layer: Layer::Set, tree: set_layer::read(sets)?, shared: false });
    if !given.is_empty() {
        providers.push(Provider { layer: Layer::Set, tree: set_layer::read_given(given)?, shared: false });
    }
    Ok(providers)
}

fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

/// Checks the names at the top of the file and of `--set`, and that destinations and sources are tables.
pub(crate) fn check_names(layers: &Layers) -> Result<(), ConfigError> {
    for provider in layers.provider(Layer::File).chain(layers.provider(Layer::Set)) {
        for (key, node) in &provider.tree {
            if !TOP.contains(&key.as_str()) {
                return Err(ConfigError::UnknownKey {
                    key: key.clone(),
                    nearest: nearest(key, TOP),
                    known: TOP.iter().map(|name| (*name).to_owned()).collect(),
                    place: node.origin.clone(),
                });
            }
            let table = node.as_table().ok_or_else(|| not_a_table(key, node))?;
            if matches!(key.as_str(), "destination" | "sources") {
                for (name, below) in table {
                    below.as_table().ok_or_else(|| not_a_table(&format!("{key}.{name}"), below))?;
                }
            }
        }
    }
    Ok(())
}

fn not_a_table(key: &str, node: &Node) -> ConfigError {
    ConfigError::WrongType {
        key: key.to_owned(),
        found: node.kind().to_owned(),
        wanted: format!("a table: [{key}]"),
        place: Some(node.origin.clone()),
    }
}

/// The name of the pipeline, which is itself part of the lookup.
pub(crate) fn name_of(layers: &Layers) -> Option<String> {
    let path = ["pipeline".to_owned()];
    let in_layer =
        |provider: &Provider| Some(table_at(&provider.tree, &path)?.get("name")?.as_text()?.to_owned());
    layers.providers.iter().rev().find_map(in_layer)
}
