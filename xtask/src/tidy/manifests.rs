//! Manifests: every crate takes the lints of the workspace and uses what it names.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

use super::sources::{is_word, rust_files};

pub(super) fn check(metadata: &Metadata) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for package in metadata.workspace_packages() {
        let manifest = fs::read_to_string(&package.manifest_path)?;
        let table: toml::Table =
            toml::from_str(&manifest).with_context(|| package.manifest_path.to_string())?;
        if table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
            != Some(true)
        {
            faults.push(format!("{}: says no `lints.workspace = true`", package.manifest_path));
        }
        faults.extend(unused(package)?);
    }
    Ok(faults)
}

/// Dependencies whose name no file of the crate holds. Those of features only switch something on.
fn unused(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
    let files = rust_files(Path::new(folder))?;
    let texts = files.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let is_used = |dependency: &Dependency| {
        let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
        // A crate that names itself in its tests only switches on a feature.
        dependency.name == *package.name
            || texts.iter().any(|text| text.lines().any(|line| is_word(line, &name)))
    };
    let kinds = [DependencyKind::Normal, DependencyKind::Development, DependencyKind::Build];
    let checked = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
    let unused = checked.filter(|dependency| !is_used(dependency));
    Ok(unused
        .map(|dependency| format!("{}: {} is not used", package.manifest_path, dependency.name))
        .collect())
}
