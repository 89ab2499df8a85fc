//! Makes sessions at one account.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use cartage_destinations_api::{Error, Result, Seconds, Secret};
use cartage_destinations_sql::server::ClientThread;
use cartage_runtime::{CancelToken, Clock as _, SystemClock};
use serde_json::{Map, Value, json};

use super::auth::{Authentication, KeyPair, UnusableKey};
use super::client::{Http, Identity, LoginRequest, Queries, log_in};
use super::config::{Config, account, address, folds_names};
use super::dialect::SnowflakeDialect;
use super::error;
use super::session::{About, Session};
use super::stage::place::Stage;

/// What the service shows as the name of the program, where the credentials have no other.
const APPLICATION: &str = "Cartage";
/// How values are written as text, whatever the defaults of the account are.
const PARAMETERS: [(&str, &str); 7] = [
    ("TIMEZONE", "UTC"),
    ("TIMESTAMP_TZ_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM"),
    ("TIMESTAMP_NTZ_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF6"),
    ("TIME_OUTPUT_FORMAT", "HH24:MI:SS.FF6"),
    ("DATE_OUTPUT_FORMAT", "YYYY-MM-DD"),
    ("BINARY_OUTPUT_FORMAT", "HEX"),
    ("GO_QUERY_RESULT_FORMAT", "JSON"),
];

/// Who logs in, and the thread that serves the sessions.
#[derive(Debug)]
pub struct SnowflakeConnector {
    config: Config,
    dialect: SnowflakeDialect,
    stage: Arc<Stage>,
    made: Arc<Mutex<HashSet<String>>>,
    cancel: CancelToken,
    thread: ClientThread,
}

impl SnowflakeConnector {
    pub(crate) fn new(config: Config, cancel: CancelToken) -> Self {
        let dialect = SnowflakeDialect::new(folds_names(&config));
        let stage = Arc::new(Stage::of(&config, dialect));
        let made = Arc::default();
        Self { config, dialect, stage, made, cancel, thread: ClientThread::new("snowflake") }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn snowflake_dialect(&self) -> &SnowflakeDialect {
        &self.dialect
    }

    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// A new session that is set up.
    pub(crate) fn new_session(&self) -> Result<Session> {
        let runtime = self.thread.runtime()?;
        let config = &self.config;
        let Seconds(connect_timeout) = config.login.connect_timeout;
        let http = Http::new(address(config), connect_timeout)
            .map_err(|cause| Error::invalid(format!("the client cannot be set up: {cause}")))?;
        let identity = self.identity()?;
        let credentials = &config.credentials;
        let login = LoginRequest {
            account: account(config),
            user: &config.login.username,
            identity: &identity,
            database: &config.login.database,
            warehouse: credentials.warehouse.as_deref(),
            role: credentials.role.as_deref(),
            application: credentials.application.as_deref().unwrap_or(APPLICATION),
            parameters: self.parameters(),
        };
        let (tokens, begun, version) =
            runtime.block_on(log_in(&http, &login)).map_err(|failure| error::login(config, &failure))?;
        let about = About {
            dialect: self.dialect,
            stage: Arc::clone(&self.stage),
            staging: config.datasets.staging.clone(),
            made: Arc::clone(&self.made),
            version,
        };
        let session = Session::new(runtime, Queries::new(http, tokens, self.cancel.clone()), about);
        if begun.database.is_none() {
            return Err(self.no_database());
        }
        tracing::debug!(warehouse = ?begun.warehouse, role = ?begun.role, "a session has begun");
        Ok(session)
    }

    fn no_database(&self) -> Error {
        let (database, role) = (&self.config.login.database, self.config.credentials.role.as_deref());
        Error::invalid(format!("there is no database {database} that the role may use")).with_remedy(format!(
            "create it, or GRANT USAGE ON DATABASE {database} TO ROLE {}",
            role.unwrap_or("<the role of the user>")
        ))
    }

    /// Proves anew for each login: tokens that are signed here live for minutes.
    fn identity(&self) -> Result<Identity> {
        let Config { login, credentials, name, .. } = &self.config;
        let refused = |key: &str, reason: &str| {
            Error::invalid(format!("'{key}' of [destination.{name}.credentials]: {reason}"))
        };
        let authentication =
            Authentication::of(login, credentials).map_err(|found| refused(found.key, &found.reason))?;
        Ok(match authentication {
            Authentication::Password(password) => Identity::Password(password),
            Authentication::OAuth(token) => Identity::Token("OAUTH", token),
            Authentication::AccessToken(token) => Identity::Token("PROGRAMMATIC_ACCESS_TOKEN", token),
            Authentication::KeyPair => {
                let now = SystemClock.unix_micros() / 1_000_000;
                let unusable = |key: UnusableKey| {
                    Error::invalid(key.message)
                        .with_remedy(key.remedy)
                        .context(format!("[destination.{name}.credentials]"))
                };
                let key = KeyPair::read(&self.key()?, credentials.private_key_passphrase.as_ref())
                    .map_err(unusable)?;
                let token = key.token(account(&self.config), &login.username, now).map_err(unusable)?;
                Identity::Token("SNOWFLAKE_JWT", Secret::new(token))
            }
        })
    }

    fn key(&self) -> Result<Vec<u8>> {
        let credentials = &self.config.credentials;
        if let Some(key) = &credentials.private_key {
            return Ok(key.expose().as_bytes().to_vec());
        }
        let path = credentials.private_key_path.clone().unwrap_or_default();
        std::fs::read(&path).map_err(|cause| {
            Error::invalid(format!("cannot read the private key {}: {cause}", path.display())).with_remedy(
                format!("check private_key_path of [destination.{}.credentials]", self.config.name),
            )
        })
    }

    fn parameters(&self) -> Map<String, Value> {
        let mut parameters: Map<String, Value> =
            PARAMETERS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        parameters.insert("AUTOCOMMIT".to_owned(), json!(true));
        parameters.insert("QUOTED_IDENTIFIERS_IGNORE_CASE".to_owned(), json!(false));
        // Nobody would hear of what a statement of a process that died does.
        parameters.insert("ABORT_DETACHED_QUERY".to_owned(), json!(true));
        if let Some(Seconds(limit)) = self.config.server.lock_timeout {
            parameters.insert("LOCK_TIMEOUT".to_owned(), json!(limit.as_secs().max(1)));
        }
        if let Some(tag) = &self.config.keys.query_tag {
            parameters.insert("QUERY_TAG".to_owned(), json!(tag));
        }
        parameters
    }
}
