//! A database behind a driver.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use adbc_core::options::{OptionConnection, OptionValue};
use adbc_core::{Database as _, Optionable as _};
use adbc_driver_manager::ManagedDatabase;
use cartage_config::Section;

use super::driver::Credentials;
use super::session::AdbcSession;
use super::spelling::Spelling;
use crate::database::{Database, Session};
use crate::error::SqlError;
use crate::reflected::{Bound, ReflectedColumn};

/// Who connects, and how the database spells things once that is known.
pub(crate) struct Adbc {
    credentials: Credentials,
    base_dir: PathBuf,
    /// The library is loaded once.
    database: Mutex<Option<ManagedDatabase>>,
    spelling: OnceLock<Spelling>,
}

impl fmt::Debug for Adbc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adbc").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

/// Reads the credentials in `credentials`.
pub(crate) fn open(credentials: &Section, section: &Section) -> Result<Adbc, SqlError> {
    Ok(Adbc {
        credentials: Credentials::read(credentials)?,
        base_dir: section.base_dir().to_owned(),
        database: Mutex::default(),
        spelling: OnceLock::new(),
    })
}

impl Adbc {
    fn spelling(&self) -> Spelling {
        // Known since the tables were looked at.
        *self.spelling.get_or_init(|| Spelling::of(""))
    }
}

impl Database for Adbc {
    fn place(&self) -> String {
        format!("ADBC driver {}", self.credentials.name())
    }

    fn connect(&self) -> Result<Box<dyn Session>, SqlError> {
        let secrets = self.credentials.secrets();
        let mut database = self.database.lock().expect("nothing panics while it is locked");
        if database.is_none() {
            *database = Some(self.credentials.open(&self.base_dir)?);
        }
        let opened = database.as_ref().expect("it was opened").new_connection();
        drop(database);
        let mut connection = opened.map_err(|cause| secrets.error("cannot connect", &cause))?;
        // Few drivers can do this; the others may not be told.
        let _ = connection.set_option(OptionConnection::ReadOnly, OptionValue::from(true));
        let session = AdbcSession::new(connection, secrets);
        self.spelling.get_or_init(|| Spelling::of(&session.vendor()));
        Ok(Box::new(session.with_spelling(self.spelling())))
    }

    fn quoted(&self, name: &str) -> String {
        self.spelling().quoted(name)
    }

    fn as_text(&self, column: &ReflectedColumn) -> String {
        format!("CAST({} AS VARCHAR)", self.quoted(&column.name))
    }

    fn ordered(&self, column: &ReflectedColumn) -> String {
        column.expression.clone()
    }

    // Texts are compared by rules of the database, so that a bound might leave out rows.
    fn bound(&self, column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
        Spelling::fits(column, bound)
            .then(|| format!("{} {operator} {}", column.expression, self.literal(column, bound)))
    }

    fn literal(&self, column: &ReflectedColumn, bound: &Bound) -> String {
        self.spelling().literal(column, bound)
    }
}
