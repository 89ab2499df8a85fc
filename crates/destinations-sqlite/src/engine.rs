//! [`SqliteEngine`]: what SQLite does in its own way.

use cartage_destinations_api::{
    Capabilities, ConnectRequest, Description, Error, FileFormat, JobFile, Probe, Result, Statement,
    database_file,
};
use cartage_destinations_sql::statements::merge::{UpdateRows, update_in_steps};
use cartage_destinations_sql::statements::{ChainTable, Dialect, TableRef};
use cartage_destinations_sql::{Datasets, SqlDestination, SqlEngine};
use cartage_schema::Table;

use crate::config::Config;
use crate::insert;
use crate::schema_sql::SqliteDialect;
use crate::session::Session;

/// One dataset in a SQLite file.
pub type Sqlite = SqlDestination<SqliteEngine>;

/// Reads the settings. The file is opened by the first call that needs it.
///
/// # Errors
/// Invalid if a setting is unknown or has a value that it cannot have.
pub fn connect(request: &ConnectRequest) -> Result<Sqlite> {
    let config = Config::read(request)?;
    let capabilities =
        Capabilities::of("sqlite").expect("the api knows sqlite").with_settings(&config.common)?;
    let datasets = Datasets { dataset: config.dataset.clone(), staging: config.staging_dataset.clone() };
    let dialect = SqliteDialect::new(&config.dataset);
    Ok(SqlDestination::new(SqliteEngine { config, datasets, dialect, capabilities }))
}

/// The file of one dataset.
#[derive(Debug)]
pub struct SqliteEngine {
    config: Config,
    datasets: Datasets,
    dialect: SqliteDialect,
    capabilities: Capabilities,
}

impl SqliteEngine {
    fn try_opening(&self) -> Result<String> {
        let path = &self.config.path;
        match self.existing_session()? {
            Some(_) => Ok(format!("{} can be opened", path.display())),
            None => database_file::try_making(path),
        }
    }
}

impl SqlEngine for SqliteEngine {
    type Session<'a> = Session<'a>;

    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    fn datasets(&self) -> &Datasets {
        &self.datasets
    }

    fn description(&self) -> Description {
        let location = self.config.path.display().to_string();
        let look = format!("sqlite3 {location}");
        Description::new("sqlite", location, &self.datasets.dataset).look_with(look)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn session(&self) -> Result<Session<'_>> {
        Session::open(&self.config.path, &self.dialect, true)
    }

    fn existing_session(&self) -> Result<Option<Session<'_>>> {
        let path = &self.config.path;
        if path.exists() { Session::open(path, &self.dialect, false).map(Some) } else { Ok(None) }
    }

    fn load_file(&self, session: &Session<'_>, into: &TableRef, table: &Table, job: &JobFile) -> Result<u64> {
        insert::insert(session, &self.dialect, into, table, job.local()?)
    }

    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
        if job.format != FileFormat::Parquet {
            return Err(Error::invalid(format!("sqlite cannot load {} files", job.format)));
        }
        let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
        let purpose = format!("insert each row of {} into table {}", job.id, job.table);
        Ok(Statement::new(purpose, insert::statement(&self.dialect, target, &columns)))
    }

    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>) {
        (vec![Probe::new("open", || self.try_opening())], Vec::new())
    }

    /// SQLite has no `MERGE INTO`.
    fn update_rows(&self, _session: Option<&Session<'_>>, _tables: &[ChainTable<'_>]) -> Result<UpdateRows> {
        Ok(update_in_steps)
    }
}
