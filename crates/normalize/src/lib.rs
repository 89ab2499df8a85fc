//! Packages in `extracted/` become typed, relational packages in `normalized/`.
//!
//! Rows of JSON are parsed once, straight into typed columns: objects are flattened, lists become tables,
//! names are normalized, types inferred and values coerced, all as dlt does it. The unit of work is a block
//! of rows. Blocks are worked on in parallel, each on its own idea of the schema, and merged in the order of
//! their rows; a block whose idea turns out to be wrong is worked on again. So the result is that of one
//! worker that reads all rows in order, and its bytes do not depend on the number of workers.
//!
//! Where to look: `run` for the package, `coordinate` for the order, `block` for one block, `rows` for one
//! row, `merge` for the schema, `assemble` and `writer` for the output.
//!
//! # Limitations
//! - Parquet files are taken over as they are only where the output is Parquet.
//! - Ids of dlt with another length (`DLT_DLT_ID_LENGTH_BYTES`) cannot be made.

mod arrow_json;
mod assemble;
mod batch;
mod block;
mod block_column;
mod broken;
mod cells;
mod columnar_contract;
mod columnar_types;
mod columnar_union;
mod columnar_values;
mod columns;
mod contracts;
mod coordinate;
mod error;
mod exact;
mod filters;
mod finish;
mod guard;
mod ids;
mod input_place;
mod json_text;
mod long_numbers;
#[doc(hidden)]
pub mod measure;
mod merge;
mod name_map;
mod nested_names;
mod notes;
mod output;
mod parquet_input;
mod pool;
mod quarantine;
mod report;
mod required;
mod rows;
mod rules;
mod run;
mod scalars;
mod schema_snapshot;
mod settings;
mod shape;
mod slots;
mod tables;
mod variant_names;
mod writer;

pub use broken::{FrozenChange, RowContractError};
pub use contracts::{CurrentContracts, SchemaContract};
pub use error::{BadRow, BadValue, NormalizeError};
pub use report::{NormalizeReport, NulledNumbers, SharedName};
pub use run::{NormalizeRequest, run};
pub use settings::NormalizeSettings;
