//! Merges by inserting rows with new primary keys; rows that are there never change.
//!
//! Staged rows marked as deleted are left out, with what is below them. New elements of the lists of
//! known rows are inserted too, as in dlt. Staged rows with the same key are not told apart.

use super::chain::{MergeChain, row_key};
use cartage_destinations_api::Result;
use cartage_destinations_api::SqlScript;

pub(super) fn script(chain: &MergeChain<'_>) -> Result<SqlScript> {
    let mut script = SqlScript::default();
    let mut conditions = vec![chain.is_unknown(chain.root, &chain.primary_key())];
    conditions.extend(chain.is_live("s."));
    script.push(
        format!("merge {}: insert the staged rows with new primary keys", chain.name()),
        chain.copy(chain.root, &chain.staged(chain.root), &conditions),
    );
    let deleted = chain.is_deleted("");
    for table in chain.nested {
        let mut conditions = vec![chain.is_unknown(table, &[row_key(table)?])];
        // Tables of old datasets may lack the link; their rows then come whatever their root says.
        if let (Some(link), Some(deleted)) = (chain.link(table), &deleted) {
            conditions.push(format!("s.{} NOT IN ({})", chain.quote(link), chain.root_keys(Some(deleted))?));
        }
        script.push(
            format!("merge {}: insert the staged list elements that are new", table.target.table),
            chain.copy(table, &chain.staged(table), &conditions),
        );
    }
    Ok(script)
}
