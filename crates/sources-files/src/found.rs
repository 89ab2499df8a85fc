//! Inputs as they were found, before anything is read of them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::remote::Object;

/// Where rows are read from.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    StandardInput,
    File(PathBuf),
    #[cfg_attr(not(feature = "buckets"), expect(dead_code, reason = "without buckets there is none"))]
    Object(Arc<Object>),
}

/// One input of a resource.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) place: Place,
    /// How messages and the trace name it: as the user wrote it where that was relative, and an address without what may
    /// be secret.
    pub(crate) name: Arc<str>,
    /// Behind the folder that its pattern begins with, or its last name.
    pub(crate) relative: String,
    /// Bytes as they are stored, where that is known.
    pub(crate) bytes: Option<u64>,
    /// When it was changed last, in microseconds since 1970.
    pub(crate) modified: Option<i64>,
    /// The mark of its content that a server gave.
    pub(crate) etag: Option<String>,
}

/// The last name of a path or an address.
pub(crate) fn last_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
