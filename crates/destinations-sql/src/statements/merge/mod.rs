//! Merges the staged rows of a table chain into its tables, one file a strategy.
//!
//! All strategies read the same things from the schema ([`MergeChain`] finds keys, links and marks,
//! [`merge_options`](cartage_destinations_api::merge_options) the conditions that the user wrote), so that a hint means the same in each of them.
//! Tables are never given an alias where a condition of the user is allowed: its `{table}` is the
//! table's own name. Staged rows are always `s`, and their filter is in a subquery of its own,
//! where plain column names can mean staged columns only.

mod cdc;
mod chain;
mod delete_insert;
mod insert_only;
mod scd2;
#[cfg(test)]
mod tests;
mod update_in_steps;
mod upsert;

use cartage_destinations_api::{Result, SqlScript};
use cartage_schema::MergeStrategy;

use super::chain_table::ChainTable;
use super::dialect::Dialect;

pub use self::chain::{MergeChain, row_key, where_all};
pub use self::update_in_steps::{insert_one_of_each_key, update_in_steps};
pub use self::upsert::{nested_source, update_by_merge};

/// Brings the staged rows of a chain into its tables by primary key: known rows are updated, others inserted. The
/// second argument is the condition under which a staged root row `s` that is not known is inserted.
pub type UpdateRows = fn(&MergeChain<'_>, Option<&str>) -> Result<SqlScript>;

/// The script that merges a chain; `tables` are parents first. `created_micros` is the time at which
/// versions of `scd2` begin and end, unless the table names another.
pub(super) fn merge(
    dialect: &dyn Dialect,
    strategy: MergeStrategy,
    tables: &[ChainTable<'_>],
    created_micros: i64,
    update: UpdateRows,
) -> Result<SqlScript> {
    let Some((root, nested)) = tables.split_first() else { return Ok(SqlScript::default()) };
    let chain = MergeChain::new(dialect, strategy, root, nested)?;
    match strategy {
        MergeStrategy::DeleteInsert => delete_insert::script(&chain),
        MergeStrategy::Upsert => update(&chain, None),
        MergeStrategy::InsertOnly => insert_only::script(&chain),
        MergeStrategy::Cdc => cdc::script(&chain, update),
        MergeStrategy::Scd2 => scd2::script(&chain, created_micros),
    }
}
