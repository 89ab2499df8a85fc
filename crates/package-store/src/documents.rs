//! The documents of a pipeline beside its packages: identity, state, schemas, run marker, traces.
//!
//! Each is replaced as a whole: readers see the old or the new text, and a text that was replaced stays
//! replaced when the power fails. What the texts mean is the business of others.

use std::path::Path;

use cartage_runtime::CancelToken;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::disk::{is_absent, parent};
use crate::error::{At, Error};
use crate::format::{FOLDER_FORMAT, FormatVersion};
use crate::fs::FileLock;
use crate::layout::{SCHEMA_SUFFIX, TRACE_SUFFIX, check_name};
use crate::load_id::LoadId;
use crate::lock::Wait;
use crate::pipeline_dir::PipelineDir;

/// `run.json`: a run has begun and not come to its end.
///
/// A process that finds one without holding its lock knows that the run was interrupted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunMarker {
    /// Id of the run that wrote it.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// What the pipeline wants to know when it finds this.
    pub payload: serde_json::Value,
}

/// The content of `pipeline.json`: which pipeline and which format.
#[derive(Debug, Serialize, Deserialize)]
struct Identity {
    format: FormatVersion,
    pipeline: String,
}

/// What every version of `pipeline.json` has.
#[derive(Debug, Deserialize)]
struct Head {
    format: FormatVersion,
}

/// The documents of a store.
#[derive(Debug)]
pub struct Documents<'a> {
    dir: &'a PipelineDir,
}

impl<'a> Documents<'a> {
    pub(crate) fn new(dir: &'a PipelineDir) -> Self {
        Self { dir }
    }

    /// `state.json`: the pipeline state of the last load that was committed.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Unreadable`] if it is not text; as for the other documents.
    pub fn state(&self) -> Result<Option<String>, Error> {
        self.read(&self.dir.layout.state())
    }

    /// Replaces `state.json`.
    ///
    /// # Errors
    /// [`Error::Io`]: the old text is still there; as for the other documents.
    pub fn replace_state(&self, json: &str) -> Result<(), Error> {
        self.replace(&self.dir.layout.state(), json)
    }

