//! Clients of object stores: who makes one from an address, credentials and the environment, and what its errors mean.
//!
//! A [`BucketAddress`] is what stands in front of the keys (`s3://bucket`); [`BucketCredentials`] have dlt's names;
//! [`Connection::open`] makes a client of both and of the variables that the clouds' own tools read. Whatever reads or
//! writes buckets does so through a [`Connection`], and tells people what went wrong by [`Refusal::of`].
//!
//! # Limitations
//! - Profiles in `~/.aws` and logins of `gcloud` and `az` are not read: keys come from settings, variables or the
//!   machine's role.

mod address;
mod azure;
mod connect;
mod credentials;
mod environment;
mod executor;
mod gcs;
mod refusal;
mod s3;
#[cfg(feature = "web")]
mod web;

pub use address::{BucketAddress, Scheme};
pub use connect::{Connection, use_ring};
pub use credentials::BucketCredentials;
pub use executor::executor;
pub use refusal::{Refusal, first_line};
pub use s3::Conditions;
#[cfg(feature = "web")]
pub use web::WebClient;
