//! From names and patterns to inputs.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartage_source_api::SourceError;

use crate::found::{Found, Place};
use crate::local;
use crate::remote::{Clients, is_remote};

/// What a list of names and patterns stands for.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) inputs: Vec<Found>,
    /// Entries of the list that stand for nothing.
    pub(crate) unmatched: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Finds the inputs in the order of the list; those of one pattern are sorted by name. One that several entries stand
/// for is read once. A name that is not there is an error unless `may_be_missing`.
pub(crate) fn find(
    paths: &[String],
    base_dir: &Path,
    may_be_missing: bool,
    clients: &mut Clients,
) -> Result<Findings, SourceError> {
    let remote: Vec<&str> = paths.iter().map(String::as_str).filter(|path| is_remote(path)).collect();
    let objects = if remote.is_empty() { Vec::new() } else { clients.find(&remote, may_be_missing)? };
    let mut objects = objects.into_iter();
    let mut findings = Findings::default();
    let mut seen = HashSet::new();
    for path in paths {
        let found = if is_remote(path) {
            objects.next().unwrap_or_default()
        } else {
            local::find(path, base_dir, may_be_missing)?
        };
        if found.is_empty() {
            findings.unmatched.push(path.clone());
        }
        for one in found {
            if let Some(identity) = Identity::of(&one)
                && !seen.insert(identity)
            {
                let (path, name) = (shown(path, &one), &one.name);
                findings.warnings.push(format!("`{path}` names {name} again; it is read once"));
                continue;
            }
            findings.inputs.push(one);
        }
    }
    Ok(findings)
}

/// What makes two inputs the same.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    File(PathBuf),
    Object(Arc<str>),
}

impl Identity {
    fn of(found: &Found) -> Option<Self> {
        match &found.place {
            Place::StandardInput => None,
            Place::File(file) => Some(Self::File(file.clone())),
            Place::Object(object) => Some(Self::Object(Arc::clone(object.identity()))),
        }
    }
}

/// A path as messages show it: the address of a single object may hold secrets.
fn shown(path: &str, found: &Found) -> Arc<str> {
    if path.starts_with("http") { Arc::clone(&found.name) } else { path.into() }
}
