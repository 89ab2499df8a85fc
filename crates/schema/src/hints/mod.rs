//! What a resource says about its tables, and the tables that follow from it.
//!
//! [`ResourceHints`] has the keys of `dlt.resource`. [`ResourceHints::to_tables`] makes the partial tables that
//! extract merges into the schema before any row is seen: the one of the resource and those of its nested
//! hints.

mod build;
mod disposition;
mod error;
mod incremental;
mod keys;
mod resource;

pub use disposition::{WriteDispositionConfig, WriteDispositionOptions};
pub use error::HintsError;
pub use incremental::IncrementalHint;
pub use keys::{ColumnHints, KeyForm, KeyHint};
pub use resource::{NestedHints, ResourceHints};
