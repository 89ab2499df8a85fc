//! Merges by deleting what has the keys of the staged rows and inserting these.
//!
//! Rows go whose primary key or merge key some staged row has; nulls never match. Where the user gave a
//! scope, the rows in it go instead. Without keys and scope the staged rows are appended. Of staged rows
//! with the same primary key one survives, the first by the `dedup_sort` column; it is chosen before rows
//! marked as deleted are left out, so that a newest version that is a deletion removes the key. Rows of
//! nested tables follow their root row.

use cartage_schema::SortOrder;

use super::chain::{MergeChain, row_key, where_all};
use crate::statements::chain_table::ChainTable;
use cartage_destinations_api::Result;
use cartage_destinations_api::SqlScript;
use cartage_destinations_api::merge_options::is_deduplicated;

/// Row keys of the root rows that go; of this connection only, gone at the end of the script.
const DELETED: &str = "_cartage_deleted";
/// Row keys of the staged root rows that come.
const INSERTED: &str = "_cartage_inserted";
/// Position of a staged row among those with its primary key.
const POSITION: &str = "_cartage_position";

pub(super) fn script(chain: &MergeChain<'_>) -> Result<SqlScript> {
    let merge = DeleteInsert { chain };
    if chain.nested.is_empty() { Ok(merge.flat()) } else { merge.nested() }
}

/// Rows of the root table that go, and why.
struct Leaving {
    what: &'static str,
    condition: String,
}

struct DeleteInsert<'a> {
    chain: &'a MergeChain<'a>,
}

impl DeleteInsert<'_> {
    /// A root without nested tables: no row keys are needed.
    fn flat(&self) -> SqlScript {
        let chain = self.chain;
        let mut script = SqlScript::default();
        for Leaving { what, condition } in self.leaving() {
            script.push(
                format!("merge {}: delete {what}", chain.name()),
                format!("{} WHERE {condition}", chain.delete_from(chain.root)),
            );
        }
        let columns = chain.dialect.column_list(&chain.root.columns());
        script.push(
            format!("merge {}: insert the staged rows", chain.name()),
            format!(
                "INSERT INTO {} ({columns}) SELECT {columns} FROM {}",
                chain.target(chain.root),
                self.survivors()
            ),
        );
        script
    }

    /// A root with nested tables: the row keys of what goes and of what comes are looked up once.
    fn nested(&self) -> Result<SqlScript> {
        let mut script = self.delete()?;
        script.extend(self.insert()?);
        Ok(script)
    }

    fn delete(&self) -> Result<SqlScript> {
        let chain = self.chain;
        let name = chain.name();
        let row_key = chain.quote(row_key(chain.root)?);
        let target = chain.searched(chain.root);
        let mut script = SqlScript::default();
        let leaving = self.leaving();
        if leaving.is_empty() {
            return Ok(script);
        }
        let what = leaving.iter().map(|leaving| leaving.what).collect::<Vec<_>>().join(", and ");
        let selects = leaving
            .iter()
            .map(|leaving| format!("SELECT {row_key} AS k FROM {target} WHERE {}", leaving.condition));
        script.push(
            format!("merge {name}: find {what}"),
            chain.dialect.create_temporary(
                DELETED,
                &selects.collect::<Vec<_>>().join(&format!(" {} ", chain.dialect.union())),
            ),
        );
        for table in chain.nested.iter().rev() {
            let link = chain.quote(chain.required_link(table)?);
            script.push(
                format!("merge {}: delete the rows below them", table.target.table),
                format!("{} WHERE {link} IN (SELECT k FROM {DELETED})", chain.delete_from(table)),
            );
        }
        // One key is asked for again, which compares fewer and shorter values than row keys are. A scope is
        // not: it may look at tables from which rows are gone by now.
        let again = if chain.scope().is_some() { None } else { <[_; 1]>::try_from(leaving).ok() };
        let condition = again
            .map_or_else(|| format!("{row_key} IN (SELECT k FROM {DELETED})"), |[leaving]| leaving.condition);
        script.push(
            format!("merge {name}: delete them"),
            format!("{} WHERE {condition}", chain.delete_from(chain.root)),
        );
        script.push(format!("merge {name}: forget them"), chain.dialect.drop_temporary(DELETED));
        Ok(script)
    }

    fn insert(&self) -> Result<SqlScript> {
        let chain = self.chain;
        let name = chain.name();
        let mut script = SqlScript::default();
        if !self.chooses() && chain.is_live("").is_none() && !chain.is_filtered() {
            for table in std::iter::once(chain.root).chain(chain.nested) {
                script.push(
                    format!("merge {}: insert the staged rows", table.target.table),
                    chain.copy(table, &chain.staged(table), &[]),
                );
            }
            return Ok(script);
        }
        let row_key = row_key(chain.root)?;
        script.push(
            format!("merge {name}: choose the staged rows that come"),
            chain.dialect.create_temporary(
                INSERTED,
                &format!("SELECT {} AS k FROM {}", chain.quote(row_key), self.survivors()),
            ),
        );
        script.push(format!("merge {name}: insert them"), self.copy_chosen(chain.root, row_key));
        for table in chain.nested {
            script.push(
                format!("merge {}: insert the staged rows below them", table.target.table),
                self.copy_chosen(table, chain.required_link(table)?),
            );
        }
        script.push(format!("merge {name}: forget the choice"), chain.dialect.drop_temporary(INSERTED));
        Ok(script)
    }

    fn copy_chosen(&self, table: &ChainTable<'_>, key: &str) -> String {
        let chosen = format!("{} IN (SELECT k FROM {INSERTED})", self.chain.quote(key));
        self.chain.copy(table, &self.chain.staged(table), &[chosen])
    }

    /// What goes. Each key is matched by itself: databases join on one equality, but compare all pairs
    /// where two are alternatives.
    fn leaving(&self) -> Vec<Leaving> {
        if let Some(scope) = self.chain.scope() {
            return vec![Leaving { what: "the rows in the scope", condition: format!("({scope})") }];
        }
        [
            ("rows with the primary key of staged rows", self.chain.primary_key()),
            ("rows with the merge key of staged rows", self.chain.merge_key()),
        ]
        .into_iter()
        .filter(|(_, columns)| !columns.is_empty())
        .map(|(what, columns)| Leaving { what, condition: self.chain.is_staged(&columns) })
        .collect()
    }

    /// Whether rows may have to be chosen among those with the same primary key.
    fn chooses(&self) -> bool {
        !self.chain.primary_key().is_empty() && !is_deduplicated(self.chain.root.table)
    }

    /// The staged rows that come, as something to select from.
    fn survivors(&self) -> String {
        let chain = self.chain;
        let mut conditions = Vec::new();
        let from = if self.chooses() {
            conditions.push(format!("{POSITION} = 1"));
            let keys = chain.dialect.column_list(&chain.primary_key());
            let order = chain.root.table.dedup_sort().map(|(column, order)| {
                let direction = if order == SortOrder::Asc { "ASC" } else { "DESC" };
                format!(" ORDER BY {} {direction}", chain.quote(column))
            });
            format!(
                "(SELECT *, row_number() OVER (PARTITION BY {keys}{}) AS {POSITION} FROM {} AS s) AS chosen",
                order.unwrap_or_default(),
                chain.source()
            )
        } else {
            format!("{} AS s", chain.source())
        };
        conditions.extend(chain.is_live(""));
        format!("{from}{}", where_all(&conditions))
    }
}
