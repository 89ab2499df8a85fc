//! Chooses the generator of a chain's follow-up. A new way to combine staged rows is a new arm here.

use cartage_schema::ReplaceStrategy;

use super::dialect::{Dialect, TableRef};
use super::replace::insert_from_staging;
use super::script::SqlScript;
use crate::error::{Error, Result};
use crate::plan::FollowUp;

/// One table of a chain with its staged twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainTable {
    /// The table that readers see.
    pub target: TableRef,
    /// The staged rows.
    pub staged: TableRef,
    /// Columns that both have, in the schema's order.
    pub columns: Vec<String>,
}

/// The script that finishes a chain; `tables` are parents first.
///
/// # Errors
/// Invalid if this generator does not offer the strategy.
pub fn follow_up(dialect: &dyn Dialect, kind: FollowUp, tables: &[ChainTable]) -> Result<SqlScript> {
    match kind {
        FollowUp::Replace(ReplaceStrategy::InsertFromStaging) => Ok(insert_from_staging(dialect, tables)),
        FollowUp::Replace(strategy) => {
            Err(Error::invalid(format!("replace strategy '{strategy}' has no follow-up at this destination")))
        }
    }
}
