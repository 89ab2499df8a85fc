//! One connection to a file, which only reads.

use std::path::Path;

use duckdb::{AccessMode, Config, Connection};

use super::{error, reflect};
use crate::batches::{RowSink, Stop};
use crate::columnar::Collector;
use crate::database::Session;
use crate::error::SqlError;
use crate::reflected::{Reflected, Relation};

/// An open file.
#[derive(Debug)]
pub(super) struct DuckDbSession {
    connection: Connection,
}

impl DuckDbSession {
    /// Opens the file; it must be there.
    pub(super) fn open(path: &Path) -> Result<Self, SqlError> {
        if !path.is_file() {
            return Err(SqlError::new(format!("there is no file {}", path.display())).with_remedy(
                "check the path in `credentials`; it is relative to the folder of the pipeline file",
            ));
        }
        let config = Config::default().access_mode(AccessMode::ReadOnly).and_then(|config| {
            // Nothing is fetched from elsewhere.
            config.with("autoinstall_known_extensions", "false")?.with("autoload_known_extensions", "false")
        });
        let opened = config.and_then(|config| Connection::open_with_flags(path, config));
        let connection = opened.map_err(|cause| error::open(path, &cause))?;
        Ok(Self { connection })
    }
}

impl Session for DuckDbSession {
    fn table_names(&mut self, schema: Option<&str>, with_views: bool) -> Result<Vec<String>, SqlError> {
        reflect::table_names(&self.connection, schema, with_views)
    }

    fn reflect(&mut self, relation: &Relation) -> Result<Reflected, SqlError> {
        reflect::reflect(&self.connection, relation)
    }

    fn read(self: Box<Self>, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        let failed = |cause: duckdb::Error| Stop::Failed(error::statement("cannot read", &cause));
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = Collector::new(sink);
        for batch in statement.stream_arrow([]).map_err(failed)? {
            rows.take(&batch.map_err(failed)?)?;
        }
        rows.finish()
    }
}
