//! Files below one dataset, wherever it lies: listed, read, deleted, and written only where nothing is yet.
//!
//! Names are relative to the dataset, with `/` between steps. A file is there whole or not at all.

mod bucket;
mod connect;
mod local;

use std::path::Path;

use cartage_destinations_api::Result;

use crate::config::{Config, Place};
pub(crate) use bucket::Bucket;
use local::Local;

/// Folder below the dataset for what is in flight; dlt never looks there.
pub(crate) const IN_FLIGHT: &str = "_cartage";

/// Whether a file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// The file was written.
    New,
    /// There was one of that name already, and it is as it was.
    Exists,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// The files of a dataset.
#[derive(Debug)]
pub(crate) enum Store {
    Local(Local),
    Bucket(Bucket),
}

impl Store {
    /// Makes ready to reach the dataset; nothing is asked of it yet.
    pub(crate) fn open(config: &Config) -> Result<Self> {
        Ok(match &config.place {
            Place::Local(folder) => Self::Local(Local::new(folder.join(&config.dataset), &config.pipeline)),
            Place::Bucket { .. } => Self::Bucket(connect::open(config)?),
        })
    }

    /// Writes a file, unless there is one of that name.
    pub(crate) fn create(&self, name: &str, bytes: Vec<u8>) -> Result<Created> {
        match self {
            Self::Local(local) => local.create(name, &bytes),
            Self::Bucket(bucket) => bucket.create(name, bytes),
        }
    }

    /// Copies a local file, unless there is one of that name.
    pub(crate) fn create_from(&self, name: &str, source: &Path) -> Result<Created> {
        match self {
            Self::Local(local) => local.create_from(name, source),
            Self::Bucket(bucket) => bucket.create_from(name, source),
        }
    }

    /// Writes a file in the place of another.
    pub(crate) fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        match self {
            Self::Local(local) => local.replace(name, &bytes),
            Self::Bucket(bucket) => bucket.replace(name, bytes),
        }
    }

    /// The bytes of a file, if it is there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Local(local) => local.read(name),
            Self::Bucket(bucket) => bucket.read(name),
        }
    }

    /// Whether a file is there.
    pub(crate) fn exists(&self, name: &str) -> Result<bool> {
        match self {
            Self::Local(local) => local.exists(name),
            Self::Bucket(bucket) => bucket.exists(name),
        }
    }

    /// The files whose names begin with `prefix`, in order.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<Found>> {
        let mut found = match self {
            Self::Local(local) => local.list(prefix),
            Self::Bucket(bucket) => bucket.list(prefix),
        }?;
        found.sort();
        Ok(found)
    }

    /// Removes files; one that is gone already is not an error.
    pub(crate) fn delete(&self, names: &[String]) -> Result<()> {
        match self {
            Self::Local(local) => names.iter().try_for_each(|name| local.delete(name)),
            Self::Bucket(bucket) => bucket.delete(names),
        }
    }

    /// Makes a folder where there are folders.
    pub(crate) fn make_folder(&self, name: &str) -> Result<()> {
        match self {
            Self::Local(local) => local.make_folder(name),
            Self::Bucket(_) => Ok(()),
        }
    }

    /// Removes what attempts that ended early left: halves of files, and uploads that were never completed.
    pub(crate) fn sweep(&self) -> Result<()> {
        match self {
            Self::Local(local) => local.sweep(),
            Self::Bucket(bucket) => bucket.sweep(),
        }
    }

    /// Whether a file has the bytes of a local one.
    pub(crate) fn equals(&self, name: &str, source: &Path) -> Result<bool> {
        let length =
            std::fs::metadata(source).map_err(|cause| crate::error::local("read", source, cause))?.len();
        let is_as_long = self.list(name)?.iter().any(|found| found.name == name && found.bytes == length);
        if !is_as_long {
            return Ok(false);
        }
        let bytes = std::fs::read(source).map_err(|cause| crate::error::local("read", source, cause))?;
        Ok(self.read(name)?.is_some_and(|found| found == bytes))
    }

    /// Where a file is, for messages and for readers of the file.
    pub(crate) fn url(&self, name: &str) -> String {
        match self {
            Self::Local(local) => local.path(name).display().to_string(),
            Self::Bucket(bucket) => bucket.url(name),
        }
    }
}

/// A name that may stand between slashes, whatever it was before.
pub(crate) fn step(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("={byte:02x}"));
        }
    }
    out
}
