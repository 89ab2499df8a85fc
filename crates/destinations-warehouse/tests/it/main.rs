//! Warehouses through their public types: the conformance suite, and what is their own.
#![cfg_attr(
    any(feature = "bigquery", feature = "snowflake"),
    expect(clippy::unwrap_used, reason = "a failed helper is a failed test")
)]

#[cfg(feature = "bigquery")]
mod bigquery;
#[cfg(feature = "snowflake")]
mod snowflake;
#[cfg(any(feature = "bigquery", feature = "snowflake"))]
mod suite;
