//! The spelling of GoogleSQL: types, names, changes of tables.

use std::sync::Arc;

use cartage_destinations_api::{Error, Result};
use cartage_destinations_sql::statements::types;
use cartage_destinations_sql::statements::{Dialect, TableRef};
use cartage_schema::{Column, DataType, Table};
use cartage_values::timestamp_to_text;

use super::hints;
use super::literal::text;

/// Digits before the point and behind it that `NUMERIC` holds.
const NUMERIC: (u32, u32) = (29, 9);
/// The same of `BIGNUMERIC`.
const BIGNUMERIC: (u32, u32) = (38, 38);
/// Digits of decimals in files of rows; those with more are text there.
const MOST_DIGITS_IN_FILES: u32 = 38;

/// How one project spells things.
#[derive(Clone, Debug)]
pub struct BigQueryDialect {
    project: Arc<str>,
    location: Arc<str>,
    case_sensitive: bool,
}

impl BigQueryDialect {
    /// That of the tables of `project`, whose names are told apart by case or not; datasets are made in `location`.
    pub fn new(project: &str, location: &str, case_sensitive: bool) -> Self {
        Self { project: project.into(), location: location.into(), case_sensitive }
    }
}

impl Dialect for BigQueryDialect {
    fn quote(&self, name: &str) -> String {
        format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
    }

    fn dataset(&self, dataset: &str) -> String {
        format!("{}.{}", self.quote(&self.project), self.quote(dataset))
    }

    fn fold(&self, name: &str) -> String {
        if self.case_sensitive { name.to_owned() } else { name.to_lowercase() }
    }

    /// Names of columns are compared without case everywhere.
    fn fold_column(&self, name: &str) -> String {
        name.to_lowercase()
    }

    fn placeholder(&self, number: usize) -> String {
        format!("@p{number}")
    }

    fn column_type(&self, column: &Column) -> Result<String> {
        let sized = |name: &str| {
            column.precision.map_or_else(|| name.to_owned(), |length| format!("{name}({length})"))
        };
        Ok(match types::of(column)? {
            DataType::Text => sized("STRING"),
            DataType::Double => "FLOAT64".to_owned(),
            DataType::Bool => "BOOL".to_owned(),
            DataType::Bigint => types::integer("BigQuery", column.precision, &[(64, "INT64")])?,
            DataType::Binary => sized("BYTES"),
            DataType::Json => "JSON".to_owned(),
            DataType::Decimal => decimal(column)?,
            DataType::Wei => "BIGNUMERIC".to_owned(),
            DataType::Date => "DATE".to_owned(),
            DataType::Time => types::fraction("BigQuery", column.precision).map(|_| "TIME".to_owned())?,
            DataType::Timestamp => {
                types::fraction("BigQuery", column.precision).map(|_| "TIMESTAMP".to_owned())?
            }
        })
    }

    fn options_of(&self, table: &Table) -> Result<String> {
        hints::options_of(self, table)
    }

    fn options_of_column(&self, column: &Column) -> String {
        hints::options_of_column(column)
    }

    fn short_text(&self, length: u32) -> String {
        format!("STRING({length})")
    }

    /// Load jobs make no JSON out of Parquet's texts, and no number out of one with more digits than decimals have there.
    fn type_in_file(&self, column: &Column) -> Result<String> {
        Ok(match types::of(column)? {
            DataType::Text | DataType::Json => "STRING".to_owned(),
            DataType::Binary => "BYTES".to_owned(),
            _ if is_text_in_file(column) => "STRING".to_owned(),
            _ => self.column_type(column)?,
        })
    }

    fn value_of_file(&self, column: &Column) -> Result<String> {
        let name = self.quote(&column.name);
        Ok(match types::of(column)? {
            DataType::Json => format!("PARSE_JSON({name})"),
            _ if is_text_in_file(column) => format!("CAST({name} AS BIGNUMERIC)"),
            _ => name,
        })
    }

    fn loads_replace(&self) -> bool {
        true
    }

