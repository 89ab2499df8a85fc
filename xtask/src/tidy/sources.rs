//! Source files: what they start with, how long they are and what they may not call.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file that two readers would open for different reasons is two files.
const MOST_LINES: usize = 500;

/// Longer files that were looked at and are better in one piece. None.
const LONG: [&str; 0] = [];

/// Renaming is what publishing is made of, so only one crate may do it.
const RENAMERS: [&str; 1] = ["crates/package-store/"];

pub(super) fn check(workspace: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["crates", "fuzz", "tests", "xtask"] {
        for path in rust_files(&workspace.join(folder))? {
            let name = path.strip_prefix(workspace).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).with_context(|| name.clone())?;
            faults.extend(faults_of(&name, &text));
        }
    }
    Ok(faults)
}

fn faults_of(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!("{name}:1: a file starts with `//!` and says what it owns"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !LONG.contains(&name) {
        faults.push(format!("{name}: {lines} lines, more than {MOST_LINES}: split it"));
    }
    if RENAMERS.iter().any(|folder| name.starts_with(folder)) {
        return faults;
    }
    // Written in two parts, so that this file does not hold what it looks for.
    let call = concat!("fs::", "rename");
    for (nth, _) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| is_word(line, call) && !line.trim_start().starts_with("//"))
    {
        faults.push(format!("{name}:{}: only package-store renames files", nth + 1));
    }
    faults
}

/// All Rust files below a folder, sorted; the folders of build output are left out.
pub(super) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    files_of(folder, "rs")
}

/// All files with an extension below a folder, sorted; the folders of build output are left out.
pub(super) fn files_of(folder: &Path, wanted: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == wanted) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether `line` holds `word` with no letter, digit or underscore on either side.
pub(super) fn is_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line[..at].chars().next_back();
        let after = line[at + found.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_outside_the_package_store_is_found_with_its_line() {
        let text = concat!("//! Owns.\nuse std::fs;\nfn f() { fs::", "rename(a, b) }\n");
        assert_eq!(
            faults_of("crates/load/src/x.rs", text),
            ["crates/load/src/x.rs:3: only package-store renames files"]
        );
        assert!(faults_of("crates/package-store/src/x.rs", text).is_empty());
    }

    #[test]
    fn a_file_without_a_first_line_or_with_too_many_is_found() {
        assert_eq!(faults_of("a.rs", "use x;\n").len(), 1);
        assert_eq!(faults_of("a.rs", &format!("//! Owns.\n{}", "\n".repeat(MOST_LINES))).len(), 1);
    }

    #[test]
    fn a_part_of_a_name_is_no_use_of_a_crate() {
        assert!(is_word("use serde::Serialize;", "serde"));
        assert!(!is_word("use serde_json::Value;", "serde"));
    }
}
