//! The environment as a tree: `SOURCES__SHOP__API_KEY` is `api_key` in `[sources.shop]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::node::{Node, Table, Value};
use crate::origin::{Layer, Origin, OriginPlace};
use crate::secret::is_secret_key;
use crate::set_layer::loose;

/// The variables that the lookup may see. Passed in, so that tests and embedding programs decide.
///
/// `Debug` shows names only, because any value may be a secret.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Variables without a section that dlt names and we add, and the pipeline keys they stand for.
const ALIASES: [(&str, &str); 4] = [
    ("PIPELINE_NAME", "name"),
    ("DESTINATION_TYPE", "destination"),
    ("DESTINATION_NAME", "destination"),
    ("PROGRESS", "progress"),
];

impl Environment {
    /// The variables of this process. Those that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// The value of a variable. An empty one counts as absent, as shells treat it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn layer(&self) -> Table {
        let mut tree = Table::new();
        // Sorted names put `A__B` before `A__B__C`, so that a whole value stands and its parts do not.
        for (name, value) in &self.0 {
            let path: Vec<String> = name.split("__").map(str::to_lowercase).collect();
            if path.iter().any(String::is_empty) || (path.len() == 1 && !may_stand_alone(&path[0])) {
                continue;
            }
            insert(&mut tree, &path, leaf(name, value));
        }
        for (name, key) in ALIASES {
            if let Some(value) = self.get(name) {
                insert(&mut tree, &["pipeline".into(), key.into()], leaf(name, value));
            }
        }
        tree
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// `PATH`, `USER` and the like belong to others; `DATASET_NAME` and `PASSWORD` can only be meant for us.
fn may_stand_alone(name: &str) -> bool {
    name.trim_matches('_').contains('_') || is_secret_key(name)
}

fn leaf(name: &str, value: &str) -> Node {
    let origin = Origin { layer: Layer::Environment, place: OriginPlace::Variable(Arc::from(name)) };
    let mut node = Node::new(loose(value, &origin), origin);
    node.relax();
    node
}

/// Puts a leaf at its path unless a complete value is on the way.
fn insert(tree: &mut Table, path: &[String], leaf: Node) {
    let (key, rest) = path.split_first().expect("paths of variables have at least one part");
    if rest.is_empty() {
        tree.entry(key.clone()).or_insert(leaf);
        return;
    }
    let origin = leaf.origin.clone();
    let node = tree
        .entry(key.clone())
        .or_insert_with(|| Node { lax: true, ..Node::new(Value::Table(Table::new()), origin) });
    if let Value::Table(below) = &mut node.value {
        insert(below, rest, leaf);
    }
}
