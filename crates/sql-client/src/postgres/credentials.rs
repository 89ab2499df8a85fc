//! What the credentials of PostgreSQL have beside those of all servers.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ssl_mode::SslMode;
use crate::connection_string::Form;
use crate::credentials::{Credentials, CredentialsPlace, Login};
use crate::error::ClientError;

const DEFAULT_PORT: u16 = 5432;

/// What the credentials have beside those of all servers. There may be several hosts, with commas.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PostgresCredentials {
    port: Option<String>,
    client_encoding: Option<String>,
    /// Hosts with their ports, tried in order. One that begins with `/` is a folder with a socket.
    #[serde(skip)]
    pub hosts: Vec<(String, u16)>,
    /// Time zone of the sessions; UTC where absent.
    pub session_timezone: Option<String>,
    /// Whether and how connections are encrypted.
    #[serde(default)]
    pub sslmode: SslMode,
    /// File with the certificates that are trusted; `system` means those of the machine.
    pub sslrootcert: Option<PathBuf>,
    /// Certificate of the client.
    pub sslcert: Option<PathBuf>,
    /// Key of the client.
    pub sslkey: Option<PathBuf>,
    /// Command line options for the server process.
    pub options: Option<String>,
    /// `application_name` of the sessions in `pg_stat_activity`; `cartage` where absent.
    pub application_name: Option<String>,
}

impl Credentials for PostgresCredentials {
    const FORM: Form = Form {
        database: "PostgreSQL",
        schemes: &["postgresql", "postgres"],
        example: "postgresql://user:password@host:5432/database",
    };

    fn complete(&mut self, login: &Login, place: &CredentialsPlace<'_>) -> Result<(), ClientError> {
        place.check_charset("client_encoding", self.client_encoding.take(), &["utf8", "utf-8"])?;
        place.go_together([("sslcert", &self.sslcert), ("sslkey", &self.sslkey)])?;
        let is_file = self.sslrootcert.as_deref() != Some(Path::new("system"));
        let trusted = if is_file { Some(&mut self.sslrootcert) } else { None };
        place.find_files([&mut self.sslcert, &mut self.sslkey].into_iter().chain(trusted));
        self.hosts = hosts(&login.host, self.port.take().as_deref())
            .ok_or_else(|| place.refused("port", "is not a number from 1 to 65535"))?;
        Ok(())
    }
}

impl PostgresCredentials {
    /// `host:port/database`, for messages.
    pub fn place(&self, login: &Login) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        format!("{}/{}", hosts.join(","), login.database)
    }
}

fn hosts(hosts: &str, ports: Option<&str>) -> Option<Vec<(String, u16)>> {
    let ports: Vec<&str> = ports.unwrap_or_default().split(',').collect();
    hosts
        .split(',')
        .enumerate()
        .map(|(index, host)| {
            // One port is that of all hosts.
            let port = ports.get(index).or_else(|| ports.first().filter(|_| ports.len() == 1));
            let port = match port.copied().unwrap_or_default().trim() {
                "" => DEFAULT_PORT,
                port => port.parse().ok()?,
            };
            Some((host.trim().to_owned(), port))
        })
        .collect()
}
