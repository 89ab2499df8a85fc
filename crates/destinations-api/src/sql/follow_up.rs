//! Chooses the generator of a chain's follow-up. A new way to combine staged rows is a new arm here.

use cartage_schema::{ReplaceStrategy, Table};

use super::dialect::{Dialect, TableRef};
use super::merge::merge;
use super::replace::{insert_from_staging, swap};
use super::script::SqlScript;
use crate::error::{Error, Result};
use crate::plan::FollowUp;

/// One table of a chain with its staged twin.
#[derive(Clone, Debug)]
pub struct ChainTable<'a> {
    /// The table that readers see.
    pub target: TableRef,
    /// The staged rows.
    pub staged: TableRef,
    /// Its columns and keys.
    pub table: &'a Table,
}

impl ChainTable<'_> {
    /// Names of the columns that both have, in the schema's order.
    pub(crate) fn columns(&self) -> Vec<&str> {
        self.table.complete_columns().map(|column| column.name.as_str()).collect()
    }
}

/// The script that finishes a chain; `tables` are parents first. `created_micros` is when the load was
/// begun ([`LoadPlan::created_micros`](crate::LoadPlan::created_micros)).
///
/// # Errors
/// Invalid if this generator does not offer the strategy or the table's hints contradict it, terminal if a table lacks a key that the
/// strategy needs.
pub fn follow_up(
    dialect: &dyn Dialect,
    kind: FollowUp,
    tables: &[ChainTable<'_>],
    created_micros: i64,
) -> Result<SqlScript> {
    match kind {
        FollowUp::Replace(ReplaceStrategy::InsertFromStaging) => Ok(insert_from_staging(dialect, tables)),
        FollowUp::Replace(ReplaceStrategy::StagingOptimized) => Ok(swap(dialect, tables)),
        FollowUp::Merge(strategy) => merge(dialect, strategy, tables, created_micros),
        FollowUp::Replace(strategy) => {
            Err(Error::invalid(format!("replace strategy '{strategy}' has no follow-up at this destination")))
        }
    }
}
