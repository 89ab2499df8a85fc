//! The settings that all custom destinations share.

use std::num::NonZeroUsize;

use cartage_destinations_api::{Capabilities, CommonSettings, ConnectRequest, Parallelism, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Rows of a batch unless the settings say otherwise.
const BATCH_SIZE: usize = 1000;

/// The keys that every custom destination takes beside those that all destinations share.
#[derive(Deserialize)]
struct Keys {
    batch_size: Option<usize>,
    skip_dlt_columns_and_tables: Option<bool>,
    max_parallel_load_jobs: Option<NonZeroUsize>,
    loader_parallelism_strategy: Option<Parallelism>,
}

/// How rows are handed over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Rows of a batch at most; 0 hands over whole files.
    pub batch_size: usize,
    /// Whether dlt's own tables, and in other tables its own columns, are left out.
    pub skip_dlt_columns_and_tables: bool,
    pub(crate) capabilities: Capabilities,
}

impl Settings {
    /// Reads the settings of a request, those of the sink itself into a type that refuses unknown keys.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown or whose value is not allowed.
    pub fn read<T: DeserializeOwned>(request: &ConnectRequest) -> Result<(Self, T)> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let (keys, rest): (Keys, _) = rest.split()?;
        let own = rest.parse()?;
        let known = Capabilities::of(&request.destination_type)
            .unwrap_or_else(|| Capabilities::of("function").expect("the api knows functions"));
        let mut capabilities = known.with_settings(&common)?;
        capabilities.jobs.max_parallel_load_jobs = keys.max_parallel_load_jobs.map(NonZeroUsize::get);
        if let Some(parallelism) = keys.loader_parallelism_strategy {
            capabilities.jobs.parallelism = parallelism;
        }
        let settings = Self {
            batch_size: keys.batch_size.unwrap_or(BATCH_SIZE),
            skip_dlt_columns_and_tables: keys.skip_dlt_columns_and_tables.unwrap_or(true),
            capabilities,
        };
        Ok((settings, own))
    }
}
