//! What opens a bucket, by dlt's names.

use std::collections::BTreeMap;

use cartage_config::{Secret, Secrets};
use serde::Deserialize;

/// Keys whose values anybody may see.
const OPEN: [&str; 13] = [
    "allow_http",
    "aws_access_key_id",
    "azure_account_host",
    "azure_storage_account_name",
    "azure_tenant_id",
    "client_email",
    "endpoint_url",
    "profile_name",
    "project_id",
    "region_name",
    "s3_url_style",
    "token_uri",
    "type",
];

/// The others that mean something here or in a document of dlt or of a cloud.
const HIDDEN: [&str; 14] = [
    "auth_provider_x509_cert_url",
    "auth_uri",
    "aws_secret_access_key",
    "aws_session_token",
    "azure_client_id",
    "azure_client_secret",
    "azure_sas_token_permissions",
    "azure_storage_account_key",
    "azure_storage_sas_token",
    "client_id",
    "client_x509_cert_url",
    "private_key",
    "private_key_id",
    "universe_domain",
];

/// What opens a bucket: dlt's names and their values. A table of dlt may hold more than is asked for, such as all of the
/// document of a service account. `Debug` shows no value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct BucketCredentials {
    values: BTreeMap<String, Option<Secret>>,
}

impl BucketCredentials {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_ref().map(Secret::expose)
    }

    /// Those that have a value.
    pub fn given(&self) -> BTreeMap<String, Secret> {
        let given = |(key, value): (&String, &Option<Secret>)| Some((key.clone(), value.clone()?));
        self.values.iter().filter_map(given).collect()
    }

    /// The values that nobody should see; names of accounts and places are none.
    pub fn secrets(&self) -> Secrets {
        let hidden = self.values.iter().filter(|(key, _)| !OPEN.contains(&key.as_str()));
        Secrets::new(hidden.filter_map(|(_, value)| value.as_ref()).map(Secret::expose))
    }

    /// A key that means nothing, here or to dlt.
    pub fn unknown(&self) -> Option<&str> {
        let is_known = |key: &&String| OPEN.contains(&key.as_str()) || HIDDEN.contains(&key.as_str());
        self.values.keys().find(|key| !is_known(key)).map(String::as_str)
    }

    /// The keys that mean something, here or to dlt.
    pub fn known_keys() -> impl Iterator<Item = &'static str> {
        OPEN.into_iter().chain(HIDDEN)
    }

    /// The address of the server, where that is not the cloud's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.get("endpoint_url").map(|url| url.trim_end_matches('/')).filter(|url| !url.is_empty())
    }

    /// Whether a server may be asked without TLS: where the setting says so, or its address is given in plain words.
    pub(crate) fn allow_http(&self, endpoint: Option<&str>) -> bool {
        let says = self.get("allow_http").is_some_and(|word| matches!(word, "true" | "True" | "1"));
        says || endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_mean_nothing_are_found_and_secrets_are_hidden() {
        let parse = |text| serde_json::from_str::<BucketCredentials>(text).unwrap();
        let keys =
            parse(r#"{"aws_secret_access_key": "hush-hush", "region_name": "eu-west-1", "type": null}"#);
        assert_eq!((keys.unknown(), keys.given().len()), (None, 2));
        assert_eq!(keys.secrets().hide("hush-hush at eu-west-1"), "*** at eu-west-1");
        assert!(!format!("{keys:?}").contains("hush"));
        assert_eq!(parse(r#"{"aws_secret_acces_key": "x"}"#).unknown(), Some("aws_secret_acces_key"));
        assert_eq!(parse(r#"{"endpoint_url": "http://x:1/"}"#).endpoint(), Some("http://x:1"));
    }
}
