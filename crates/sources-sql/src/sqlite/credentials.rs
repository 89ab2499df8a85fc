//! Which file, and how long to wait for it.

use std::path::PathBuf;
use std::time::Duration;

use cartage_config::{ConfigError, Seconds, Section};
use cartage_sql_client::ClientError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::SqlError;
use crate::file_address::keys_of;

const REMEDY: &str = "write sqlite:///shop.sqlite, or sqlite:////home/me/shop.sqlite with an absolute path; \
                      ?timeout=60 may follow";

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SqliteFile {
    pub(super) path: PathBuf,
    /// How long a statement waits for a program that writes.
    pub(super) timeout: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// SQLAlchemy's name, which says nothing that is not known.
    #[serde(default, rename = "drivername")]
    _driver: IgnoredAny,
    database: String,
    #[serde(default = "default_timeout")]
    timeout: Seconds,
}

fn default_timeout() -> Seconds {
    Seconds(Duration::from_mins(1))
}

impl SqliteFile {
    /// Reads the credentials in `settings`; relative paths start from the folder of the settings.
    pub(super) fn read(settings: &Section) -> Result<Self, SqlError> {
        let wrong = || SqlError::new("the connection string names no SQLite file").with_remedy(REMEDY);
        let keys = |text: &str| keys_of(text).ok_or_else(wrong);
        let credentials = settings.spell_out_with("credentials", keys)?.lift("credentials", "query");
        let keys = credentials.table_or_empty("credentials").parse::<Keys>();
        let Keys { database, timeout, .. } = keys.map_err(|error: ConfigError| ClientError::from(error))?;
        if database.is_empty() || database == ":memory:" {
            return Err(SqlError::new("a database in memory is empty").with_remedy(REMEDY));
        }
        Ok(Self { path: settings.base_dir().join(database), timeout: timeout.0 })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(credentials: &Value) -> Result<SqliteFile, SqlError> {
        let settings = json!({"credentials": credentials});
        SqliteFile::read(&Section::new(settings.as_object().unwrap().clone()).named("sources.crm"))
    }

    #[test]
    fn a_file_is_named_as_for_sqlalchemy() {
        let path = |credentials: Value| read(&credentials).unwrap().path;
        assert!(path(json!("sqlite:///a/b.db")).ends_with("a/b.db"));
        assert_eq!(path(json!("sqlite+pysqlite:////a b/%20.db")), PathBuf::from("/a b/%20.db"));
        assert_eq!(path(json!({"drivername": "sqlite", "database": "/x.db"})), PathBuf::from("/x.db"));
        assert_eq!(read(&json!("sqlite:////x?timeout=0.5")).unwrap().timeout, Duration::from_millis(500));
    }

    #[test]
    fn what_is_no_file_is_refused_and_shows_no_password() {
        for credentials in [
            json!("sqlite://"),
            json!("sqlite:///:memory:"),
            json!("sqlite://shop.db"),
            json!("sqlite+pysqlcipher://:hush@/shop.db"),
            json!("sqlite:///a.db?mode=ro"),
            json!({"drivername": "sqlite"}),
        ] {
            let error = read(&credentials).unwrap_err().to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
