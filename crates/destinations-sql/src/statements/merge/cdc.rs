//! Merges a full picture of the source: an upsert after which rows are gone that the picture lacks.
//!
//! What may be gone is narrowed to the merge keys of staged rows or to a scope that the user wrote. A
//! staged row that is marked as deleted and not known is not inserted.

use super::UpdateRows;
use super::chain::{MergeChain, row_key};
use cartage_destinations_api::Result;
use cartage_destinations_api::SqlScript;

/// Row keys of the root rows that the picture lacks; of this connection only.
const ABSENT: &str = "_cartage_absent";

pub(super) fn script(chain: &MergeChain<'_>, update: UpdateRows) -> Result<SqlScript> {
    let mut script = delete_absent(chain)?;
    script.extend(update(chain, chain.is_live("s.").as_deref())?);
    Ok(script)
}

fn delete_absent(chain: &MergeChain<'_>) -> Result<SqlScript> {
    let name = chain.name();
    let target = chain.searched(chain.root);
    let absent = chain.absent(&chain.primary_key()).join(" AND ");
    let mut script = SqlScript::default();
    if chain.nested.is_empty() {
        script.push(
            format!("merge {name}: delete rows that the source no longer has"),
            format!("{} WHERE {absent}", chain.delete_from(chain.root)),
        );
        return Ok(script);
    }
    let row_key = chain.quote(row_key(chain.root)?);
    script.push(
        format!("merge {name}: find rows that the source no longer has"),
        chain
            .dialect
            .create_temporary(ABSENT, &format!("SELECT {row_key} AS k FROM {target} WHERE {absent}")),
    );
    for table in chain.nested.iter().rev() {
        let link = chain.quote(chain.required_link(table)?);
        script.push(
            format!("merge {}: delete the rows below them", table.target.table),
            format!("{} WHERE {link} IN (SELECT k FROM {ABSENT})", chain.delete_from(table)),
        );
    }
    script.push(
        format!("merge {name}: delete them"),
        format!("{} WHERE {row_key} IN (SELECT k FROM {ABSENT})", chain.delete_from(chain.root)),
    );
    script.push(format!("merge {name}: forget them"), chain.dialect.drop_temporary(ABSENT));
    Ok(script)
}
