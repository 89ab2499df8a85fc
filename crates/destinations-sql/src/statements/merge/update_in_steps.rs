//! An upsert for databases without `MERGE INTO`: known rows are updated in place, then the others are inserted.
//!
//! What comes of it is what [`update_by_merge`](super::update_by_merge) does, but that of staged rows with the same
//! key only one is inserted.

use cartage_destinations_api::merge_options::is_deduplicated;
use cartage_destinations_api::{Result, SqlScript};

use super::chain::{MergeChain, row_key};
use super::upsert::{delete_from_lists, is_changed, nested_source};
use crate::statements::chain_table::ChainTable;

/// Primary keys of the staged rows that delete known ones; of this connection only.
const DELETING: &str = "_cartage_deleting";
/// Position of a staged row among those with its key.
const POSITION: &str = "_cartage_position";

/// The script of an upsert in single steps. `insertable` is the condition under which a staged root row `s` that is not
/// known is inserted.
///
/// # Errors
/// Terminal if a table lacks a key that this needs.
pub fn update_in_steps(chain: &MergeChain<'_>, insertable: Option<&str>) -> Result<SqlScript> {
    let key = chain.primary_key();
    let mut script = SqlScript::default();
    let mut comes = delete_marked(chain, &key, &mut script);
    comes.extend(insertable.map(str::to_owned));
    comes.extend(chain.is_whole("s."));
    update_and_insert(chain, chain.root, &chain.source(), &key, comes, &mut script);
    for table in chain.nested {
        let link = chain.required_link(table)?;
        let source = nested_source(chain, table, link)?;
        update_and_insert(chain, table, &source, &[row_key(table)?], Vec::new(), &mut script);
        delete_from_lists(chain, table, &source, link, &mut script)?;
    }
    if chain.is_deleted("").is_some() {
        script.push(format!("merge {}: forget them", chain.name()), chain.dialect.drop_temporary(DELETING));
    }
    Ok(script)
}

/// Deletes known rows whose staged row is marked; returns the condition on the staged rows that are left.
fn delete_marked(chain: &MergeChain<'_>, key: &[&str], script: &mut SqlScript) -> Vec<String> {
    let Some(deleted) = chain.is_deleted("s.") else { return Vec::new() };
    let (name, target) = (chain.name(), chain.target(chain.root));
    let known = chain.dialect.is_found(&chain.lookup(&target, "d", key, "s"));
    let keys = chain.dialect.column_list(key);
    script.push(
        format!("merge {name}: find staged rows that delete known ones"),
        chain.dialect.create_temporary(
            DELETING,
            &format!("SELECT {keys} FROM {} AS s WHERE {deleted} AND {known}", chain.source()),
        ),
    );
    script.push(
        format!("merge {name}: delete the rows that are marked"),
        format!(
            "{} WHERE {}",
            chain.delete_from(chain.root),
            chain.dialect.is_found(&chain.lookup(DELETING, "l", key, &chain.row_of(chain.root)))
        ),
    );
    vec![chain.dialect.is_not_found(&chain.lookup(DELETING, "l", key, "s"))]
}

fn update_and_insert(
    chain: &MergeChain<'_>,
    table: &ChainTable<'_>,
    source: &str,
    key: &[&str],
    mut comes: Vec<String>,
    script: &mut SqlScript,
) {
    let name = &table.target.table;
    let updated: Vec<&str> = table.columns().into_iter().filter(|column| !key.contains(column)).collect();
    if !updated.is_empty() {
        let equal = chain.equal("d", "s", key);
        let changed = is_changed(chain, table.table).map(|changed| format!(" AND ({changed})"));
        let condition = format!("{equal}{}", changed.unwrap_or_default());
        script.push(
            format!("merge {name}: update known rows"),
            chain.dialect.update_from(&chain.target(table), source, &condition, &updated),
        );
    }
    comes.push(chain.is_unknown(table, key));
    script.push(
        format!("merge {name}: insert the others"),
        insert_one_of_each_key(chain, table, source, key, comes),
    );
}

/// Copies those of the rows of `source` into a table that meet `conditions`, and of rows with the same `key` any one,
/// unless the user says that there are none.
pub fn insert_one_of_each_key(
    chain: &MergeChain<'_>,
    table: &ChainTable<'_>,
    source: &str,
    key: &[&str],
    mut conditions: Vec<String>,
) -> String {
    if is_deduplicated(chain.root.table) {
        return chain.copy(table, source, &conditions);
    }
    conditions.insert(0, format!("s.{POSITION} = 1"));
    let keys = chain.dialect.column_list(key);
    let numbered =
        format!("(SELECT *, row_number() OVER (PARTITION BY {keys}) AS {POSITION} FROM {source} AS n)");
    chain.copy(table, &numbered, &conditions)
}
