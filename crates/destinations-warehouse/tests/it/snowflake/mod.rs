//! Snowflake: its client against a service that a test scripts, everything else against fakesnow.

mod client;
mod conformance;
mod ends;
mod failures;
mod login;
mod sql;
mod stages;
mod types;
mod util;
