//! The spelling of Snowflake: types, names, changes of tables.

use cartage_destinations_api::Result;
use cartage_destinations_sql::statements::types::{self, Decimals};
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_schema::{Column, DataType};
use cartage_values::timestamp_to_text;

const DATABASE: &str = "Snowflake";
/// Whole numbers by the bits that they hold.
const INTEGERS: [(u32, &str); 2] = [(64, "NUMBER(19,0)"), (126, "NUMBER(38,0)")];
const DECIMALS: Decimals = Decimals { name: "NUMBER", digits: 38, scale: 37 };
/// Most digits of a second.
const MOST_FRACTION_DIGITS: u32 = 9;
const FRACTION_DIGITS: u32 = 6;

/// The dialect.
#[derive(Clone, Copy, Debug)]
pub struct SnowflakeDialect {
    /// Whether names are folded to upper case.
    folds: bool,
}

impl SnowflakeDialect {
    /// A dialect that folds names to upper case, as names without quotes are, or leaves them as they are.
    pub fn new(folds: bool) -> Self {
        Self { folds }
    }

    /// The name as the database stores it. One that would not come back by folding it again stays as it is.
    pub fn stored(&self, name: &str) -> String {
        let upper = name.to_uppercase();
        if self.folds && upper.to_lowercase() == name.to_lowercase() { upper } else { name.to_owned() }
    }

    /// A stored name as the schema has it.
    pub fn restored(&self, stored: &str) -> String {
        let is_folded = self.folds && !stored.chars().any(char::is_lowercase);
        if is_folded { stored.to_lowercase() } else { stored.to_owned() }
    }
}

impl Dialect for SnowflakeDialect {
    fn quote(&self, name: &str) -> String {
        format!("\"{}\"", self.stored(name).replace('"', "\"\""))
    }

    fn fold(&self, name: &str) -> String {
        self.stored(name)
    }

    fn column_type(&self, column: &Column) -> Result<String> {
        Ok(match types::of(column)? {
            DataType::Text => sized("VARCHAR", column.precision),
            DataType::Double => "FLOAT".to_owned(),
            DataType::Bool => "BOOLEAN".to_owned(),
            DataType::Bigint => types::integer(DATABASE, column.precision, &INTEGERS)?,
            DataType::Binary => sized("BINARY", column.precision),
            DataType::Json => "VARIANT".to_owned(),
            DataType::Decimal => DECIMALS.of(DATABASE, column, 38, 9)?,
            DataType::Wei => DECIMALS.of(DATABASE, column, 38, 0)?,
            DataType::Date => "DATE".to_owned(),
            DataType::Time => format!("TIME({})", fraction(column)?),
            DataType::Timestamp => {
                let zone = if column.timezone == Some(false) { "NTZ" } else { "TZ" };
                format!("TIMESTAMP_{zone}({})", fraction(column)?)
            }
        })
    }

    /// Emptying a table belongs to the transaction that is open in this form only.
    fn empty_in_transaction(&self, table: &TableRef) -> String {
        format!("DELETE FROM {}", self.qualified(table))
    }

    /// A column that is added must be allowed to be null where there are rows, and is said not to be at once where there
    /// are none.
    fn set_not_null(&self, table: &TableRef, column: &Column) -> Result<Option<String>> {
        let (table, name) = (self.qualified(table), self.quote(&column.name));
        Ok(Some(format!("ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL")))
    }

    fn add_columns(&self, table: &TableRef, columns: &[(&str, String)]) -> Vec<String> {
        let added: Vec<String> =
            columns.iter().map(|(name, kind)| format!("{} {kind}", self.quote(name))).collect();
        vec![format!("ALTER TABLE {} ADD COLUMN {}", self.qualified(table), added.join(", "))]
    }

    /// The key would not be enforced.
    fn primary_key(&self, _columns: &[&str]) -> Option<String> {
        None
    }

    fn replace_table(&self, staged: &TableRef, target: &TableRef) -> Option<String> {
        let (staged, target) = (self.qualified(staged), self.qualified(target));
        Some(format!("CREATE OR REPLACE TABLE {target} CLONE {staged} COPY GRANTS"))
    }

    /// The table is there before the transaction begins: making one would commit what is open.
    fn create_temporary(&self, name: &str, select: &str) -> String {
        format!("INSERT INTO {name} {select}")
    }

