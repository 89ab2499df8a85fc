//! Opens buckets with dlt's names of credentials; what is absent comes from the environment, as the clouds'
//! own tools read it.

use std::sync::{Arc, Once};
use std::time::Duration;

use cartage_destinations_api::{Error, Result};
use cartage_runtime::threads::{NoThread, start_executor};
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut, S3CopyIfNotExists};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::multipart::MultipartStore;
use object_store::{ClientOptions, RetryConfig};

use super::bucket::Bucket;
use crate::config::{Config, Credentials, Place, Scheme};
use crate::error::bucket as explain;
// Named for its feature: TLS without aws-lc-rs in the client that object_store uses.
use reqwest as _;

type Both = (Arc<dyn ObjectStore>, Arc<dyn MultipartStore>);

pub(super) fn open(config: &Config) -> Result<Bucket> {
    let Place::Bucket { scheme, bucket, prefix, url } = &config.place else {
        return Err(Error::invalid("a folder is no bucket"));
    };
    use_ring();
    let secrets = config.credentials.secrets();
    let failed = |cause: object_store::Error| explain("open", url, &cause, &secrets);
    let (store, multipart) = match scheme {
        Scheme::S3 => s3(bucket, config),
        Scheme::Gcs => gcs(bucket, &config.credentials),
        Scheme::Azure => azure(bucket, &config.credentials),
    }
    .map_err(failed)?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("bucket").enable_all();
    let runtime = start_executor("bucket", || builder.build()).map_err(|cause| {
        Error::transient("cannot start threads for the network")
            .with_remedy(NoThread::REMEDY)
            .with_source(cause)
    })?;
    let dataset = &config.dataset;
    Ok(Bucket {
        runtime,
        store,
        multipart,
        url: format!("{url}/{dataset}"),
        prefix: if prefix.is_empty() { format!("{dataset}/") } else { format!("{prefix}/{dataset}/") },
        pipeline: config.pipeline.clone(),
        conditional_put: config.conditional_put,
        multipart_size: config.multipart_size,
        secrets,
    })
}

/// The HTTP client takes the cryptography that the process has chosen.
fn use_ring() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        // It may be chosen already, by another destination or source.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn retries() -> RetryConfig {
    RetryConfig { max_retries: 4, retry_timeout: Duration::from_mins(1), ..RetryConfig::default() }
}

fn client() -> ClientOptions {
    ClientOptions::new().with_connect_timeout(Duration::from_secs(10)).with_timeout(Duration::from_mins(5))
}

fn s3(bucket: &str, config: &Config) -> object_store::Result<Both> {
    let given = &config.credentials;
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retries());
    let mut options = client();
    if let Some(key) = given.get("aws_access_key_id") {
        builder = builder.with_access_key_id(key);
    }
    if let Some(secret) = given.get("aws_secret_access_key") {
        builder = builder.with_secret_access_key(secret);
    }
    if let Some(token) = given.get("aws_session_token") {
        builder = builder.with_token(token);
    }
    if let Some(region) = given.get("region_name") {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = given.get("endpoint_url") {
        builder = builder.with_endpoint(endpoint);
        options = options.with_allow_http(endpoint.starts_with("http://"));
    }
    if given.get("s3_url_style") == Some("vhost") {
        builder = builder.with_virtual_hosted_style_request(true);
    }
    if config.conditional_put {
        builder = builder
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart);
    } else {
        builder = builder.with_conditional_put(S3ConditionalPut::Disabled);
    }
    let store = Arc::new(builder.with_client_options(options).build()?);
    Ok((Arc::<object_store::aws::AmazonS3>::clone(&store), store))
}

fn gcs(bucket: &str, given: &Credentials) -> object_store::Result<Both> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retries());
    if let (Some(project), Some(key), Some(email)) =
        (given.get("project_id"), given.get("private_key"), given.get("client_email"))
    {
        let account = serde_json::json!({
            "type": "service_account",
            "project_id": project,
            "private_key": key,
            "private_key_id": given.get("private_key_id").unwrap_or_default(),
            "client_email": email,
        });
        builder = builder.with_service_account_key(account.to_string());
    }
    let store = Arc::new(builder.with_client_options(client()).build()?);
    Ok((Arc::<object_store::gcp::GoogleCloudStorage>::clone(&store), store))
}

fn azure(container: &str, given: &Credentials) -> object_store::Result<Both> {
    let mut builder = MicrosoftAzureBuilder::from_env().with_container_name(container).with_retry(retries());
    let mut options = client();
    if let Some(account) = given.get("azure_storage_account_name") {
        builder = builder.with_account(account);
    }
    if let Some(key) = given.get("azure_storage_account_key") {
        builder = builder.with_access_key(key);
    }
    if let Some(token) = given.get("azure_storage_sas_token") {
        builder = builder.with_config(object_store::azure::AzureConfigKey::SasKey, token);
    }
    if let (Some(client), Some(secret), Some(tenant)) =
        (given.get("azure_client_id"), given.get("azure_client_secret"), given.get("azure_tenant_id"))
    {
        builder = builder.with_client_secret_authorization(client, secret, tenant);
    }
    if let Some(host) = given.get("azure_account_host") {
        let endpoint = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
        options = options.with_allow_http(endpoint.starts_with("http://"));
        builder = builder.with_endpoint(endpoint);
    }
    let store = Arc::new(builder.with_client_options(options).build()?);
    Ok((Arc::<object_store::azure::MicrosoftAzure>::clone(&store), store))
}
