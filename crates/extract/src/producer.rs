//! What a resource's pages come from.

use cartage_runtime::Cancel;

use crate::{Page, SourceError};

/// Makes the pages of one resource.
///
/// The stage calls it from worker threads, one call at a time, and ahead of need by a few pages at most:
/// a producer that is slow does not hold up the others, and one that is fast does not fill memory.
/// The order of pages of a resource is kept.
pub trait Producer: Send {
    /// Called once, before the first page, only if the resource takes part in the run. Tells how many
    /// bytes of input there are, where that is known.
    ///
    /// # Errors
    /// [`SourceError`] if the input is not there or cannot be used.
    fn open(&mut self, _context: &OpenContext) -> Result<Option<u64>, SourceError> {
        Ok(None)
    }

    /// The next page, `None` when there are no more. Not called again after that or after an error.
    ///
    /// # Errors
    /// [`SourceError`], which ends the stage.
    fn next_page(&mut self) -> Result<Option<Page>, SourceError>;

    /// The inputs that were read so far, for the report and the trace.
    fn inputs(&self) -> Vec<Input> {
        Vec::new()
    }

    /// What the user should know although nothing failed, such as a pattern that matches no file.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether a later run goes on where this one stopped, so that its rows do not come twice.
    fn is_resumable(&self) -> bool {
        false
    }
}

/// What a producer is told when it is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenContext {
    /// Longest row that is accepted, in bytes of JSON text.
    pub max_line_bytes: usize,
    /// Whether somebody asked to stop; long waits should look at it.
    pub cancel: Cancel,
}

impl OpenContext {
    /// Accepts rows of so many bytes.
    pub fn new(max_line_bytes: usize, cancel: Cancel) -> Self {
        Self { max_line_bytes, cancel }
    }
}

/// An input of a resource: a file, a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// As messages name it.
    pub name: String,
    /// Bytes read of it, before decompression.
    pub bytes: u64,
    /// Rows it gave.
    pub rows: u64,
}

/// Makes a producer of any iterator of pages.
#[derive(Debug)]
pub struct Pages<I>(pub I);

impl<I> Producer for Pages<I>
where
    I: Iterator<Item = Result<Page, SourceError>> + Send,
{
    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        self.0.next().transpose()
    }
}
