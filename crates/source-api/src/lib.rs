//! What a source implements, and what it is handed.
//!
//! A [`Source`] is a list of [`Resource`]s; each has hints and a [`Producer`] of [`Page`]s. A page holds many rows: JSON
//! text, a batch of columns or a Parquet file. With each page a producer may hand over what it changes in the state
//! ([`StateChange`]) and where the page goes ([`Route`]); what goes wrong is a [`SourceError`], which names the place.
//!
//! Who takes the pages and what becomes of them is not known here: that is the stage `extract`.
//!
//! ```
//! use cartage_source_api::{JsonPage, Page, Pages, Producer, Resource, SourceError};
//! use serde_json::json;
//!
//! # fn main() -> Result<(), SourceError> {
//! let page = JsonPage::from_rows([json!({"id": 1}), json!({"id": 2})])?;
//! let orders = Resource::new("orders", Default::default(), Box::new(Pages([Ok(Page::Json(page))].into_iter())));
//! assert_eq!(orders.name, "orders");
//! # Ok(())
//! # }
//! ```
//!
//! # Limitations
//! - Producers block. A source that needs an asynchronous client owns its executor.

mod columnar_json;
mod cursor_advance;
mod error;
mod last_value;
mod page;
mod parquet_file;
mod producer;
mod route;
mod scratch_file;
mod source;
mod state_change;
mod target_table;

pub use columnar_json::{InstantForm, columnar_value, columnar_value_in};
pub use cursor_advance::{CursorAdvance, CursorId, HashChange};
pub use error::{InputPosition, SourceError};
pub use last_value::LastValue;
pub use page::{JsonPage, PAGE_BYTES, Page, PageOrigin, RejectedRow};
pub use parquet_file::ParquetFile;
pub use producer::{CursorRange, Finding, Input, OpenContext, Pages, Producer, Resume};
pub use route::{Route, RouteScope};
pub use scratch_file::ScratchFile;
pub use source::{Resource, SchemaSettings, Source};
pub use state_change::{StateChange, StateOf};
pub use target_table::TargetTable;
