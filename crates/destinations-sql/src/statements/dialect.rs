//! What differs between SQL databases.

use std::fmt::Debug;

use cartage_schema::{Column, Table};
use cartage_values::timestamp_to_text;

use cartage_destinations_api::Result;

/// A table in a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableRef {
    /// The dataset, for most databases a schema.
    pub dataset: String,
    /// Name of the table, as in the schema.
    pub table: String,
}

impl TableRef {
    /// The table `table` of the dataset `dataset`.
    pub fn new(dataset: impl Into<String>, table: impl Into<String>) -> Self {
        Self { dataset: dataset.into(), table: table.into() }
    }
}

/// Rows among which one is looked for that equals another row in some columns.
#[derive(Clone, Debug)]
pub struct Lookup<'a> {
    /// Where the rows are: a table, or a query in brackets.
    pub source: &'a str,
    /// What they are called.
    pub alias: &'a str,
    /// A column of theirs, and what it equals; both as the dialect quotes them.
    pub equal: Vec<(String, String)>,
    /// Which of them count.
    pub condition: Option<String>,
}

impl Lookup<'_> {
    /// The query that has rows if there is one, and reads values of the other row.
    pub(crate) fn correlated(&self) -> String {
        let alias = self.alias;
        let equal = self.equal.iter().map(|(column, other)| format!("{alias}.{column} = {other}"));
        let conditions: Vec<String> = equal.chain(self.condition.clone()).collect();
        format!("SELECT 1 FROM {} AS {alias} WHERE {}", self.source, conditions.join(" AND "))
    }

    /// Whether the values of the other row are among those of the rows. Null where one of them is null.
    pub fn listed(&self) -> String {
        let (columns, others): (Vec<&str>, Vec<&str>) =
            self.equal.iter().map(|(column, other)| (column.as_str(), other.as_str())).unzip();
        let alias = self.alias;
        let columns: Vec<String> = columns.iter().map(|column| format!("{alias}.{column}")).collect();
        let others = if others.len() == 1 { others.concat() } else { format!("({})", others.join(", ")) };
        let condition = self.condition.as_ref().map(|it| format!(" WHERE {it}")).unwrap_or_default();
        format!("{others} IN (SELECT {} FROM {} AS {alias}{condition})", columns.join(", "), self.source)
    }
}

/// How one database spells things. The defaults are those of the SQL standard.
pub trait Dialect: Debug + Send + Sync {
    /// A name that keeps its case and may hold any character.
    fn quote(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// A dataset, so that it cannot be mistaken for anything else.
    fn dataset(&self, dataset: &str) -> String {
        self.quote(dataset)
    }

    /// A table with its dataset.
    fn qualified(&self, table: &TableRef) -> String {
        format!("{}.{}", self.dataset(&table.dataset), self.quote(&table.table))
    }

    /// The type of a column, from its dlt type and its hints.
    ///
    /// # Errors
    /// Terminal if the database has no such type.
    fn column_type(&self, column: &Column) -> Result<String>;

    /// The placeholder of the parameter with this number, counted from 1.
    fn placeholder(&self, _number: usize) -> String {
        "?".to_owned()
    }

    /// The form in which two names of tables are compared.
    fn fold(&self, name: &str) -> String {
        name.to_owned()
    }

    /// The form in which two names of columns are compared.
    fn fold_column(&self, name: &str) -> String {
        self.fold(name)
    }

    /// Removes all rows of a table.
    fn empty_table(&self, table: &TableRef) -> String {
        format!("TRUNCATE TABLE {}", self.qualified(table))
    }

    /// The same in a transaction that does more than this.
    fn empty_in_transaction(&self, table: &TableRef) -> String {
        self.empty_table(table)
    }

    /// The beginning of a statement that removes those rows of `target` that meet a condition.
    fn delete_from(&self, target: &str) -> String {
        format!("DELETE FROM {target}")
    }

    /// What a row of a table is called in a statement that changes the table or looks through it: none where the name of
    /// the table with its dataset can stand before a column.
    fn row_name(&self) -> Option<&'static str> {
        None
    }

