//! The settings of a destination at a server: those that all servers share, and those of one database.

use std::num::NonZeroUsize;

use cartage_destinations_api::{
    Capabilities, CommonSettings, ConnectRequest, Error, NoKeys, Result, Seconds,
};
use cartage_sql_client::{ClientError, Credentials, CredentialsPlace, Login, read_credentials};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::engine::Datasets;

const DEFAULT_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

/// The keys that all servers have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ServerKeys {
    /// Jobs at a time, each on a connection of its own.
    #[serde(default = "default_connections")]
    pub connections: NonZeroUsize,
    /// Longest time that a statement waits for a lock; the server's where absent.
    pub lock_timeout: Option<Seconds>,
}

fn default_connections() -> NonZeroUsize {
    DEFAULT_CONNECTIONS
}

/// Where the datasets are and how they are used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config<C, K = NoKeys> {
    /// Name under `[destination]`, for remedies.
    pub name: String,
    /// The datasets that are loaded into.
    pub datasets: Datasets,
    /// What all destinations share.
    pub common: CommonSettings,
    /// What all servers share.
    pub server: ServerKeys,
    /// Who connects, and where to.
    pub login: Login,
    /// What else the credentials of the database have.
    pub credentials: C,
    /// The other keys of the database.
    pub keys: K,
}

impl<C: Credentials, K: DeserializeOwned> Config<C, K> {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown, absent or has a value that is not allowed.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let (server, rest) = rest.split()?;
        let (credentials, rest) = C::FORM.split(&rest).map_err(unusable)?;
        // A key that nobody knows may be the misspelt one of what is missing, so it comes first.
        let keys = rest.parse()?;
        let place = CredentialsPlace { settings: &request.settings, base_dir: &request.base_dir };
        let (login, own) = read_credentials::<C>(&credentials, &place).map_err(unusable)?;
        let (name, datasets) = (request.name.clone(), Datasets::read(request, &common)?);
        Ok(Self { name, datasets, common, server, login, credentials: own, keys })
    }

    /// What the destination of this type can do with these settings.
    ///
    /// # Errors
    /// Invalid if the type is not known, or a file format is asked for that cannot be loaded.
    pub fn capabilities(&self, destination_type: &str) -> Result<Capabilities> {
        let known = Capabilities::of(destination_type);
        let unknown = || Error::invalid(format!("type '{destination_type}' is not known"));
        let mut capabilities = known.ok_or_else(unknown)?.with_settings(&self.common)?;
        capabilities.jobs.max_parallel_load_jobs = Some(self.server.connections.get());
        Ok(capabilities)
    }
}

/// Credentials that cannot be used, as an error of a destination.
pub fn unusable(cause: ClientError) -> Error {
    match cause {
        ClientError::Config(cause) => (*cause).into(),
        cause => {
            let remedy = cause.remedy().map(str::to_owned);
            let error = Error::invalid(cause.to_string()).with_source(cause);
            match remedy {
                Some(remedy) => error.with_remedy(remedy),
                None => error,
            }
        }
    }
}
