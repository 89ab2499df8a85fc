//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use cartage_destinations_api::{CommonSettings, ConnectRequest, Error, Result};
use cartage_destinations_sql::Datasets;
use cartage_destinations_sql::credentials::{Form, required};

use crate::tls::SslMode;

/// Keys of this destination beside those that all destinations share.
const OWN_KEYS: &[&str] =
    &["credentials", "connections", "statement_timeout", "lock_timeout", "nul_characters"];

/// Connection strings, and the keys of `credentials`.
const FORM: Form = Form {
    database: "PostgreSQL",
    schemes: &["postgresql", "postgres"],
    example: "postgresql://user:password@host:5432/database",
    keys: CREDENTIAL_KEYS,
};

const CREDENTIAL_KEYS: &[&str] = &[
    "drivername",
    "username",
    "password",
    "host",
    "port",
    "database",
    "query",
    "connect_timeout",
    "client_encoding",
    "session_timezone",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
    "application_name",
];

const DEFAULT_PORT: u16 = 5432;
const DEFAULT_CONNECT_TIMEOUT: u64 = 15;
const DEFAULT_CONNECTIONS: usize = 4;

/// What happens to text with NUL characters, which PostgreSQL cannot store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NulCharacters {
    /// The job fails and says where the first one is.
    #[default]
    Refuse,
    /// Each becomes U+FFFD; how many is told as a warning.
    Replace,
}

impl FromStr for NulCharacters {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "replace" => Ok(Self::Replace),
            other => Err(Error::invalid(format!("'{other}' is neither refuse nor replace"))),
        }
    }
}

/// Where the server is and who connects. `Debug` prints no password.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// Hosts with their ports, tried in order. One that begins with `/` is a folder with a socket.
    pub hosts: Vec<(String, u16)>,
    /// The database.
    pub database: String,
    /// The user.
    pub username: String,
    /// Its password, where it has one.
    pub password: Option<String>,
    /// How long one attempt to connect may take.
    pub connect_timeout: Duration,
    /// Time zone of the sessions.
    pub session_timezone: String,
    /// Whether and how connections are encrypted.
    pub sslmode: SslMode,
    /// File with the certificates that are trusted; `system` means those of the machine.
    pub sslrootcert: Option<PathBuf>,
    /// Certificate and key of the client.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Command line options for the server process.
    pub options: Option<String>,
    /// How the sessions are called in `pg_stat_activity`.
    pub application_name: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("hosts", &self.hosts)
            .field("database", &self.database)
            .field("username", &self.username)
            .field("sslmode", &self.sslmode)
            .finish_non_exhaustive()
    }
}

/// Where the dataset is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Where the server is and who connects.
    pub credentials: Credentials,
    /// Name under `[destination]`, for remedies.
    pub name: String,
    /// Schema that rows are loaded into.
    pub dataset: String,
    /// Schema for what is in flight.
    pub staging_dataset: String,
    /// Jobs at a time, each on a connection of its own.
    pub connections: usize,
    /// Longest time that one statement may take; no limit where absent.
    pub statement_timeout: Option<Duration>,
    /// Longest time that a statement waits for a lock; no limit where absent.
    pub lock_timeout: Option<Duration>,
    /// What happens to text with NUL characters.
    pub nul_characters: NulCharacters,
    /// What all destinations share.
    pub common: CommonSettings,
}

impl Config {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown, absent or has a value that cannot be.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let settings = &request.settings;
        let known: Vec<&str> = OWN_KEYS.iter().chain(CommonSettings::KEYS).copied().collect();
        settings.check_keys(&known)?;
        let common = CommonSettings::read(settings)?;
        let datasets = Datasets::read(request, &common)?;
        let seconds = |key| Ok(settings.count(key)?.map(|seconds| Duration::from_secs(seconds as u64)));
        Ok(Self {
            credentials: credentials(request)?,
            name: request.name.clone(),
            dataset: datasets.dataset,
            staging_dataset: datasets.staging,
            connections: settings.count("connections")?.unwrap_or(DEFAULT_CONNECTIONS),
            statement_timeout: seconds("statement_timeout")?,
            lock_timeout: seconds("lock_timeout")?,
            nul_characters: settings.word("nul_characters")?.unwrap_or_default(),
            common,
        })
    }

    /// `host:port/database`, for messages.
    pub(crate) fn place(&self) -> String {
        let hosts: Vec<String> =
            self.credentials.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        format!("{}/{}", hosts.join(","), self.credentials.database)
    }
}

