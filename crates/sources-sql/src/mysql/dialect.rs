//! Who connects where, and how MySQL and MariaDB spell things.

use cartage_config::Section;
use cartage_sql_client::mysql::MysqlCredentials;
use cartage_sql_client::{Credentials, CredentialsPlace, Login, read_credentials};

use super::bounds;
use super::quote::quoted;
use super::session::MysqlSession;
use super::types::is_geometric;
use crate::database::{Database, Session};
use crate::error::SqlError;
use crate::kind::Kind;
use crate::reflected::{Bound, ReflectedColumn};

/// A database at a server.
#[derive(Debug)]
pub(crate) struct Mysql {
    login: Login,
    credentials: MysqlCredentials,
}

/// Reads the credentials in `section`.
pub(crate) fn open(credentials: &Section, section: &Section) -> Result<Mysql, SqlError> {
    let (credentials, _) = MysqlCredentials::FORM.split(credentials)?;
    let place = CredentialsPlace { settings: section, base_dir: section.base_dir() };
    let (login, credentials) = read_credentials(&credentials, &place)?;
    Ok(Mysql { login, credentials })
}

impl Database for Mysql {
    fn place(&self) -> String {
        format!("MySQL or MariaDB at {}/{}", self.credentials.place(&self.login), self.login.database)
    }

    fn connect(&self) -> Result<Box<dyn Session>, SqlError> {
        let session = MysqlSession::connect(&self.login, &self.credentials, &self.place())?;
        Ok(Box::new(session))
    }

    fn quoted(&self, name: &str) -> String {
        quoted(name)
    }

    fn as_text(&self, column: &ReflectedColumn) -> String {
        let expression = &column.expression;
        match column.kind {
            Kind::Text | Kind::Json => expression.clone(),
            Kind::Binary if is_geometric(&column.declared) => well_known_text(expression),
            Kind::Binary => format!("CONCAT('0x', HEX({expression}))"),
            // A float of 32 bits would be printed with six digits.
            Kind::Float => format!("CAST({expression} * 1e0 AS CHAR)"),
            Kind::Timestamp { aware: true } => format!("CONCAT(CAST({expression} AS CHAR), '+00:00')"),
            _ => format!("CAST({expression} AS CHAR)"),
        }
    }

    fn read_as(&self, column: &ReflectedColumn, wanted: Kind) -> Option<String> {
        let is_number = matches!(column.kind, Kind::Integer | Kind::Unsigned | Kind::Decimal { .. });
        let fits = is_number && matches!(wanted, Kind::Bool | Kind::Integer | Kind::Decimal { .. });
        fits.then(|| column.expression.clone())
    }

    fn ordered(&self, column: &ReflectedColumn) -> String {
        bounds::ordered(column)
    }

    fn bound(&self, column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
        bounds::condition(column, operator, bound)
    }

    fn literal(&self, column: &ReflectedColumn, bound: &Bound) -> String {
        bounds::literal(column, bound)
    }
}

/// A geometric value as text, preceded by its reference system where it has one.
fn well_known_text(expression: &str) -> String {
    let text = format!("ST_AsText({expression})");
    let system = format!("ST_SRID({expression})");
    format!("IF({system} = 0, {text}, CONCAT('SRID=', {system}, ';', {text}))")
}
