//! Registry of destinations: the one place that names them all.
//!
//! ```
//! use cartage_destinations::{ConnectRequest, connect};
//!
//! let destination = connect(&ConnectRequest::new("null", "shop", "raw"))?;
//! assert_eq!(destination.description().destination_type, "null");
//! # Ok::<(), cartage_destinations::Error>(())
//! ```
//!
//! # Limitations
//! A destination is there only if its cargo feature is on; null always is.

use cartage_destinations_api::{kinds, sqlalchemy};
use cartage_destinations_null::Null;

pub use cartage_destinations_api::{ConnectRequest, Destination, Error, Result};
/// Destinations of the embedding program's own, made of functions.
#[cfg(feature = "process")]
pub use cartage_destinations_custom as custom;

/// Makes a destination of a request.
type Connect = fn(&ConnectRequest) -> Result<Box<dyn Destination>>;

/// The types that this build can connect to, and how.
const CONNECTORS: &[(&str, Connect)] = &[
    #[cfg(feature = "bigquery")]
    ("bigquery", |request| Ok(Box::new(cartage_destinations_warehouse::bigquery::connect(request)?))),
    #[cfg(feature = "clickhouse")]
    ("clickhouse", |request| Ok(Box::new(cartage_destinations_clickhouse::connect(request)?))),
    #[cfg(feature = "duckdb")]
    ("duckdb", |request| Ok(Box::new(cartage_destinations_duckdb::connect(request)?))),
    #[cfg(feature = "filesystem")]
    ("filesystem", |request| Ok(Box::new(cartage_destinations_filesystem::Filesystem::connect(request)?))),
    #[cfg(feature = "mysql")]
    ("mariadb", |request| Ok(Box::new(cartage_destinations_mysql::connect(request)?))),
    #[cfg(feature = "mysql")]
    ("mysql", |request| Ok(Box::new(cartage_destinations_mysql::connect(request)?))),
    ("null", |request| Ok(Box::new(Null::connect(request)?))),
    #[cfg(feature = "postgres")]
    ("postgres", |request| Ok(Box::new(cartage_destinations_postgres::connect(request)?))),
    #[cfg(feature = "process")]
    ("process", |request| Ok(Box::new(custom::CommandSink::connect(request)?))),
    #[cfg(feature = "snowflake")]
    ("snowflake", |request| Ok(Box::new(cartage_destinations_warehouse::snowflake::connect(request)?))),
    #[cfg(feature = "sqlite")]
    ("sqlite", |request| Ok(Box::new(cartage_destinations_sqlite::connect(request)?))),
];

/// The types that this build can connect to.
pub fn types() -> impl Iterator<Item = &'static str> {
    CONNECTORS.iter().map(|(name, _)| *name)
}

/// Makes the destination that a request asks for. Reads its settings; whether it can be reached shows
/// with the first call to it.
///
/// # Errors
/// Invalid if the type is unknown or not part of this build, or if the value of a setting is not allowed.
pub fn connect(request: &ConnectRequest) -> Result<Box<dyn Destination>> {
    let connected =
        connect_to_type(request).map_err(|error| error.context(format!("destination {}", request.name)))?;
    match &request.staging {
        None => Ok(connected),
        Some(staging) => {
            stage(staging, connected).map_err(|error| error.context(format!("staging {}", staging.name)))
        }
    }
}

fn connect_to_type(request: &ConnectRequest) -> Result<Box<dyn Destination>> {
    let wanted = request.destination_type.as_str();
    if wanted == sqlalchemy::TYPE {
        let mut of_database = request.clone();
        sqlalchemy::type_of(&request.settings)?.clone_into(&mut of_database.destination_type);
        return connect_to_type(&of_database);
    }
    match CONNECTORS.iter().find(|(name, _)| *name == wanted) {
        Some((_, connect)) => connect(request),
        None => Err(unknown(wanted)),
    }
}

/// Puts a place for files in front of a destination.
#[cfg(feature = "filesystem")]
fn stage(staging: &ConnectRequest, destination: Box<dyn Destination>) -> Result<Box<dyn Destination>> {
    if staging.destination_type != "filesystem" {
        return Err(Error::invalid(format!("type '{}' cannot be a staging place", staging.destination_type))
            .with_remedy("name a destination of type filesystem"));
    }
    let staged = cartage_destinations_filesystem::with_staging(staging, destination)?;
    Ok(Box::new(staged))
}

