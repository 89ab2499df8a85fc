//! ClickHouse's SQL.

use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::types::{self, Decimals};
use cartage_destinations_sql::statements::{Dialect, Lookup, TableRef};
use cartage_schema::{Column, DataType, Table};

use crate::config::Config;
use crate::statement;
use crate::table_engine::{self, TableDefaults};

const DATABASE: &str = "ClickHouse";
const INTEGERS: [(u32, &str); 4] = [(8, "Int8"), (16, "Int16"), (32, "Int32"), (64, "Int64")];
const DECIMALS: Decimals = Decimals { name: "Decimal", digits: 76, scale: 76 };

/// How ClickHouse spells things. All datasets are in one database, where the names of tables begin with theirs.
#[derive(Clone, Debug)]
pub struct ClickHouseDialect {
    database: String,
    separator: String,
    sentinel: String,
    defaults: TableDefaults,
}

impl ClickHouseDialect {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            database: config.login.database.clone(),
            separator: config.keys.dataset_table_separator.clone(),
            sentinel: config.keys.dataset_sentinel_table_name.clone(),
            defaults: TableDefaults { engine: config.keys.table_engine_type },
        }
    }

    /// What the names of the tables of a dataset begin with.
    pub(crate) fn beginning(&self, dataset: &str) -> String {
        format!("{dataset}{}", self.separator)
    }

    /// Name of a table in the database.
    pub(crate) fn name(&self, table: &TableRef) -> String {
        format!("{}{}", self.beginning(&table.dataset), table.table)
    }

    /// Name of the table that says that a dataset is there, as in dlt.
    pub(crate) fn sentinel(&self) -> &str {
        &self.sentinel
    }

    /// A name in the database, with that of the database.
    pub(crate) fn in_database(&self, name: &str) -> String {
        format!("{}.{}", self.quote(&self.database), self.quote(name))
    }
}

/// A condition on the row that a statement removes or changes knows only plain names of its columns.
fn plain(column: &str) -> &str {
    // Names of aliases are not quoted.
    if column.starts_with('`') { last_name(column) } else { column }
}

/// What follows the last point between quoted names.
fn last_name(names: &str) -> &str {
    let mut begin = 0;
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, byte) in names.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'`' => is_quoted = !is_quoted,
            b'.' if !is_quoted => begin = at + 1,
            _ => {}
        }
    }
    &names[begin..]
}

impl Dialect for ClickHouseDialect {
    fn quote(&self, name: &str) -> String {
        format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
    }

    fn qualified(&self, table: &TableRef) -> String {
        self.in_database(&self.name(table))
    }

    /// dlt's types, but that dates reach from 1900 to 2299 and timestamps without a zone are UTC whatever the zone of
    /// the server is.
    fn column_type(&self, column: &Column) -> Result<String> {
        Ok(match types::of(column)? {
            DataType::Text | DataType::Json | DataType::Binary | DataType::Time => "String".to_owned(),
            DataType::Double => "Float64".to_owned(),
            DataType::Bool => "Bool".to_owned(),
            DataType::Bigint => types::integer(DATABASE, column.precision, &INTEGERS)?,
            DataType::Date => "Date32".to_owned(),
            DataType::Decimal => DECIMALS.of(DATABASE, column, 38, 9)?,
            DataType::Wei => DECIMALS.of(DATABASE, column, 76, 0)?,
            DataType::Timestamp => {
                let digits = types::fraction(DATABASE, column.precision)?.unwrap_or(6);
                format!("DateTime64({digits}, 'UTC')")
            }
        })
    }

    fn placeholder(&self, number: usize) -> String {
        statement::placeholder(number)
    }

    fn nullability(&self, column_type: String, is_nullable: bool) -> String {
        if is_nullable { format!("Nullable({column_type})") } else { column_type }
    }

    fn table_options(&self) -> &'static str {
        self.defaults.plain_options()
    }

    fn options_of(&self, table: &Table) -> Result<String> {
        table_engine::clauses(self, self.defaults, table)
    }

    fn primary_key(&self, _columns: &[&str]) -> Option<String> {
        None
    }

    fn create_dataset(&self, dataset: &str) -> Option<String> {
        let table = self.qualified(&TableRef::new(dataset, &self.sentinel));
        Some(format!(
            "CREATE TABLE IF NOT EXISTS {table} (`_dlt_id` String){} COMMENT 'says that the dataset is there'",
            self.table_options()
        ))
    }

    fn create_like(&self, table: &TableRef, like: &TableRef) -> String {
        format!("CREATE TABLE {} AS {}", self.qualified(table), self.qualified(like))
    }

    /// A table without partitions has one.
    fn move_rows(&self, from: &TableRef, to: &TableRef) -> Vec<String> {
        let (from, to) = (self.qualified(from), self.qualified(to));
        vec![format!("ALTER TABLE {from} MOVE PARTITION tuple() TO TABLE {to}")]
    }

    fn rename_table(&self, from: &TableRef, to: &TableRef) -> String {
        format!("RENAME TABLE {} TO {}", self.qualified(from), self.qualified(to))
    }

    fn update(&self, target: &str, assignments: &str, condition: &str) -> String {
        format!("ALTER TABLE {target} UPDATE {assignments} WHERE {condition}")
    }

    fn set_not_null(&self, _table: &TableRef, _column: &Column) -> Result<Option<String>> {
        Ok(None)
    }

    fn temporary(&self, name: &str, beside: &TableRef) -> String {
        self.qualified(&TableRef::new(&beside.dataset, format!("{}_{name}", beside.table)))
    }

    fn create_temporary(&self, name: &str, select: &str) -> String {
        format!("CREATE OR REPLACE TABLE {name}{} AS {select}", self.table_options())
    }

    fn drop_temporary(&self, name: &str) -> String {
        format!("DROP TABLE IF EXISTS {name}")
    }

    fn union(&self) -> &'static str {
        "UNION DISTINCT"
    }

    fn looks_in_lists(&self) -> bool {
        true
    }

    fn is_found(&self, lookup: &Lookup<'_>) -> String {
        let equal =
            lookup.equal.iter().map(|(column, other)| (column.clone(), plain(other).to_owned())).collect();
        Lookup { equal, ..lookup.clone() }.listed()
    }

    fn is_not_found(&self, lookup: &Lookup<'_>) -> String {
        format!("NOT ifNull({}, 0)", self.is_found(lookup))
    }

    /// Bytes that cannot be text become digits, as PostgreSQL shows them.
    fn as_text(&self, column: &str) -> String {
        let text = format!("toString({})", self.quote(column));
        format!("if(isValidUTF8({text}), {text}, concat('\\\\x', lower(hex({text}))))")
    }

    fn timestamp_literal(&self, micros: i64) -> String {
        statement::timestamp(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_quoted_names_is_found() {
        assert_eq!(plain("`db`.`raw___items`.`a.b`"), "`a.b`");
        assert_eq!(plain(r"`d\`.b`.`c`"), "`c`");
        assert_eq!(plain("s.`id`"), "s.`id`");
    }
}
