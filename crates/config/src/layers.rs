//! The layers and the order in which they are asked: dlt's lookup, specific to general.

use crate::node::{Node, Table, Value, lay_over, table_at};
use crate::origin::Layer;
use crate::variable_names::spelled;

/// The names that are allowed at the top of a file.
pub(crate) const TOP: [&str; 8] =
    ["pipeline", "destination", "sources", "extract", "normalize", "load", "data_writer", "runtime"];

/// One layer of the configuration, as it was read.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) layer: Layer,
    pub(crate) tree: Table,
    /// Shared with others (environment, `.dlt/`): unknown keys in it are not ours to judge.
    pub(crate) shared: bool,
}

impl Provider {
    /// The pipeline file and the command line say exactly what they mean; the others are asked for
    /// more general keys, too.
    fn only_exact(&self) -> bool {
        matches!(self.layer, Layer::File | Layer::Set)
    }

    fn at(&self, path: &[String]) -> Option<&Table> {
        if self.layer == Layer::Environment {
            let path: Vec<String> = path.iter().map(|part| spelled(part)).collect();
            return table_at(&self.tree, &path);
        }
        table_at(&self.tree, path)
    }
}

/// All layers, the weakest first, and the name of the pipeline where it is known.
#[derive(Debug)]
pub(crate) struct Layers {
    pub(crate) providers: Vec<Provider>,
    pub(crate) pipeline: Option<String>,
}

/// One table to look into.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) path: Vec<String>,
    /// More general than what was asked for: only keys that the asker knows are taken from it.
    pub(crate) general: bool,
}

impl Candidate {
    pub(crate) fn exact(path: &[&str]) -> Self {
        Self { path: path.iter().map(|part| (*part).to_owned()).collect(), general: false }
    }

    pub(crate) fn general(path: &[&str]) -> Self {
        Self { general: true, ..Self::exact(path) }
    }
}

impl Layers {
    pub(crate) fn provider(&self, layer: Layer) -> impl Iterator<Item = &Provider> {
        self.providers.iter().filter(move |provider| provider.layer == layer)
    }

    /// Lays the candidates of all layers over one another. `candidates` go from special to general;
    /// `foreign` names tables of other programs wherever they are in a general place.
    pub(crate) fn resolve(&self, candidates: &[Candidate], foreign: &[&str]) -> Table {
        let mut out = Table::new();
        let prefixes = [None, self.pipeline.as_ref()];
        for (nth, prefix) in prefixes.into_iter().enumerate() {
            if nth == 1 && prefix.is_none() {
                continue;
            }
            for provider in &self.providers {
                let last = provider.layer == Layer::Set;
                if prefix.is_some() && provider.only_exact() || prefix.is_none() && last {
                    continue;
                }
                self.lay_provider(&mut out, provider, prefix, candidates, foreign);
            }
        }
        for provider in self.provider(Layer::Set) {
            self.lay_provider(&mut out, provider, None, candidates, foreign);
        }
        out
    }

    fn lay_provider(
        &self,
        out: &mut Table,
        provider: &Provider,
        prefix: Option<&String>,
        candidates: &[Candidate],
        foreign: &[&str],
    ) {
        for candidate in candidates.iter().rev() {
            if candidate.general && provider.only_exact() {
                continue;
            }
            let path: Vec<String> = prefix.into_iter().chain(&candidate.path).cloned().collect();
            let Some(found) = provider.at(&path) else { continue };
            let lax = candidate.general || provider.shared || prefix.is_some();
            lay_over(out, taken(found, candidate, foreign, self.pipeline.as_deref(), lax));
        }
    }
}

/// What a candidate gives: at a general place without the tables of others.
fn taken(found: &Table, candidate: &Candidate, foreign: &[&str], pipeline: Option<&str>, lax: bool) -> Table {
    let of_others = |key: &str, node: &Node| {
        let table = matches!(node.value, Value::Table(_));
        let top =
            candidate.path.is_empty() && (TOP.contains(&key) || key == "pipelines" || Some(key) == pipeline);
        candidate.general && table && (foreign.contains(&key) || top)
    };
    let kept = found.iter().filter(|(key, node)| !of_others(key, node));
    let copy = |node: &Node| {
        let mut copy = if lax { node.relaxed() } else { node.clone() };
        copy.general = candidate.general;
        copy
    };
    kept.map(|(key, node)| (key.clone(), copy(node))).collect()
}
