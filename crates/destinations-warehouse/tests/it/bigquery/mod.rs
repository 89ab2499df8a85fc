//! BigQuery: at bqemulator, and at a service that answers as each test says.

mod conformance;
mod ends;
mod loads;
mod requests;
mod settings;
mod statements;
mod uploads;
mod util;
