//! The ClickHouse of the services, and its own reader of the same JSON into a table.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use cartage_test_support::clickhouse::{ADDRESS, PASSWORD, USER, sql, tables, url};

use super::{Case, DATASET, Place, by_hand};
use crate::bench::engines::Run;

/// Table that ClickHouse reads into.
const COPIED: &str = "bench_copied";

pub(super) struct ClickHouse;

impl Place for ClickHouse {
    fn kind(&self) -> &'static str {
        "clickhouse"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DESTINATION__CLICKHOUSE__CREDENTIALS", url())]
    }

    /// dlt needs ClickHouse's own protocol, which the server of the services does not speak.
    fn is_known_to_dlt(&self) -> bool {
        false
    }

    fn for_dlt(&self, _work: &Path) -> OsString {
        OsString::new()
    }

    fn clear(&self, _work: &Path) -> Result<()> {
        for name in tables(&format!("{DATASET}_")) {
            sql(&format!("DROP TABLE `{DATASET}_{name}`"));
        }
        Ok(())
    }

    fn count(&self, _case: &Case<'_>, table: &str) -> Result<u64> {
        Ok(sql(&format!("SELECT count() FROM `{DATASET}___{table}`")).trim().parse()?)
    }

    fn prepare(&self, _case: &Case<'_>) -> Result<()> {
        Ok(())
    }

    fn tools(&self) -> &'static [&'static str] {
        &["ClickHouse's JSONEachRow"]
    }

    fn load(&self, case: &Case<'_>, _tool: &'static str) -> Result<Run> {
        let statement = format!(
            "CREATE OR REPLACE TABLE {COPIED} ENGINE = MergeTree ORDER BY tuple() AS \
             SELECT * FROM file('{}', JSONEachRow)",
            case.file.path.display()
        );
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--data-binary", &statement]);
        command.args(["--header", &format!("X-ClickHouse-User: {USER}")]);
        command.args(["--header", &format!("X-ClickHouse-Key: {PASSWORD}")]);
        command.arg(format!("http://{ADDRESS}/?database=default"));
        let run = by_hand(&mut command)?;
        let rows: u64 = sql(&format!("SELECT count() FROM {COPIED}")).trim().parse()?;
        sql(&format!("DROP TABLE {COPIED}"));
        ensure!(rows == case.file.rows, "not all rows have arrived");
        Ok(run)
    }
}
