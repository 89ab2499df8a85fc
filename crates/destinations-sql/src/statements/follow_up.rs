//! Chooses the generator of a chain's follow-up. A new way to combine staged rows is a new arm here.

use cartage_schema::ReplaceStrategy;

use super::chain_table::ChainTable;
use super::dialect::Dialect;
use super::merge::{UpdateRows, merge};
use super::replace::{insert_from_staging, swap};
use cartage_destinations_api::FollowUp;
use cartage_destinations_api::SqlScript;
use cartage_destinations_api::{Error, Result};

/// The script that finishes a chain; `tables` are parents first. `created_micros` is when the load was
/// begun ([`LoadPlan::created_micros`](cartage_destinations_api::LoadPlan::created_micros)), and `update` brings the
/// staged rows of an upsert into the table.
///
/// # Errors
/// Invalid if this generator does not offer the strategy or the table's hints contradict it, terminal if a table lacks a key that the
/// strategy needs.
pub fn follow_up(
    dialect: &dyn Dialect,
    kind: FollowUp,
    tables: &[ChainTable<'_>],
    created_micros: i64,
    update: UpdateRows,
) -> Result<SqlScript> {
    match kind {
        FollowUp::Replace(ReplaceStrategy::InsertFromStaging) => Ok(insert_from_staging(dialect, tables)),
        FollowUp::Replace(ReplaceStrategy::StagingOptimized) => Ok(swap(dialect, tables)),
        FollowUp::Merge(strategy) => merge(dialect, strategy, tables, created_micros, update),
        other => Err(Error::invalid(format!("{other:?} has no follow-up at this destination"))),
    }
}
