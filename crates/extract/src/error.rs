//! What can go wrong in the stage.

use std::io;
use std::path::PathBuf;

use cartage_data_files::blocks::BlockError;
use cartage_runtime::threads::NoThread;
use cartage_source_api::SourceError;
use thiserror::Error;

use crate::broken_contract::HintContractError;

/// The stage cannot publish a package. Whatever it had written is gone.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// A producer failed.
    #[error("source `{source_name}`, resource `{resource}`: cannot extract")]
    Source {
        /// Name of the source.
        source_name: String,
        /// Name of the resource.
        resource: String,
        /// What went wrong.
        source: SourceError,
    },
    /// A resource was asked for that the source does not have.
    #[error("source `{source_name}` has no resource `{resource}`; it has {known}")]
    UnknownResource {
        /// Name of the source.
        source_name: String,
        /// What was asked for.
        resource: String,
        /// What there is.
        known: String,
    },
    /// Two resources of a source have the same name.
    #[error(
        "source `{source_name}` has two resources named `{resource}`; rename one and set its `table_name`"
    )]
    DuplicateResource {
        /// Name of the source.
        source_name: String,
        /// Name that two resources have.
        resource: String,
    },
    /// The hints of a resource contradict themselves or the schema.
    #[error("source `{source_name}`, resource `{resource}`: its hints cannot be used: {reason}")]
    Hints {
        /// Name of the source.
        source_name: String,
        /// Name of the resource.
        resource: String,
        /// What is wrong, as text for people.
        reason: String,
    },
    /// A contract has frozen what the resource would change.
    #[error(transparent)]
    Contract(Box<HintContractError>),
    /// A file of the package cannot be written.
    #[error("table `{table}`: cannot write the package")]
    Write {
        /// The table whose file it is.
        table: String,
        /// What went wrong.
        source: BlockError,
    },
    /// A Parquet file of the package cannot be written.
    #[error("table `{table}`: cannot write {}", path.display())]
    Parquet {
        /// The table whose file it is.
        table: String,
        /// Path of the file.
        path: PathBuf,
        /// What went wrong.
        source: parquet::errors::ParquetError,
    },
    /// A file of the package cannot be written.
    #[error("cannot write {}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The package cannot be staged or published.
    #[error("cannot publish the extracted package")]
    Store(#[from] cartage_package_store::Error),
    /// The schema or the state cannot be used.
    #[error("schema `{schema}`: {reason}")]
    Schema {
        /// Name of the schema.
        schema: String,
        /// What is wrong, as text for people.
        reason: String,
    },
    /// There is no thread for the producers.
    #[error("cannot begin to extract")]
    Thread(#[from] NoThread),
    /// The run was cancelled; the package that was being written is gone.
    #[error("extract was stopped before it finished; published packages are kept, run again to continue")]
    Cancelled,
}

impl ExtractError {
    /// The remedy, one line for people, where it is one of the usual ones.
    pub fn hint(&self) -> Option<String> {
        let on_disk = |error: &io::Error| cartage_package_store::io_hint(error).map(str::to_owned);
        match self {
            Self::Store(error) => error.hint(),
            Self::Contract(broken) => Some(broken.hint()),
            Self::Thread(_) => Some(NoThread::REMEDY.to_owned()),
            Self::Io { source, .. } | Self::Write { source: BlockError::Io { source, .. }, .. } => {
                on_disk(source)
            }
            Self::Parquet { source: parquet::errors::ParquetError::External(cause), .. } => {
                cause.downcast_ref::<io::Error>().and_then(on_disk)
            }
            Self::Source { source: SourceError::Other(error), .. } if error.is::<NoThread>() => {
                Some(NoThread::REMEDY.to_owned())
            }
            Self::Source { source: SourceError::Read { source, .. }, .. } => {
                read_hint(source).map(str::to_owned)
            }
            _ => None,
        }
    }
}

fn read_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::NotFound => Some(
            "check `path`: in a pipeline file it is relative to the folder of that file, on the command line \
             to the current folder; a pattern may match nothing",
        ),
        io::ErrorKind::PermissionDenied => Some("give this user permission to read it"),
        _ => None,
    }
}
