//! Circles of files inside a crate: files that import each other, directly or by way of others.
//!
//! To understand one file of a circle one has to read all of them. A module and those below it do not count:
//! a face such as `mod.rs` hands on what its children have. Tests do not count either.

mod accepted;
mod graph;
mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use self::accepted::ACCEPTED;
use self::graph::Files;
use super::sources::rust_files;

pub(super) fn check(workspace: &Path) -> Result<Vec<String>> {
    let mut folders: Vec<String> = ["tests/src", "xtask/src"].map(str::to_owned).to_vec();
    for entry in fs::read_dir(workspace.join("crates"))? {
        folders.push(format!("crates/{}/src", entry?.file_name().to_string_lossy()));
    }
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        let files = read(&workspace.join(&folder))?;
        found.extend(files.circles().into_iter().map(|circle| (folder.clone(), circle, files.clone())));
    }
    Ok(faults(&found))
}

/// The files of a crate that are not tests, by their names below its folder.
fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::default();
    for path in rust_files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if name != "tests.rs" && !name.ends_with("/tests.rs") && !name.contains("tests/") {
            files.add(&name, &fs::read_to_string(&path).with_context(|| name.clone())?);
        }
    }
    Ok(files)
}

/// What is not accepted, and what is accepted but not there any more.
fn faults(found: &[(String, BTreeSet<String>, Files)]) -> Vec<String> {
    let is_accepted = |folder: &str, circle: &BTreeSet<String>| {
        ACCEPTED.iter().any(|known| known.folder == folder && circle.iter().eq(known.files))
    };
    let new = found.iter().filter(|(folder, circle, _)| !is_accepted(folder, circle));
    let new = new.map(|(folder, circle, files)| {
        let imports = files.imports_within(circle).join(", ");
        format!("{folder}: files in a circle, give what they share a file of its own: {imports}")
    });
    let gone = ACCEPTED.iter().filter(|known| {
        !found.iter().any(|(folder, circle, _)| known.folder == folder && circle.iter().eq(known.files))
    });
    let gone = gone.map(|known| {
        format!(
            "{}: no circle of just {} any more; correct tidy/circles/accepted.rs",
            known.folder,
            known.files.join(", ")
        )
    });
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_a_fault_unless_it_is_accepted_as_it_is() {
        let circle = |folder: &str, files: &[&str]| {
            (folder.to_owned(), files.iter().map(|file| (*file).to_owned()).collect(), Files::default())
        };
        let mut all: Vec<_> = ACCEPTED.iter().map(|known| circle(known.folder, known.files)).collect();
        assert!(faults(&all).is_empty());
        all.push(circle("crates/load/src", &["a.rs", "b.rs"]));
        assert_eq!(faults(&all).len(), 1);
        // One that became smaller has to become smaller in the list, too.
        all[0].1.pop_last();
        assert_eq!(faults(&all).len(), 3);
    }
}
