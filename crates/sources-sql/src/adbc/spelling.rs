//! How a database spells names and values, as far as its name says.

use crate::kind::Kind;
use crate::reflected::{Bound, ReflectedColumn};

/// What is known of the SQL of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// Before and after a name.
    quote: char,
    /// Whether there are dates and times, rather than texts.
    has_dates: bool,
    /// Whether columns have types; else those of the first rows count.
    pub(super) has_types: bool,
}

impl Spelling {
    /// That of the standard, and where the vendor is known to differ, theirs.
    pub(super) fn of(vendor: &str) -> Self {
        let vendor = vendor.to_ascii_lowercase();
        let is_one_of = |names: &[&str]| names.iter().any(|name| vendor.contains(name));
        Self {
            quote: if is_one_of(&["bigquery", "databricks", "spark", "hive", "mysql", "mariadb"]) {
                '`'
            } else {
                '"'
            },
            has_dates: !is_one_of(&["sqlite"]),
            has_types: !is_one_of(&["sqlite"]),
        }
    }

    /// A name in quotes.
    pub(super) fn quoted(self, name: &str) -> String {
        let Self { quote, .. } = self;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// Whether the bound can be compared with the column.
    pub(super) fn fits(column: &ReflectedColumn, bound: &Bound) -> bool {
        matches!(
            (column.kind, bound),
            (Kind::Integer | Kind::Unsigned | Kind::Float | Kind::Decimal { .. }, Bound::Number(_))
                | (Kind::Decimal { .. } | Kind::Date | Kind::Timestamp { .. }, Bound::Text(_))
        )
    }

    /// The bound as a literal of the standard.
    pub(super) fn literal(self, column: &ReflectedColumn, bound: &Bound) -> String {
        let text = match bound {
            Bound::Number(number) => return number.clone(),
            Bound::Text(text) => text,
        };
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match column.kind {
            Kind::Decimal { .. } if text.parse::<f64>().is_ok() => text.clone(),
            Kind::Date if self.has_dates => format!("DATE {}", quoted(text)),
            Kind::Timestamp { .. } if self.has_dates => {
                let plain = text.trim_end_matches('Z').trim_end_matches("+00:00").replacen('T', " ", 1);
                format!("TIMESTAMP {}", quoted(&plain))
            }
            _ => quoted(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: Kind) -> ReflectedColumn {
        ReflectedColumn {
            name: "a".to_owned(),
            declared: String::new(),
            nullable: true,
            kind,
            expression: "a".to_owned(),
            precision: None,
        }
    }

    #[test]
    fn names_and_literals_are_those_of_the_vendor() {
        let standard = Spelling::of("Snowflake");
        assert_eq!(standard.quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(Spelling::of("BigQuery").quoted("a"), "`a`");
        let at = Bound::Text("2024-01-01T00:00:00Z".to_owned());
        let of = column(Kind::Timestamp { aware: true });
        assert_eq!(standard.literal(&of, &at), "TIMESTAMP '2024-01-01 00:00:00'");
        assert_eq!(Spelling::of("SQLite").literal(&of, &at), "'2024-01-01T00:00:00Z'");
        assert_eq!(standard.literal(&column(Kind::Integer), &Bound::Number("5".to_owned())), "5");
    }
}
