//! Where the file is, and how DuckDB spells things.

use std::path::PathBuf;

use cartage_config::{ConfigError, Section};
use cartage_sql_client::ClientError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::quote::quoted;
use super::session::DuckDbSession;
use crate::database::{Database, Session};
use crate::error::SqlError;
use crate::file_address::keys_of;
use crate::floats::fits_short;
use crate::kind::Kind;
use crate::reflected::{Bound, ReflectedColumn};

/// A DuckDB file that is read.
#[derive(Debug)]
pub(crate) struct DuckDb {
    path: PathBuf,
}

/// `credentials` as a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// Says what is known already.
    #[serde(default, rename = "drivername")]
    _driver: IgnoredAny,
    database: String,
}

/// Reads the credentials in `credentials`; relative paths start from the folder of the pipeline file.
pub(crate) fn open(credentials: &Section, section: &Section) -> Result<DuckDb, SqlError> {
    const REMEDY: &str = "write duckdb:///file.duckdb, with four slashes for a path from the root";
    let wrong = || SqlError::new("the connection string names no DuckDB file").with_remedy(REMEDY);
    let spelled = credentials.spell_out_with("credentials", |text| keys_of(text).ok_or_else(wrong))?;
    let keys = spelled.table_or_empty("credentials").parse::<Keys>();
    let Keys { database, .. } = keys.map_err(|error: ConfigError| ClientError::from(error))?;
    if database.is_empty() || database == ":memory:" {
        return Err(SqlError::new("a database in memory is empty").with_remedy(REMEDY));
    }
    Ok(DuckDb { path: section.base_dir().join(database) })
}

impl Database for DuckDb {
    fn place(&self) -> String {
        format!("DuckDB file {}", self.path.display())
    }

    fn connect(&self) -> Result<Box<dyn Session>, SqlError> {
        Ok(Box::new(DuckDbSession::open(&self.path)?))
    }

    fn quoted(&self, name: &str) -> String {
        quoted(name)
    }

    fn as_text(&self, column: &ReflectedColumn) -> String {
        format!("CAST({} AS VARCHAR)", quoted(&column.name))
    }

    // Texts are ordered by their bytes.
    fn ordered(&self, column: &ReflectedColumn) -> String {
        column.expression.clone()
    }

    fn bound(&self, column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
        let fits = matches!(
            (column.kind, bound),
            (Kind::Integer | Kind::Unsigned | Kind::Float | Kind::Decimal { .. }, Bound::Number(_))
                | (
                    Kind::Decimal { .. } | Kind::Text | Kind::Date | Kind::Time | Kind::Timestamp { .. },
                    Bound::Text(_)
                )
        );
        // The column itself rather than what is selected, so that statistics of the file count.
        let compared = if column.kind == Kind::Text { self.ordered(column) } else { quoted(&column.name) };
        fits.then(|| format!("{compared} {operator} {}", self.literal(column, bound)))
    }

    fn literal(&self, column: &ReflectedColumn, bound: &Bound) -> String {
        let text = match bound {
            // As a double, 0.7 is more than it is as a float of 32 bits.
            Bound::Number(number) if column.declared == "FLOAT" && fits_short(number) => {
                return format!("'{number}'::FLOAT");
            }
            Bound::Number(number) if column.kind == Kind::Float => return format!("'{number}'::DOUBLE"),
            Bound::Number(number) => return number.clone(),
            Bound::Text(text) => format!("'{}'", text.replace('\'', "''")),
        };
        match column.kind {
            Kind::Decimal { precision, scale } => format!("{text}::DECIMAL({precision}, {scale})"),
            Kind::Date => format!("{text}::DATE"),
            Kind::Time => format!("{text}::TIME"),
            Kind::Timestamp { aware: true } => format!("{text}::TIMESTAMPTZ"),
            Kind::Timestamp { aware: false } => format!("{text}::TIMESTAMP"),
            _ => text,
        }
    }
}
