//! The tables of `pipeline.toml`, with dlt's keys.

mod auth;
mod client;
mod either;
mod endpoint;
mod issue;
mod paginator;

pub use auth::AuthTable;
pub(crate) use auth::{Auth, ClientCredentials, Location};
pub use client::ClientTable;
pub(crate) use client::{SessionTable, seconds};
pub use endpoint::ResourceTable;
pub(crate) use endpoint::{ActionTable, EndpointTable, StepTable};
pub use issue::ConfigIssue;
pub(crate) use issue::word;
pub(crate) use paginator::{Cursor, Paginator, PaginatorTable, Range, Target};
