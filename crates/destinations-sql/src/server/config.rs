//! The settings of a destination at a server: those that all servers share, and those of one database.

use std::num::NonZeroUsize;

use cartage_destinations_api::{Capabilities, CommonSettings, ConnectRequest, Error, Result, Seconds};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::credentials::Form;
use crate::engine::Datasets;

const DEFAULT_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

/// The keys of one database, `credentials` among them.
pub trait Keys: DeserializeOwned {
    /// Its connection strings.
    const FORM: Form;

    /// Checks what no type can, and finds files.
    ///
    /// # Errors
    /// Invalid naming the key whose value cannot be.
    fn complete(&mut self, request: &ConnectRequest) -> Result<()>;
}

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config<K> {
    /// Name under `[destination]`, for remedies.
    pub name: String,
    /// The datasets that are loaded into.
    pub datasets: Datasets,
    /// What all destinations share.
    pub common: CommonSettings,
    /// What all servers share.
    pub server: ServerKeys,
    /// The keys of the database.
    pub keys: K,
}

impl<K: Keys> Config<K> {
    /// Reads the settings of a request.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown, absent or has a value that cannot be.
    pub fn read(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let (server, rest) = rest.split()?;
        let mut keys: K = K::FORM.spell_out(&rest)?.parse()?;
        keys.complete(request)?;
        let datasets = Datasets::read(request, &common)?;
        Ok(Self { name: request.name.clone(), datasets, common, server, keys })
    }

    /// What the destination of this type can do with these settings.
    ///
    /// # Errors
    /// Invalid if the type is not known, or a file format is asked for that cannot be loaded.
    pub fn capabilities(&self, destination_type: &str) -> Result<Capabilities> {
        let known = Capabilities::of(destination_type);
        let unknown = || Error::invalid(format!("type '{destination_type}' is not known"));
        let mut capabilities = known.ok_or_else(unknown)?.with_settings(&self.common)?;
        capabilities.max_parallel_load_jobs = Some(self.server.connections.get());
        Ok(capabilities)
    }
}
