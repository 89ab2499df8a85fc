//! Updates known rows by deleting them and inserting the staged ones. DuckDB keeps columns compressed, where
//! changing single values writes all columns of all row groups again, while deleting only marks rows.
//!
//! Columns that the schema does not know would be emptied, so a table that has some is updated in place. Of staged
//! rows with the same key any one comes.

use cartage_destinations_api::merge_options::skips_unchanged;
use cartage_destinations_api::{Result, SqlScript};
use cartage_destinations_sql::statements::merge::{
    MergeChain, insert_one_of_each_key, nested_source, row_key, update_by_merge,
};

/// Primary keys of the staged rows that only delete; of this connection only.
const LEFT_OUT: &str = "_cartage_left_out";

/// The script of an upsert. `insertable` is the condition under which a staged root row `s` that is not
/// known is inserted.
pub(crate) fn update_by_replacing(chain: &MergeChain<'_>, insertable: Option<&str>) -> Result<SqlScript> {
    if skips_unchanged(chain.root.table) {
        return update_by_merge(chain, insertable);
    }
    let name = chain.name();
    let key = chain.primary_key();
    let mut script = SqlScript::default();
    let mut comes = Vec::new();
    let deleted = chain.is_deleted("s.").filter(|_| insertable.is_none());
    if let Some(deleted) = &deleted {
        script.push(
            format!("merge {name}: find staged rows that delete known ones"),
            chain.dialect.create_temporary(
                LEFT_OUT,
                &format!(
                    "SELECT {} FROM {} AS s WHERE {deleted} AND NOT {}",
                    chain.dialect.column_list(&key),
                    chain.source(),
                    chain.is_unknown(chain.root, &key)
                ),
            ),
        );
        comes.push(format!(
            "NOT EXISTS (SELECT 1 FROM {LEFT_OUT} AS l WHERE {})",
            chain.equal("l", "s", &key)
        ));
    }
    comes.extend(insertable.map(str::to_owned));
    comes.extend(chain.is_whole("s."));
    for table in chain.nested.iter().rev() {
        let link = chain.quote(chain.required_link(table)?);
        script.push(
            format!("merge {}: delete the lists of known rows", table.target.table),
            format!("DELETE FROM {} WHERE {link} IN ({})", chain.target(table), chain.root_keys(None)?),
        );
    }
    script.push(
        format!("merge {name}: delete known rows"),
        format!("DELETE FROM {} WHERE {}", chain.target(chain.root), chain.is_staged(&key)),
    );
    script.push(
        format!("merge {name}: insert the staged rows"),
        insert_one_of_each_key(chain, chain.root, &chain.source(), &key, comes),
    );
    for table in chain.nested {
        let source = nested_source(chain, table, chain.required_link(table)?)?;
        script.push(
            format!("merge {}: insert the staged lists", table.target.table),
            insert_one_of_each_key(chain, table, &source, &[row_key(table)?], Vec::new()),
        );
    }
    if deleted.is_some() {
        script.push(format!("merge {name}: forget the choice"), chain.dialect.drop_temporary(LEFT_OUT));
    }
    Ok(script)
}
