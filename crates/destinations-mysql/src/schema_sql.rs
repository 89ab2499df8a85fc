//! The spelling of MySQL and MariaDB: types, names, changes of tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::types::{self, Decimals};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_schema::{Column, DataType, Table, WriteDisposition};
use cartage_values::timestamp_to_text;

/// What is said wherever text is stored: the defaults of servers and databases differ, and some cannot hold all text.
const CHARSET: &str = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
/// What is said of each table.
const OPTIONS: &str = " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
/// Characters of a text that names a row; such columns can be compared without reading them from elsewhere.
const KEY_LENGTH: u32 = 128;
/// Most characters of a `VARCHAR` of `utf8mb4`: a row has 65,535 bytes.
const LONGEST_VARCHAR: u32 = 16_383;
const INTEGERS: [(u32, &str); 3] = [(16, "SMALLINT"), (32, "INTEGER"), (64, "BIGINT")];
/// MariaDB's; MySQL refuses scales above 30 itself.
const DECIMALS: Decimals = Decimals { name: "DECIMAL", digits: 65, scale: 38 };
/// Columns of an index, and characters of each: an index has 3,072 bytes of up to four a character.
const INDEX_COLUMNS: usize = 4;
const INDEX_PREFIX: u32 = 128;

/// The dialect that MySQL and MariaDB share.
#[derive(Clone, Debug, Default)]
pub struct MysqlDialect {
    /// Whether the server compares names of tables without case; known after the first connection.
    folds_tables: Arc<AtomicBool>,
    /// Whether the tables that are made hold staged rows that are merged.
    is_merged: bool,
}

impl MysqlDialect {
    /// The same for staged tables whose rows are merged.
    pub(crate) fn of_merged(&self) -> Self {
        Self { is_merged: true, ..self.clone() }
    }

    /// Remembers how the server compares names of tables.
    pub(crate) fn set_folds_tables(&self, folds: bool) {
        self.folds_tables.store(folds, Ordering::Relaxed);
    }
}

impl Dialect for MysqlDialect {
    fn quote(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn fold(&self, name: &str) -> String {
        if self.folds_tables.load(Ordering::Relaxed) { name.to_lowercase() } else { name.to_owned() }
    }

    fn fold_column(&self, name: &str) -> String {
        name.to_lowercase()
    }

    fn column_type(&self, column: &Column) -> Result<String> {
        let fraction = || types::fraction("the server", column.precision).map(|digits| digits.unwrap_or(6));
        Ok(match types::of(column)? {
            DataType::Text => text(column),
            DataType::Double => "DOUBLE".to_owned(),
            DataType::Bool => "TINYINT(1)".to_owned(),
            DataType::Bigint => types::integer("the server", column.precision, &INTEGERS)?,
            DataType::Binary => {
                column.precision.map_or_else(|| "LONGBLOB".to_owned(), |bytes| format!("BLOB({bytes})"))
            }
            DataType::Json => "JSON".to_owned(),
            DataType::Decimal => DECIMALS.of("the server", column, 38, 9)?,
            DataType::Wei => DECIMALS.of("the server", column, 38, 0)?,
            DataType::Date => "DATE".to_owned(),
            DataType::Time => format!("TIME({})", fraction()?),
            DataType::Timestamp => format!("DATETIME({})", fraction()?),
        })
    }

    fn create_dataset(&self, dataset: &str) -> Option<String> {
        Some(format!("CREATE DATABASE IF NOT EXISTS {} {CHARSET}", self.dataset(dataset)))
    }

    fn table_options(&self) -> &'static str {
        OPTIONS
    }

    fn indexes(&self, table: &Table) -> Vec<String> {
        indexes(self, table)
    }

    fn empty_in_transaction(&self, table: &TableRef) -> String {
        format!("DELETE FROM {}", self.qualified(table))
    }

