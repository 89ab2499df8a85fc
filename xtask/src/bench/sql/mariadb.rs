//! A MariaDB server, and its own client that prints the table to nowhere.

use std::process::Command;

use anyhow::{Context, Result};
use cartage_test_support::mariadb;

use super::{Server, TABLE};

const ROWS: &str = include_str!("mariadb.sql");
const DATABASE: &str = "origin";

pub(super) struct MariaDb {
    server: mariadb::Server,
}

impl MariaDb {
    pub(super) fn start() -> Self {
        Self {
            server: mariadb::Server::private(&["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=1G"]),
        }
    }
}

impl Server for MariaDb {
    fn make_table(&self, rows: u64) -> Result<u64> {
        eprintln!("making {rows} rows in MariaDB");
        let statements = ROWS.replace("{rows}", &rows.to_string());
        self.server.sql(&format!("CREATE DATABASE {DATABASE}; USE {DATABASE}; {statements}"));
        let size = format!(
            "SELECT data_length FROM information_schema.tables WHERE table_schema = '{DATABASE}' AND table_name = '{TABLE}'"
        );
        self.server.sql(&size).trim().parse().context("the size of the table is not a number")
    }

    fn url(&self) -> String {
        let url = self.server.url();
        let (server, _) = url.rsplit_once('/').expect("the address has a database");
        format!("{server}/{DATABASE}")
    }

    fn sqlalchemy_url(&self) -> String {
        self.url().replacen("mysql://", "mysql+pymysql://", 1)
    }

    fn schema(&self) -> Option<&'static str> {
        None
    }

    fn floor(&self) -> (&'static str, Command) {
        let mariadb::State { port, user, password, .. } = self.server.state();
        // Its output is no less than the table, and is not for us.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" > /dev/null", "sh", "mariadb"]);
        command.args(["--no-defaults", "--host=127.0.0.1", "--skip-ssl", "--quick", "--batch", "--raw"]);
        command.arg(format!("--port={port}")).arg(format!("--user={user}")).env("MYSQL_PWD", password);
        command.arg("--execute").arg(format!("SELECT * FROM {DATABASE}.{TABLE}"));
        ("mariadb client", command)
    }
}
