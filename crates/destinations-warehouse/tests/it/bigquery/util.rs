//! Datasets of one table in the shared stand-in, and files of Arrow arrays for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use cartage_destinations_api::{
    ConnectRequest, Destination, FileFormat, JobFile, JobOutcome, LoadCommit, LoadKey, LoadPlan, Result,
    Settings, TablePlan,
};
use cartage_destinations_warehouse::bigquery::{self, BigQuery};
use cartage_schema::{Column, NamingKind, Schema, Table};
use cartage_test_support::bigquery::shared;
use cartage_test_support::postgres::unique;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PROJECT: &str = "cartage-test";

/// What it takes to connect to the stand-in; `extra` settings win.
pub(crate) fn request(dataset: &str, extra: &Value) -> ConnectRequest {
    let mut keys = json!({"url": shared().url(), "project_id": PROJECT});
    keys.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let settings = Settings::new(keys.as_object().unwrap().clone());
    ConnectRequest::new("bigquery", "shop", dataset).with_settings(settings)
}

pub(crate) fn connect(dataset: &str, extra: &Value) -> BigQuery {
    bigquery::connect(&request(dataset, extra)).unwrap()
}
