//! What a program says, whatever language it says it in.

use std::sync::Arc;

use cartage_schema::DataType;
use cartage_source_api::{Page, Route, SourceError, StateChange};

use crate::output::Output;
use crate::program::Program;
use crate::request::ReadRequest;

/// One message of a program that is read.
pub(crate) enum Message<'a> {
    /// A row as JSON text, of the resource with this number.
    Row { resource: usize, row: &'a [u8], route: Option<Arc<Route>> },
    /// Many rows at once.
    Pages { resource: usize, pages: Vec<Page>, route: Option<Arc<Route>> },
    /// A change of the state; of the source where no resource is named.
    State { resource: Option<usize>, change: StateChange },
    /// A later run can go on after everything before it, perhaps with a change of the state.
    Checkpoint(Option<(Option<usize>, StateChange)>),
    /// Something that the user should know.
    Warning(String),
    /// Nothing that matters to us, such as a line of a log.
    Nothing,
    /// All is told.
    End,
}

/// A language that programs speak: how they are started to read, and what their lines mean.
pub(crate) trait Dialect: Send {
    /// Starts the program, or tells the one that runs already, to read.
    ///
    /// # Errors
    /// If it cannot be started, or is gone.
    fn begin(&mut self, request: &ReadRequest) -> Result<(Program, Output), SourceError>;

    /// What a line means. Payload that follows the line is read from `output`.
    ///
    /// # Errors
    /// What is wrong with the line, in words that follow "line N of its output"; or what the program says went wrong.
    fn message<'a>(&mut self, line: &'a [u8], output: &mut Output) -> Result<Message<'a>, Refused>;

    /// Types that columns of a resource must have, as far as they became known while it was read: by the key that rows
    /// have them under.
    fn column_types(&self, _resource: usize) -> Vec<(String, DataType)> {
        Vec::new()
    }

    /// What is said of a program that has ended well. Some languages have a message for the end.
    ///
    /// # Errors
    /// Where the end was missing, if the language has one.
    fn end(&mut self) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether a program is asked by a message to stop. Others are only killed.
    fn can_stop(&self) -> bool {
        false
    }
}

/// Why a line ends the run.
pub(crate) enum Refused {
    /// The line is not what the language demands, or does not fit what was said before.
    Line(String),
    /// The program itself says that it failed, perhaps with a resource.
    Failed { resource: Option<usize>, message: String },
    /// Reading its payload failed.
    Output(std::io::Error),
}

impl Refused {
    pub(crate) fn line(reason: impl Into<String>) -> Self {
        Self::Line(reason.into())
    }
}