#[cfg(not(feature = "filesystem"))]
fn stage(_staging: &ConnectRequest, _destination: Box<dyn Destination>) -> Result<Box<dyn Destination>> {
    Err(Error::invalid("this build has no filesystem destination, which a staging place is"))
}

fn unknown(name: &str) -> Error {
    if name == "function" {
        return Error::invalid("a destination of type 'function' is made by a program in Rust").with_remedy(
            "use type \"process\" to hand rows to a command, or pass a connector of your own to Project::run",
        );
    }
    if kinds::find(name).is_some() {
        let known = types().collect::<Vec<_>>().join(", ");
        return Error::invalid(format!("type '{name}' is not part of this build"))
            .with_remedy(format!("use one of {known}"));
    }
    Error::invalid(format!("type '{name}' is not known")).with_remedy(kinds::remedy_of_unknown(name, types()))
}

#[cfg(test)]
mod tests {
    use cartage_destinations_api::Settings;

    use super::*;

    #[test]
    fn every_registered_type_connects_and_has_its_capabilities() {
        for name in types() {
            let keys = match name {
                "bigquery" => serde_json::json!({"url": "http://127.0.0.1:1", "project_id": "p"}),
                "clickhouse" => serde_json::json!({"credentials": "clickhouse://u:p@localhost/d"}),
                "filesystem" => serde_json::json!({"bucket_url": "lake"}),
                "mariadb" | "mysql" => serde_json::json!({"credentials": "mysql://u:p@localhost/d"}),
                "postgres" => serde_json::json!({"credentials": "postgresql://u:p@localhost/d"}),
                "process" => serde_json::json!({"command": "cat"}),
                "snowflake" => serde_json::json!({"credentials": "snowflake://u:p@account/d"}),
                _ => serde_json::json!({}),
            };
            let settings = Settings::new(keys.as_object().unwrap().clone());
            let request = ConnectRequest::new(name, "shop", "raw").with_settings(settings);
            let destination = connect(&request).unwrap();
            assert_eq!(destination.capabilities().destination, name);
            assert!(kinds::find(name).is_some());
        }
    }

    #[test]
    fn the_credentials_of_sqlalchemy_say_which_destination_it_is() {
        for (credentials, name) in [
            (serde_json::json!("sqlite:///shop.sqlite"), "sqlite"),
            (serde_json::json!({"drivername": "sqlite", "database": "shop.sqlite"}), "sqlite"),
            (serde_json::json!("duckdb:///shop.duckdb"), "duckdb"),
            (serde_json::json!("mysql+pymysql://u:hush@localhost/d"), "mysql"),
            (serde_json::json!("mariadb://u:hush@localhost/d"), "mariadb"),
            (serde_json::json!("postgresql+psycopg2://u:hush@localhost/d"), "postgres"),
        ] {
            let keys = serde_json::json!({"credentials": credentials});
            let settings = Settings::new(keys.as_object().unwrap().clone());
            let request = ConnectRequest::new("sqlalchemy", "shop", "raw").with_settings(settings);
            match connect(&request) {
                Ok(destination) => assert_eq!(destination.description().destination_type, name),
                Err(error) => {
                    assert!(!types().any(|known| known == name), "{error}");
                    assert!(error.to_string().ends_with("is not part of this build"), "{error}");
                }
            }
        }
    }

    #[test]
    fn every_kind_is_in_the_documentation() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        for page in kinds::KINDS.iter().filter_map(|kind| kind.page) {
            assert!(docs.join(page).is_file(), "there is no {page}");
        }
    }

    #[test]
    fn an_unknown_type_is_refused_with_the_nearest_or_those_that_are_known() {
        let error = connect(&ConnectRequest::new("duckdv", "shop", "raw").named("lake")).unwrap_err();
        assert_eq!(error.to_string(), "destination lake: type 'duckdv' is not known");
        assert!(error.remedy().unwrap().starts_with("did you mean 'duckdb'?"), "{error:?}");
        let error = connect(&ConnectRequest::new("oracle", "shop", "raw").named("lake")).unwrap_err();
        assert!(error.remedy().unwrap().contains("null"));
    }
}