    /// Removes `state.json`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn remove_state(&self) -> Result<(), Error> {
        self.dir.disk.remove(&self.dir.layout.state())
    }

    /// The names of the schemas, sorted.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn schema_names(&self) -> Result<Vec<String>, Error> {
        self.names(&self.dir.layout.schemas(), SCHEMA_SUFFIX)
    }

    /// The committed schema of this name.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::Io`], [`Error::Unreadable`].
    pub fn schema(&self, name: &str) -> Result<Option<String>, Error> {
        self.read(&self.dir.layout.schema(name)?)
    }

    /// Replaces the committed schema of this name.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::Io`].
    pub fn replace_schema(&self, name: &str, json: &str) -> Result<(), Error> {
        self.replace(&self.dir.layout.schema(name)?, json)
    }

    /// Removes the committed schema of this name; one that is not there is fine.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::Io`].
    pub fn remove_schema(&self, name: &str) -> Result<(), Error> {
        self.dir.disk.remove(&self.dir.layout.schema(name)?)
    }

    /// `dev_dataset`: the dataset that the last run in dev mode began.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Unreadable`].
    pub fn dev_dataset(&self) -> Result<Option<String>, Error> {
        Ok(self.read(&self.dir.layout.dev_dataset())?.map(|text| text.trim_end().to_owned()))
    }

    /// Replaces `dev_dataset`, or removes it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn replace_dev_dataset(&self, dataset: Option<&str>) -> Result<(), Error> {
        let path = self.dir.layout.dev_dataset();
        match dataset {
            Some(dataset) => self.replace(&path, &format!("{dataset}\n")),
            None => self.dir.disk.remove(&path),
        }
    }

    /// `run.json`, where a run has begun and not ended.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Unreadable`].
    pub fn run(&self) -> Result<Option<RunMarker>, Error> {
        self.read_json(&self.dir.layout.run())
    }

    /// Writes `run.json`; it is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn begin_run(&self, marker: &RunMarker) -> Result<(), Error> {
        self.replace(&self.dir.layout.run(), &to_text(marker))
    }

    /// Removes `run.json`; one that is not there is fine. Atomic but not durable: the caller is about to end,
    /// and every moment between this and its end is one in which a finished run looks interrupted if it is
    /// killed. A marker that a power loss brings back makes the next run leave out a plain append once.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn end_run(&self) -> Result<(), Error> {
        self.dir.disk.remove_without_sync(&self.dir.layout.run())
    }

    /// The runs that have a trace, sorted by id.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn trace_ids(&self) -> Result<Vec<String>, Error> {
        self.names(&self.dir.layout.traces(), TRACE_SUFFIX)
    }

    /// The trace of a run.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::Io`], [`Error::Unreadable`].
    pub fn trace(&self, run_id: &str) -> Result<Option<String>, Error> {
        self.read(&self.dir.layout.trace(run_id)?)
    }

    /// Writes or replaces the trace of a run.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::Io`].
    pub fn replace_trace(&self, run_id: &str, json: &str) -> Result<(), Error> {
        self.replace(&self.dir.layout.trace(run_id)?, json)
    }

    /// The pipeline that this folder was made for, once its format is found to be readable.
    pub(crate) fn identity(&self) -> Result<Option<String>, Error> {
        let path = self.dir.layout.pipeline();
        let Some(Head { format: found }) = self.read_json(&path)? else { return Ok(None) };
        if !FOLDER_FORMAT.reads(found) {
            return Err(Error::NewerFormat { path, found, supported: FOLDER_FORMAT });
        }
        Ok(self.read_json::<Identity>(&path)?.map(|identity| identity.pipeline))
    }

    /// Writes `pipeline.json` unless another process did meanwhile.
    pub(crate) fn create_identity(&self) -> Result<(), Error> {
        check_name("pipeline name", &self.dir.pipeline)?;
        let _lock = self.lock()?;
        if self.identity()?.is_some() {
            return Ok(());
        }
        let identity = Identity { format: FOLDER_FORMAT, pipeline: self.dir.pipeline.clone() };
        self.dir.disk.replace(&self.dir.layout.pipeline(), to_text(&identity).as_bytes())
    }

    pub(crate) fn last_load_id(&self) -> Result<Option<LoadId>, Error> {
        let path = self.dir.layout.last_load_id();
        let Some(text) = self.read(&path)? else { return Ok(None) };
        let parsed = text.trim_end().parse::<LoadId>();
        parsed.map(Some).map_err(|error| Error::Unreadable { path, reason: error.to_string() })
    }

    pub(crate) fn replace_last_load_id(&self, load_id: &LoadId) -> Result<(), Error> {
        self.replace(&self.dir.layout.last_load_id(), &format!("{load_id}\n"))
    }

    /// The holder of this is the only writer of documents. It is held only briefly, so that
    /// waiting for it need not be cancelled: a stage that ends still writes what it did.
    pub(crate) fn lock(&self) -> Result<Box<dyn FileLock>, Error> {
        Ok(self.dir.lock_file("documents", Wait::Block(None), &CancelToken::default())?)
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), Error> {
        let _lock = self.lock()?;
        let disk = &self.dir.disk;
        if disk.read_if_exists(path)?.is_some_and(|bytes| bytes == text.as_bytes()) {
            // Its writer may have died before the name was durable.
            return disk.sync_folder(parent(path));
        }
        disk.replace(path, text.as_bytes())
    }

    fn read(&self, path: &Path) -> Result<Option<String>, Error> {
        let Some(bytes) = self.dir.disk.read_if_exists(path)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|error| unreadable(path, &error))
    }

    fn read_json<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, Error> {
        let Some(text) = self.read(path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| unreadable(path, &error))
    }

    /// What precedes `suffix` in the names of the files of a folder.
    fn names(&self, folder: &Path, suffix: &str) -> Result<Vec<String>, Error> {
        let entries = match self.dir.disk.fs.list(folder) {
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            other => other.at("list", folder)?,
        };
        Ok(entries.iter().filter_map(|entry| entry.name.strip_suffix(suffix)).map(str::to_owned).collect())
    }
}

fn to_text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("documents are plain data with text keys");
    text.push('\n');
    text
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Error {
    Error::Unreadable { path: path.to_owned(), reason: error.to_string() }
}
