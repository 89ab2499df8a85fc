//! Which file it is, and how SQLite spells things.

use std::sync::OnceLock;

use cartage_config::Section;

use super::credentials::SqliteFile;
use super::session::SqliteSession;
use super::{bounds, functions, quote};
use crate::database::{Database, Session};
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::{Bound, ReflectedColumn};

/// A file with a database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    file: SqliteFile,
    /// Whether texts are UTF-16, which sorts otherwise than cursors do; known once a session was there.
    has_utf16: OnceLock<bool>,
}

/// Reads the credentials, which name the file. Relative paths start from the folder of `section`.
pub(crate) fn open(credentials: &Section, _section: &Section) -> Result<Sqlite, SqlError> {
    Ok(Sqlite { file: SqliteFile::read(credentials)?, has_utf16: OnceLock::new() })
}

impl Sqlite {
    fn has_utf16(&self) -> bool {
        // Tables are looked at before anything is asked of them.
        self.has_utf16.get().copied().unwrap_or(true)
    }
}

impl Database for Sqlite {
    fn place(&self) -> String {
        format!("SQLite file {}", self.file.path.display())
    }

    fn connect(&self) -> Result<Box<dyn Session>, SqlError> {
        let session = SqliteSession::open(&self.file)?;
        self.has_utf16.get_or_init(|| session.has_utf16());
        Ok(Box::new(session))
    }

    fn quoted(&self, name: &str) -> String {
        quote::quoted(name)
    }

    fn as_text(&self, column: &ReflectedColumn) -> String {
        format!("{}({})", functions::AS_TEXT, quote::quoted(&column.name))
    }

    /// Columns take values of every kind, so whatever is wanted is looked for.
    fn read_as(&self, column: &ReflectedColumn, wanted: Kind) -> Option<String> {
        let plain = quote::quoted(&column.name);
        Some(match wanted {
            Kind::Text => self.as_text(column),
            Kind::Binary => {
                format!("CASE typeof({plain}) WHEN 'text' THEN CAST({plain} AS BLOB) ELSE {plain} END")
            }
            _ => plain,
        })
    }

    fn ordered(&self, column: &ReflectedColumn) -> String {
        let expression = &column.expression;
        match column.kind {
            Kind::Date | Kind::Time | Kind::Timestamp { .. } => format!("{}({expression})", functions::ORDER),
            Kind::Text | Kind::Json if self.has_utf16() => format!("{}({expression})", functions::BYTES),
            Kind::Text | Kind::Json => format!("{expression} COLLATE BINARY"),
            _ => expression.clone(),
        }
    }

    fn bound(&self, column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
        let is_unknown = column.kind == Kind::Text && self.has_utf16();
        if is_unknown { None } else { bounds::condition(column, operator, bound) }
    }

    fn literal(&self, column: &ReflectedColumn, bound: &Bound) -> String {
        bounds::literal(column, bound)
    }
}
