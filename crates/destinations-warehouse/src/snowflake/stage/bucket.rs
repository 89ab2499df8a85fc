//! Buckets that `staging` of the pipeline names: the service reads their files through a stage over the bucket.

use cartage_destinations_api::{Error, Result, Secret, StagedAccess};
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use xxhash_rust::xxh3::xxh3_64;

use crate::snowflake::dialect::SnowflakeDialect;

/// Beginning of the names of stages over buckets.
const STAGE: &str = "_cartage_bucket_";

/// The place of a file in a bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bucket<'a> {
    scheme: &'a str,
    /// The bucket, or the container.
    name: &'a str,
    /// The path of the file in it.
    pub(super) path: &'a str,
}

impl<'a> Bucket<'a> {
    pub(super) fn of(url: &'a str) -> Result<Self> {
        let parts = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?)));
        let (scheme, (name, path)) =
            parts.ok_or_else(|| Error::invalid(format!("{url} is not the address of a file in a bucket")))?;
        Ok(Self { scheme, name, path })
    }

    /// Whether a stage that is there is one over a bucket that was made here.
    pub(super) fn is_ours(stage: &str) -> bool {
        stage.to_lowercase().starts_with(STAGE)
    }

    /// The name of the stage over the bucket.
    pub(super) fn stage(&self, dialect: SnowflakeDialect, staging: &str) -> String {
        let tag = xxh3_64(format!("{}://{}", self.scheme, self.name).as_bytes());
        dialect.qualified(&TableRef::new(staging, format!("{STAGE}{tag:016x}")))
    }

    /// Makes the stage; what it reads with may have changed since it was made.
    pub(super) fn create_stage(
        &self,
        dialect: SnowflakeDialect,
        staging: &str,
        access: &StagedAccess,
        integration: Option<&str>,
    ) -> Result<String> {
        let opened = match (integration, access) {
            (Some(name), _) => format!("STORAGE_INTEGRATION = {}", dialect.quote(name)),
            (None, StagedAccess::Keys(keys)) => {
                let key = |name: &str| keys.get(name).map(|secret| literal(secret.expose()));
                self.credentials(&key).ok_or_else(|| self.no_access())?
            }
            _ => return Err(self.no_access()),
        };
        let given = |name: &str| match access {
            StagedAccess::Keys(keys) => keys.get(name).map(Secret::expose),
            _ => None,
        };
        // Services that speak the protocol of S3 have a name of their own there.
        if let Some(endpoint) = given("endpoint_url").filter(|_| self.scheme == "s3") {
            let host = endpoint.trim_end_matches('/').rsplit("://").next().unwrap_or_default();
            let (stage, url) = (self.stage(dialect, staging), format!("s3compat://{}/", self.name));
            let place = format!("URL = {} ENDPOINT = {}", literal(&url), literal(host));
            return Ok(format!("CREATE OR REPLACE STAGE {stage} {place} {opened}"));
        }
        let account = given("azure_storage_account_name");
        let stage = self.stage(dialect, staging);
        Ok(format!("CREATE OR REPLACE STAGE {stage} URL = {} {opened}", literal(&self.url(account)?)))
    }

    /// The address as the service writes it.
    fn url(&self, account: Option<&str>) -> Result<String> {
        let name = self.name;
        Ok(match self.scheme {
            "gs" | "gcs" => format!("gcs://{name}/"),
            "az" | "azure" | "abfs" | "abfss" | "adl" => {
                // The account may be a part of the address: container@account.host.
                let (container, host) = match (name.split_once('@'), account) {
                    (Some((container, host)), _) => (container, host.replace(".dfs.", ".blob.")),
                    (None, Some(account)) => (name, format!("{account}.blob.core.windows.net")),
                    (None, None) => return Err(self.no_access()),
                };
                format!("azure://{host}/{container}/")
            }
            scheme => format!("{scheme}://{name}/"),
        })
    }

    fn credentials(&self, key: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        match self.scheme {
            "s3" => {
                let (id, secret) = (key("aws_access_key_id")?, key("aws_secret_access_key")?);
                let token =
                    key("aws_session_token").map(|token| format!(" AWS_TOKEN = {token}")).unwrap_or_default();
                Some(format!("CREDENTIALS = (AWS_KEY_ID = {id} AWS_SECRET_KEY = {secret}{token})"))
            }
            "az" | "azure" | "abfs" | "abfss" | "adl" => {
                Some(format!("CREDENTIALS = (AZURE_SAS_TOKEN = {})", key("azure_storage_sas_token")?))
            }
            _ => None,
        }
    }

    fn no_access(&self) -> Error {
        Error::invalid(format!("the service cannot read the bucket {}://{} with what it is given", self.scheme, self.name))
            .with_remedy(
                "set storage_integration of the destination to an integration that may read it, or stage_name to a stage over it",
            )
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(url: &str, keys: &[(&str, &str)], integration: Option<&str>) -> Result<String> {
        let keys = keys.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
        let dialect = SnowflakeDialect::new(true);
        Bucket::of(url)?.create_stage(dialect, "raw_staging", &StagedAccess::Keys(keys), integration)
    }

    #[test]
    fn buckets_are_opened_with_their_keys_or_an_integration() {
        let keys =
            [("aws_access_key_id", "id"), ("aws_secret_access_key", "it's"), ("aws_session_token", "t")];
        let sql = create("s3://lake/raw/items/1.parquet", &keys, None).unwrap();
        let stage = "CREATE OR REPLACE STAGE \"RAW_STAGING\".\"_CARTAGE_BUCKET_";
        assert!(sql.starts_with(stage), "{sql}");
        let opened =
            "URL = 's3://lake/' CREDENTIALS = (AWS_KEY_ID = 'id' AWS_SECRET_KEY = 'it''s' AWS_TOKEN = 't')";
        assert!(sql.ends_with(opened), "{sql}");
        let keys = [
            ("aws_access_key_id", "id"),
            ("aws_secret_access_key", "s"),
            ("endpoint_url", "https://minio.example.com/"),
        ];
        let sql = create("s3://lake/1.parquet", &keys, None).unwrap();
        assert!(sql.contains("URL = 's3compat://lake/' ENDPOINT = 'minio.example.com' CREDENTIALS"), "{sql}");
        let sql = create("gs://lake/1.parquet", &[], Some("lake_reader")).unwrap();
        assert!(sql.ends_with("URL = 'gcs://lake/' STORAGE_INTEGRATION = \"LAKE_READER\""), "{sql}");
        let keys = [("azure_storage_account_name", "shop"), ("azure_storage_sas_token", "sv=1")];
        let sql = create("az://lake/1.parquet", &keys, None).unwrap();
        let opened =
            "URL = 'azure://shop.blob.core.windows.net/lake/' CREDENTIALS = (AZURE_SAS_TOKEN = 'sv=1')";
        assert!(sql.ends_with(opened), "{sql}");
    }

    #[test]
    fn what_the_service_cannot_read_is_refused_with_the_remedy() {
        for url in ["gs://lake/1.parquet", "s3://lake/1.parquet", "az://lake/1.parquet"] {
            let error = create(url, &[], None).unwrap_err();
            assert!(error.remedy().unwrap().contains("storage_integration"), "{error:?}");
        }
        assert!(Bucket::of("lake").is_err());
    }

    #[test]
    fn the_path_of_a_file_is_that_below_the_bucket() {
        assert_eq!(Bucket::of("s3://lake/raw/items/1.parquet").unwrap().path, "raw/items/1.parquet");
    }
}
