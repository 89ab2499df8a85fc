//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use cartage_destinations_sql::server;
use cartage_schema::NamingKind;
use cartage_sql_client::{ClientError, Credentials, CredentialsPlace, Form, Login};
use serde::Deserialize;

use super::auth::Authentication;
use super::credentials::SnowflakeCredentials;

/// Where the dataset is and how it is used.
pub type Config = server::Config<SnowflakeCredentials, SnowflakeKeys>;

impl Credentials for SnowflakeCredentials {
    const FORM: Form = Form {
        database: "Snowflake",
        schemes: &["snowflake"],
        example: "snowflake://user:password@account/database?warehouse=WH&role=ROLE",
    };

    fn complete(&mut self, login: &Login, place: &CredentialsPlace<'_>) -> Result<(), ClientError> {
        if login.database.contains('/') {
            return Err(
                place.refused("database", "names a schema too; the dataset of the pipeline is the schema")
            );
        }
        if self.private_key.is_some() && self.private_key_path.is_some() {
            return Err(place.refused("private_key", "goes without 'private_key_path'"));
        }
        place.find_files([&mut self.private_key_path]);
        Authentication::of(login, self)
            .map(drop)
            .map_err(|refused| place.refused(refused.key, &refused.reason))
    }
}

/// The other keys of the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SnowflakeKeys {
    /// The address of the service in place of the one that follows from the account: for emulators and proxies.
    pub url: Option<String>,
    /// A stage of the user's own, such as `DB.SCHEMA.STAGE`; one in the staging dataset where absent.
    pub stage_name: Option<String>,
    /// Whether the files of jobs stay on the stage when they are loaded.
    #[serde(default)]
    pub keep_staged_files: bool,
    /// What the history of queries shows as `query_tag`.
    pub query_tag: Option<String>,
    /// A storage integration that reads files of a staging bucket, in place of the keys of the bucket.
    pub storage_integration: Option<String>,
    /// Whether `COPY INTO` reads Parquet files with the vectorized scanner.
    #[serde(default)]
    pub use_vectorized_scanner: bool,
}

/// The address of the service, without a slash at its end.
pub(crate) fn address(config: &Config) -> String {
    if let Some(url) = &config.keys.url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = config.login.host.trim();
    if host.contains("snowflakecomputing.") {
        format!("https://{host}")
    } else {
        // Underscores of accounts are hyphens in names of hosts.
        format!("https://{}.snowflakecomputing.com", host.replace('_', "-"))
    }
}

/// The account as logins name it: without the domain.
pub(crate) fn account(config: &Config) -> &str {
    config.login.host.trim().split(".snowflakecomputing.").next().unwrap_or_default()
}

/// Whether names are folded to upper case: where the naming convention does not tell them apart by case.
pub(crate) fn folds_names(config: &Config) -> bool {
    !matches!(
        config.common.naming_convention,
        Some(NamingKind::Direct | NamingKind::DuckCase | NamingKind::SqlCsV1)
    )
}
