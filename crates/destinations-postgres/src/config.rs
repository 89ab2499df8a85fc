//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use std::path::{Path, PathBuf};

use cartage_destinations_api::{ConnectRequest, Result, Seconds};
use cartage_destinations_sql::credentials::{Form, Login, check_charset, find_files, go_together, refused};
use cartage_destinations_sql::server;
use serde::Deserialize;

use crate::ssl_mode::SslMode;

const DEFAULT_PORT: u16 = 5432;

/// Where the dataset is and how it is used.
pub type Config = server::Config<PostgresCredentials, PostgresKeys>;

/// Keys of this destination beside those that all destinations and all servers have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PostgresKeys {
    /// Longest time that one statement may take; no limit where absent.
    pub statement_timeout: Option<Seconds>,
    /// What happens to text with NUL characters.
    #[serde(default)]
    pub nul_characters: NulCharacters,
}

/// What happens to text with NUL characters, which PostgreSQL cannot store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NulCharacters {
    /// The job fails and says where the first one is.
    #[default]
    Refuse,
    /// Each becomes U+FFFD; how many is told as a warning.
    Replace,
}

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

impl server::Credentials for PostgresCredentials {
    const FORM: Form = Form {
        database: "PostgreSQL",
        schemes: &["postgresql", "postgres"],
        example: "postgresql://user:password@host:5432/database",
    };

    fn complete(&mut self, login: &Login, request: &ConnectRequest) -> Result<()> {
        check_charset(request, "client_encoding", self.client_encoding.take(), &["utf8", "utf-8"])?;
        go_together(request, [("sslcert", &self.sslcert), ("sslkey", &self.sslkey)])?;
        let is_file = self.sslrootcert.as_deref() != Some(Path::new("system"));
        let trusted = if is_file { Some(&mut self.sslrootcert) } else { None };
        find_files(request, [&mut self.sslcert, &mut self.sslkey].into_iter().chain(trusted));
        self.hosts = hosts(&login.host, self.port.take().as_deref())
            .ok_or_else(|| refused(request, "port", "is no number from 1 to 65535"))?;
        Ok(())
    }
}

/// `host:port/database`, for messages.
pub(crate) fn place(config: &Config) -> String {
    let hosts: Vec<String> =
        config.credentials.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
    format!("{}/{}", hosts.join(","), config.login.database)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cartage_destinations_api::Settings;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        let request = ConnectRequest::new("postgres", "shop", "raw").in_folder("/base");
        Config::read(&request.with_settings(settings))
    }

    #[test]
    fn text_and_table_say_the_same() {
        let text = read(&json!({
            "credentials": "postgresql://loader:hush@db:6432/shop?sslmode=verify-full&connect_timeout=3",
        }))
        .unwrap();
        let table = read(&json!({"credentials": {
            "drivername": "postgresql", "username": "loader", "password": "hush", "host": "db", "port": "6432",
            "database": "shop", "connect_timeout": 3, "query": {"sslmode": "verify-full"},
        }}))
        .unwrap();
        assert_eq!(text, table);
        assert_eq!(text.credentials.hosts, [("db".to_owned(), 6432)]);
        assert_eq!(text.login.connect_timeout, Seconds(Duration::from_secs(3)));
        assert_eq!(text.credentials.sslmode, SslMode::VerifyFull);
        assert!(!format!("{text:?}").contains("hush"));
    }

    #[test]
    fn names_and_passwords_are_texts_whatever_they_look_like() {
        for text in ["1e5", "1.10", "true", " x ", "007", "[1]", "null", "2024-01-01", "{\"a\": 1}"] {
            let config = read(&json!({"credentials": {
                "username": text, "password": text, "database": text, "host": "db", "port": "5433",
            }}));
            let login = config.unwrap().login;
            let password = login.password.as_ref().unwrap().expose();
            assert_eq!([&login.username, &login.database, password], [text; 3]);
        }
        let document = r#"{"username": "u", "database": "d", "host": "h", "password": "p"}"#;
        assert_eq!(read(&json!({"credentials": document})).unwrap().login.database, "d");
    }

    #[test]
    fn what_is_missing_is_named_with_the_place_to_put_it() {
        let error = read(&json!({"credentials": {"host": "db", "username": "u"}})).unwrap_err();
        assert!(error.to_string().contains("'database'"), "{error}");
        assert!(error.remedy().unwrap().contains("DESTINATION__POSTGRES__CREDENTIALS__DATABASE"));
        let error = read(&json!({"credentials": {"hots": "db"}})).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'host'?"));
    }

    #[test]
    fn a_whole_example_reads_back() {
        let config = read(&json!({
            "credentials": "postgres://u@a,b/d", "connections": 2, "statement_timeout": 60, "lock_timeout": "5",
            "nul_characters": "replace", "create_indexes": false, "replace_strategy": "staging-optimized",
        }))
        .unwrap();
        assert_eq!(place(&config), "a:5432,b:5432/d");
        assert_eq!((config.server.connections.get(), config.datasets.staging.as_str()), (2, "raw_staging"));
        assert_eq!(config.keys.statement_timeout, Some(Seconds(Duration::from_mins(1))));
        assert_eq!(config.keys.nul_characters, NulCharacters::Replace);
        assert!(read(&json!({"credentials": "postgres://u@a/d", "nul_characters": "drop"})).is_err());
    }
}
