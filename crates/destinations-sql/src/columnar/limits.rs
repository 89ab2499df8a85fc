//! What the columns that a table has would make of values without a word, so that such values are refused instead.

use cartage_destinations_api::Result;
use cartage_schema::{Column, Table};

use super::{FileRows, no_column};
use crate::engine::SqlSession;
use crate::statements::{Dialect, TableRef};

/// Fraction digits of a second that values have.
const DIGITS: u32 = 6;

/// What the columns that a value goes into keep: that of a staged table and that of the one it is merged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnLimits {
    /// Fraction digits that are kept of a second; the server truncates the rest.
    pub fraction_digits: u32,
    /// Whether the hints ask for so few digits, so that values are rounded to them.
    pub is_rounded: bool,
    /// Which values are kept.
    pub keeps: Keeps,
}

/// Which values a column keeps as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keeps {
    /// All that it takes.
    All,
    /// Numbers of seven digits.
    SingleFloats,
    /// Numbers without fractions, which are rounded away.
    WholeNumbers,
    /// Years from the first to the last; others are completed or refused.
    Years(u16, u16),
    /// Texts without blanks at the end, which are cut off.
    TextsWithoutBlanks,
}

impl ColumnLimits {
    /// Keeps all values as they are.
    pub const NONE: Self = Self { fraction_digits: DIGITS, is_rounded: false, keeps: Keeps::All };

    /// The limits of columns together, for values of a column of the schema.
    pub fn of(columns: impl IntoIterator<Item = Self>, column: Option<&Column>) -> Self {
        let mut limits = Self::NONE;
        for own in columns {
            limits.fraction_digits = limits.fraction_digits.min(own.fraction_digits);
            if limits.keeps == Keeps::All {
                limits.keeps = own.keeps;
            }
        }
        let asked = column.and_then(|column| column.precision).unwrap_or(DIGITS);
        limits.is_rounded = asked <= limits.fraction_digits;
        limits
    }
}

/// The limits of each column of a file in `target` and in the table `of_dataset`, which may be the same. `of_type` gives
/// those of a type, whose name is in small letters.
///
/// # Errors
/// Terminal if the target lacks a column; see [`SqlSession::query`].
pub fn column_limits(
    session: &impl SqlSession,
    dialect: &dyn Dialect,
    (target, of_dataset): (&TableRef, &TableRef),
    table: &Table,
    file: &FileRows,
    of_type: fn(&str) -> ColumnLimits,
) -> Result<Vec<ColumnLimits>> {
    let columns = session.columns(target)?;
    let others = if of_dataset == target { Vec::new() } else { session.columns(of_dataset)? };
    let find = |columns: &[(String, String)], name: &str| {
        let wanted = dialect.fold_column(name);
        let mut columns = columns.iter();
        let found = columns.find(|(column, _)| dialect.fold_column(column) == wanted);
        found.map(|(_, type_name)| of_type(&type_name.to_ascii_lowercase()))
    };
    let limits = |name: &&str| {
        let own = find(&columns, name).ok_or_else(|| no_column(&target.table, name))?;
        let other = find(&others, name);
        Ok(ColumnLimits::of(std::iter::once(own).chain(other), table.columns.get(*name)))
    };
    file.names().iter().map(limits).collect()
}

#[cfg(test)]
mod tests {
    use cartage_schema::DataType;

    use super::*;

    fn of_digits(fraction_digits: u32) -> ColumnLimits {
        ColumnLimits { fraction_digits, ..ColumnLimits::NONE }
    }

    #[test]
    fn digits_are_rounded_away_only_where_the_hints_ask_for_few() {
        let hinted = Column { precision: Some(3), ..Column::typed("t", DataType::Timestamp, true) };
        let is_rounded = |digits: u32, column| ColumnLimits::of([of_digits(digits)], column).is_rounded;
        assert!(is_rounded(3, Some(&hinted)) && !is_rounded(0, Some(&hinted)));
        assert!(!is_rounded(3, None) && is_rounded(6, None));
    }

    #[test]
    fn both_tables_count() {
        let whole = ColumnLimits { keeps: Keeps::WholeNumbers, ..ColumnLimits::NONE };
        let limits = ColumnLimits::of([of_digits(6), whole, of_digits(0)], None);
        assert_eq!((limits.fraction_digits, limits.keeps), (0, Keeps::WholeNumbers));
    }
}
