//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use cartage_destinations_api::{CommonSettings, ConnectRequest, Error, Result, Settings};
use cartage_destinations_sql::Datasets;
use cartage_destinations_sql::credentials::{Form, required};
use mysql_async::{ClientIdentity, OptsBuilder, SslOpts};

/// Keys of this destination beside those that all destinations share.
const OWN_KEYS: &[&str] = &["credentials", "connections", "lock_timeout"];

/// Connection strings, with SQLAlchemy's names of drivers too, and the keys of `credentials`.
const FORM: Form = Form {
    database: "MySQL or MariaDB",
    schemes: &["mysql", "mariadb"],
    example: "mysql://user:password@host:3306/database",
    keys: &[
        "drivername",
        "username",
        "password",
        "host",
        "port",
        "database",
        "query",
        "charset",
        "connect_timeout",
        "ssl_mode",
        "ssl_ca",
        "ssl_cert",
        "ssl_key",
    ],
};

const DEFAULT_PORT: u16 = 3306;
const DEFAULT_CONNECT_TIMEOUT: usize = 15;
const DEFAULT_CONNECTIONS: usize = 4;
/// The protocol has no longer ones.
const LONGEST_PACKET: usize = 1 << 30;
/// After this time without a sign of life the other side is asked for one.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// `ssl_mode`, as MySQL's own programs know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SslMode {
    /// Never encrypted.
    Disabled,
    /// Encrypted where the server can.
    #[default]
    Preferred,
    /// Encrypted, whoever answers.
    Required,
    /// Encrypted, and the certificate is that of the host, signed by somebody who is trusted.
    VerifyIdentity,
}

impl FromStr for SslMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "DISABLED" => Self::Disabled,
            "PREFERRED" => Self::Preferred,
            "REQUIRED" => Self::Required,
            "VERIFY_IDENTITY" => Self::VerifyIdentity,
            _ => {
                return Err(Error::invalid(format!(
                    "'{text}' is none of DISABLED, PREFERRED, REQUIRED, VERIFY_IDENTITY"
                )));
            }
        })
    }
}

/// Where the server is and who connects. `Debug` prints no password.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The host. One that begins with `/` is a socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database that sessions begin in; datasets are others.
    pub database: String,
    /// The user.
    pub username: String,
    /// Its password, where it has one.
    pub password: Option<String>,
    /// How long one attempt to connect may take.
    pub connect_timeout: Duration,
    /// Whether and how connections are encrypted.
    pub ssl_mode: SslMode,
    /// File with the certificates that are trusted beside the well-known ones.
    pub ssl_ca: Option<PathBuf>,
    /// Certificate and key of the client.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!("{}@{}:{}/{}", self.username, self.host, self.port, self.database);
        f.debug_struct("Credentials")
            .field("place", &place)
            .field("ssl_mode", &self.ssl_mode)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    fn read(request: &ConnectRequest) -> Result<Self> {
        let given = FORM.read(&request.settings)?;
        let needed = |key| required(&given, &request.name, key);
        check_charset(&given)?;
        let file = |key| Ok(given.text(key)?.map(|path| request.base_dir.join(path)));
        let client_certificate = match (file("ssl_cert")?, file("ssl_key")?) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => return Err(Error::invalid("'ssl_cert' and 'ssl_key' go together")),
        };
        let port = given.count("port")?.map(u16::try_from).transpose();
        let timeout = given.count("connect_timeout")?.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        Ok(Self {
            host: needed("host")?,
            port: port
                .map_err(|_| Error::invalid("'port' is no number from 1 to 65535"))?
                .unwrap_or(DEFAULT_PORT),
            database: needed("database")?,
            username: needed("username")?,
            password: given.text("password")?,
            connect_timeout: Duration::from_secs(timeout as u64),
            ssl_mode: given.word("ssl_mode")?.unwrap_or_default(),
            ssl_ca: file("ssl_ca")?,
            client_certificate,
        })
    }

    /// What the client is told; `encrypted` is what the mode leaves open.
    pub(crate) fn options(&self, encrypted: bool) -> OptsBuilder {
        let is_socket = self.host.starts_with('/');
        OptsBuilder::default()
            .ip_or_hostname(if is_socket { "localhost" } else { &self.host })
            .tcp_port(self.port)
            .socket(is_socket.then_some(&self.host))
            .prefer_socket(false)
            .tcp_keepalive(Some(KEEPALIVE))
            .user(Some(&self.username))
            .pass(self.password.as_ref())
            .db_name(Some(&self.database))
            // What is longer is the server's business.
            .max_allowed_packet(Some(LONGEST_PACKET))
            // A statement that gives a row the values that it has still counts it.
            .client_found_rows(true)
            .ssl_opts((encrypted && !is_socket).then(|| self.encryption()))
    }

    fn encryption(&self) -> SslOpts {
        let identity = self
            .client_certificate
            .as_ref()
            .map(|(certificate, key)| ClientIdentity::new(certificate.clone().into(), key.clone().into()));
        let trusted = self.ssl_ca.iter().map(|path| path.clone().into()).collect();
        SslOpts::default()
            .with_root_certs(trusted)
            .with_client_identity(identity)
            .with_danger_accept_invalid_certs(matches!(self.ssl_mode, SslMode::Preferred | SslMode::Required))
    }
}

