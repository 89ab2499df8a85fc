//! BigQuery, at bqemulator.

mod conformance;
mod util;
