//! Tests of whole packages, through the public types.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

mod bad_rows;
mod blocks;
mod columnar_union;
mod harness;
mod kept_values;
mod oracle;
mod packages;
mod parquet;
