//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use cartage_destinations_api::Seconds;
use cartage_destinations_sql::server;
use cartage_sql_client::postgres::PostgresCredentials;
use serde::Deserialize;

/// Where the dataset is and how it is used.
pub type Config = server::Config<PostgresCredentials, PostgresKeys>;

/// Keys of this destination beside those that all destinations and all servers have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PostgresKeys {
    /// Longest time that one statement may take; no limit where absent.
    pub statement_timeout: Option<Seconds>,
    /// What happens to text with NUL characters.
    #[serde(default)]
    pub nul_characters: NulCharacters,
}

/// What happens to text with NUL characters, which PostgreSQL cannot store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NulCharacters {
    /// The job fails and says where the first one is.
    #[default]
    Refuse,
    /// Each becomes U+FFFD; a warning says how many.
    Replace,
}

/// `host:port/database`, for messages.
pub(crate) fn place(config: &Config) -> String {
    config.credentials.place(&config.login)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cartage_destinations_api::{ConnectRequest, Result, Settings};
    use cartage_sql_client::postgres::SslMode;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        let request = ConnectRequest::new("postgres", "shop", "raw").in_folder("/base");
        Config::read(&request.with_settings(settings))
    }

    #[test]
    fn text_and_table_say_the_same() {
        let text = read(&json!({
            "credentials": "postgresql://loader:hush@db:6432/shop?sslmode=verify-full&connect_timeout=3",
        }))
        .unwrap();
        let table = read(&json!({"credentials": {
            "drivername": "postgresql", "username": "loader", "password": "hush", "host": "db", "port": "6432",
            "database": "shop", "connect_timeout": 3, "query": {"sslmode": "verify-full"},
        }}))
        .unwrap();
        assert_eq!(text, table);
        assert_eq!(text.credentials.hosts, [("db".to_owned(), 6432)]);
        assert_eq!(text.login.connect_timeout, Seconds(Duration::from_secs(3)));
        assert_eq!(text.credentials.sslmode, SslMode::VerifyFull);
        assert!(!format!("{text:?}").contains("hush"));
    }

    #[test]
    fn names_and_passwords_are_texts_whatever_they_look_like() {
        for text in ["1e5", "1.10", "true", " x ", "007", "[1]", "null", "2024-01-01", "{\"a\": 1}"] {
            let config = read(&json!({"credentials": {
                "username": text, "password": text, "database": text, "host": "db", "port": "5433",
            }}));
            let login = config.unwrap().login;
            let password = login.password.as_ref().unwrap().expose();
            assert_eq!([&login.username, &login.database, password], [text; 3]);
        }
        let document = r#"{"username": "u", "database": "d", "host": "h", "password": "p"}"#;
        assert_eq!(read(&json!({"credentials": document})).unwrap().login.database, "d");
    }

    #[test]
    fn what_is_missing_is_named_with_the_place_to_put_it() {
        let error = read(&json!({"credentials": {"host": "db", "username": "u"}})).unwrap_err();
        assert!(error.to_string().contains("'database'"), "{error}");
        assert!(error.remedy().unwrap().contains("DESTINATION__POSTGRES__CREDENTIALS__DATABASE"));
        let error = read(&json!({"credentials": {"hots": "db"}})).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'host'?"));
    }

    #[test]
    fn a_whole_example_reads_back() {
        let config = read(&json!({
            "credentials": "postgres://u@a,b/d", "connections": 2, "statement_timeout": 60, "lock_timeout": "5",
            "nul_characters": "replace", "create_indexes": false, "replace_strategy": "staging-optimized",
        }))
        .unwrap();
        assert_eq!(place(&config), "a:5432,b:5432/d");
        assert_eq!((config.server.connections.get(), config.datasets.staging.as_str()), (2, "raw_staging"));
        assert_eq!(config.keys.statement_timeout, Some(Seconds(Duration::from_mins(1))));
        assert_eq!(config.keys.nul_characters, NulCharacters::Replace);
        assert!(read(&json!({"credentials": "postgres://u@a/d", "nul_characters": "drop"})).is_err());
    }
}
