//! Tests of whole packages, through the public types.

mod harness;
mod oracle;
