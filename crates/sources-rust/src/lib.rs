//! Sources written in Rust: what `@dlt.source` and `@dlt.resource` are in Python.
//!
//! A resource is a name and something that yields rows: [`rows`] takes any iterator of values that serialize,
//! [`resource`] a function that gets where the last run ended and returns pages, [`stream`] the same for
//! asynchronous code. A page is a list of rows, raw JSON text ([`JsonText`]) or an Arrow batch. What it becomes
//! is said by hints: [`ResourceBuilder::primary_key`], [`ResourceBuilder::write_disposition`] and so on. A
//! [`transformer`] works on the rows of another resource: `users | details`.
//!
//! ```
//! use cartage_sources_rust::{resource, rows, source};
//! use serde_json::json;
//!
//! let players = rows("players", [json!({"id": 1, "name": "Magnus"})]).primary_key(["id"]);
//! let games = resource("games", |run| {
//!     let first = run.state().get::<u64>("next").unwrap_or(0);
//!     let state = run.state();
//!     Ok((first..first + 3).map(move |page| {
//!         state.set("next", page + 1);
//!         Ok(vec![json!({"game": page})])
//!     }))
//! });
//! let chess = source("chess").with(players).with(games);
//! ```
//!
//! Nothing runs before the source is extracted, and then pages are made ahead by a few only: a fast resource
//! does not fill memory, and a slow one does not hold up the others. A panic or an error ends the extract with
//! the name of the resource, and nothing is published.

mod any;
mod async_pages;
mod error;
mod flow;
mod hints;
mod incremental;
mod items;
mod keys;
mod limit;
mod mark;
mod page;
mod producer;
mod resource;
mod run;
mod source;
mod state;
mod steps;
mod transformer;
mod walks;

pub use any::AnyResource;
pub use async_pages::{async_transformer, stream};
pub use cartage_runtime::{NameCollisions, OnBadRow};
pub use cartage_source_api::Resume;
pub use error::BoxError;
pub use hints::{Hints, hints};
pub use incremental::{Cursor, Incremental, MissingCursor, RangeEnd, RowOrder, incremental};
pub use items::FromPage;
pub use keys::KeyColumns;
pub use limit::Limit;
pub use mark::{Marked, unmarked, with_hints, with_table_name};
pub use page::{IntoPages, JsonText, Lazy, Outbox, Yields};
pub use resource::{ResourceBuilder, pages, resource, rows};
pub use run::Run;
pub use source::{IntoSources, SourceBuilder, source};
pub use state::State;
pub use transformer::{Transformer, page_transformer, transformer, transformer_with};
