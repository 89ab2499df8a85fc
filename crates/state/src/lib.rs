//! Pipeline state: document, version hash and codec.
//!
//! The state of a pipeline is a small JSON document: what the pipeline is called, which schemas it has and what
//! its sources remember between runs. It is dlt's document with dlt's [hash](PipelineState::compute_hash) and
//! [encoding](PipelineState::encode), so either program can continue where the other stopped.
//!
//! Values that JSON cannot hold are texts that start with a character of Unicode's private use area, as dlt
//! writes them. Here they stay texts; `cartage_values::decode_typed` reads them where a value is needed.
//!
//! ```
//! use cartage_state::PipelineState;
//! # fn main() -> Result<(), cartage_state::StateError> {
//! let mut state = PipelineState::new("shop");
//! state.bump();
//! state.resource_state_mut("shop", "orders").insert("last".to_owned(), 7.into());
//! assert!(state.bump());
//! let restored = PipelineState::decode(&state.encode())?;
//! assert_eq!(restored.version_hash(), state.version_hash());
//! # Ok(())
//! # }
//! ```
//!
//! # Limitations
//! States are replaced as a whole, never merged, as in dlt.

mod canonical;
mod codec;
mod error;
mod migrate;
mod path;
mod sources;
mod state;

pub use codec::StateRow;
pub use error::StateError;
pub use path::{PathError, StatePath};
pub use state::PipelineState;
