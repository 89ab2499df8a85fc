//! dlt's destination type `sqlalchemy`, which is as many databases as SQLAlchemy knows: the credentials say which one.
//!
//! Errors quote the name of a driver and nothing else of the credentials, since they hold a password.

use cartage_config::Section as Settings;
use serde::Deserialize;

use crate::error::{Error, Result};

/// The type, as in `type = "sqlalchemy"`.
pub const TYPE: &str = "sqlalchemy";

/// SQLAlchemy's names of databases, with the types that they are here.
const DATABASES: &[(&str, &str)] = &[
    ("duckdb", "duckdb"),
    ("mariadb", "mariadb"),
    ("mysql", "mysql"),
    ("postgresql", "postgres"),
    ("sqlite", "sqlite"),
];

#[derive(Deserialize)]
struct Keys {
    credentials: Option<Credentials>,
}

#[derive(Deserialize)]
struct Credentials {
    drivername: Option<String>,
}

/// The type of the database that the settings of a destination of this type are about.
///
/// # Errors
/// Invalid if the credentials are missing, or name no database that is known.
pub fn type_of(settings: &Settings) -> Result<&'static str> {
    let refused = |reason: &str| {
        let known: Vec<_> = DATABASES.iter().map(|(name, _)| *name).collect();
        Error::from(settings.invalid("credentials", reason)).with_remedy(format!(
            "write a URL such as sqlite:///shop.sqlite or mysql+pymysql://user:password@host:3306/database, or a table \
             with 'drivername'; known databases are {}",
            known.join(", ")
        ))
    };
    let driver_of = |text: &str| match text.trim().split_once("://") {
        Some((driver, _)) => Ok(vec![("drivername".to_owned(), driver.to_owned())]),
        None => Err(refused("the text is not a URL of SQLAlchemy")),
    };
    let (keys, _): (Keys, _) = settings.spell_out_with("credentials", driver_of)?.split()?;
    let driver = keys.credentials.and_then(|credentials| credentials.drivername);
    let driver = driver.ok_or_else(|| refused("it must name a database"))?;
    // SQLAlchemy's library for a database may follow, as in `mysql+pymysql`.
    let database = driver.split('+').next().unwrap_or_default();
    if let Some((_, known)) = DATABASES.iter().find(|(name, _)| *name == database) {
        return Ok(known);
    }
    // What does not look like a name may be a part of a password.
    let is_name = database.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    Err(refused(&if is_name {
        format!("there is no destination for the database '{database}'")
    } else {
        "it must begin with the name of a database".to_owned()
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<&'static str> {
        type_of(&Settings::new(settings.as_object().unwrap().clone()).named("destination.shop"))
    }

    #[test]
    fn urls_and_tables_name_the_database() {
        for (driver, wanted) in [
            ("sqlite", "sqlite"),
            ("sqlite+pysqlite", "sqlite"),
            ("mysql+pymysql", "mysql"),
            ("mariadb+mariadbconnector", "mariadb"),
            ("postgresql+psycopg2", "postgres"),
            ("duckdb", "duckdb"),
        ] {
            assert_eq!(read(&json!({"credentials": format!("{driver}://u:p@host/d")})).unwrap(), wanted);
            let table = json!({"credentials": {"drivername": driver, "host": "h", "query": {"a": "b"}}});
            assert_eq!(read(&table).unwrap(), wanted);
        }
    }

    #[test]
    fn what_names_no_known_database_is_refused_without_its_password() {
        for (credentials, message) in [
            (json!("mssql+pyodbc://u:hush@h/d"), "there is no destination for the database 'mssql'"),
            (json!({"drivername": "oracle", "password": "hush"}), "for the database 'oracle'"),
            (json!("u:hush://@h/d"), "must begin with the name of a database"),
            (json!("hush"), "the text is not a URL"),
            (json!({"password": "hush"}), "must name a database"),
            (Value::Null, "must name a database"),
        ] {
            let error = read(&json!({"credentials": credentials})).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.to_string().contains("destination.shop.credentials"), "{error}");
            assert!(error.remedy().unwrap().ends_with("duckdb, mariadb, mysql, postgresql, sqlite"));
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
        assert!(read(&json!({})).unwrap_err().remedy().is_some());
    }
}
