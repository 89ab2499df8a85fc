//! One name for one concept: no two public types of the library crates have the same name.
//!
//! A search for a type then finds one. Test crates and tools do not count, since nothing is built on them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::sources::rust_files;

/// Names that several crates may have, because each is only read together with its crate, and why.
const ACCEPTED: [(&str, &str); 6] = [
    ("BoxError", "the same alias of `Box<dyn Error + Send + Sync>`, for users of two crates"),
    ("Config", "`cartage_config::Config`, and the settings of each destination in its crate"),
    ("Error", "the error of a crate, as in the standard library"),
    ("ErrorKind", "belongs to `Error`"),
    ("Session", "what each database has for `SqlEngine::Session`"),
    ("SslMode", "the modes of each database, as its clients name them"),
];

/// Crates on which only tests are built.
const TEST_CRATES: [&str; 1] = ["test-support"];

/// How a public type begins.
const DECLARATIONS: [&str; 5] = ["pub struct ", "pub enum ", "pub trait ", "pub type ", "pub union "];

pub(super) fn check(workspace: &Path) -> Result<Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in rust_files(&workspace.join("crates"))? {
        let name = path.strip_prefix(workspace).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let mut parts = name.split('/').skip(1);
        let is_library = parts.next().is_some_and(|name| !TEST_CRATES.contains(&name));
        if is_library && parts.next() == Some("src") {
            let text = fs::read_to_string(&path).with_context(|| name.clone())?;
            for (line, declared) in declared(&text) {
                places.entry(declared.to_owned()).or_default().push(format!("{name}:{line}"));
            }
        }
    }
    Ok(faults(&places))
}

/// The public types of a file that are not inside of a function, with their lines.
fn declared(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(nth, line)| {
        let rest = DECLARATIONS.iter().find_map(|start| line.strip_prefix(start))?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        Some((nth + 1, &rest[..end]))
    })
}

fn faults(places: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let accepted = |name: &str| ACCEPTED.iter().any(|(accepted, _)| *accepted == name);
    let twice = places.iter().filter(|(name, places)| places.len() > 1 && !accepted(name));
    let twice = twice.map(|(name, places)| {
        format!(
            "{}: there is another public type `{name}` ({}): say what kind",
            places[0],
            places[1..].join(", ")
        )
    });
    let gone = ACCEPTED.iter().filter(|(name, _)| places.get(*name).is_none_or(|places| places.len() < 2));
    let gone =
        gone.map(|(name, _)| format!("`{name}` is the name of one type only; correct tidy/public_names.rs"));
    twice.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_public_types_of_one_name_are_a_fault_unless_accepted() {
        let two = || vec!["a.rs:1".to_owned(), "b.rs:2".to_owned()];
        let mut places: BTreeMap<_, _> =
            ACCEPTED.iter().map(|(name, _)| ((*name).to_owned(), two())).collect();
        assert!(faults(&places).is_empty());
        places.insert("Place".to_owned(), two());
        assert_eq!(faults(&places), ["a.rs:1: there is another public type `Place` (b.rs:2): say what kind"]);
        places.remove("Place");
        places.remove("Config");
        assert_eq!(faults(&places).len(), 1);
    }

    #[test]
    fn types_are_found_where_they_are_public() {
        let text =
            "pub struct A<T>(T);\nstruct B;\npub(crate) enum C {}\npub type D = A<u8>;\n// pub trait E\n";
        assert_eq!(declared(text).collect::<Vec<_>>(), [(1, "A"), (4, "D")]);
    }
}
