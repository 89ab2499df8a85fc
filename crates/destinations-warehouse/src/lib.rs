//! Warehouses in the cloud as destinations, each behind a feature of its name.

#[cfg(feature = "snowflake")]
pub mod snowflake;
