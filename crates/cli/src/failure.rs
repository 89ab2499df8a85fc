//! How an error is reported on standard error, and which exit code it has.

use std::error::Error;
use std::io;

use cartage_pipeline::{Kind, PipelineError};
use cartage_runtime::Panicked;

use crate::exit;
use crate::output::tell;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The pipeline says why.
    Pipeline(PipelineError),
    /// The same, with pending packages, and how to continue.
    Pending(PipelineError, String),
    /// Standard output cannot be written, or signals cannot be handled.
    Io(io::Error),
    /// An unexpected panic.
    Panicked(Panicked),
    /// Already reported; only the exit code is left.
    Code(u8),
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<std::fmt::Error> for Failure {
    fn from(error: std::fmt::Error) -> Self {
        Self::Io(io::Error::other(error))
    }
}

impl Failure {
    /// Reports the error with its causes and its remedy, and returns the exit code.
    pub(crate) fn report(&self) -> u8 {
        match self {
            Self::Pipeline(error) => told(error),
            Self::Pending(error, advice) => {
                let code = told(error);
                tell(&format!("hint: {advice}"));
                code
            }
            Self::Panicked(panic) => {
                tell(&format!("error: internal error: {panic}"));
                tell(
                    "hint: this is a bug in Cartage; please report it with the command and, if you can, the data",
                );
                exit::FAILURE
            }
            Self::Io(error) => {
                tell(&format!("error: {error}"));
                exit::FAILURE
            }
            Self::Code(code) => *code,
        }
    }
}

fn told(error: &PipelineError) -> u8 {
    tell(&format!("error: {}", chain(error)));
    if let Some(hint) = error.hint() {
        tell(&format!("hint: {hint}"));
    }
    code(error.kind())
}

/// The message and its causes, without those that repeat what precedes them.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let message = next.to_string();
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
        cause = next.source();
    }
    text
}

fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Usage => exit::USAGE,
        Kind::FailedJobs => exit::FAILED_JOBS,
        Kind::Contract => exit::CONTRACT,
        Kind::Damaged => exit::DAMAGED,
        Kind::Locked => exit::LOCKED,
        _ => exit::FAILURE,
    }
}
