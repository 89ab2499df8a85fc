//! A MariaDB server, and `LOAD DATA LOCAL INFILE` of its own client into tables like ours.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use cartage_test_support::mariadb::{Server, State};

use super::{Case, DATASET, Place, by_hand};
use crate::bench::engines::Run;

/// Database of the tables that the tool loads into.
const COPIED: &str = "copied";

pub(super) struct MariaDb {
    server: Server,
}

impl MariaDb {
    pub(super) fn start() -> Self {
        // 1 GB rather than 128 and 96 MB, as one gives a server that is loaded into: else it waits for the disk.
        Self { server: Server::private(&["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=1G"]) }
    }

    fn count(&self, database: &str, table: &str) -> Result<u64> {
        Ok(self.server.sql(&format!("SELECT count(*) FROM {database}.{table}")).trim().parse()?)
    }
}

impl Place for MariaDb {
    fn kind(&self) -> &'static str {
        "mariadb"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DESTINATION__MARIADB__CREDENTIALS", format!("{}?ssl_mode=DISABLED", self.server.url()))]
    }

    fn for_dlt(&self, _work: &Path) -> OsString {
        self.server.url().replace("mysql://", "mysql+pymysql://").into()
    }

    fn clear(&self, _work: &Path) -> Result<()> {
        for name in [DATASET.to_owned(), format!("{DATASET}_staging")] {
            self.server.sql(&format!("DROP DATABASE IF EXISTS {name}"));
        }
        Ok(())
    }

    fn count(&self, _case: &Case<'_>, table: &str) -> Result<u64> {
        Self::count(self, DATASET, table)
    }

    fn prepare(&self, case: &Case<'_>) -> Result<()> {
        self.server.sql(&format!("DROP DATABASE IF EXISTS {COPIED}; CREATE DATABASE {COPIED}"));
        for table in case.tables() {
            let file = case.csv(&table);
            if file.exists() {
                fs::remove_file(&file)?;
            }
            self.server.sql(&format!(
                "CREATE TABLE {COPIED}.{table} LIKE {DATASET}.{table}; \
                 SELECT * FROM {DATASET}.{table} INTO OUTFILE '{}' CHARACTER SET utf8mb4",
                file.display()
            ));
        }
        Ok(())
    }

    fn tools(&self) -> &'static [&'static str] {
        &["LOAD DATA"]
    }

    fn load(&self, case: &Case<'_>, _tool: &'static str) -> Result<Run> {
        let State { port, user, password, .. } = self.server.state();
        let mut statements = String::new();
        for table in case.tables() {
            self.server.sql(&format!("TRUNCATE {COPIED}.{table}"));
            statements.push_str(&format!(
                "LOAD DATA LOCAL INFILE '{}' INTO TABLE {COPIED}.{table} CHARACTER SET utf8mb4; ",
                case.csv(&table).display()
            ));
        }
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--host=127.0.0.1", "--local-infile=1", "--skip-ssl"]);
        command.arg(format!("--port={port}")).arg(format!("--user={user}")).env("MYSQL_PWD", password);
        let run = by_hand(command.args(["--execute", &statements]))?;
        ensure!(self.count(COPIED, case.table())? == case.file.rows, "not all rows have arrived");
        Ok(run)
    }
}
