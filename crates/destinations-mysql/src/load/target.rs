//! The columns that a table has at the server, and what they would make of values without a word.

use cartage_destinations_api::Result;
use cartage_destinations_sql::SqlSession as _;
use cartage_destinations_sql::columnar::{FileRows, no_column};
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::{Column, Table};

use crate::client::Session;

/// Fraction digits of a second that values have.
const DIGITS: u32 = 6;

/// What the columns do to values that a row goes into: of a staged table and of the one that it is merged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Fraction digits that are kept of a second; the server cuts off the rest.
    pub(super) fraction_digits: u32,
    /// Whether the hints ask for so few digits.
    pub(super) is_rounded: bool,
    pub(super) keeps: Keeps,
}

/// Which values a column keeps as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    /// All that it takes.
    All,
    /// Numbers of seven digits.
    SingleFloats,
    /// Numbers without fractions, which are rounded away.
    WholeNumbers,
    /// Years of four digits; two are completed.
    Years,
    /// Texts without blanks at the end, which are cut off.
    TextsWithoutBlanks,
}

impl Keeps {
    fn of(name: &str) -> Self {
        match name {
            "float" => Self::SingleFloats,
            "year" => Self::Years,
            "char" => Self::TextsWithoutBlanks,
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Self::WholeNumbers,
            _ => Self::All,
        }
    }
}

impl Target {
    /// What columns of these types, in small letters, do to values of a column of the schema.
    fn new<'a>(types: impl IntoIterator<Item = &'a str>, column: Option<&Column>) -> Self {
        let mut target = Self { fraction_digits: DIGITS, is_rounded: false, keeps: Keeps::All };
        for type_name in types {
            let name = type_name.split(['(', ' ']).next().unwrap_or_default();
            if matches!(name, "datetime" | "timestamp" | "time") {
                let digits = type_name[name.len()..].trim_matches(['(', ')']);
                target.fraction_digits = target.fraction_digits.min(digits.parse().unwrap_or(0));
            }
            if target.keeps == Keeps::All {
                target.keeps = Keeps::of(name);
            }
        }
        let asked = column.and_then(|column| column.precision).unwrap_or(DIGITS);
        target.is_rounded = asked <= target.fraction_digits;
        target
    }
}

/// What there is for each column of a file, in `target` and in the table `of_dataset`, which may be the same.
pub(super) fn of_fields(
    session: &Session,
    target: &TableRef,
    of_dataset: &TableRef,
    table: &Table,
    file: &FileRows,
) -> Result<Vec<Target>> {
    let dialect = &session.about().dialect;
    let columns = session.columns(target)?;
    let others = if of_dataset == target { Vec::new() } else { session.columns(of_dataset)? };
    let find = |columns: &[(String, String)], name: &str| {
        let wanted = dialect.fold_column(name);
        let mut columns = columns.iter();
        let found = columns.find(|(column, _)| dialect.fold_column(column) == wanted);
        found.map(|(_, type_name)| type_name.to_ascii_lowercase())
    };
    let target = |name: &&str| {
        let own = find(&columns, name).ok_or_else(|| no_column(&target.table, name))?;
        let other = find(&others, name);
        let types = std::iter::once(own.as_str()).chain(other.as_deref());
        Ok(Target::new(types, table.columns.get(*name)))
    };
    file.names().iter().map(target).collect()
}

#[cfg(test)]
mod tests {
    use cartage_schema::DataType;

    use super::*;

    /// What a column of this type does to values without hints.
    fn of(type_name: &str) -> Target {
        Target::new([type_name], None)
    }

    #[test]
    fn types_say_what_they_do_to_values() {
        assert_eq!(of("datetime(6)").fraction_digits, 6);
        assert_eq!(of("time(3)").fraction_digits, 3);
        assert_eq!(of("timestamp").fraction_digits, 0);
        assert_eq!(of("decimal(38,9)"), of("date"));
        let keeps =
            ["float unsigned", "int(11)", "year(4)", "char(5)", "varchar(5)"].map(|name| of(name).keeps);
        assert_eq!(
            keeps,
            [Keeps::SingleFloats, Keeps::WholeNumbers, Keeps::Years, Keeps::TextsWithoutBlanks, Keeps::All]
        );
    }

    #[test]
    fn digits_are_rounded_away_only_where_the_hints_ask_for_few() {
        let hinted = Column { precision: Some(3), ..Column::typed("t", DataType::Timestamp, true) };
        assert!(Target::new(["datetime(3)"], Some(&hinted)).is_rounded);
        assert!(!Target::new(["datetime"], Some(&hinted)).is_rounded);
        assert!(!of("datetime(3)").is_rounded && of("datetime(6)").is_rounded);
        assert_eq!(
            Target::new(["datetime(6)", "datetime"], None).fraction_digits,
            0,
            "that of the other table"
        );
    }
}
