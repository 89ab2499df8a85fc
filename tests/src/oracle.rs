//! Cases that dlt went through, and the comparison with what our binary makes of the same inputs.
//!
//! The rules are those of `oracle/conformance.py`, `check.py` and `snapshot.py`, which judge this
//! project; what they call canonical is described in `fixtures/oracle/README.md`.

mod after_dlt;
mod case;
mod compare;
mod dataset;
mod documents;
mod duckdb_file;
mod expected;
mod folder;
mod mariadb_database;
mod origin;
mod pipeline_file;
mod place;
mod postgres_schema;
mod python_text;
mod run;
mod snapshot;
mod sqlite_file;
mod values;

pub use after_dlt::serve;
pub use case::Case;
pub use place::Destination;
pub use run::{Outcome, RunOptions, run_case};
