//! Merges a table chain by deleting what has the keys of the staged rows and inserting these.
//!
//! K(d, s) is "all primary keys equal, or all merge keys equal". Nulls never match. Without either key
//! the staged rows are appended. Of staged rows with the same primary key one survives, the first by
//! the `dedup_sort` column; it is chosen before rows marked as deleted are left out, so that a newest
//! version that is a deletion removes the key. Rows of nested tables follow their root row.

use cartage_schema::{Column, DataType, SortOrder};

use super::dialect::Dialect;
use super::follow_up::ChainTable;
use super::script::SqlScript;
use crate::error::{Error, Result};

/// Row keys of the root rows that go; of this connection only, gone at the end of the script.
const DELETED: &str = "_cartage_deleted";
/// Row keys of the staged root rows that come.
const INSERTED: &str = "_cartage_inserted";
/// Position of a staged row among those with its primary key.
const POSITION: &str = "_cartage_position";

/// The script of a chain, parents first.
pub(super) fn delete_insert(dialect: &dyn Dialect, tables: &[ChainTable<'_>]) -> Result<SqlScript> {
    let Some((root, nested)) = tables.split_first() else { return Ok(SqlScript::default()) };
    let merge = Merge { dialect, root };
    if nested.is_empty() { Ok(merge.flat()) } else { merge.chain(nested) }
}

struct Merge<'a> {
    dialect: &'a dyn Dialect,
    root: &'a ChainTable<'a>,
}

