//! Opens database files, each at most once per process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::Dialect as _;
use cartage_runtime::{RetryPolicy, Runtime};
use duckdb::Connection;

use crate::config::Config;
use crate::create::create_if_absent;
use crate::error;
use crate::instance::Instance;
use crate::ledger_lock::LedgerLock;
use crate::schema_sql::{CATALOG, DuckDbDialect, literal};

/// How often a file that another process has open is tried, and what is waited in between: ten seconds in all.
const LOCK_ATTEMPTS: u32 = 10;
const LOCK_PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// Rows of the row groups that are written; readers take any size. A thread compresses and writes a row
/// group as soon as it is full, and what is left at the end of an insert is compressed by one thread
/// alone. With DuckDB's own 122,880 rows most wide tables are written by one thread (docs/performance.md).
const ROW_GROUP_ROWS: u32 = 36_864;

/// The files that this process has open.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Weak<Database>>>> = LazyLock::new(Mutex::default);

/// An open database.
#[derive(Debug)]
pub(crate) struct Database {
    /// Present until the drop; other connections are cloned from it.
    root: Mutex<Option<Instance>>,
    /// Held by all that write into the ledger; exclusively by one that makes or removes it.
    pub(crate) ledger: Arc<LedgerLock>,
}

impl Database {
    /// Opens the file of `config`, or returns the instance that this process has open already. Settings
    /// of the instance are those of the first that opened it.
    pub(crate) fn open(config: &Config, runtime: &Runtime) -> Result<Arc<Self>> {
        let key = canonical(&config.path);
        let mut open = lock(&OPEN);
        if let Some(database) = open.get(&key).and_then(Weak::upgrade) {
            return Ok(database);
        }
        let database = Arc::new(Self::new(connect(config, runtime)?));
        open.insert(key, Arc::downgrade(&database));
        Ok(database)
    }

    fn new(root: Instance) -> Self {
        Self { root: Mutex::new(Some(root)), ledger: Arc::default() }
    }

    /// Another connection to the same database.
    pub(crate) fn connection(&self) -> Result<Connection> {
        let root = lock(&self.root);
        let root = root.as_ref().ok_or_else(|| Error::transient("the database is being closed"))?;
        root.connection
            .try_clone()
            .map_err(|cause| error::statement("cannot open another connection", &cause))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Closing writes the log into the file. Nobody may open the file again while that goes on.
        let mut open = lock(&OPEN);
        open.retain(|_, database| database.strong_count() > 0);
        let detached = lock(&self.root).take().map_or(Ok(()), Instance::detach);
        if let Err(cause) = detached {
            tracing::debug!(%cause, "the database is closed with its engine");
        }
    }
}

/// The path without links, so that two spellings of one file are one file.
fn canonical(path: &Path) -> PathBuf {
    let whole = path.canonicalize();
    whole.unwrap_or_else(|_| {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        match (folder, path.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(config: &Config, runtime: &Runtime) -> Result<Instance> {
    let place = config.path.as_path();
    let attach = attachment(place)?;
    create_if_absent(place, |unfinished| {
        let engine = Instance::start(config)?;
        // A path that cannot be attached is refused below, with its name.
        if let Ok(attach) = attachment(unfinished) {
            engine.connection.execute_batch(&attach)?;
            engine.detach()?;
        }
        Ok(())
    });
    let failed = |cause| error::open(place, &cause);
    let engine = Instance::start(config).map_err(failed)?;
    let policy = RetryPolicy::new(LOCK_PAUSES.0, LOCK_PAUSES.1);
    policy
        .retry(LOCK_ATTEMPTS, runtime, error::is_locked, || engine.connection.execute_batch(&attach))
        .map_err(failed)?;
    Ok(engine)
}

/// Attaching instead of opening gives the database a name of ours and row groups of our size.
pub(crate) fn attachment(place: &Path) -> Result<String> {
    let text = place.to_str().ok_or_else(|| {
        Error::invalid(format!("{} is not UTF-8, and duckdb attaches only UTF-8 paths", place.display()))
            .with_remedy("name another file with 'path'")
    })?;
    let catalog = DuckDbDialect.quote(CATALOG);
    let file = literal(text);
    Ok(format!("ATTACH {file} AS {catalog} (TYPE duckdb, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"))
}