    /// In this form conditions on other tables are joins; in the other one they are asked for each row.
    fn delete_from(&self, target: &str) -> String {
        format!("DELETE {target} FROM {target}")
    }

    fn set_not_null(&self, _table: &TableRef, _column: &Column) -> Result<Option<String>> {
        Ok(None)
    }

    fn set_type(&self, table: &TableRef, column: &Column) -> Result<String> {
        let not_null = if column.is_nullable() { "" } else { " NOT NULL" };
        let (table, name) = (self.qualified(table), self.quote(&column.name));
        Ok(format!("ALTER TABLE {table} MODIFY COLUMN {name} {}{not_null}", self.column_type(column)?))
    }

    fn create_temporary(&self, name: &str, select: &str) -> String {
        format!("CREATE TEMPORARY TABLE {name}{OPTIONS} AS {select}")
    }

    /// Without the word the transaction would be committed.
    fn drop_temporary(&self, name: &str) -> String {
        format!("DROP TEMPORARY TABLE {name}")
    }

    fn update_from(&self, target: &str, source: &str, condition: &str, columns: &[&str]) -> String {
        let set = |column: &&str| format!("d.{0} = s.{0}", self.quote(column));
        let assignments: Vec<String> = columns.iter().map(set).collect();
        format!("UPDATE {target} AS d JOIN {source} AS s ON {condition} SET {}", assignments.join(", "))
    }

    /// In this form the server makes a set of what is looked among; with `EXISTS` it goes through all of it again and
    /// again in statements that insert.
    fn looks_in_lists(&self) -> bool {
        true
    }

    fn differs(&self, left: &str, right: &str) -> String {
        format!("NOT ({left} <=> {right})")
    }

    /// The client makes text of what comes; made by the server it could not be longer than a packet.
    fn as_text(&self, column: &str) -> String {
        self.quote(column)
    }

    fn timestamp_literal(&self, micros: i64) -> String {
        format!("'{}'", timestamp_to_text(micros, false).replacen('T', " ", 1))
    }
}

fn text(column: &Column) -> String {
    let names_rows =
        [column.unique, column.row_key, column.parent_key, column.root_key].contains(&Some(true));
    match column.precision.or(names_rows.then_some(KEY_LENGTH)) {
        Some(length) if length <= LONGEST_VARCHAR => format!("VARCHAR({length}) {CHARSET}"),
        _ => format!("LONGTEXT {CHARSET}"),
    }
}

/// One index for each key by which staged rows are compared with those of the table. Where a key of the table is short,
/// the server makes a set of its values for the comparison; staged rows are looked up by theirs one by one.
fn indexes(dialect: &MysqlDialect, table: &Table) -> Vec<String> {
    if !dialect.is_merged && table.write_disposition != Some(WriteDisposition::Merge) {
        return Vec::new();
    }
    let key = |is_part: &dyn Fn(&Column) -> bool| -> Vec<&Column> {
        table.complete_columns().filter(|column| is_part(column)).collect()
    };
    let mut keys = vec![
        key(&|column| column.primary_key == Some(true)),
        key(&|column| column.merge_key == Some(true)),
        key(&|column| column.has_own_hint("x-row-version")),
    ];
    if dialect.is_merged {
        keys.push(key(&|column| column.row_key == Some(true)));
        keys.push(key(&|column| column.root_key == Some(true)));
    }
    keys.retain(|key| {
        let can_be_indexed = |column: &&Column| column.data_type != Some(DataType::Json);
        let is_asked = dialect.is_merged || key.iter().any(|column| is_long(column));
        !key.is_empty() && is_asked && key.iter().all(can_be_indexed)
    });
    keys.dedup();
    keys.iter().map(|key| index(dialect, key)).collect()
}

/// Whether values of a column are stored outside of their row.
fn is_long(column: &Column) -> bool {
    let is_text = column.data_type == Some(DataType::Text) && text(column).starts_with("LONGTEXT");
    is_text || column.data_type == Some(DataType::Binary)
}