impl Merge<'_> {
    /// A root without nested tables: no row keys are needed.
    fn flat(&self) -> SqlScript {
        let name = &self.root.target.table;
        let mut script = SqlScript::default();
        for key in self.keys() {
            script.push(
                format!("merge {name}: delete rows with the {} of staged rows", key.what),
                format!("DELETE FROM {} AS d WHERE {}", self.table(self.root), self.matched(&key)),
            );
        }
        let columns = self.dialect.column_list(&self.root.columns());
        script.push(
            format!("merge {name}: insert the staged rows"),
            format!(
                "INSERT INTO {} ({columns}) SELECT {columns} FROM {}",
                self.table(self.root),
                self.survivors()
            ),
        );
        script
    }

    /// A root with nested tables: the row keys of what goes and of what comes are looked up once.
    fn chain(&self, nested: &[ChainTable<'_>]) -> Result<SqlScript> {
        let name = &self.root.target.table;
        let row_key = self.dialect.quote(row_key(self.root)?);
        let links = nested.iter().map(|table| self.link(table)).collect::<Result<Vec<_>>>()?;
        let mut script = SqlScript::default();
        let keys = self.keys();
        if !keys.is_empty() {
            let selects = keys.iter().map(|key| {
                format!(
                    "SELECT d.{row_key} AS k FROM {} AS d WHERE {}",
                    self.table(self.root),
                    self.matched(key)
                )
            });
            script.push(
                format!("merge {name}: find the rows with the keys of staged rows"),
                self.remember(DELETED, &selects.collect::<Vec<_>>().join(" UNION ")),
            );
            for (table, link) in nested.iter().zip(&links).rev() {
                script.push(
                    format!("merge {}: delete the rows below them", table.target.table),
                    format!("DELETE FROM {} WHERE {link} IN (SELECT k FROM {DELETED})", self.table(table)),
                );
            }
            script.push(
                format!("merge {name}: delete them"),
                format!("DELETE FROM {} WHERE {row_key} IN (SELECT k FROM {DELETED})", self.table(self.root)),
            );
            script.push(format!("merge {name}: forget them"), format!("DROP TABLE {DELETED}"));
        }
        if self.takes_all() {
            for table in std::iter::once(self.root).chain(nested) {
                script.push(
                    format!("merge {}: insert the staged rows", table.target.table),
                    self.copy(table, None),
                );
            }
            return Ok(script);
        }
        script.push(
            format!("merge {name}: choose the staged rows that come"),
            self.remember(INSERTED, &format!("SELECT {row_key} AS k FROM {}", self.survivors())),
        );
        script.push(format!("merge {name}: insert them"), self.copy(self.root, Some(&row_key)));
        for (table, link) in nested.iter().zip(&links) {
            script.push(
                format!("merge {}: insert the staged rows below them", table.target.table),
                self.copy(table, Some(link)),
            );
        }
        script.push(format!("merge {name}: forget the choice"), format!("DROP TABLE {INSERTED}"));
        Ok(script)
    }

    fn table(&self, table: &ChainTable<'_>) -> String {
        self.dialect.qualified(&table.target)
    }

    fn remember(&self, name: &str, select: &str) -> String {
        self.dialect.create_temporary(name, select)
    }

    /// Copies staged rows, all or those whose `link` was chosen.
    fn copy(&self, table: &ChainTable<'_>, link: Option<&str>) -> String {
        let columns = self.dialect.column_list(&table.columns());
        let chosen =
            link.map(|link| format!(" WHERE {link} IN (SELECT k FROM {INSERTED})")).unwrap_or_default();
        let staged = self.dialect.qualified(&table.staged);
        format!("INSERT INTO {} ({columns}) SELECT {columns} FROM {staged}{chosen}", self.table(table))
    }

    /// The keys of the root that exist. Each is matched by itself: databases join on one equality, but
    /// compare all pairs where two are alternatives.
    fn keys(&self) -> Vec<Key<'_>> {
        let root = self.root.table;
        [("primary key", root.primary_key()), ("merge key", root.merge_key())]
            .into_iter()
            .filter(|(_, columns)| !columns.is_empty())
            .map(|(what, columns)| Key { what, columns })
            .collect()
    }

    /// Whether a row `d` has the key of some staged row.
    fn matched(&self, key: &Key<'_>) -> String {
        let equal = key.columns.iter().map(|column| {
            let column = self.dialect.quote(column);
            format!("d.{column} = s.{column}")
        });
        let equal = equal.collect::<Vec<_>>().join(" AND ");
        format!("EXISTS (SELECT 1 FROM {} AS s WHERE {equal})", self.dialect.qualified(&self.root.staged))
    }

    /// Whether rows may have to be chosen among those with the same primary key.
    fn chooses(&self) -> bool {
        let is_unique =
            self.root.table.other.get("x-stage-data-deduplicated").and_then(serde_json::Value::as_bool);
        !self.root.table.primary_key().is_empty() && is_unique != Some(true)
    }

    fn takes_all(&self) -> bool {
        !self.chooses() && self.deletion_mark().is_none()
    }

    /// The staged rows that come, as something to select from.
    fn survivors(&self) -> String {
        let staged = self.dialect.qualified(&self.root.staged);
        let mut conditions = Vec::new();
        let from = if self.chooses() {
            conditions.push(format!("{POSITION} = 1"));
            let keys = self.dialect.column_list(&self.root.table.primary_key());
            let order = self.root.table.dedup_sort().map(|(column, order)| {
                let direction = if order == SortOrder::Asc { "ASC" } else { "DESC" };
                format!(" ORDER BY {} {direction}", self.dialect.quote(column))
            });
            format!(
                "(SELECT *, row_number() OVER (PARTITION BY {keys}{}) AS {POSITION} FROM {staged}) AS chosen",
                order.unwrap_or_default()
            )
        } else {
            staged
        };
        if let Some(column) = self.deletion_mark() {
            let name = self.dialect.quote(&column.name);
            conditions.push(if column.data_type == Some(DataType::Bool) {
                format!("({name} IS NULL OR {name} = FALSE)")
            } else {
                format!("{name} IS NULL")
            });
        }
        if conditions.is_empty() { from } else { format!("{from} WHERE {}", conditions.join(" AND ")) }
    }

    fn deletion_mark(&self) -> Option<&Column> {
        self.root.table.first_column(|column| column.hard_delete == Some(true))
    }

    /// The column of a nested table that holds the row key of its root row.
    fn link(&self, table: &ChainTable<'_>) -> Result<String> {
        let is_child = table.table.parent.as_deref() == Some(self.root.table.name.as_str());
        table
            .table
            .first_column(|column| column.root_key == Some(true))
            .or_else(|| table.table.first_column(|column| is_child && column.parent_key == Some(true)))
            .map(|column| self.dialect.quote(&column.name))
            .ok_or_else(|| {
                let name = &table.table.name;
                Error::terminal(format!(
                    "table {name} has no column with the key of its root row, so it cannot be merged"
                ))
                .with_remedy("set root_key = true on the source and load the tables anew")
            })
    }
}

/// Columns that identify a row together.
struct Key<'a> {
    what: &'static str,
    columns: Vec<&'a str>,
}

/// The column that identifies a row by itself.
fn row_key<'a>(table: &'a ChainTable<'_>) -> Result<&'a str> {
    let primary = table.table.primary_key();
    let only = if primary.len() == 1 { primary.first().copied() } else { None };
    let hinted = |hint: fn(&Column) -> Option<bool>| {
        table.table.first_column(|column| hint(column) == Some(true)).map(|column| column.name.as_str())
    };
    hinted(|column| column.row_key).or_else(|| hinted(|column| column.unique)).or(only).ok_or_else(|| {
        Error::terminal(format!(
            "table {} has no row key, unique column or single primary key",
            table.table.name
        ))
        .with_remedy("give one column of the table the hint unique = true")
    })
}
