//! The folder of a case: what to run and what dlt left behind.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::binaries::workspace;

/// One case.
#[derive(Debug)]
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// What it is about: `normalize`, `types`, ...
    pub area: String,
    pub(crate) folder: PathBuf,
    pub(crate) document: Value,
    /// What dlt left with DuckDB.
    pub(crate) of_duckdb: Vec<Value>,
}

impl Case {
    /// A case in `folder` that dlt went through just now, and what it left behind with DuckDB.
    pub(crate) fn after_dlt(folder: &Path, runs: Vec<Value>) -> Result<Self> {
        Ok(Self {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            area: String::new(),
            folder: folder.canonicalize()?,
            document: read(&folder.join("case.json"))?,
            of_duckdb: runs,
        })
    }

    /// Reads the case in `folder`.
    ///
    /// # Errors
    /// A file that is not there or not as the README of the cases says.
    pub fn open(folder: &Path) -> Result<Self> {
        let document = read(&folder.join("case.json"))?;
        let mut expected = read(&folder.join("expected.json"))?;
        let runs = expected["runs"].take();
        Ok(Self {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            area: document["area"].as_str().context("a case has an area")?.to_owned(),
            folder: folder.canonicalize()?,
            document,
            of_duckdb: runs.as_array().cloned().context("an expectation has runs")?,
        })
    }

    /// All cases below `folder`, sorted by name.
    ///
    /// # Errors
    /// A folder that cannot be read, or a case that cannot be opened.
    pub fn all(folder: &Path) -> Result<Vec<Self>> {
        let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut folders = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        folders.retain(|folder| folder.join("case.json").is_file());
        folders.sort();
        folders.iter().map(|folder| Self::open(folder)).collect()
    }

    /// Names of cases in which dlt changes a value that we keep, and why.
    ///
    /// # Errors
    /// A list that cannot be read.
    pub fn different_by_design() -> Result<Map<String, Value>> {
        let mut list = read(&workspace().join("fixtures/oracle/differences.json"))?;
        list["cases"].as_object_mut().map(std::mem::take).context("the list has cases")
    }

    pub(crate) fn runs(&self) -> &[Value] {
        self.document["runs"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn dataset(&self) -> &str {
        self.document["dataset"].as_str().unwrap_or_default()
    }
}

pub(crate) fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}
