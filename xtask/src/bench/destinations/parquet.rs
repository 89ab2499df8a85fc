//! A folder of Parquet files, and DuckDB's `COPY .. TO`.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Case, DATASET, Place, Set, by_hand};
use crate::bench::engines::{Run, script};

const SCRIPT: &str = include_str!("../parquet_run.py");
const FOLDER: &str = "lake";

pub(super) struct Parquet;

impl Place for Parquet {
    fn kind(&self) -> &'static str {
        "filesystem"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DESTINATION__FILESYSTEM__BUCKET_URL", FOLDER.to_owned()),
            ("DESTINATION__FILESYSTEM__LOADER_FILE_FORMAT", "parquet".to_owned()),
        ]
    }

    fn for_dlt(&self, work: &Path) -> OsString {
        work.join(FOLDER).into()
    }

    fn clear(&self, work: &Path) -> Result<()> {
        Ok(fs::create_dir_all(work.join(FOLDER))?)
    }

    fn count(&self, case: &Case<'_>, table: &str) -> Result<u64> {
        let files = case.work().join(FOLDER).join(DATASET).join(table).join("*.parquet");
        let count = format!(
            "import duckdb; print(duckdb.execute(\"SELECT count(*) FROM '{}'\").fetchone()[0])",
            files.display()
        );
        let output = Command::new(case.plan.python).args(["-c", &count]).output()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().context("the files cannot be counted")
    }

    fn prepare(&self, _case: &Case<'_>) -> Result<()> {
        Ok(())
    }

    fn tools(&self) -> &'static [&'static str] {
        &["DuckDB COPY"]
    }

    fn load(&self, case: &Case<'_>, _tool: &'static str) -> Result<Run> {
        let work = case.fresh()?;
        let kind = if case.file.set == Set::Orders { "orders" } else { "plain" };
        let mut command = Command::new(case.plan.python);
        command.arg(script(&work, "parquet_run.py", SCRIPT)?).arg(&case.file.path).arg(work.join(FOLDER));
        by_hand(command.args([case.table(), kind]).current_dir(&work))
    }
}
