//! What a place that rows are loaded into must be able to do, and what is known about each of them.
//!
//! Owns the [`Destination`] trait with its rare abilities, [`Capabilities`] as data (known without a
//! connection and without a driver), the error kinds that tell `load` what to do next, the SQL that
//! every SQL destination shares, and (feature `conformance`) the suite that each destination must
//! pass unchanged.
//!
//! ```
//! use cartage_destinations_api::{Capabilities, FileFormat};
//!
//! let duckdb = Capabilities::of("duckdb").expect("a known type");
//! assert_eq!(duckdb.files.preferred_format, FileFormat::Parquet);
//! ```
//!
//! # Invariants
//! - A destination does not know the load loop: it is handed a [`LoadPlan`] and told what to do in
//!   the order that [`Destination`] describes.
//! - Everything that changes data carries a *ledger entry* in the same transaction. Asking for the
//!   same thing again is then answered with "done", so that a crash between any two calls costs nothing.
//!
//! # Limitations
//! Tables are swapped as PostgreSQL does it; databases that clone or exchange them say so in their dialect.
//! A destination declares in its [`Capabilities`] which it offers, and the others are refused.

mod append_record;
pub mod capabilities;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod connect;
mod connection_check;
pub mod database_file;
mod destination;
mod error;
mod files;
pub mod kinds;
pub mod ledger;
mod load_key;
pub mod merge_options;
pub mod plan;
mod probe;
mod script;
mod settings;
pub mod sqlalchemy;
pub mod staging;
mod staging_place;
mod state_conflict;
mod stored;
pub mod system;

pub use append_record::{AppendRecord, Link};
pub use capabilities::{
    Capabilities, Files, Guarantees, IdentifierCase, Jobs, Names, Parallelism, Strategies, Tables, Values,
};
pub use cartage_config::{
    Seconds, Secret, Secrets, Section as Settings, Written, keys_of, text_or_structure,
};
pub use cartage_schema::{MergeStrategy, ReplaceStrategy};
pub use connect::{CommonSettings, ConnectRequest, Connector};
pub use connection_check::{
    CompleteLoad, ConnectionCheck, Inventory, Outcome, ProbeReport, StoredPipeline, check_connection,
};
pub use destination::{
    DatasetReader, Description, Destination, Job, JobHandle, JobOutcome, LoadCommit, LoadStatus,
    PreparedLoad, Preview, Staging, StateSync,
};
pub use error::{Error, ErrorKind, Result};
pub use files::{Codec, FileFormat, FilePlace, JobFile, PageCompression, StagedAccess};
pub use kinds::{DestinationKind, KINDS};
pub use load_key::LoadKey;
pub use plan::{Chain, ColumnRef, FollowUp, LoadPlan, TablePlan};
pub use probe::{Probe, TRIAL_NAME};
pub use script::{Param, SqlScript, Statement};
pub use settings::NoKeys;
pub use staging_place::{PlacedFile, StagingPlace, WithStaging};
pub use state_conflict::{BaseState, taken_over};
pub use stored::{LoadInFlight, StoredSchema, StoredState};
