//! Batches of databases that answer in Arrow: which kind a column is, and columns of any Arrow type as their kind.

mod collector;
mod convert;
#[cfg(feature = "adbc")]
mod kinds;

pub(crate) use collector::Collector;
use convert::convert;
#[cfg(feature = "adbc")]
pub(crate) use kinds::kind_of;
