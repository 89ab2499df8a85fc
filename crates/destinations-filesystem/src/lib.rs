//! Folders and buckets as a destination: each job is one file, written once.
//!
//! Owns the layout of files below a dataset, dlt's own files in it (`init`, `_dlt_loads`, `_dlt_version`,
//! `_dlt_pipeline_state`), and how a file is written to a folder, `s3://`, `gs://` or `az://`.
//!
//! # Invariants
//! - A file is there whole or not at all, and is never replaced: its name derives from load id and job id, so a
//!   job that is repeated finds its own file and is done.
//! - What happens once per load (dropping and emptying tables) leaves a mark below `_cartage/` before the first
//!   job runs; until then nothing of the load is there that could be lost by doing it again.
//! - A load counts from the moment at which its file in `_dlt_loads` is there; its state comes right before.
//!
//! # Limitations
//! There are no transactions: readers who want whole loads only must look into `_dlt_loads`. Merges append, as in
//! dlt. No delta or iceberg tables. `sftp`, `gdrive` and `hf` are not known.

mod check;
mod config;
mod date_tokens;
mod destination;
mod error;
mod file_name;
mod filesystem;
mod job;
mod layout;
mod ledger;
mod outcome;
mod prepare;
mod rows;
mod staging;
mod store;
mod sync;
mod system_files;
#[cfg(test)]
mod tests;

pub use filesystem::Filesystem;
pub use staging::with_staging;
