//! What the credentials of MySQL and MariaDB have beside those of all servers.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use cartage_config::Secret;
use mysql_async::{ClientIdentity, OptsBuilder, SslOpts};
use serde::Deserialize;

use crate::connection_string::Form;
use crate::credentials::{Credentials, CredentialsPlace, Login};
use crate::error::ClientError;

const DEFAULT_PORT: u16 = 3306;
/// The protocol has no longer ones.
const LONGEST_PACKET: usize = 1 << 30;
/// After this time without a sign of life the other side is asked for one.
const KEEPALIVE: Duration = Duration::from_secs(30);

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

impl Credentials for MysqlCredentials {
    /// With SQLAlchemy's names of drivers too.
    const FORM: Form = Form {
        database: "MySQL or MariaDB",
        schemes: &["mysql", "mariadb"],
        example: "mysql://user:password@host:3306/database",
    };

    fn complete(&mut self, _login: &Login, place: &CredentialsPlace<'_>) -> Result<(), ClientError> {
        place.check_charset("charset", self.charset.take(), &["utf8mb4"])?;
        place.go_together([("ssl_cert", &self.ssl_cert), ("ssl_key", &self.ssl_key)])?;
        place.find_files([&mut self.ssl_ca, &mut self.ssl_cert, &mut self.ssl_key]);
        Ok(())
    }
}

impl MysqlCredentials {
    /// The port; 3306 where none is given.
    pub fn port(&self) -> u16 {
        self.port.map_or(DEFAULT_PORT, NonZeroU16::get)
    }

    /// The options of the client; `encrypted` is what the mode leaves open.
    pub(super) fn options(&self, login: &Login, encrypted: bool) -> OptsBuilder {
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

    /// `host:port`, or the socket, for messages.
    pub fn place(&self, login: &Login) -> String {
        let host = &login.host;
        if host.starts_with('/') { host.clone() } else { format!("{host}:{}", self.port()) }
    }
}
