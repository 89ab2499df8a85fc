//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use cartage_destinations_api::{ConnectRequest, Result, Secret};
use cartage_destinations_sql::credentials::{Form, Login, check_charset, find_files, go_together};
use cartage_destinations_sql::server;
use mysql_async::{ClientIdentity, OptsBuilder, SslOpts};
use serde::Deserialize;

const DEFAULT_PORT: u16 = 3306;
/// The protocol has no longer ones.
const LONGEST_PACKET: usize = 1 << 30;
/// After this time without a sign of life the other side is asked for one.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Where the dataset is and how it is used.
pub type Config = server::Config<MysqlCredentials>;

/// `ssl_mode`, as MySQL's own programs know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum SslMode {
    /// No connection is encrypted, even where the server can.
    #[serde(alias = "disabled")]
    Disabled,
    /// Encrypted where the server can.
    #[default]
    #[serde(alias = "preferred")]
    Preferred,
    /// Encrypted; the server's certificate is not checked.
    #[serde(alias = "required")]
    Required,
    /// Encrypted, and the certificate is that of the host, signed by a trusted authority.
    #[serde(alias = "verify_identity")]
    VerifyIdentity,
}

/// What the credentials have beside those of all servers. A host that begins with `/` is a socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MysqlCredentials {
    charset: Option<String>,
    /// The port; 3306 where absent.
    pub port: Option<NonZeroU16>,
    /// Whether and how connections are encrypted.
    #[serde(default)]
    pub ssl_mode: SslMode,
    /// File with the certificates that are trusted beside the well-known ones.
    pub ssl_ca: Option<PathBuf>,
    /// Certificate of the client.
    pub ssl_cert: Option<PathBuf>,
    /// Key of the client.
    pub ssl_key: Option<PathBuf>,
}

impl server::Credentials for MysqlCredentials {
    /// With SQLAlchemy's names of drivers too.
    const FORM: Form = Form {
        database: "MySQL or MariaDB",
        schemes: &["mysql", "mariadb"],
        example: "mysql://user:password@host:3306/database",
    };

    fn complete(&mut self, _login: &Login, request: &ConnectRequest) -> Result<()> {
        check_charset(request, "charset", self.charset.take(), &["utf8mb4"])?;
        go_together(request, [("ssl_cert", &self.ssl_cert), ("ssl_key", &self.ssl_key)])?;
        find_files(request, [&mut self.ssl_ca, &mut self.ssl_cert, &mut self.ssl_key]);
        Ok(())
    }
}

impl MysqlCredentials {
    pub(crate) fn port(&self) -> u16 {
        self.port.map_or(DEFAULT_PORT, NonZeroU16::get)
    }

    /// What the client is told; `encrypted` is what the mode leaves open.
    pub(crate) fn options(&self, login: &Login, encrypted: bool) -> OptsBuilder {
        let is_socket = login.host.starts_with('/');
        OptsBuilder::default()
            .ip_or_hostname(if is_socket { "localhost" } else { &login.host })
            .tcp_port(self.port())
            .socket(is_socket.then_some(&login.host))
            .prefer_socket(false)
            .tcp_keepalive(Some(KEEPALIVE))
            .user(Some(&login.username))
            .pass(login.password.as_ref().map(Secret::expose))
            .db_name(Some(&login.database))
            // What is longer is the server's business.
            .max_allowed_packet(Some(LONGEST_PACKET))
            // A statement that gives a row the values that it has still counts it.
            .client_found_rows(true)
            .ssl_opts((encrypted && !is_socket).then(|| self.encryption()))
    }

    fn encryption(&self) -> SslOpts {
        let identity = self
            .ssl_cert
            .clone()
            .zip(self.ssl_key.clone())
            .map(|(certificate, key)| ClientIdentity::new(certificate.into(), key.into()));
        let trusted = self.ssl_ca.iter().map(|path| path.clone().into()).collect();
        SslOpts::default()
            .with_root_certs(trusted)
            .with_client_identity(identity)
            .with_danger_accept_invalid_certs(matches!(self.ssl_mode, SslMode::Preferred | SslMode::Required))
    }
}

/// `host:port`, for messages.
pub(crate) fn place(config: &Config) -> String {
    let host = &config.login.host;
    if host.starts_with('/') { host.clone() } else { format!("{host}:{}", config.credentials.port()) }
}

#[cfg(test)]
mod tests {
    use cartage_destinations_api::Settings;
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
        let MysqlCredentials { ssl_mode, ssl_ca, .. } = &table.credentials;
        assert_eq!((place(&table).as_str(), *ssl_mode), ("db:3307", SslMode::VerifyIdentity));
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
