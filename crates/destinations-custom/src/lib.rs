//! Destinations of the user's own: whatever takes rows batch by batch.
//!
//! A [`Sink`] is all that has to be written: it is handed one [`Batch`] after the other and says whether it
//! took it. [`Custom`] makes a destination of it: it cuts job files into batches, remembers on disk how far each
//! job is, and continues from there after a crash. Two sinks are included: [`CommandSink`] hands each batch to a
//! process (`type = "process"`), and [`rows`], [`arrow()`] and [`files`] make one of a closure.
//!
//! ```
//! use cartage_destinations_custom::{Custom, rows};
//! use cartage_destinations_api::ConnectRequest;
//!
//! let sink = rows("crm", |rows, batch| {
//!     println!("{} rows of {}", rows.len(), batch.table.name);
//!     Ok(())
//! });
//! let destination = Custom::connect(&ConnectRequest::new("function", "shop", "raw"), sink)?;
//! # Ok::<(), cartage_destinations_api::Error>(())
//! ```
//!
//! # Invariants
//! - The batches of a job come in the order of its rows, one at a time; jobs run concurrently.
//! - A batch that was taken is remembered, durably, before the next one is handed over. It comes again only if the
//!   process dies between the two, and then with the same first row.
//!
//! # Limitations
//! Nothing is read back: no state, no schemas, no conflicts between machines. Write dispositions are passed on and
//! otherwise up to the sink: nothing is emptied, replaced or merged.

mod batches;
mod config;
mod custom;
mod function;
mod positions;
mod process;
mod sink;

pub use config::Settings;
pub use custom::Custom;
pub use function::{BoxError, Function, arrow, files, rows};
pub use process::CommandSink;
pub use sink::{Batch, JsonRows, Rows, Sink};
