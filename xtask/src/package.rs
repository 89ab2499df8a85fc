//! Commands on load packages: what is in one, is it whole, how do two differ, and run it again.

mod differences;
mod replay;

pub(crate) use replay::{ReplayArgs, replay};

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cartage_package_store::Package;

/// Prints what is in a package.
pub(crate) fn inspect(path: &Path) -> Result<()> {
    let package = open(path)?;
    write!(stdout(), "{}", package.describe()?)?;
    Ok(())
}

/// Verifies packages and says which of them are damaged.
pub(crate) fn verify(paths: &[PathBuf]) -> Result<()> {
    let mut damaged = 0;
    for path in paths {
        let verdict = match open(path).and_then(|package| Ok(package.verify()?)) {
            Ok(()) => "whole".to_owned(),
            Err(error) => {
                damaged += 1;
                format!("{error:#}")
            }
        };
        writeln!(stdout(), "{}: {verdict}", path.display())?;
    }
    if damaged > 0 {
        bail!("{damaged} of {} packages cannot be used", paths.len());
    }
    Ok(())
}

/// Prints in what two packages differ and fails where they do.
pub(crate) fn diff(a: &Path, b: &Path) -> Result<()> {
    let found = differences::between(&open(a)?, &open(b)?)?;
    let mut out = stdout().lock();
    for line in &found {
        writeln!(out, "{line}")?;
    }
    if !found.is_empty() {
        bail!("{} differences", found.len());
    }
    writeln!(out, "no difference")?;
    Ok(())
}

fn open(path: &Path) -> Result<Package> {
    Package::open_at(path).with_context(|| format!("cannot open the package {}", path.display()))
}
