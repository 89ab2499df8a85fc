//! Which stage files of jobs are put onto.

use std::collections::HashSet;
use std::sync::Mutex;

use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::Table;

use super::bucket::Bucket;
use super::copy::{Copy, Source};
use crate::snowflake::config::Config;
use crate::snowflake::dialect::SnowflakeDialect;

/// The stage in the staging dataset.
const STAGE: &str = "_cartage_files";

/// Where files of jobs are put.
#[derive(Debug)]
pub(crate) struct Stage {
    dialect: SnowflakeDialect,
    pub(super) staging: String,
    /// As statements name it, without the sign before it.
    pub(super) name: String,
    /// Makes it where it is not there; none for a stage of the user's.
    create: Option<String>,
    /// Files stay when they are loaded.
    pub(super) keeps_files: bool,
    use_vectorized_scanner: bool,
    pub(super) integration: Option<String>,
    /// Stages over buckets that were made by this process.
    pub(super) buckets: Mutex<HashSet<String>>,
}

impl Stage {
    pub(crate) fn of(config: &Config, dialect: SnowflakeDialect) -> Self {
        let staging = config.datasets.staging.clone();
        let own = dialect.qualified(&TableRef::new(&staging, STAGE));
        let create = format!("CREATE STAGE IF NOT EXISTS {own} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')");
        let given = config.keys.stage_name.as_ref();
        Self {
            dialect,
            staging,
            name: given.map_or(own, |name| name.trim_start_matches('@').to_owned()),
            create: given.is_none().then_some(create),
            keeps_files: config.keys.keep_staged_files,
            use_vectorized_scanner: config.keys.use_vectorized_scanner,
            integration: config.keys.storage_integration.clone(),
            buckets: Mutex::default(),
        }
    }

    /// Makes the stage where it is not there; none for a stage of the user's.
    pub(crate) fn create(&self) -> Option<&str> {
        self.create.as_deref()
    }

    /// Removes the stage with all that is on it; none for a stage of the user's, and where files are to be kept.
    pub(crate) fn removal(&self) -> Option<String> {
        let goes = self.create.is_some() && !self.keeps_files;
        goes.then(|| format!("DROP STAGE IF EXISTS {}", self.name))
    }

    /// Whether a stage may go with its dataset: it is one of ours, and no files are to be kept on it.
    pub(crate) fn may_go(&self, stored: &str) -> bool {
        stored == self.dialect.stored(STAGE) && !self.keeps_files || Bucket::is_ours(stored)
    }

    /// How sessions name what is on it.
    pub(super) fn dialect(&self) -> SnowflakeDialect {
        self.dialect
    }

    /// The statement that loads a file into a table. `columns` are those of the file, where they are known.
    pub(super) fn copy(
        &self,
        target: &TableRef,
        table: &Table,
        columns: Option<&[String]>,
        source: &Source,
    ) -> Result<String> {
        let use_vectorized_scanner = self.use_vectorized_scanner;
        Copy { dialect: &self.dialect, target, table, columns, source, use_vectorized_scanner }.sql()
    }

    /// The statement that stands for the load of any file.
    pub(crate) fn copy_any(&self, target: &TableRef, table: &Table) -> String {
        let source = Source { place: format!("@{}/<attempt>/<file>", self.name), is_ours: !self.keeps_files };
        // The types were looked at before there was a statement to show.
        self.copy(target, table, None, &source).unwrap_or_else(|error| format!("-- {error}"))
    }
}
