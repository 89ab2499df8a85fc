//! What can end a load, with the kind that exit codes are made of.

use cartage_destinations_api::{Error as DestinationError, ErrorKind};
use cartage_package_store::{Error as StoreError, ErrorKind as StoreErrorKind, LoadId};
use cartage_runtime::threads::NoThread;
use cartage_schema::SchemaError;

/// Why a load ended early. The package stays in `normalized/`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The package, or the folder of the pipeline, cannot be used.
    #[error("cannot load package {load_id}")]
    Store {
        /// Load id of the package.
        load_id: String,
        /// What the store says.
        #[source]
        source: Box<StoreError>,
    },
    /// The schema of the package cannot be used at this destination.
    #[error("cannot load package {load_id}: its schema does not fit")]
    Schema {
        /// Load id of the package.
        load_id: String,
        /// What does not fit.
        #[source]
        source: Box<SchemaError>,
    },
    /// A document of the package makes no sense.
    #[error("cannot load package {load_id}: {document} cannot be understood: {reason}")]
    Document {
        /// Load id of the package.
        load_id: String,
        /// File name of the document, such as `schema.json`.
        document: &'static str,
        /// What is wrong, as text for people.
        reason: String,
    },
    /// The destination refused something.
    #[error("cannot {doing} of load {load_id}")]
    Destination {
        /// Load id of the package.
        load_id: String,
        /// What was being done, as verb and object.
        doing: String,
        /// What the destination says.
        #[source]
        source: DestinationError,
    },
    /// A job failed for good. Its file is back in `new_jobs/`, and the next load tries it again.
    #[error("job {job} of table {table} failed for good in load {load_id}")]
    JobFailed {
        /// Load id of the package.
        load_id: String,
        /// The job file.
        job: String,
        /// Name of its table, as in the schema.
        table: String,
        /// What the destination says.
        #[source]
        source: DestinationError,
    },
    /// A job failed again and again with errors that might pass.
    #[error("job {job} of table {table} failed {attempts} times in load {load_id}")]
    TooManyRetries {
        /// Load id of the package.
        load_id: String,
        /// The job file.
        job: String,
        /// Name of its table, as in the schema.
        table: String,
        /// Attempts so far, over all runs.
        attempts: u32,
        /// The last error.
        #[source]
        source: DestinationError,
    },
    /// There is no thread for the jobs. None has begun.
    #[error("cannot load package {load_id}")]
    Thread {
        /// Load id of the package.
        load_id: String,
        /// What the system says.
        source: NoThread,
    },
    /// The user asked to stop. Running jobs have ended.
    #[error("stopped while loading package {load_id}; {pending} of {total} jobs are pending")]
    Cancelled {
        /// Load id of the package.
        load_id: String,
        /// Number of jobs that are neither completed nor failed.
        pending: usize,
        /// Jobs of the package.
        total: usize,
    },
}

impl LoadError {
    /// What the caller does next. `None` where the user asked to stop.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Store { source, .. } => Some(match source.kind() {
                StoreErrorKind::Damaged => ErrorKind::Corrupt,
                StoreErrorKind::Locked => ErrorKind::Conflict,
                StoreErrorKind::Io => ErrorKind::Transient,
                _ => ErrorKind::Invalid,
            }),
            Self::Schema { .. } => Some(ErrorKind::Invalid),
            Self::Document { .. } => Some(ErrorKind::Corrupt),
            Self::Destination { source, .. } => Some(source.kind()),
            Self::JobFailed { .. } => Some(ErrorKind::Terminal),
            Self::TooManyRetries { .. } | Self::Thread { .. } => Some(ErrorKind::Transient),
            Self::Cancelled { .. } => None,
        }
    }

    /// The remedy, one line for people.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store { source, .. } => source.hint(),
            Self::Destination { source, .. } => source.remedy().map(str::to_owned),
            Self::JobFailed { source, .. } => Some(source.remedy().map_or_else(
                || {
                    "repair the cause and run again, drop the package, or set `raise_on_failed_jobs = false` in [load] \
                     to continue without this job"
                        .to_owned()
                },
                str::to_owned,
            )),
            Self::TooManyRetries { source, .. } => {
                Some(source.remedy().unwrap_or("the package is pending: run again later").to_owned())
            }
            Self::Thread { .. } => Some(NoThread::REMEDY.to_owned()),
            Self::Document { .. } => Some("drop the package and run again".to_owned()),
            Self::Schema { .. } | Self::Cancelled { .. } => None,
        }
    }
}

/// Wraps what the store says.
pub(crate) fn store_error(load_id: &LoadId) -> impl Fn(StoreError) -> LoadError + use<> {
    let load_id = load_id.to_string();
    move |source| LoadError::Store { load_id: load_id.clone(), source: Box::new(source) }
}

/// Wraps what the destination says about a step of the load.
pub(crate) fn refused(load_id: &LoadId, doing: &str, source: DestinationError) -> LoadError {
    LoadError::Destination { load_id: load_id.to_string(), doing: doing.to_owned(), source }
}
