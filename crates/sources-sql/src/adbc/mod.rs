//! Any database with an ADBC driver: Oracle, Db2, Snowflake, BigQuery, Flight SQL. The driver is a library that is loaded
//! into the process; its answers are Arrow already.

mod database;
mod driver;
mod error;
mod objects;
mod session;
mod spelling;

pub(crate) use database::open;
