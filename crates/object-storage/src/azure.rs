//! Azure Blob Storage and Data Lake Storage.

use object_store::Result;
use object_store::azure::{AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder};

use crate::address::BucketAddress;
use crate::credentials::BucketCredentials;
use crate::environment::{client_options, retries};

pub(crate) fn open(address: &BucketAddress, given: &BucketCredentials) -> Result<MicrosoftAzure> {
    let mut builder =
        MicrosoftAzureBuilder::from_env().with_container_name(&address.bucket).with_retry(retries());
    for (key, value) in client_options("AZURE") {
        builder = builder.with_config(AzureConfigKey::Client(key), value);
    }
    // What an address says is nearer than the environment, and credentials are nearer yet.
    if let Some(account) = given.get("azure_storage_account_name").or(address.account.as_deref()) {
        builder = builder.with_account(account);
    }
    if let Some(key) = given.get("azure_storage_account_key") {
        builder = builder.with_access_key(key);
    }
    if let Some(token) = given.get("azure_storage_sas_token") {
        builder = builder.with_config(AzureConfigKey::SasKey, token);
    }
    if let (Some(client), Some(secret), Some(tenant)) =
        (given.get("azure_client_id"), given.get("azure_client_secret"), given.get("azure_tenant_id"))
    {
        builder = builder.with_client_secret_authorization(client, secret, tenant);
    }
    let host = given
        .get("azure_account_host")
        .map(|host| if host.contains("://") { host.to_owned() } else { format!("https://{host}") });
    let endpoint = given.endpoint().map(str::to_owned).or(host);
    if given.allow_http(endpoint.as_deref()) {
        builder = builder.with_allow_http(true);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build()
}
