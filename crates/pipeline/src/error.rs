//! What can end a command, with the kind that exit codes are made of.

use std::error::Error;
use std::io;

use cartage_config::ConfigError;
use cartage_destinations_api as destinations;
use cartage_extract::ExtractError;
use cartage_load::LoadError;
use cartage_normalize::NormalizeError;
use cartage_package_store as store;
use cartage_runtime::threads::NoThread;
use cartage_schema::SchemaError;

use crate::set_aside_package::SetAside;

/// What the caller does about an error; the front door makes an exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Something failed; the message says what.
    Failure,
    /// The configuration or the arguments cannot be used.
    Usage,
    /// Jobs failed for good at the destination.
    FailedJobs,
    /// Data broke a contract.
    Contract,
    /// A package is damaged.
    Damaged,
    /// Another process or machine works on the pipeline.
    Locked,
    /// The user asked to stop.
    Cancelled,
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(Box<ConfigError>),
    /// The data folder cannot be used.
    #[error(transparent)]
    Store(Box<store::Error>),
    /// The extract stage failed.
    #[error(transparent)]
    Extract(Box<ExtractError>),
    /// The normalize stage failed.
    #[error(transparent)]
    Normalize(Box<NormalizeError>),
    /// A package cannot be normalized, ever, and was set aside.
    #[error(transparent)]
    SetAside(Box<SetAside>),
    /// The load stage failed.
    #[error(transparent)]
    Load(Box<LoadError>),
    /// The destination cannot be used.
    #[error(transparent)]
    Destination(Box<destinations::Error>),
    /// A stored schema cannot be used.
    #[error("cannot use the stored schema \"{name}\"")]
    Schema {
        /// Name of the schema, and of its file.
        name: String,
        /// What is wrong with it.
        source: Box<SchemaError>,
    },
    /// The stored state cannot be used.
    #[error("cannot use the stored state of the pipeline: {reason}")]
    State {
        /// What is wrong with it.
        reason: String,
    },
    /// The destination did not carry out a change that a command asked for.
    #[error("cannot {doing}")]
    Change {
        /// What was asked for, as a verb with its object.
        doing: String,
        /// Whether the package with the change still waits; else nothing is left of it.
        pending: bool,
        /// What the stage says.
        source: Box<PipelineError>,
    },
    /// There is no thread for a stage. Nothing was done.
    #[error("cannot begin the run")]
    Thread(#[from] NoThread),
    /// The configuration lacks what the command needs, or contradicts it.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        remedy: String,
    },
}

/// What to do about data that is to be corrected, in a package that stays pending.
const WAITS: &str = "nothing of the extracted package was loaded, and it is still pending: correct the cause, \
                     drop the package and run again";

impl PipelineError {
    /// What the caller does about it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Config(_) | Self::Usage { .. } => Kind::Usage,
            Self::Store(error) => of_store(error),
            Self::Extract(error) => of_extract(error),
            Self::Normalize(error) => of_normalize(error),
            Self::SetAside(aside) => of_normalize(&aside.error),
            Self::Load(error) => of_load(error),
            Self::Destination(error) => of_destination(error.kind()),
            Self::Change { source, .. } => source.kind(),
            Self::Schema { .. } | Self::State { .. } => Kind::Damaged,
            Self::Thread(_) => Kind::Failure,
        }
    }

    /// The remedy, one line for people.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Extract(error) => error.hint().or_else(|| hint_in_chain(&**error)),
            Self::Normalize(error) => match &**error {
                NormalizeError::Contract(broken) => Some(broken.hint()),
                // Running again would read the same package.
                NormalizeError::BadRow(_) => Some(WAITS.to_owned()),
                error if error.is_of_the_source() => Some(WAITS.to_owned()),
                error => hint_in_chain(error),
            },
            Self::SetAside(aside) => Some(aside.hint()),
            Self::Thread(_) => Some(NoThread::REMEDY.to_owned()),
            Self::Load(error) => error.hint(),
            Self::Destination(error) => error.remedy().map(str::to_owned),
            Self::Usage { remedy, .. } => Some(remedy.clone()),
            Self::Change { pending, source, .. } => {
                let rest = if *pending {
                    "the change is pending: `cartage load` tries it again, `cartage abort` drops it"
                } else {
                    "nothing was changed, and other runs continue"
                };
                Some(source.hint().map_or_else(|| rest.to_owned(), |hint| format!("{hint}; {rest}")))
            }
            Self::Schema { .. } | Self::State { .. } => Some(
                "remove the document from the data folder; the next run restores it from the destination"
                    .to_owned(),
            ),
            // The message of the configuration says what to do.
            Self::Config(_) => None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), remedy: remedy.into() }
    }
}

/// Errors of other crates are boxed, because results are moved far more often than they fail.
macro_rules! boxed {
    ($($variant:ident: $error:ty),* $(,)?) => {$(
        impl From<$error> for PipelineError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )*};
}

boxed! {
    Config: ConfigError,
    Store: store::Error,
    Extract: ExtractError,
    Normalize: NormalizeError,
    Load: LoadError,
    Destination: destinations::Error,
}

impl From<store::LockError> for PipelineError {
    fn from(error: store::LockError) -> Self {
        store::Error::from(error).into()
    }
}

fn of_store(error: &store::Error) -> Kind {
    match error.kind() {
        store::ErrorKind::Damaged => Kind::Damaged,
        store::ErrorKind::Locked => Kind::Locked,
        store::ErrorKind::Invalid => Kind::Usage,
        _ => Kind::Failure,
    }
}

fn of_extract(error: &ExtractError) -> Kind {
    match error {
        ExtractError::Cancelled => Kind::Cancelled,
        ExtractError::Store(error) => of_store(error),
        ExtractError::Contract(_) => Kind::Contract,
        ExtractError::UnknownResource { .. }
        | ExtractError::DuplicateResource { .. }
        | ExtractError::Hints { .. } => Kind::Usage,
        _ => Kind::Failure,
    }
}

fn of_normalize(error: &NormalizeError) -> Kind {
    match error {
        NormalizeError::Cancelled => Kind::Cancelled,
        NormalizeError::Store(error) => of_store(error),
        NormalizeError::Contract(_) => Kind::Contract,
        _ => Kind::Failure,
    }
}

fn of_load(error: &LoadError) -> Kind {
    match error {
        LoadError::Cancelled { .. } => Kind::Cancelled,
        LoadError::Store { source, .. } => of_store(source),
        LoadError::JobFailed { .. } => Kind::FailedJobs,
        other => other.kind().map_or(Kind::Failure, of_destination),
    }
}

fn of_destination(kind: destinations::ErrorKind) -> Kind {
    match kind {
        destinations::ErrorKind::Corrupt => Kind::Damaged,
        destinations::ErrorKind::Conflict | destinations::ErrorKind::Locked => Kind::Locked,
        destinations::ErrorKind::Invalid => Kind::Usage,
        _ => Kind::Failure,
    }
}

/// The remedy of the first error in the chain of causes that has one.
fn hint_in_chain(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let of_store = || error.downcast_ref::<store::Error>()?.hint();
        let of_io = || store::io_hint(error.downcast_ref::<io::Error>()?).map(str::to_owned);
        let of_thread = || error.is::<NoThread>().then(|| NoThread::REMEDY.to_owned());
        let hint = of_store().or_else(of_io).or_else(of_thread);
        if hint.is_some() {
            return hint;
        }
        next = error.source();
    }
    None
}
