//! Programs as sources.
//!
//! Whatever language a program speaks ([`process`]: lines of JSON or the source protocol; Singer; Airbyte; Python),
//! it runs in a process group of its own, its output is read with limits, and its end is checked: a program that ends
//! early, with an exit code, or in the middle of a message is an error with the last lines of its standard error.
//!
//! A program that is read for several resources at once is one producer without rows, the driver, which has the producers
//! of the resources as its children: it hands them rows and checkpoints in the order in which the program wrote them, so
//! that a checkpoint is taken after all rows that it covers, whichever resource they belong to.
//!
//! # Invariants
//! - No program outlives the run, not even one that ends by `kill -9`.
//! - State is handed over with a checkpoint or at the end, and never after rows were thrown away by a limit.
//! - Nothing that a program is told goes on its command line, where every user of the machine could see it.
//!
//! # Limitations
//! Unix only.

mod airbyte;
mod batches;
mod command;
mod config_file;
mod conformance;
mod described;
mod driver;
mod guard;
mod json_schema;
mod lines;
mod message;
mod output;
mod private_files;
mod process;
mod program;
mod protocol;
mod python;
mod request;
mod run_to_end;
mod secret_values;
mod shared;
mod singer;
mod source;
mod stderr;
mod stream;

pub use airbyte::{AIRBYTE_KEYS, airbyte};
pub use conformance::{ConformanceCheck, check_conformance};
pub use described::DescribedSchema;
pub use process::{PROCESS_KEYS, process};
pub use python::{PYTHON_KEYS, python};
pub use singer::{SINGER_KEYS, singer};
pub use source::{ProgramSource, ProgramTable};