    fn row_name(&self) -> Option<&'static str> {
        Some("_cartage_row")
    }

    fn delete_from(&self, target: &str) -> String {
        format!("DELETE FROM {target} AS _cartage_row")
    }

    /// Documents cannot be compared, their texts can.
    fn differs_in(&self, column: &Column, left: &str, right: &str) -> String {
        if column.data_type == Some(DataType::Json) {
            return self.differs(&format!("TO_JSON_STRING({left})"), &format!("TO_JSON_STRING({right})"));
        }
        self.differs(left, right)
    }

    fn union(&self) -> &'static str {
        "UNION DISTINCT"
    }

    fn source_of_one_row(&self) -> &'static str {
        " FROM UNNEST([1])"
    }

    fn primary_key(&self, _columns: &[&str]) -> Option<String> {
        None
    }

    fn create_dataset(&self, dataset: &str) -> Option<String> {
        let (dataset, location) = (self.dataset(dataset), text(&self.location));
        Some(format!("CREATE SCHEMA IF NOT EXISTS {dataset} OPTIONS (location = {location})"))
    }

    fn set_not_null(&self, table: &TableRef, column: &Column) -> Result<Option<String>> {
        let (table, column) = (&table.table, &column.name);
        Err(Error::terminal(format!(
            "column {column} must not be null, but BigQuery adds no such column to a table that is there, {table}"
        ))
        .with_remedy(format!(
            "set nullable = true for {column}, or make the table anew with `cartage run --refresh drop_resources`"
        )))
    }

    fn replace_table(&self, staged: &TableRef, target: &TableRef) -> Option<String> {
        let (staged, target) = (self.qualified(staged), self.qualified(target));
        Some(format!("CREATE OR REPLACE TABLE {target} CLONE {staged}"))
    }

    /// The client makes text of what comes.
    fn as_text(&self, column: &str) -> String {
        self.quote(column)
    }

    fn timestamp_literal(&self, micros: i64) -> String {
        format!("TIMESTAMP '{}'", timestamp_to_text(micros, true).replacen('T', " ", 1))
    }
}

/// Precision and scale as the column says, or as decimals have them.
fn digits(column: &Column) -> (u32, u32) {
    (column.precision.unwrap_or(38), column.scale.unwrap_or(9))
}

fn decimal(column: &Column) -> Result<String> {
    let (digits, scale) = digits(column);
    let fits = |(before, behind): (u32, u32)| {
        digits > 0 && scale <= behind && scale <= digits && digits - scale <= before
    };
    let name = [("NUMERIC", NUMERIC), ("BIGNUMERIC", BIGNUMERIC)].into_iter().find(|(_, most)| fits(*most));
    name.map(|(name, _)| format!("{name}({digits},{scale})")).ok_or_else(|| {
        Error::terminal(format!("BigQuery has no decimal of precision {digits} and scale {scale}"))
            .with_remedy("use at most 38 digits before the point and at most 38 behind it")
    })
}

/// Whether files have the numbers of a column as text.
fn is_text_in_file(column: &Column) -> bool {
    match column.data_type {
        Some(DataType::Wei) => true,
        Some(DataType::Decimal) => digits(column).0 > MOST_DIGITS_IN_FILES,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal_of(precision: u32, scale: u32) -> Result<String> {
        let column = Column::typed("c", DataType::Decimal, true);
        decimal(&Column { precision: Some(precision), scale: Some(scale), ..column })
    }

    #[test]
    fn decimals_take_the_smaller_type_that_holds_them() {
        assert_eq!(decimal_of(38, 9).unwrap(), "NUMERIC(38,9)");
        assert_eq!(decimal_of(29, 0).unwrap(), "NUMERIC(29,0)");
        assert_eq!(decimal_of(30, 0).unwrap(), "BIGNUMERIC(30,0)");
        assert_eq!(decimal_of(38, 10).unwrap(), "BIGNUMERIC(38,10)");
        assert_eq!(decimal_of(76, 38).unwrap(), "BIGNUMERIC(76,38)");
        for (precision, scale) in [(39, 0), (77, 38), (0, 0), (5, 6)] {
            assert!(decimal_of(precision, scale).unwrap_err().remedy().is_some(), "{precision} {scale}");
        }
    }

    #[test]
    fn names_and_texts_end_nowhere_else() {
        let dialect = BigQueryDialect::new("my-project", "US", true);
        assert_eq!(dialect.quote("a`b\\"), "`a\\`b\\\\`");
        assert_eq!(text("it's\n\\"), "'it\\'s\\n\\\\'");
        assert_eq!(dialect.qualified(&TableRef::new("d", "t")), "`my-project`.`d`.`t`");
    }
}
