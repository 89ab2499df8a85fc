//! `cargo xtask tidy`: rules of the tree that neither the compiler nor clippy checks.

mod circles;
mod directions;
mod manifests;
mod public_names;
mod questions;
mod sources;
mod words;

use anyhow::{Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::tools::{cargo, output, workspace};

/// Checks everything and prints every fault before it fails.
pub(crate) fn run() -> Result<()> {
    let metadata = metadata()?;
    let mut faults = directions::check(&metadata);
    faults.extend(manifests::check(&metadata)?);
    faults.extend(sources::check(&workspace())?);
    faults.extend(circles::check(&workspace())?);
    faults.extend(words::check(&workspace())?);
    faults.extend(public_names::check(&workspace())?);
    faults.extend(questions::check(&workspace())?);
    faults.extend(heavy_in("cartage-cli")?);
    report(&faults)
}

fn report(faults: &[String]) -> Result<()> {
    for fault in faults {
        eprintln!("{fault}");
    }
    match faults.len() {
        0 => Ok(()),
        1 => bail!("1 fault"),
        count => bail!("{count} faults"),
    }
}

fn metadata() -> Result<Metadata> {
    Ok(MetadataCommand::new().current_dir(workspace()).no_deps().exec()?)
}

/// `cartage-extract` and `cartage-normalize` are binaries of this package: nothing below it may need a
/// C++ compiler.
fn heavy_in(package: &str) -> Result<Vec<String>> {
    let tree =
        output(cargo().args(["tree", "--package", package, "--edges", "normal,build", "--prefix", "none"]))?;
    let heavy = tree.lines().filter(|line| line.contains("duckdb"));
    Ok(heavy.map(|line| format!("{package} must build without DuckDB, but depends on {line}")).collect())
}
