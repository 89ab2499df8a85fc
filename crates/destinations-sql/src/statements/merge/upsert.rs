//! Merges by primary key: known rows are updated, new ones inserted, marked ones deleted.
//!
//! Row ids derive from the primary key, and those of nested rows from the root row and the position in
//! the list, so a list element that already exists is updated too. What a list no longer holds is
//! deleted. A staged row that is marked as deleted and not known is inserted with its mark, as in dlt,
//! but nothing below it; one that lacks what the table needs is not. Staged rows with the same key are not
//! told apart.

use cartage_schema::{Column, CompoundHint, Table};

use super::chain::{MergeChain, row_key, where_all};
use crate::statements::chain_table::ChainTable;
use cartage_destinations_api::Result;
use cartage_destinations_api::SqlScript;
use cartage_destinations_api::merge_options::{columns_with, skips_unchanged};

/// Merges the rows of the root table and then of those below it with `MERGE INTO`. `insertable` is the condition under
/// which a staged root row `s` that is not known is inserted.
///
/// # Errors
/// Terminal if a table lacks a key that this needs.
pub fn update_by_merge(chain: &MergeChain<'_>, insertable: Option<&str>) -> Result<SqlScript> {
    let mut script = SqlScript::default();
    script.push(
        format!("merge {}: update known rows by primary key, insert new ones", chain.name()),
        root(chain, insertable),
    );
    for table in chain.nested {
        let name = &table.target.table;
        let link = chain.required_link(table)?;
        let source = nested_source(chain, table, link)?;
        script.push(
            format!("merge {name}: update known list elements, insert new ones"),
            merge_into(chain, table, &source, &[row_key(table)?], None, None),
        );
        delete_from_lists(chain, table, &source, link, &mut script)?;
    }
    Ok(script)
}

/// Deletes the rows of a nested table that are below staged root rows and are not in `source`.
pub(super) fn delete_from_lists(
    chain: &MergeChain<'_>,
    table: &ChainTable<'_>,
    source: &str,
    link: &str,
    script: &mut SqlScript,
) -> Result<()> {
    let row = chain.row_of(table);
    let is_gone = chain.dialect.is_not_found(&chain.lookup(source, "s", &[row_key(table)?], &row));
    script.push(
        format!("merge {}: delete what the lists no longer hold", table.target.table),
        format!(
            "{} WHERE {} IN ({}) AND {is_gone}",
            chain.delete_from(table),
            chain.quote(link),
            chain.root_keys(None)?
        ),
    );
    Ok(())
}

fn root(chain: &MergeChain<'_>, insertable: Option<&str>) -> String {
    let deleted = chain.is_deleted("s.");
    let key = chain.primary_key();
    let conditions: Vec<String> =
        insertable.map(str::to_owned).into_iter().chain(chain.is_whole("s.")).collect();
    let insertable = (!conditions.is_empty()).then(|| conditions.join(" AND "));
    merge_into(chain, chain.root, &chain.source(), &key, deleted.as_deref(), insertable.as_deref())
}

/// Staged rows below root rows that take part and are not marked as deleted, as something to select from.
///
/// # Errors
/// Terminal if the root has no row key.
pub fn nested_source(chain: &MergeChain<'_>, table: &ChainTable<'_>, link: &str) -> Result<String> {
    let staged = chain.staged(table);
    let link = chain.quote(link);
    let mut conditions = Vec::new();
    if chain.is_filtered() {
        conditions.push(format!("{link} IN ({})", chain.root_keys(None)?));
    }
    if let Some(deleted) = chain.is_deleted("") {
        conditions.push(format!("{link} NOT IN ({})", chain.root_keys(Some(&deleted))?));
    }
    if conditions.is_empty() {
        return Ok(staged);
    }
    Ok(format!("(SELECT * FROM {staged}{})", where_all(&conditions)))
}

fn merge_into(
    chain: &MergeChain<'_>,
    table: &ChainTable<'_>,
    source: &str,
    key: &[&str],
    deleted: Option<&str>,
    insertable: Option<&str>,
) -> String {
    let columns = table.columns();
    let mut sql = format!(
        "MERGE INTO {} AS d USING {source} AS s ON {}",
        chain.target(table),
        chain.equal("d", "s", key)
    );
    if let Some(deleted) = deleted {
        sql.push_str(&format!(" WHEN MATCHED AND {deleted} THEN DELETE"));
    }
    let assignments: Vec<String> = columns
        .iter()
        .filter(|column| !key.contains(column))
        .map(|column| {
            let column = chain.quote(column);
            format!("{column} = s.{column}")
        })
        .collect();
    if !assignments.is_empty() {
        let changed = is_changed(chain, table.table).map(|changed| format!(" AND ({changed})"));
        let changed = changed.unwrap_or_default();
        sql.push_str(&format!(" WHEN MATCHED{changed} THEN UPDATE SET {}", assignments.join(", ")));
    }
    let insertable = insertable.map(|insertable| format!(" AND {insertable}")).unwrap_or_default();
    let values = columns.iter().map(|column| format!("s.{}", chain.quote(column)));
    sql.push_str(&format!(
        " WHEN NOT MATCHED{insertable} THEN INSERT ({}) VALUES ({})",
        chain.dialect.column_list(&columns),
        values.collect::<Vec<_>>().join(", ")
    ));
    sql
}

/// Whether a staged row says something new, where rows that do not are left alone: it has another
/// version, or differs in a column that is neither key nor mark nor load id.
pub(super) fn is_changed(chain: &MergeChain<'_>, table: &Table) -> Option<String> {
    if !skips_unchanged(chain.root.table) {
        return None;
    }
    let differs = |column: &Column| {
        let name = chain.quote(&column.name);
        chain.dialect.differs_in(column, &format!("s.{name}"), &format!("d.{name}"))
    };
    if let Some(version) = table.complete_columns().find(|column| column.has_own_hint("x-row-version")) {
        return Some(differs(version));
    }
    let primary = columns_with(table, CompoundHint::PrimaryKey);
    let is_compared = |column: &&Column| {
        let is_key = [column.row_key, column.parent_key, column.root_key, column.hard_delete];
        !is_key.contains(&Some(true))
            && !primary.contains(&column.name.as_str())
            && !column.name.eq_ignore_ascii_case("_dlt_load_id")
    };
    let compared: Vec<String> = table.complete_columns().filter(is_compared).map(differs).collect();
    if compared.is_empty() { None } else { Some(compared.join(" OR ")) }
}
