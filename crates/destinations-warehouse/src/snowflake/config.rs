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

#[cfg(test)]
mod tests {
    use cartage_destinations_api::{ConnectRequest, Result, Settings};
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        let request = ConnectRequest::new("snowflake", "shop", "raw").in_folder("/base");
        Config::read(&request.with_settings(settings))
    }

    #[test]
    fn texts_and_tables_say_the_same() {
        let table = read(&json!({"credentials": {
            "drivername": "snowflake", "username": "lo@der", "password": "hu/sh", "host": "org-acct", "database": "SHOP",
            "warehouse": "WH", "role": "R",
        }}))
        .unwrap();
        let text = "snowflake://lo%40der:hu%2Fsh@org-acct/SHOP?warehouse=WH&role=R";
        assert_eq!(read(&json!({"credentials": text})).unwrap(), table);
        assert!(!format!("{table:?}").contains("hu/sh"));
        let key = read(&json!({"credentials": "snowflake://u@a/d?private_key_path=key.p8"})).unwrap();
        assert_eq!(key.credentials.private_key_path.as_deref(), Some(std::path::Path::new("/base/key.p8")));
    }

    #[test]
    fn the_address_follows_from_the_account_or_is_the_one_that_is_given() {
        let at = |host: &str| read(&json!({"credentials": format!("snowflake://u:p@{host}/d")})).unwrap();
        let both = |host: &str| (address(&at(host)), account(&at(host)).to_owned());
        let domain = "snowflakecomputing.com";
        assert_eq!(both("ORG-ACCT"), (format!("https://ORG-ACCT.{domain}"), "ORG-ACCT".to_owned()));
        assert_eq!(both("my_acct").0, format!("https://my-acct.{domain}"));
        assert_eq!(both(&format!("xy1.eu-west-1.{domain}")).1, "xy1.eu-west-1");
        let config =
            read(&json!({"credentials": "snowflake://u:p@a/d", "url": "http://127.0.0.1:1/"})).unwrap();
        assert_eq!(address(&config), "http://127.0.0.1:1");
    }

    #[test]
    fn names_are_left_as_they_are_where_their_case_tells_them_apart() {
        let folds = |naming: &str| {
            let keys = json!({"credentials": "snowflake://u:p@a/d", "naming_convention": naming});
            folds_names(&read(&keys).unwrap())
        };
        assert_eq!(
            ["", "snake_case", "sql_ci_v1", "direct", "sql_cs_v1"].map(folds),
            [true, true, true, false, false]
        );
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named_with_the_remedy() {
        let error =
            read(&json!({"credentials": {"host": "a", "username": "u", "password": "hush"}})).unwrap_err();
        assert!(
            error.remedy().unwrap().contains("DESTINATION__SNOWFLAKE__CREDENTIALS__DATABASE"),
            "{error:?}"
        );
        let error = read(&json!({"credentials": "snowflake://u:hush@a/d/s"})).unwrap_err();
        assert!(error.to_string().contains("schema") && !format!("{error:?}").contains("hush"), "{error:?}");
        let error =
            read(&json!({"credentials": "snowflake://u:hush@a/d", "keep_staged_file": true})).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'keep_staged_files'?"));
    }
}
