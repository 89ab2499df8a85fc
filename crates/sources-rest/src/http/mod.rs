//! Talking HTTP: one client for all resources of a source.

mod auth;
mod body;
mod charset;
mod client;
mod error;
mod limit;
mod network;
mod redact;
mod retry;
mod tls;
mod transport;

pub(crate) use auth::Authenticator;
pub(crate) use body::{Payload, StreamedBody};
pub(crate) use charset::{DecodingReader, decoded, encoding_of};
pub(crate) use client::{Action, Client, Origin, Outcome, Reply, origin};
pub(crate) use error::{RestError, of_document};
#[cfg(test)]
pub(crate) use network::Later;
pub(crate) use network::{Internet, Network};
pub(crate) use redact::Redactor;
#[cfg(test)]
pub(crate) use transport::{Reason, TransportError};
