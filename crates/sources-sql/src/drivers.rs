//! The databases that there are, and which of them credentials mean.

use std::sync::Arc;

use cartage_config::{ConfigError, Secret, Section};
use serde::Deserialize;

use crate::database::Database;
use crate::error::SqlError;

/// One kind of database.
struct Driver {
    /// What precedes `://` in its connection strings, and in `drivername`; the first is for people.
    schemes: &'static [&'static str],
    open: Open,
}

/// Reads the credentials, which are in a section of settings: the first has only them.
type Open = fn(&Section, &Section) -> Result<Arc<dyn Database>, SqlError>;

/// All of them, as far as the features of the crate have them.
const DRIVERS: &[Driver] = &[
    #[cfg(feature = "postgres")]
    Driver {
        schemes: &["postgresql", "postgres"],
        open: |credentials, section| Ok(Arc::new(crate::postgres::open(credentials, section)?)),
    },
    #[cfg(feature = "adbc")]
    Driver {
        schemes: &["adbc"],
        open: |credentials, section| Ok(Arc::new(crate::adbc::open(credentials, section)?)),
    },
    #[cfg(feature = "duckdb")]
    Driver {
        schemes: &["duckdb"],
        open: |credentials, section| Ok(Arc::new(crate::duckdb::open(credentials, section)?)),
    },
    #[cfg(feature = "mysql")]
    Driver {
        schemes: &["mysql", "mariadb"],
        open: |credentials, section| Ok(Arc::new(crate::mysql::open(credentials, section)?)),
    },
    #[cfg(feature = "sqlite")]
    Driver {
        schemes: &["sqlite"],
        open: |credentials, section| Ok(Arc::new(crate::sqlite::open(credentials, section)?)),
    },
];

/// The database that the credentials mean; SQLAlchemy's names of drivers, as in `mysql+pymysql`, are passed over.
/// Nothing connects yet.
pub(crate) fn open(credentials: &Section, section: &Section) -> Result<Arc<dyn Database>, ConfigError> {
    let refused = |message: String| section.invalid("credentials", message);
    let spelled = credentials.spell_out("credentials", "url").table_or_empty("credentials");
    let parts: DriverName = spelled.only(&["url", "drivername"]).parse()?;
    let text = parts.url.as_ref().map(Secret::expose);
    let scheme = text
        .and_then(|text| text.split_once("://"))
        .map(|(scheme, _)| scheme)
        .or(parts.drivername.as_deref());
    let scheme = scheme.and_then(|scheme| scheme.split('+').next()).unwrap_or_default();
    if scheme.is_empty() {
        return Err(refused(
            "they do not say which database it is: write them as postgresql://user:password@host:5432/database, or set \
             `drivername`"
                .to_owned(),
        ));
    }
    let Some(driver) = DRIVERS.iter().find(|driver| driver.schemes.contains(&scheme)) else {
        let known: Vec<&str> = DRIVERS.iter().filter_map(|driver| driver.schemes.first().copied()).collect();
        return Err(refused(format!("there is no database `{scheme}`; known are {}", known.join(", "))));
    };
    (driver.open)(credentials, section).map_err(|error| refused(error.to_string()))
}

/// What says which database it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DriverName {
    url: Option<Secret>,
    drivername: Option<String>,
}
