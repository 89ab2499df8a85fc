//! Tests of whole packages, through the public types.

mod bad_rows;
mod blocks;
mod harness;
mod oracle;