fn credentials(request: &ConnectRequest) -> Result<Credentials> {
    let given = FORM.read(&request.settings)?;
    let required = |key: &str| required(&given, &request.name, key);
    if let Some(encoding) = given.text("client_encoding")?
        && !matches!(encoding.to_ascii_lowercase().as_str(), "utf8" | "utf-8")
    {
        return Err(Error::invalid("'client_encoding' must be utf8: all text is sent as UTF-8"));
    }
    let path = |key| Ok(given.text(key)?.map(|path| request.base_dir.join(path)));
    let sslrootcert = match given.text("sslrootcert")? {
        Some(path) if path == "system" => Some(PathBuf::from(path)),
        _ => path("sslrootcert")?,
    };
    let client_certificate = match (path("sslcert")?, path("sslkey")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err(Error::invalid("'sslcert' and 'sslkey' go together")),
    };
    let connect_timeout =
        given.count("connect_timeout")?.map_or(DEFAULT_CONNECT_TIMEOUT, |seconds| seconds as u64);
    Ok(Credentials {
        hosts: hosts(&required("host")?, given.text("port")?.as_deref())?,
        database: required("database")?,
        username: required("username")?,
        password: given.text("password")?,
        connect_timeout: Duration::from_secs(connect_timeout),
        session_timezone: given.text("session_timezone")?.unwrap_or_else(|| "UTC".to_owned()),
        sslmode: given.word("sslmode")?.unwrap_or_default(),
        sslrootcert,
        client_certificate,
        options: given.text("options")?,
        application_name: given.text("application_name")?.unwrap_or_else(|| "cartage".to_owned()),
    })
}

fn hosts(hosts: &str, ports: Option<&str>) -> Result<Vec<(String, u16)>> {
    let ports: Vec<&str> = ports.unwrap_or_default().split(',').collect();
    hosts
        .split(',')
        .enumerate()
        .map(|(index, host)| {
            // One port is that of all hosts.
            let port = ports.get(index).or_else(|| ports.first().filter(|_| ports.len() == 1));
            let port = match port.copied().unwrap_or_default().trim() {
                "" => DEFAULT_PORT,
                port => port.parse().map_err(|_| Error::invalid("'port' is no number from 1 to 65535"))?,
            };
            Ok((host.trim().to_owned(), port))
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
        assert_eq!(text.credentials.connect_timeout, Duration::from_secs(3));
        assert_eq!(text.credentials.sslmode, SslMode::VerifyFull);
        assert!(!format!("{text:?}").contains("hush"));
    }

    #[test]
    fn names_and_passwords_are_texts_whatever_they_look_like() {
        for text in ["1e5", "1.10", "true", " x ", "007", "[1]", "null", "2024-01-01", "{\"a\": 1}"] {
            let config = read(&json!({"credentials": {
                "username": text, "password": text, "database": text, "host": "db", "port": "5433",
            }}));
            let credentials = config.unwrap().credentials;
            let found =
                [&credentials.username, &credentials.database, credentials.password.as_ref().unwrap()];
            assert_eq!(found, [text; 3]);
        }
        let document = r#"{"username": "u", "database": "d", "host": "h", "password": "p"}"#;
        assert_eq!(read(&json!({"credentials": document})).unwrap().credentials.database, "d");
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
        assert_eq!(config.place(), "a:5432,b:5432/d");
        assert_eq!((config.connections, config.staging_dataset.as_str()), (2, "raw_staging"));
        assert_eq!(config.statement_timeout, Some(Duration::from_mins(1)));
        assert_eq!(config.nul_characters, NulCharacters::Replace);
        assert!(read(&json!({"credentials": "postgres://u@a/d", "nul_characters": "drop"})).is_err());
    }
}
