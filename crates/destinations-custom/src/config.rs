//! The settings that all custom destinations share.

use cartage_destinations_api::{
    Capabilities, CommonSettings, ConnectRequest, Parallelism, Result, Settings as Keys,
};

/// The keys that every custom destination takes beside those that all destinations share.
pub const KEYS: &[&str] =
    &["batch_size", "skip_dlt_columns_and_tables", "max_parallel_load_jobs", "loader_parallelism_strategy"];

/// Rows of a batch unless the settings say otherwise.
const BATCH_SIZE: usize = 1000;

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
    /// Reads the settings of a request; `own` are keys of the sink itself.
    ///
    /// # Errors
    /// Invalid naming the key that is unknown or whose value cannot be.
    pub fn read(request: &ConnectRequest, own: &[&str]) -> Result<Self> {
        let keys: &Keys = &request.settings;
        let known: Vec<&str> = CommonSettings::KEYS.iter().chain(KEYS).chain(own).copied().collect();
        keys.check_keys(&known)?;
        let known = Capabilities::of(&request.destination_type)
            .unwrap_or_else(|| Capabilities::of("function").expect("the api knows functions"));
        let mut capabilities = known.with_settings(&CommonSettings::read(keys)?)?;
        capabilities.max_parallel_load_jobs = keys.count("max_parallel_load_jobs")?;
        if let Some(parallelism) = keys.word::<Parallelism>("loader_parallelism_strategy")? {
            capabilities.parallelism = parallelism;
        }
        Ok(Self {
            batch_size: keys.number("batch_size")?.unwrap_or(BATCH_SIZE),
            skip_dlt_columns_and_tables: keys.flag("skip_dlt_columns_and_tables")?.unwrap_or(true),
            capabilities,
        })
    }
}
