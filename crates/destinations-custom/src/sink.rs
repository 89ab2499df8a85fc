//! [`Sink`]: what takes batches.

use std::fmt;

use arrow::array::RecordBatch;
use cartage_destinations_api::{FileFormat, JobFile, LoadKey, Result};
use cartage_schema::{Table, WriteDisposition};
use serde_json::{Map, Value};

/// Takes the rows of jobs. Called from several threads, for one batch of a job at a time.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Where the rows go, for messages; without secrets.
    fn location(&self) -> String;

    /// Tries whether batches could be taken, without handing over one, and says what was seen.
    ///
    /// # Errors
    /// What prevents it, with its remedy.
    fn probe(&self) -> Result<String> {
        Ok(format!("{} takes rows", self.location()))
    }

    /// The only format of job files that this sink can be handed, where it is one.
    fn only_format(&self) -> Option<FileFormat> {
        None
    }

    /// Takes a batch. After an error the same batch comes again, if it is worth another attempt.
    ///
    /// # Errors
    /// The kind says what happens to the job: see [`ErrorKind`](cartage_destinations_api::ErrorKind).
    fn take(&self, batch: &Batch<'_>) -> Result<()>;
}

/// Some rows of one table. Load, job and first row name it: a batch that comes again has the same three.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// Pipeline, schema and load id.
    pub load: &'a LoadKey,
    /// The dataset, as the pipeline names it.
    pub dataset: &'a str,
    /// The job; unique in its load.
    pub job_id: &'a str,
    /// The table with its columns and hints, as far as its rows have them.
    pub table: &'a Table,
    /// What should become of the rows that are there.
    pub disposition: WriteDisposition,
    /// Number of the first row in its job, from 0.
    pub first_row: u64,
    /// The rows in their order in the job.
    pub rows: Rows<'a>,
}

/// The rows of a batch.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Rows<'a> {
    /// JSON objects; columns without value are absent.
    Json(&'a JsonRows),
    /// A batch of Arrow.
    Arrow(&'a RecordBatch),
    /// A whole file, as normalize wrote it: where `batch_size` is 0.
    File(&'a JobFile),
}

impl Rows<'_> {
    /// Number of rows.
    pub fn count(&self) -> u64 {
        match self {
            Self::Json(rows) => rows.count,
            Self::Arrow(batch) => batch.num_rows() as u64,
            Self::File(file) => file.rows,
        }
    }
}

/// Rows as JSON text, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonRows {
    text: String,
    count: u64,
}

impl JsonRows {
    /// The text; every line ends with a line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The rows as objects.
    ///
    /// # Errors
    /// If a line is not an object.
    pub fn parse(&self) -> Result<Vec<Map<String, Value>>, serde_json::Error> {
        self.text.lines().map(serde_json::from_str).collect()
    }

    pub(crate) fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.count += 1;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}
