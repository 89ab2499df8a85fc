//! `client`: where the API is and how we talk to it.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde::Deserialize;

use super::auth::AuthTable;
use super::either::text_or_table;
use super::paginator::PaginatorTable;

/// The keys of `[sources.<name>.client]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTable {
    /// What paths are relative to.
    #[serde(default)]
    pub base_url: String,
    /// Sent with every request to this API.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    #[serde(default, deserialize_with = "text_or_table")]
    pub(crate) auth: Option<AuthTable>,
    #[serde(default, deserialize_with = "text_or_table")]
    pub(crate) paginator: Option<PaginatorTable>,
    #[serde(default)]
    pub(crate) session: SessionTable,
}

/// `client.session`: limits and patience.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SessionTable {
    /// Seconds without a byte until a request counts as lost.
    pub(crate) request_timeout: f64,
    /// Seconds until a connection must be established.
    pub(crate) connect_timeout: f64,
    /// Tries of a request in all.
    pub(crate) request_max_attempts: u32,
    /// Seconds before the second try, doubled from try to try.
    pub(crate) request_backoff_factor: f64,
    /// Most seconds between two tries.
    pub(crate) request_max_retry_delay: f64,
    /// Requests under way at a time for one resource.
    pub(crate) parallel_requests: usize,
    /// Requests a second of the whole source; as many as go where absent.
    pub(crate) requests_per_second: Option<f64>,
    /// Most bytes of one answer, after decompression.
    pub(crate) max_response_bytes: u64,
    /// A file with certificates (PEM) to trust instead of those of the system.
    pub(crate) verify: Option<PathBuf>,
    /// A proxy instead of the one that the environment names.
    pub(crate) proxy: Option<String>,
}

impl Default for SessionTable {
    fn default() -> Self {
        Self {
            request_timeout: 60.0,
            connect_timeout: 30.0,
            request_max_attempts: 5,
            request_backoff_factor: 1.0,
            request_max_retry_delay: 300.0,
            parallel_requests: 10,
            requests_per_second: None,
            max_response_bytes: 16 << 30,
            verify: None,
            proxy: None,
        }
    }
}

/// Seconds as they are written; nonsense counts as none.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
