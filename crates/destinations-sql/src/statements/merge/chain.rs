//! A chain that is merged: its keys, links and marks as SQL.

use std::borrow::Cow;

use cartage_schema::{Column, CompoundHint, DataType, MergeStrategy};

use crate::statements::chain_table::ChainTable;
use crate::statements::dialect::{Dialect, Lookup};
use cartage_destinations_api::merge_options::{self as options, columns_with};
use cartage_destinations_api::{Error, Result};

/// A root table and what is below it, parents first, with the conditions of the user.
pub struct MergeChain<'a> {
    /// How the database spells things.
    pub dialect: &'a dyn Dialect,
    /// The table at the top.
    pub root: &'a ChainTable<'a>,
    /// The tables below it, parents first.
    pub nested: &'a [ChainTable<'a>],
    filter: Option<String>,
    scope: Option<String>,
}

impl<'a> MergeChain<'a> {
    /// A chain; reads the conditions in its hints.
    ///
    /// # Errors
    /// Invalid if the hints contradict the strategy or a condition cannot be read.
    pub fn new(
        dialect: &'a dyn Dialect,
        strategy: MergeStrategy,
        root: &'a ChainTable<'a>,
        nested: &'a [ChainTable<'a>],
    ) -> Result<Self> {
        options::check_merge(root.table, strategy)
            .map_err(|error| error.context(format!("table {}", root.table.name)))?;
        let (table, staged) = (dialect.qualified(&root.target), dialect.qualified(&root.staged));
        let names = [("table", table.as_str()), ("staging_table", staged.as_str())];
        let filter = options::source_filter(root.table, strategy)
            .map(|filter| options::expand("source_filter", filter, &[]))
            .transpose()?;
        let scope = options::destination_scope(root.table, strategy)
            .map(|scope| options::expand("destination_scope", &of_row(dialect, scope), &names))
            .transpose()?;
        Ok(Self { dialect, root, nested, filter, scope })
    }

    /// Name of the root table, for purposes.
    pub fn name(&self) -> &str {
        &self.root.target.table
    }

    /// A name as the dialect quotes it.
    pub fn quote(&self, column: &str) -> String {
        self.dialect.quote(column)
    }

    /// The table that readers see.
    pub fn target(&self, table: &ChainTable<'_>) -> String {
        self.dialect.qualified(&table.target)
    }

    /// The same where rows are looked for that conditions are about.
    pub fn searched(&self, table: &ChainTable<'_>) -> String {
        let name = self.dialect.row_name().map(|name| format!(" AS {name}")).unwrap_or_default();
        format!("{}{name}", self.target(table))
    }

    /// What stands before columns of a row of it in such conditions, and where it is changed.
    pub fn row_of(&self, table: &ChainTable<'_>) -> String {
        self.dialect.row_name().map_or_else(|| self.target(table), str::to_owned)
    }

    /// The beginning of a statement that removes rows from it.
    pub fn delete_from(&self, table: &ChainTable<'_>) -> String {
        self.dialect.delete_from(&self.target(table))
    }

    /// Its staged twin, with all rows.
    pub fn staged(&self, table: &ChainTable<'_>) -> String {
        self.dialect.qualified(&table.staged)
    }

    /// Whether some staged rows of the root take no part.
    pub(crate) fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// The condition on destination rows that may go, as the user wrote it.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Names of the columns of the primary key.
    pub fn primary_key(&self) -> Vec<&'a str> {
        columns_with(self.root.table, CompoundHint::PrimaryKey)
    }

    /// Names of the columns of the merge key.
    pub fn merge_key(&self) -> Vec<&'a str> {
        columns_with(self.root.table, CompoundHint::MergeKey)
    }

    /// The staged root rows that take part, as something to select from.
    pub fn source(&self) -> String {
        let staged = self.staged(self.root);
        match &self.filter {
            Some(filter) => format!("(SELECT * FROM {staged} WHERE ({filter}))"),
            None => staged,
        }
    }

    /// A query for the row keys of the staged root rows that take part, all or those with `condition`.
    ///
    /// # Errors
    /// Terminal if the root table has no row key.
    pub fn root_keys(&self, condition: Option<&str>) -> Result<String> {
        let key = self.quote(row_key(self.root)?);
        let filter = self.filter.as_ref().map(|filter| format!("({filter})"));
        let conditions: Vec<String> = filter.into_iter().chain(condition.map(str::to_owned)).collect();
        Ok(format!("SELECT {key} FROM {}{}", self.staged(self.root), where_all(&conditions)))
    }

    /// `a."x" = b."x" AND ..` for key columns.
    pub fn equal(&self, left: &str, right: &str, columns: &[&str]) -> String {
        let pairs = columns.iter().map(|column| {
            let column = self.quote(column);
            format!("{left}.{column} = {right}.{column}")
        });
        pairs.collect::<Vec<_>>().join(" AND ")
    }

    /// Whether a row of the root table, which has no alias, has these columns in common with some row
    /// that takes part.
    pub fn is_staged(&self, columns: &[&str]) -> String {
        self.dialect.is_found(&self.among_staged(&self.source(), columns))
    }

    fn among_staged<'s>(&self, source: &'s str, columns: &[&str]) -> Lookup<'s> {
        self.lookup(source, "s", columns, &self.row_of(self.root))
    }

    /// Rows of `source` that are called `alias` and have these columns in common with the row `other`.
    pub fn lookup<'s>(&self, source: &'s str, alias: &'s str, columns: &[&str], other: &str) -> Lookup<'s> {
        let pair = |column: &&str| {
            let column = self.quote(column);
            (column.clone(), format!("{other}.{column}"))
        };
        Lookup { source, alias, equal: columns.iter().map(pair).collect(), condition: None }
    }

    /// Conditions on rows of the root table that a full picture of the source lacks: they are in the
    /// scope, or have the merge key of rows that take part.
    pub fn absent(&self, columns: &[&str]) -> Vec<String> {
        let mut conditions = vec![self.dialect.is_not_found(&self.among_staged(&self.source(), columns))];
        let merge_key = self.merge_key();
        match &self.scope {
            Some(scope) => conditions.push(format!("({scope})")),
            None if merge_key.is_empty() => {}
            None => conditions.push(self.is_staged(&merge_key)),
        }
        conditions
    }

    fn deletion_mark(&self) -> Option<&Column> {
        self.root.table.complete_columns().find(|column| column.hard_delete == Some(true))
    }

    /// Whether a root row is marked as deleted; `prefix` is an alias with its point, or nothing.
    pub fn is_deleted(&self, prefix: &str) -> Option<String> {
        let mark = self.deletion_mark()?;
        let name = format!("{prefix}{}", self.quote(&mark.name));
        let is_bool = mark.data_type == Some(DataType::Bool);
        Some(if is_bool { format!("{name} = TRUE") } else { format!("{name} IS NOT NULL") })
    }

    /// The condition for rows that are not marked as deleted; `None` without such a mark.
    pub fn is_live(&self, prefix: &str) -> Option<String> {
        let mark = self.deletion_mark()?;
        let name = format!("{prefix}{}", self.quote(&mark.name));
        let is_bool = mark.data_type == Some(DataType::Bool);
        Some(if is_bool { format!("({name} IS NULL OR {name} = FALSE)") } else { format!("{name} IS NULL") })
    }

    /// Whether a staged root row has every value that the table needs. Rows that are marked as deleted may have
    /// nothing but their keys, and such a one cannot be inserted; `None` where there is nothing to ask.
    pub fn is_whole(&self, prefix: &str) -> Option<String> {
        let live = self.is_live(prefix)?;
        let keys = self.primary_key();
        let is_asked = |column: &&Column| {
            let is_own = [column.row_key, column.parent_key, column.root_key].contains(&Some(true));
            !column.is_nullable() && !is_own && !keys.contains(&column.name.as_str())
        };
        let needed: Vec<String> = self
            .root
            .table
            .complete_columns()
            .filter(is_asked)
            .map(|column| format!("{prefix}{} IS NOT NULL", self.quote(&column.name)))
            .collect();
        if needed.is_empty() { None } else { Some(format!("({live} OR ({}))", needed.join(" AND "))) }
    }

    /// The column of a nested table that holds the row key of its root row. Right below the root the
    /// key of the parent row is the same.
    pub fn link<'t>(&self, table: &'t ChainTable<'_>) -> Option<&'t str> {
        let is_child = table.table.parent.as_deref() == Some(self.root.table.name.as_str());
        first(table, |column| column.root_key)
            .or_else(|| first(table, |column| column.parent_key).filter(|_| is_child))
    }

    /// The same, where the merge cannot do without it.
    ///
    /// # Errors
    /// Terminal if the table has no column that names its root row.
    pub fn required_link<'t>(&self, table: &'t ChainTable<'_>) -> Result<&'t str> {
        self.link(table).ok_or_else(|| {
            let name = &table.table.name;
            Error::terminal(format!(
                "table {name} has no column with the key of its root row, so it cannot be merged"
            ))
            .with_remedy("set root_key = true on the source and load the tables again")
        })
    }

    /// Copies rows of `source`, aliased `s`, that meet `conditions` into a table.
    pub fn copy(&self, table: &ChainTable<'_>, source: &str, conditions: &[String]) -> String {
        let columns = self.dialect.column_list(&table.columns());
        let conditions = where_all(conditions);
        format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM {source} AS s{conditions}",
            self.target(table)
        )
    }

    /// Whether no row of `table` has these columns in common with the staged row `s`.
    pub fn is_unknown(&self, table: &ChainTable<'_>, columns: &[&str]) -> String {
        self.dialect.is_not_found(&self.lookup(&self.target(table), "d", columns, "s"))
    }
}

