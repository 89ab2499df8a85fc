//! Google Cloud Storage.

use object_store::Result;
use object_store::client::ClientConfigKey;
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey};

use crate::credentials::BucketCredentials;
use crate::environment::{client_options, retries};

/// Where Google's own tools look for a stand-in.
const STAND_IN: &str = "STORAGE_EMULATOR_HOST";

/// Variables that say who asks.
const IDENTITIES: [&str; 5] = [
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BEARER_TOKEN",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "SERVICE_ACCOUNT",
];

pub(crate) fn open(bucket: &str, given: &BucketCredentials) -> Result<GoogleCloudStorage> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retries());
    for (key, value) in client_options("GOOGLE") {
        builder = builder.with_config(GoogleConfigKey::Client(key), value);
    }
    let mut is_known = IDENTITIES.iter().any(|name| std::env::var_os(name).is_some());
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
        is_known = true;
    }
    let stand_in = std::env::var(STAND_IN).ok().filter(|host| !host.is_empty());
    let endpoint = given.endpoint().map(str::to_owned).or_else(|| stand_in.as_deref().map(address_of));
    if given.allow_http(endpoint.as_deref()) {
        builder = builder.with_config(GoogleConfigKey::Client(ClientConfigKey::AllowHttp), "true");
    }
    if let Some(endpoint) = endpoint {
        // Nobody vouches for anybody at a server that is not Google's.
        let is_anonymous = !is_known && !endpoint.contains("googleapis.com");
        builder = builder.with_config(GoogleConfigKey::BaseUrl, endpoint);
        if is_anonymous {
            // The client can do without a token when it reads, and asks Google for one when it writes.
            builder = builder.with_config(GoogleConfigKey::BearerToken, "anonymous");
        }
    }
    builder.build()
}

/// The variable may hold a host alone.
fn address_of(host: &str) -> String {
    let host = host.trim_end_matches('/');
    if host.contains("://") { host.to_owned() } else { format!("http://{host}") }
}
