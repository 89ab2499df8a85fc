//! SQLite: a file whose columns take values of every kind, whatever their declared type is.
//!
//! Where SQLite keeps to the declared type, so do we; a value that is stored as another one is converted if nothing of
//! it is lost, and an error with a way out if not.

mod bounds;
mod by_values;
mod cells;
mod credentials;
mod dialect;
mod error;
mod functions;
mod quote;
mod reflect;
mod session;
mod times;
mod types;

pub(crate) use dialect::open;
