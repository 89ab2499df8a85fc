//! The Python that dlt and DuckDB's own reader run in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::run;

/// What is measured, from PyPI.
const PACKAGES: [&str; 7] = [
    "dlt[duckdb,postgres,sqlalchemy,filesystem]==1.31.0",
    "duckdb==2.0.0",
    "pyarrow",
    "pymysql",
    // Its sources of databases fail with newer ones.
    "sqlalchemy<2.1",
    "connectorx==0.4.6",
    "pandas",
];

/// The given Python, or one with what is needed in a virtual environment below `folder`.
pub(super) fn find(given: Option<&Path>, folder: &Path) -> Result<PathBuf> {
    if let Some(python) = given {
        return Ok(python.to_owned());
    }
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    let marker = venv.join("complete");
    if fs::read_to_string(&marker).ok() != Some(PACKAGES.join("\n")) {
        eprintln!("making a Python environment with {} in {}", PACKAGES.join(", "), venv.display());
        let making = run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        making.context("the comparison needs python3 with venv; or use --without dlt,duckdb, or --python")?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
        fs::write(&marker, PACKAGES.join("\n"))?;
    }
    Ok(python)
}
