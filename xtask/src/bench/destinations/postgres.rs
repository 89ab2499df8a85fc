//! A PostgreSQL server, and `psql \copy` into tables like ours, with indexes and without.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use cartage_test_support::postgres::Server;

use super::{Case, DATASET, Place, by_hand};
use crate::bench::engines::Run;

const COPY: &str = "psql \\copy";
const COPY_BARE: &str = "no indexes";

pub(super) struct Postgres {
    server: Server,
}

impl Postgres {
    pub(super) fn start() -> Self {
        Self { server: Server::private() }
    }

    fn count(&self, schema: &str, table: &str) -> Result<u64> {
        Ok(self.server.psql(&format!("SELECT count(*) FROM {schema}.{table}")).parse()?)
    }
}

/// Schema of the tables that a tool loads into.
fn schema(tool: &str) -> &'static str {
    if tool == COPY { "copied" } else { "bare" }
}

impl Place for Postgres {
    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DESTINATION__POSTGRES__CREDENTIALS", self.server.url())]
    }

    fn for_dlt(&self, _work: &Path) -> OsString {
        self.server.url().into()
    }

    fn clear(&self, _work: &Path) -> Result<()> {
        self.server.psql(&format!(
            "DROP SCHEMA IF EXISTS {DATASET} CASCADE; DROP SCHEMA IF EXISTS {DATASET}_staging CASCADE; CHECKPOINT"
        ));
        Ok(())
    }

    fn count(&self, _case: &Case<'_>, table: &str) -> Result<u64> {
        Self::count(self, DATASET, table)
    }

    fn prepare(&self, case: &Case<'_>) -> Result<()> {
        for tool in self.tools() {
            let schema = schema(tool);
            self.server.psql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"));
        }
        for table in case.tables() {
            let rows = self.server.query(&format!("COPY {DATASET}.{table} TO STDOUT (FORMAT csv)"))?;
            fs::write(case.csv(&table), rows)?;
            self.server.psql(&format!(
                "CREATE TABLE {}.{table} (LIKE {DATASET}.{table} INCLUDING ALL); \
                 CREATE TABLE {}.{table} (LIKE {DATASET}.{table})",
                schema(COPY),
                schema(COPY_BARE)
            ));
        }
        Ok(())
    }

    fn tools(&self) -> &'static [&'static str] {
        &[COPY, COPY_BARE]
    }

    fn load(&self, case: &Case<'_>, tool: &'static str) -> Result<Run> {
        let schema = schema(tool);
        let tables = case.tables();
        let names: Vec<String> = tables.iter().map(|table| format!("{schema}.{table}")).collect();
        self.server.psql(&format!("TRUNCATE {}; CHECKPOINT", names.join(", ")));
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]).arg(self.server.url());
        for table in &tables {
            let csv = case.csv(table);
            command.arg("-c").arg(format!("\\copy {schema}.{table} from '{}' (format csv)", csv.display()));
        }
        let run = by_hand(&mut command)?;
        ensure!(self.count(schema, case.table())? == case.file.rows, "not all rows have arrived");
        Ok(run)
    }
}