/// A condition in which columns of the table are those of the row that it is about.
fn of_row<'c>(dialect: &dyn Dialect, condition: &'c str) -> Cow<'c, str> {
    match dialect.row_name() {
        Some(row) => condition.replace("{table}.", &format!("{row}.")).into(),
        None => condition.into(),
    }
}

/// ` WHERE a AND b`, or nothing.
pub fn where_all(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

fn first<'t>(table: &'t ChainTable<'_>, hint: impl Fn(&Column) -> Option<bool>) -> Option<&'t str> {
    table
        .table
        .complete_columns()
        .find(|column| hint(column) == Some(true))
        .map(|column| column.name.as_str())
}

/// The column that identifies a row by itself.
///
/// # Errors
/// Terminal if the table has no row key.
pub fn row_key<'t>(table: &'t ChainTable<'_>) -> Result<&'t str> {
    let primary = columns_with(table.table, CompoundHint::PrimaryKey);
    let only = if primary.len() == 1 { primary.first().copied() } else { None };
    first(table, |column| column.row_key)
        .or_else(|| first(table, |column| column.unique))
        .or(only)
        .ok_or_else(|| {
            Error::terminal(format!(
                "table {} has no row key, unique column or single primary key",
                table.table.name
            ))
            .with_remedy("give one column of the table the hint unique = true")
        })
}
