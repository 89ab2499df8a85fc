//! Merges the staged rows of a table chain into its tables, one file a strategy.
//!
//! All strategies read the same things from the schema ([`chain`] finds keys, links and marks,
//! [`options`] the conditions that the user wrote), so that a hint means the same in each of them.
//! Tables are never given an alias where a condition of the user can stand: its `{table}` is the
//! table's own name. Staged rows are always `s`, and their filter stands in a subquery of its own,
//! where plain column names can mean staged columns only.

mod cdc;
mod chain;
mod delete_insert;
mod insert_only;
mod options;
mod replacing;
mod scd2;
#[cfg(test)]
mod tests;
mod upsert;

use cartage_schema::MergeStrategy;

use self::chain::MergeChain;
use super::dialect::Dialect;
use super::follow_up::ChainTable;
use super::script::SqlScript;
use crate::error::Result;

pub use options::check_merge;

/// The script that merges a chain; `tables` are parents first. `created_micros` is the moment at which
/// versions of `scd2` begin and end, unless the table names another.
pub(super) fn merge(
    dialect: &dyn Dialect,
    strategy: MergeStrategy,
    tables: &[ChainTable<'_>],
    created_micros: i64,
) -> Result<SqlScript> {
    let Some((root, nested)) = tables.split_first() else { return Ok(SqlScript::default()) };
    let chain = MergeChain::new(dialect, strategy, root, nested)?;
    match strategy {
        MergeStrategy::DeleteInsert => delete_insert::script(&chain),
        MergeStrategy::Upsert => upsert::script(&chain),
        MergeStrategy::InsertOnly => insert_only::script(&chain),
        MergeStrategy::Cdc => cdc::script(&chain),
        MergeStrategy::Scd2 => scd2::script(&chain, created_micros),
    }
}