fn index(dialect: &MysqlDialect, key: &[&Column]) -> String {
    let part = |column: &&Column| {
        let is_longer = column.precision.is_none_or(|length| length > INDEX_PREFIX);
        let has_prefix = is_long(column) || column.data_type == Some(DataType::Text) && is_longer;
        let prefix = if has_prefix { format!("({INDEX_PREFIX})") } else { String::new() };
        format!("{}{prefix}", dialect.quote(&column.name))
    };
    let parts: Vec<String> = key.iter().take(INDEX_COLUMNS).map(part).collect();
    format!("KEY ({})", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(column: &Column) -> String {
        MysqlDialect::default().column_type(column).unwrap_or_else(|error| error.to_string())
    }

    fn precise(data_type: DataType, precision: u32, scale: Option<u32>) -> String {
        type_of(&Column { precision: Some(precision), scale, ..Column::typed("c", data_type, true) })
    }

    #[test]
    fn types_hold_what_dlt_declares_and_more_text() {
        let plain = |data_type| type_of(&Column::typed("c", data_type, true));
        let expected = [
            (DataType::Text, "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            (DataType::Double, "DOUBLE"),
            (DataType::Bool, "TINYINT(1)"),
            (DataType::Bigint, "BIGINT"),
            (DataType::Decimal, "DECIMAL(38,9)"),
            (DataType::Wei, "DECIMAL(38,0)"),
            (DataType::Timestamp, "DATETIME(6)"),
            (DataType::Date, "DATE"),
            (DataType::Time, "TIME(6)"),
            (DataType::Binary, "LONGBLOB"),
            (DataType::Json, "JSON"),
        ];
        for (data_type, name) in expected {
            assert_eq!(plain(data_type), name);
        }
        let id = Column { unique: Some(true), ..Column::typed("_dlt_id", DataType::Text, false) };
        assert_eq!(type_of(&id), format!("VARCHAR(128) {CHARSET}"));
        assert_eq!(precise(DataType::Text, 100, None), format!("VARCHAR(100) {CHARSET}"));
        assert_eq!(precise(DataType::Text, 20_000, None), format!("LONGTEXT {CHARSET}"));
        assert_eq!(precise(DataType::Binary, 100, None), "BLOB(100)");
        assert_eq!(precise(DataType::Bigint, 16, None), "SMALLINT");
        assert_eq!(precise(DataType::Bigint, 32, None), "INTEGER");
        assert_eq!(precise(DataType::Decimal, 65, Some(30)), "DECIMAL(65,30)");
        assert_eq!(precise(DataType::Time, 3, None), "TIME(3)");
        assert_eq!(precise(DataType::Timestamp, 0, None), "DATETIME(0)");
    }

    #[test]
    fn types_that_there_are_not_are_refused() {
        assert!(precise(DataType::Bigint, 128, None).contains("128 bits"));
        assert!(precise(DataType::Decimal, 66, Some(2)).contains("precision 66"));
        assert!(precise(DataType::Timestamp, 9, None).contains("9 fraction digits"));
    }

    #[test]
    fn only_what_is_merged_has_indexes() {
        let mut table = Table::root("items", "items");
        for (name, data_type) in [("id", DataType::Bigint), ("code", DataType::Text)] {
            let column = Column { primary_key: Some(true), ..Column::typed(name, data_type, false) };
            table.columns.insert(name.to_owned(), column);
        }
        let dialect = MysqlDialect::default();
        assert_eq!(dialect.indexes(&table), [""; 0]);
        assert_eq!(dialect.of_merged().indexes(&table), ["KEY (`id`, `code`(128))"]);
        table.write_disposition = Some(WriteDisposition::Merge);
        assert_eq!(dialect.indexes(&table), ["KEY (`id`, `code`(128))"]);
        table.columns.shift_remove("code");
        assert_eq!(dialect.indexes(&table), [""; 0]);
    }
}