    /// Dropping it would commit, too.
    fn drop_temporary(&self, name: &str) -> String {
        format!("DELETE FROM {name}")
    }

    fn timestamp_literal(&self, micros: i64) -> String {
        format!("'{}'::TIMESTAMP_TZ", timestamp_to_text(micros, true).replacen('T', " ", 1))
    }
}

/// The temporary table that a statement of [`create_temporary`](Dialect::create_temporary) fills, and with what.
pub(crate) fn kept(sql: &str) -> Option<(&str, &str)> {
    let (name, select) = sql.strip_prefix("INSERT INTO ")?.split_once(' ')?;
    name.starts_with("_cartage_").then_some((name, select))
}

fn sized(name: &str, size: Option<u32>) -> String {
    size.map_or_else(|| name.to_owned(), |size| format!("{name}({size})"))
}

/// Digits of a second.
fn fraction(column: &Column) -> Result<u32> {
    match column.precision {
        Some(digits) if digits > MOST_FRACTION_DIGITS => Err(cartage_destinations_api::Error::terminal(
            format!("{DATABASE} has no time with {digits} fraction digits"),
        )
        .with_remedy(format!("use a precision of 0 to {MOST_FRACTION_DIGITS}"))),
        digits => Ok(digits.unwrap_or(FRACTION_DIGITS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(column: &Column) -> String {
        SnowflakeDialect::new(true).column_type(column).unwrap_or_else(|error| error.to_string())
    }

    fn precise(data_type: DataType, precision: u32, scale: Option<u32>) -> String {
        type_of(&Column { precision: Some(precision), scale, ..Column::typed("c", data_type, true) })
    }

    #[test]
    fn types_are_those_of_dlt() {
        let plain = |data_type| type_of(&Column::typed("c", data_type, true));
        let expected = [
            (DataType::Text, "VARCHAR"),
            (DataType::Double, "FLOAT"),
            (DataType::Bool, "BOOLEAN"),
            (DataType::Bigint, "NUMBER(19,0)"),
            (DataType::Decimal, "NUMBER(38,9)"),
            (DataType::Wei, "NUMBER(38,0)"),
            (DataType::Timestamp, "TIMESTAMP_TZ(6)"),
            (DataType::Date, "DATE"),
            (DataType::Time, "TIME(6)"),
            (DataType::Binary, "BINARY"),
            (DataType::Json, "VARIANT"),
        ];
        for (data_type, name) in expected {
            assert_eq!(plain(data_type), name);
        }
        let naive = Column { timezone: Some(false), ..Column::typed("c", DataType::Timestamp, true) };
        assert_eq!(type_of(&naive), "TIMESTAMP_NTZ(6)");
        assert_eq!(precise(DataType::Text, 100, None), "VARCHAR(100)");
        assert_eq!(precise(DataType::Binary, 100, None), "BINARY(100)");
        assert_eq!(precise(DataType::Bigint, 16, None), "NUMBER(19,0)");
        assert_eq!(precise(DataType::Bigint, 100, None), "NUMBER(38,0)");
        assert_eq!(precise(DataType::Timestamp, 9, None), "TIMESTAMP_TZ(9)");
        assert_eq!(precise(DataType::Time, 3, None), "TIME(3)");
    }

    #[test]
    fn types_that_there_are_not_are_refused() {
        assert!(precise(DataType::Bigint, 128, None).contains("128 bits"));
        assert!(precise(DataType::Decimal, 39, Some(2)).contains("precision 39"));
        assert!(precise(DataType::Timestamp, 10, None).contains("10 fraction digits"));
    }

    #[test]
    fn names_are_folded_where_that_can_be_undone() {
        let folding = SnowflakeDialect::new(true);
        assert_eq!(folding.quote("items"), "\"ITEMS\"");
        assert_eq!(folding.quote("we\"ird"), "\"WE\"\"IRD\"");
        // There is no upper-case letter for the sharp s.
        assert_eq!(folding.quote("gr\u{f6}\u{df}e"), "\"gr\u{f6}\u{df}e\"");
        for name in ["items", "_dlt_id", "gr\u{f6}\u{df}e", "\u{65e5}\u{672c}"] {
            assert_eq!(folding.restored(&folding.stored(name)), name);
        }
        let exact = SnowflakeDialect::new(false);
        assert_eq!(
            (exact.quote("Items"), exact.restored("ITEMS")),
            ("\"Items\"".to_owned(), "ITEMS".to_owned())
        );
    }
}