    /// The word between two queries whose rows are all wanted once.
    fn union(&self) -> &'static str {
        "UNION"
    }

    /// What stands behind the values of a query for one row that reads no table and has a condition.
    fn source_of_one_row(&self) -> &'static str {
        ""
    }

    /// Whether two values differ, nulls being equal to each other.
    fn differs(&self, left: &str, right: &str) -> String {
        format!("{left} IS DISTINCT FROM {right}")
    }

    /// The same for values of a column, where the type of it makes a difference.
    fn differs_in(&self, column: &Column, left: &str, right: &str) -> String {
        let _ = column;
        self.differs(left, right)
    }

    /// What follows the columns of a table that is created.
    fn table_options(&self) -> &'static str {
        ""
    }

    /// The same for a table of the schema, whose hints may say more.
    ///
    /// # Errors
    /// Invalid if the hints contradict each other.
    fn options_of(&self, table: &Table) -> Result<String> {
        let _ = table;
        Ok(self.table_options().to_owned())
    }

    /// What follows type and constraints of a column in the definition of its table.
    fn options_of_column(&self, column: &Column) -> String {
        let _ = column;
        String::new()
    }

    /// The type of a short text of the ledger.
    fn short_text(&self, length: u32) -> String {
        format!("VARCHAR({length})")
    }

    /// The type that a column has in the table of a file, from which its values are inserted as
    /// [`value_of_file`](Self::value_of_file) says.
    ///
    /// # Errors
    /// As for [`column_type`](Self::column_type).
    fn type_in_file(&self, column: &Column) -> Result<String> {
        self.column_type(column)
    }

    /// The value of a column of the table of a file, as it is inserted.
    ///
    /// # Errors
    /// As for [`column_type`](Self::column_type).
    fn value_of_file(&self, column: &Column) -> Result<String> {
        Ok(self.quote(&column.name))
    }

    /// Whether loading a file replaces what the table of the file holds, so that the table of an earlier attempt stays.
    fn loads_replace(&self) -> bool {
        false
    }

    /// Indexes that a table needs for its rows to be found when they are merged, as parts of its definition.
    fn indexes(&self, table: &Table) -> Vec<String> {
        let _ = table;
        Vec::new()
    }

    /// Gives tables other names and datasets, all at once for readers. Asked for only where statements that
    /// change tables commit by themselves.
    fn rename_tables(&self, renames: &[(TableRef, TableRef)]) -> String {
        let pairs: Vec<String> = renames
            .iter()
            .map(|(from, to)| format!("{} TO {}", self.qualified(from), self.qualified(to)))
            .collect();
        format!("RENAME TABLE {}", pairs.join(", "))
    }

    /// Gives a table the content and the columns of a staged one, which stays, at once for readers: where no statement
    /// gives several tables other names. Asked for only where statements that change tables commit by themselves.
    fn replace_table(&self, staged: &TableRef, target: &TableRef) -> Option<String> {
        let _ = (staged, target);
        None
    }

    /// Makes a dataset where it is not there; none where it comes with the database.
    fn create_dataset(&self, dataset: &str) -> Option<String> {
        Some(format!("CREATE SCHEMA IF NOT EXISTS {}", self.dataset(dataset)))
    }

    /// Forbids nulls in a column that is there; none where that has to be said when the column is added.
    ///
    /// # Errors
    /// As for [`column_type`](Self::column_type).
    fn set_not_null(&self, table: &TableRef, column: &Column) -> Result<Option<String>> {
        let (table, name) = (self.qualified(table), self.quote(&column.name));
        Ok(Some(format!("ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL")))
    }

    /// Gives a column that is there another type, which holds every value of the one that it has.
    ///
    /// # Errors
    /// As for [`column_type`](Self::column_type).
    fn set_type(&self, table: &TableRef, column: &Column) -> Result<String> {
        let (table, name) = (self.qualified(table), self.quote(&column.name));
        Ok(format!("ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE {}", self.column_type(column)?))
    }

    /// Puts a table in the place of another one that goes. Nothing is dropped and moved in one statement
    /// anywhere, so these are several.
    fn swap_tables(&self, staged: &TableRef, target: &TableRef) -> Vec<String> {
        let moved = TableRef::new(&target.dataset, &staged.table);
        vec![
            format!("DROP TABLE IF EXISTS {}", self.qualified(target)),
            format!("ALTER TABLE {} SET SCHEMA {}", self.qualified(staged), self.dataset(&target.dataset)),
            format!("ALTER TABLE {} RENAME TO {}", self.qualified(&moved), self.quote(&target.table)),
        ]
    }

    /// Keeps the result of a query under a name without dataset, for this connection only.
    fn create_temporary(&self, name: &str, select: &str) -> String {
        format!("CREATE TEMPORARY TABLE {name} AS {select}")
    }

    /// Removes what [`create_temporary`](Self::create_temporary) has kept.
    fn drop_temporary(&self, name: &str) -> String {
        format!("DROP TABLE {name}")
    }

    /// Whether rows are looked for in a list; else they are asked for one by one, with `EXISTS`.
    fn looks_in_lists(&self) -> bool {
        false
    }

    /// Whether a row is found among those that `lookup` means.
    fn is_found(&self, lookup: &Lookup<'_>) -> String {
        if self.looks_in_lists() { lookup.listed() } else { format!("EXISTS ({})", lookup.correlated()) }
    }

    /// Whether none is, also where a value of the row is null.
    fn is_not_found(&self, lookup: &Lookup<'_>) -> String {
        if self.looks_in_lists() {
            format!("({}) IS NOT TRUE", lookup.listed())
        } else {
            format!("NOT EXISTS ({})", lookup.correlated())
        }
    }

    /// Sets these columns of the rows of `target` to those of the rows of `source` that meet `condition`, in which the
    /// target is `d` and the source is `s`. For databases without `MERGE`.
    fn update_from(&self, target: &str, source: &str, condition: &str, columns: &[&str]) -> String {
        let assignments: Vec<String> = columns
            .iter()
            .map(|column| {
                let column = self.quote(column);
                format!("{column} = s.{column}")
            })
            .collect();
        format!("UPDATE {target} AS d SET {} FROM {source} AS s WHERE {condition}", assignments.join(", "))
    }

    /// Whether one statement can add several columns.
    fn adds_many_columns(&self) -> bool {
        true
    }

    /// Adds columns with these types to a table that already exists.
    fn add_columns(&self, table: &TableRef, columns: &[(&str, String)]) -> Vec<String> {
        let added: Vec<String> =
            columns.iter().map(|(name, kind)| format!("ADD COLUMN {} {kind}", self.quote(name))).collect();
        let groups = added.chunks(if self.adds_many_columns() { added.len().max(1) } else { 1 });
        groups.map(|group| format!("ALTER TABLE {} {}", self.qualified(table), group.join(", "))).collect()
    }

    /// The clause of a table definition that makes these columns its key; none where that costs more than it helps.
    fn primary_key(&self, columns: &[&str]) -> Option<String> {
        Some(format!("PRIMARY KEY ({})", columns.join(", ")))
    }

    /// The value of a column as text.
    fn as_text(&self, column: &str) -> String {
        format!("CAST({} AS VARCHAR)", self.quote(column))
    }

    /// Bytes that the database keeps of a name, where it cuts off the rest without an error.
    fn longest_name(&self) -> Option<usize> {
        None
    }

    /// A timestamp, in microseconds since 1970, as a literal for columns with and without time zone.
    fn timestamp_literal(&self, micros: i64) -> String {
        format!("'{}'", timestamp_to_text(micros, true).replacen('T', " ", 1))
    }

    /// Names separated by commas.
    fn column_list(&self, names: &[&str]) -> String {
        names.iter().map(|name| self.quote(name)).collect::<Vec<_>>().join(", ")
    }

    /// Placeholders for parameters 1 to `count`, separated by commas.
    fn placeholders(&self, count: usize) -> String {
        (1..=count).map(|number| self.placeholder(number)).collect::<Vec<_>>().join(", ")
    }
}