fn check_charset(given: &Settings) -> Result<()> {
    match given.text("charset")?.as_deref() {
        None | Some("utf8mb4") => Ok(()),
        Some(other) => Err(Error::invalid(format!("'charset' is {other}, but all text is sent as utf8mb4"))
            .with_remedy("leave 'charset' out")),
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
    /// The databases that are loaded into.
    pub datasets: Datasets,
    /// Jobs at a time, each on a connection of its own.
    pub connections: usize,
    /// Longest time that a statement waits for a lock; the server's where absent.
    pub lock_timeout: Option<Duration>,
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
        settings.check_keys(&[OWN_KEYS, CommonSettings::KEYS].concat())?;
        let common = CommonSettings::read(settings)?;
        Ok(Self {
            credentials: Credentials::read(request)?,
            name: request.name.clone(),
            datasets: Datasets::read(request, &common)?,
            connections: settings.count("connections")?.unwrap_or(DEFAULT_CONNECTIONS),
            lock_timeout: settings.seconds("lock_timeout")?,
            common,
        })
    }

    /// `host:port`, for messages.
    pub(crate) fn place(&self) -> String {
        let Credentials { host, port, .. } = &self.credentials;
        if host.starts_with('/') { host.clone() } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        let request = ConnectRequest::new("mysql", "shop", "raw").in_folder("/base");
        Config::read(&request.with_settings(settings))
    }

    #[test]
    fn texts_of_every_driver_and_tables_say_the_same() {
        let table = read(&json!({"credentials": {
            "drivername": "mysql+pymysql", "username": "lo@der", "password": "hu/sh", "host": "db", "port": "3307",
            "database": "shop", "query": {"ssl_mode": "verify_identity", "ssl_ca": "ca.pem", "charset": "utf8mb4"},
        }}))
        .unwrap();
        for scheme in ["mysql", "mysql+pymysql", "mariadb", "mariadb+mariadbconnector"] {
            let rest = "lo%40der:hu%2Fsh@db:3307/shop?ssl_mode=VERIFY_IDENTITY&ssl_ca=ca.pem";
            let text = read(&json!({"credentials": format!("{scheme}://{rest}")})).unwrap();
            assert_eq!(text, table, "{scheme}");
        }
        let Credentials { host, port, ssl_mode, ssl_ca, .. } = &table.credentials;
        assert_eq!((host.as_str(), *port, *ssl_mode), ("db", 3307, SslMode::VerifyIdentity));
        assert_eq!(ssl_ca.as_deref(), Some(std::path::Path::new("/base/ca.pem")));
        assert!(!format!("{table:?}").contains("hu/sh"));
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named_with_the_remedy() {
        let error = read(&json!({"credentials": {"host": "db", "username": "u"}})).unwrap_err();
        assert!(error.to_string().contains("'database'"), "{error}");
        assert!(error.remedy().unwrap().contains("DESTINATION__MYSQL__CREDENTIALS__DATABASE"));
        for text in ["postgresql://u:hush@h/d", "mysql://u:hush@h/d?charset=latin1"] {
            let error = read(&json!({"credentials": text})).unwrap_err();
            assert!(error.remedy().is_some() && !format!("{error:?}").contains("hush"), "{error:?}");
        }
        let error = read(&json!({"credentials": "mysql://u@h/d?ssl_mode=x"})).unwrap_err();
        assert!(error.to_string().contains("VERIFY_IDENTITY"), "{error}");
        let error = read(&json!({"credentials": "mysql://u@h/d", "conections": 3})).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'connections'?"));
    }
}
