//! A PostgreSQL server, and `psql` that copies the table to nowhere.

use std::process::Command;

use anyhow::{Context, Result};
use cartage_test_support::postgres;

use super::{Server, TABLE};

const ROWS: &str = include_str!("postgres.sql");

pub(super) struct Postgres {
    server: postgres::Server,
}

impl Postgres {
    pub(super) fn start() -> Self {
        Self { server: postgres::Server::private() }
    }
}

impl Server for Postgres {
    fn make_table(&self, rows: u64) -> Result<u64> {
        eprintln!("making {rows} rows in PostgreSQL");
        for statement in ROWS.replace("{rows}", &rows.to_string()).split(";\n").map(str::trim) {
            if !statement.is_empty() {
                self.server.psql(statement);
            }
        }
        self.server
            .psql(&format!("SELECT pg_relation_size('{TABLE}')"))
            .trim()
            .parse()
            .context("the size of the table is not a number")
    }

    fn url(&self) -> String {
        self.server.url()
    }

    fn sqlalchemy_url(&self) -> String {
        self.server.url().replacen("postgresql://", "postgresql+psycopg2://", 1)
    }

    fn schema(&self) -> Option<&'static str> {
        Some("public")
    }

    fn floor(&self) -> (&'static str, Command) {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"]).arg(self.server.url());
        command.arg("-c").arg(format!("COPY {TABLE} TO STDOUT (FORMAT binary)"));
        ("psql COPY", command)
    }
}
