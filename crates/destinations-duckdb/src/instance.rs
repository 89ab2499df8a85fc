//! Running instances of DuckDB, to which database files are attached.
//!
//! Starting one takes longer than loading a small package does, so an instance whose file was detached waits
//! for the next file.

use std::sync::{Mutex, PoisonError};

use cartage_destinations_sql::statements::Dialect as _;
use duckdb::Connection;

use crate::config::Config;
use crate::schema_sql::{CATALOG, DuckDbDialect};

/// Instances without a file. More than one is left only where several files were open at the same time.
static IDLE: Mutex<Vec<Instance>> = Mutex::new(Vec::new());

/// Size of the log at which a commit waits for a checkpoint. Staged rows pass DuckDB's own 16 MB soon, and the
/// file is written once more when it is closed, a moment later.
const CHECKPOINT_THRESHOLD: &str = "128MB";

/// An instance; the database file that may be attached to it is [`CATALOG`].
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) connection: Connection,
    threads: Option<usize>,
    memory_limit: Option<String>,
}

impl Instance {
    /// An instance without a file and with the settings of `config`.
    pub(crate) fn start(config: &Config) -> duckdb::Result<Self> {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |engine: &Self| engine.threads == config.threads && engine.memory_limit == config.memory_limit;
        if let Some(index) = idle.iter().position(fits) {
            return Ok(idle.swap_remove(index));
        }
        drop(idle);
        Ok(Self {
            connection: Connection::open_in_memory_with_flags(settings(config)?)?,
            threads: config.threads,
            memory_limit: config.memory_limit.clone(),
        })
    }

    /// Closes the attached file, which writes its log into it. Where that is refused, the instance ends, and
    /// the file with it.
    pub(crate) fn detach(self) -> duckdb::Result<()> {
        self.connection.execute_batch(&format!("DETACH {}", DuckDbDialect.quote(CATALOG)))?;
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        Ok(())
    }
}

/// Rows of one file need not stay in order: a job is one of many that run concurrently, and
/// keeping the order costs memory, as row groups that wait to be written do. Nothing is fetched from the
/// network.
fn settings(config: &Config) -> duckdb::Result<duckdb::Config> {
    let mut settings = duckdb::Config::default()
        .enable_autoload_extension(false)?
        .with("preserve_insertion_order", "false")?
        .with("write_buffer_row_group_count", "1")?
        .with("checkpoint_threshold", CHECKPOINT_THRESHOLD)?;
    if let Some(threads) = config.threads {
        settings = settings.threads(i64::try_from(threads).unwrap_or(i64::MAX))?;
    }
    if let Some(limit) = &config.memory_limit {
        settings = settings.max_memory(limit)?;
    }
    Ok(settings)
}
