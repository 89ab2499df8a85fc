//! A SQLite file, and `.import` of its own shell into tables like ours.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Case, Place, by_hand};
use crate::bench::engines::Run;

/// The file that is named, and the one that the dataset has beside it.
const FILE: &str = "out.sqlite";
const DATASET_FILE: &str = "out__bench.sqlite";
/// How the tables were made, kept for the tool.
const TABLES: &str = "tables.sql";

pub(super) struct Sqlite;

impl Place for Sqlite {
    fn kind(&self) -> &'static str {
        "sqlite"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DESTINATION__SQLITE__PATH", FILE.to_owned())]
    }

    fn for_dlt(&self, work: &Path) -> OsString {
        format!("sqlite:///{}", work.join(FILE).display()).into()
    }

    fn clear(&self, _work: &Path) -> Result<()> {
        Ok(())
    }

    fn count(&self, case: &Case<'_>, table: &str) -> Result<u64> {
        let count = sqlite3(&case.work().join(DATASET_FILE), &[&format!("SELECT count(*) FROM {table}")])?;
        Ok(count.trim().parse()?)
    }

    fn prepare(&self, case: &Case<'_>) -> Result<()> {
        let file = case.work().join(DATASET_FILE);
        let mut tables = String::new();
        for table in case.tables() {
            let select = format!("SELECT * FROM {table}");
            fs::write(case.csv(&table), sqlite3(&file, &["-csv", &select])?)?;
            let made = format!("SELECT sql || ';' FROM sqlite_schema WHERE name = '{table}'");
            tables.push_str(&sqlite3(&file, &[&made])?);
        }
        Ok(fs::write(case.plan.folder.join(TABLES), tables)?)
    }

    fn tools(&self) -> &'static [&'static str] {
        &["sqlite3 .import"]
    }

    fn load(&self, case: &Case<'_>, _tool: &'static str) -> Result<Run> {
        let file = case.fresh()?.join(DATASET_FILE);
        sqlite3(&file, &[&fs::read_to_string(case.plan.folder.join(TABLES))?])?;
        let mut command = Command::new("sqlite3");
        command.arg(&file).args(["PRAGMA journal_mode = WAL", ".mode csv"]);
        for table in case.tables() {
            command.arg(format!(".import {} {table}", case.csv(&table).display()));
        }
        let run = by_hand(&mut command)?;
        case.check()?;
        Ok(run)
    }
}

/// What `sqlite3` answers.
fn sqlite3(file: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new("sqlite3")
        .arg(file)
        .args(args)
        .output()
        .context("this needs sqlite3 (Debian: `apt-get install sqlite3`)")?;
    ensure!(output.status.success(), "sqlite3: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
