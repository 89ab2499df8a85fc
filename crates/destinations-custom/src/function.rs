//! Closures as sinks.

use std::error::Error as StdError;
use std::fmt;

use arrow::array::RecordBatch;
use cartage_destinations_api::{Error, FileFormat, JobFile, Result};
use serde_json::{Map, Value};

use crate::sink::{Batch, Rows, Sink};

/// What a closure may fail with. One of [`cartage_destinations_api::Error`] keeps its kind, every other is
/// taken to be worth another attempt.
pub type BoxError = Box<dyn StdError + Send + Sync>;

type Take = dyn Fn(&Batch<'_>) -> Result<(), BoxError> + Send + Sync;

/// A closure that takes batches. Made by [`rows`], [`arrow()`] and [`files`].
pub struct Function {
    name: String,
    only: Option<FileFormat>,
    take: Box<Take>,
}

/// A closure that takes rows as JSON objects; for `loader_file_format = "jsonl"`, the default.
pub fn rows<F>(name: impl Into<String>, take: F) -> Function
where
    F: Fn(Vec<Map<String, Value>>, &Batch<'_>) -> Result<(), BoxError> + Send + Sync + 'static,
{
    let take = move |batch: &Batch<'_>| match batch.rows {
        Rows::Json(rows) => take(rows.parse()?, batch),
        Rows::Arrow(_) | Rows::File(_) => Err(whole_files("rows")),
    };
    Function { name: name.into(), only: Some(FileFormat::Jsonl), take: Box::new(take) }
}

/// A closure that takes batches of Arrow; for `loader_file_format = "parquet"`.
pub fn arrow<F>(name: impl Into<String>, take: F) -> Function
where
    F: Fn(&RecordBatch, &Batch<'_>) -> Result<(), BoxError> + Send + Sync + 'static,
{
    let take = move |batch: &Batch<'_>| match batch.rows {
        Rows::Arrow(rows) => take(rows, batch),
        Rows::Json(_) | Rows::File(_) => Err(whole_files("batches of Arrow")),
    };
    Function { name: name.into(), only: Some(FileFormat::Parquet), take: Box::new(take) }
}

/// A closure that takes whole files; for `batch_size = 0`.
pub fn files<F>(name: impl Into<String>, take: F) -> Function
where
    F: Fn(&JobFile, &Batch<'_>) -> Result<(), BoxError> + Send + Sync + 'static,
{
    let take = move |batch: &Batch<'_>| match batch.rows {
        Rows::File(file) => take(file, batch),
        Rows::Json(_) | Rows::Arrow(_) => {
            Err(Error::invalid("the function takes whole files").with_remedy("set batch_size = 0").into())
        }
    };
    Function { name: name.into(), only: None, take: Box::new(take) }
}

fn whole_files(takes: &str) -> BoxError {
    Error::invalid(format!("the function takes {takes}, but batch_size = 0 hands over whole files"))
        .with_remedy("set batch_size above 0")
        .into()
}

impl Sink for Function {
    fn location(&self) -> String {
        self.name.clone()
    }

    fn only_format(&self) -> Option<FileFormat> {
        self.only
    }

    fn take(&self, batch: &Batch<'_>) -> Result<()> {
        (self.take)(batch).map_err(|error| match error.downcast::<Error>() {
            Ok(error) => error.context(&self.name),
            Err(other) => Error::transient(format!("{}: {other}", self.name)).with_source(other),
        })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).field("only", &self.only).finish_non_exhaustive()
    }
}
