//! SQL that all SQL destinations share, generated from the plan of a load.
//!
//! Nothing here talks to a database: every function returns statements that say what they are for, so that the
//! same text is run, printed and compared with golden files. What differs between databases is asked of a
//! [`Dialect`]. Values are parameters, never part of the text.

mod chain_table;
pub mod ddl;
mod dialect;
mod follow_up;
pub mod ledger;
pub mod merge;
pub mod replace;
pub mod system_rows;
pub mod types;
mod undo;
mod widen;

pub use chain_table::ChainTable;
pub use dialect::{Dialect, Lookup, TableRef};
pub use follow_up::follow_up;
pub use undo::undo;
pub use widen::widen;

#[cfg(test)]
pub(crate) mod test_dialect;
#[cfg(test)]
mod tests;
