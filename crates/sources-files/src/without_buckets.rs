//! In the place of `remote` where buckets are left out: there are no objects.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use cartage_runtime::CancelToken;
use cartage_source_api::SourceError;

use crate::found::Found;

/// There is none.
#[derive(Debug)]
pub(crate) enum Object {}

impl Object {
    pub(crate) fn url(&self) -> &Arc<str> {
        match *self {}
    }

    pub(crate) fn identity(&self) -> &Arc<str> {
        match *self {}
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) enum ObjectReader {}

impl Read for ObjectReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

/// Nothing is asked.
#[derive(Debug, Default)]
pub(crate) struct Clients {}

impl Clients {
    #[expect(clippy::unused_self, reason = "as it is with buckets")]
    pub(crate) fn find(&mut self, paths: &[&str], _: bool) -> Result<Vec<Vec<Found>>, SourceError> {
        let path = paths.first().copied().unwrap_or_default();
        Err(SourceError::Config(format!("`{path}`: this program was built without buckets")))
    }
}

/// Nothing is on its way.
#[derive(Debug, Default)]
pub(crate) struct Ahead {}

impl Ahead {
    /// Takes the first input that waits.
    #[expect(clippy::unused_self, reason = "as it is with buckets")]
    pub(crate) fn next(
        &mut self,
        waiting: &mut VecDeque<Found>,
        _: &Clients,
        _: &CancelToken,
    ) -> Option<(Found, Option<ObjectReader>)> {
        waiting.pop_front().map(|found| (found, None))
    }
}

/// Whether a path is the address of objects that are not on this machine.
pub(crate) fn is_remote(path: &str) -> bool {
    path.contains("://") && !path.starts_with("file:")
}
