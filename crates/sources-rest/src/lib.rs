//! REST APIs as a source: dlt's declarative configuration, fetched in parallel where pages allow it.
//!
//! [`RestSource`] checks the tables of one source and makes a [`RestProducer`] for each resource. A producer
//! walks through pages in a task of its own and hands them over in order; rows stay the bytes that the API
//! sent, except where steps or fields of a parent change them. Pages that are known or likely to come are
//! asked for ahead (offsets, page numbers), rows of a parent are worked on side by side.
//!
//! Credentials go to the host of the API only, and are in no message, log or package.
//!
//! # Limitations
//! - Paths in answers know keys, positions, `*` and `..`; selectors of rows know no `..` and no filters.
//! - Paginators, authentications and hooks in code have no counterpart; steps are expressions in jq.

mod background;
mod build;
mod config;
mod endpoint;
mod expression;
mod fetch;
mod http;
mod order;
mod paginate;
mod pagination;
mod parent;
mod producer;
mod request;
mod rows;
mod template;
#[cfg(test)]
mod tests;

pub use build::{RestResource, RestSource};
pub use config::{AuthTable, ClientTable, ConfigIssue, ResourceTable};
pub use fetch::{RecordedAnswer, ReplayedAnswer};
pub use order::parents_first;
pub use producer::RestProducer;
