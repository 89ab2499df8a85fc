//! Programs as sources: shell scripts that say what a test needs.

mod airbyte;
mod conformance;
mod failures;
mod lines;
mod protocol;
mod singer;
mod support;
