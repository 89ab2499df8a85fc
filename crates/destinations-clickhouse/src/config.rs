//! The settings below `[destination.<name>]`: parsed and checked, nothing connected. Keys are dlt's.

use std::num::NonZeroU16;
use std::time::Duration;

use cartage_destinations_api::{Error, Result, Seconds, Secret};
use cartage_destinations_sql::server;
use cartage_sql_client::{ClientError, Credentials, CredentialsPlace, Form, Login};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The port of HTTPS at ClickHouse Cloud.
const DEFAULT_PORT: u16 = 8443;
const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// Where the dataset is and how it is used.
pub type Config = server::Config<ClickHouseCredentials, ClickHouseKeys>;

/// What the credentials have beside those of all servers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClickHouseCredentials {
    /// The port of ClickHouse's own protocol, which dlt uses and we do not.
    #[serde(default, rename = "port")]
    _native_port: IgnoredAny,
    /// The port of HTTP or HTTPS; 8443 where absent.
    pub http_port: Option<NonZeroU16>,
    /// 1 where it is HTTPS, as it is where absent; 0 where it is HTTP.
    #[serde(default = "encrypted", deserialize_with = "flag")]
    pub secure: bool,
    /// Longest time for one statement with its answer; an hour where absent.
    pub send_receive_timeout: Option<Seconds>,
}

/// The other keys.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClickHouseKeys {
    /// Address of the server in place of host and port, such as that of a proxy: `http://127.0.0.1:8123`.
    pub url: Option<String>,
    /// What stands between the names of dataset and table.
    #[serde(default = "separator")]
    pub dataset_table_separator: String,
    /// Name of the table that says that a dataset is there.
    #[serde(default = "sentinel")]
    pub dataset_sentinel_table_name: String,
    /// Engine of tables whose hints ask for none.
    #[serde(default)]
    pub table_engine_type: TableEngineType,
    /// 1 where a read has to see what was written through another replica.
    #[serde(default = "one")]
    pub select_sequential_consistency: u8,
}

/// Engines of tables by dlt's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(clippy::enum_variant_names, reason = "the names are those of ClickHouse and dlt")]
pub enum TableEngineType {
    /// `MergeTree`, which ClickHouse Cloud makes `SharedMergeTree` of.
    #[default]
    MergeTree,
    /// `ReplacingMergeTree`, for tables that are appended to.
    ReplacingMergeTree,
    /// `SharedMergeTree`.
    SharedMergeTree,
    /// `ReplicatedMergeTree`.
    ReplicatedMergeTree,
}

fn encrypted() -> bool {
    true
}

fn one() -> u8 {
    1
}

fn separator() -> String {
    "___".to_owned()
}

fn sentinel() -> String {
    "dlt_sentinel_table".to_owned()
}

/// A flag as dlt writes it: 0 or 1, also as text or boolean.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Bool(bool),
        Number(u8),
        Text(String),
    }
    match Flag::deserialize(deserializer)? {
        Flag::Bool(flag) => Ok(flag),
        Flag::Number(number @ (0 | 1)) => Ok(number == 1),
        Flag::Text(text) if matches!(text.as_str(), "0" | "1" | "true" | "false") => {
            Ok(matches!(text.as_str(), "1" | "true"))
        }
        _ => Err(serde::de::Error::custom("secure is 1 for HTTPS or 0 for HTTP")),
    }
}

impl Credentials for ClickHouseCredentials {
    const FORM: Form = Form {
        database: "ClickHouse",
        schemes: &["clickhouse"],
        example: "clickhouse://user:password@host:9440/database?secure=1&http_port=8443",
    };

    fn complete(
        &mut self,
        _login: &Login,
        _place: &CredentialsPlace<'_>,
    ) -> std::result::Result<(), ClientError> {
        Ok(())
    }
}

/// Refuses an address that holds more than where the server is: it is shown in messages.
///
/// # Errors
/// Invalid if there is a user, a password or a parameter in it.
pub(crate) fn check_url(config: &Config) -> Result<()> {
    match &config.keys.url {
        Some(url) if url.contains(['@', '?', '#']) => {
            Err(Error::invalid("'url' is an address of a server, without user, password and parameters")
                .with_remedy(format!("move them into [destination.{}.credentials]", config.name)))
        }
        _ => Ok(()),
    }
}

/// Address of the server, without the database.
pub(crate) fn address(config: &Config) -> String {
    if let Some(url) = &config.keys.url {
        return url.trim_end_matches('/').to_owned();
    }
    let credentials = &config.credentials;
    let scheme = if credentials.secure { "https" } else { "http" };
    let port = credentials.http_port.map_or(DEFAULT_PORT, NonZeroU16::get);
    let host = &config.login.host;
    // An address of version 6.
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    format!("{scheme}://{host}:{port}")
}

/// Longest time without a sign of life.
pub(crate) fn timeout(config: &Config) -> Duration {
    config.credentials.send_receive_timeout.map_or(DEFAULT_TIMEOUT, |Seconds(limit)| limit)
}

/// The password, empty where there is none.
pub(crate) fn password(config: &Config) -> &str {
    config.login.password.as_ref().map(Secret::expose).unwrap_or_default()
}
