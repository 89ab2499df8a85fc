//! Programs as sources: shell scripts that say what a test needs.

#![expect(clippy::unwrap_used, reason = "tests say what must hold")]
#![expect(clippy::needless_pass_by_value, reason = "values are written in place")]

mod airbyte;
mod conformance;
mod failures;
mod lines;
mod protocol;
mod singer;
mod support;
