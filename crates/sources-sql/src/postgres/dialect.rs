//! Who connects where, and how PostgreSQL spells things.

use cartage_config::Section;
use cartage_sql_client::postgres::PostgresCredentials;
use cartage_sql_client::{Credentials, CredentialsPlace, Login, read_credentials};

use super::quote::quoted;
use super::session::PostgresSession;
use super::types::comes_as_uuid;
use crate::database::{Database, Session};
use crate::error::SqlError;
use crate::floats::fits_short;
use crate::kind::Kind;
use crate::reflected::{Bound, ReflectedColumn};

/// A database at a server.
#[derive(Debug)]
pub(crate) struct Postgres {
    login: Login,
    credentials: PostgresCredentials,
}

/// Reads the credentials in `section`.
pub(crate) fn open(credentials: &Section, section: &Section) -> Result<Postgres, SqlError> {
    let (credentials, _) = PostgresCredentials::FORM.split(credentials)?;
    let place = CredentialsPlace { settings: section, base_dir: section.base_dir() };
    let (login, credentials) = read_credentials(&credentials, &place)?;
    Ok(Postgres { login, credentials })
}

impl Database for Postgres {
    fn place(&self) -> String {
        format!("PostgreSQL at {}", self.credentials.place(&self.login))
    }

    fn connect(&self) -> Result<Box<dyn Session>, SqlError> {
        let session = PostgresSession::connect(&self.login, &self.credentials, &self.place())?;
        Ok(Box::new(session))
    }

    fn quoted(&self, name: &str) -> String {
        quoted(name)
    }

    fn as_text(&self, column: &ReflectedColumn) -> String {
        format!("{}::text", quoted(&column.name))
    }

    fn ordered(&self, column: &ReflectedColumn) -> String {
        match column.kind {
            Kind::Text if comes_as_uuid(column) => format!("({}::text) COLLATE \"C\"", column.expression),
            Kind::Text | Kind::Json => format!("({}) COLLATE \"C\"", column.expression),
            _ => column.expression.clone(),
        }
    }

    fn bound(&self, column: &ReflectedColumn, operator: &str, bound: &Bound) -> Option<String> {
        let fits = matches!(
            (column.kind, bound),
            (Kind::Integer | Kind::Float | Kind::Decimal { .. }, Bound::Number(_))
                | (
                    Kind::Decimal { .. } | Kind::Text | Kind::Date | Kind::Time | Kind::Timestamp { .. },
                    Bound::Text(_)
                )
        );
        fits.then(|| format!("{} {operator} {}", self.ordered(column), self.literal(column, bound)))
    }

    fn literal(&self, column: &ReflectedColumn, bound: &Bound) -> String {
        let text = match bound {
            // As a double, 0.7 is more than it is as a float of 32 bits.
            Bound::Number(number) if column.declared == "real" && fits_short(number) => {
                return format!("'{number}'::float4");
            }
            Bound::Number(number) if column.kind == Kind::Float => return format!("'{number}'::float8"),
            // An index on integers does not help conditions on numerics.
            Bound::Number(number) if column.kind == Kind::Integer && number.parse::<i64>().is_ok() => {
                return format!("'{number}'::int8");
            }
            Bound::Number(number) => return format!("'{number}'::numeric"),
            Bound::Text(text) => format!("'{}'", text.replace('\'', "''")),
        };
        match column.kind {
            Kind::Decimal { .. } => format!("{text}::numeric"),
            Kind::Date => format!("{text}::date"),
            Kind::Time => format!("{text}::time"),
            Kind::Timestamp { aware: true } => format!("{text}::timestamptz"),
            // The zone of a text would be passed over. Sessions are in UTC, as texts without zone are.
            Kind::Timestamp { aware: false } => format!("({text}::timestamptz AT TIME ZONE 'UTC')"),
            _ => text,
        }
    }
}
