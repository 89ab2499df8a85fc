//! A file to the place behind a stage, with what the service has given for it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cartage_destinations_api::{Error, Result};
use cartage_object_storage::Refusal;
use object_store::aws::AmazonS3Builder;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use reqwest::StatusCode;

use crate::snowflake::client::{Http, StageCredentials, StageInfo, UploadAnswer};

/// Files up to this size are sent in one request.
const ONE_REQUEST: u64 = 16 << 20;
/// Bytes that are read and sent at once; and parts that are under way.
const PART: usize = 8 << 20;
const PARTS: usize = 4;
/// Where buckets of Google's are.
const GOOGLE: &str = "storage.googleapis.com";
/// Attempts to send a file to an address that was made for it.
const ATTEMPTS: u32 = 5;

/// Sends a file.
pub(super) async fn upload(http: &Http, answer: &UploadAnswer, name: &str, path: &Path) -> Result<()> {
    if is_encrypted(&answer.encryption_material) {
        return Err(Error::invalid("files on the stage have to be encrypted before they are sent")
            .with_remedy(
                "make the stage with ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE'), or leave stage_name out",
            ));
    }
    let stage = &answer.stage_info;
    let (bucket, folder) = stage.location.split_once('/').unwrap_or((&stage.location, ""));
    match (&stage.presigned_url, &stage.creds.gcs_access_token) {
        (Some(url), None) if !url.is_empty() => put_to(http, url, None, path).await,
        (_, Some(token)) => {
            let host = stage.end_point.as_deref().filter(|host| !host.is_empty());
            let key = Key::from(format!("{bucket}/{}/{name}", folder.trim_matches('/')));
            let url = format!("{}/{key}", with_scheme(host.unwrap_or(GOOGLE)));
            put_to(http, &url, Some(token.as_str()), path).await
        }
        _ => {
            let store = store(stage, bucket).map_err(|cause| refused(&cause))?;
            let key = Key::from(format!("{}/{name}", folder.trim_matches('/')).trim_start_matches('/'));
            send(&*store, &key, path).await
        }
    }
}

/// Keys of files are an object, or a list of objects that may be empty.
fn is_encrypted(material: &serde_json::Value) -> bool {
    let has_key = |material: &serde_json::Value| {
        material["queryStageMasterKey"].as_str().is_some_and(|key| !key.is_empty())
    };
    material.as_array().map_or_else(|| has_key(material), |list| list.iter().any(has_key))
}

fn store(stage: &StageInfo, bucket: &str) -> object_store::Result<Arc<dyn ObjectStore>> {
    let StageInfo { region, end_point, storage_account, creds, .. } = stage;
    let end_point = end_point.as_deref().filter(|host| !host.is_empty());
    let StageCredentials { aws_key_id, aws_secret_key, aws_token, azure_sas_token, .. } = creds;
    match stage.location_type.as_str() {
        "S3" => {
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(bucket)
                .with_region(region.as_deref().unwrap_or("us-east-1"))
                .with_access_key_id(aws_key_id.as_deref().unwrap_or_default())
                .with_secret_access_key(aws_secret_key.as_deref().unwrap_or_default());
            if let Some(token) = aws_token {
                builder = builder.with_token(token);
            }
            if let Some(host) = end_point {
                let url = with_scheme(host);
                builder = builder.with_allow_http(url.starts_with("http:")).with_endpoint(url);
            }
            Ok(Arc::new(builder.build()?))
        }
        "AZURE" => {
            let account = storage_account.as_deref().unwrap_or_default();
            let token = azure_sas_token.as_deref().unwrap_or_default().trim_start_matches('?');
            let host = end_point.unwrap_or("blob.core.windows.net");
            let url =
                if host.contains("://") { host.to_owned() } else { format!("https://{account}.{host}") };
            let builder = MicrosoftAzureBuilder::new()
                .with_account(account)
                .with_container_name(bucket)
                .with_allow_http(url.starts_with("http:"))
                .with_endpoint(url)
                .with_config(AzureConfigKey::SasKey, token);
            Ok(Arc::new(builder.build()?))
        }
        other => Err(object_store::Error::NotSupported { source: format!("a stage in {other}").into() }),
    }
}

fn with_scheme(host: &str) -> String {
    if host.contains("://") { host.to_owned() } else { format!("https://{host}") }
}

/// Sends a file to a bucket, in parts where it is long.
async fn send(store: &dyn ObjectStore, key: &Key, path: &Path) -> Result<()> {
    let mut file = File::open(path).map_err(|cause| unreadable(path, &cause))?;
    let size = file.metadata().map_err(|cause| unreadable(path, &cause))?.len();
    if size <= ONE_REQUEST {
        let bytes = read(&mut file, size as usize).map_err(|cause| unreadable(path, &cause))?;
        return store.put(key, bytes.into()).await.map(drop).map_err(|cause| refused(&cause));
    }
    let upload = store.put_multipart(key).await.map_err(|cause| refused(&cause))?;
    let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
    loop {
        let bytes = read(&mut file, PART).map_err(|cause| unreadable(path, &cause))?;
        if bytes.is_empty() {
            break;
        }
        writer.wait_for_capacity(PARTS).await.map_err(|cause| refused(&cause))?;
        writer.put(bytes);
    }
    writer.finish().await.map(drop).map_err(|cause| refused(&cause))
}

/// The next bytes of a file, at most this many.
fn read(file: &mut File, most: usize) -> std::io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(most);
    file.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Sends a file to an address that was made for it, or that a token opens.
async fn put_to(http: &Http, url: &str, token: Option<&str>, path: &Path) -> Result<()> {
    let bytes = Bytes::from(std::fs::read(path).map_err(|cause| unreadable(path, &cause))?);
    let mut failed = 0;
    loop {
        let mut request = http.client().put(url).header("content-type", "application/octet-stream");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let (again, why) = match request.body(bytes.clone()).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => {
                let status = answer.status();
                (status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS, status.to_string())
            }
            // Its text would show the address, which opens the place.
            Err(error) => {
                (true, if error.is_connect() { "no connection" } else { "the connection broke" }.to_owned())
            }
        };
        failed += 1;
        if !again || failed >= ATTEMPTS {
            return Err(Error::transient(format!("the place behind the stage took no file: {why}"))
                .with_remedy("check whether the network lets requests to it through; the work is retried"));
        }
        http.pause(failed).await;
    }
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    Error::corrupt(format!("cannot read {}: {cause}", path.display()))
}

fn refused(cause: &object_store::Error) -> Error {
    let refusal = Refusal::of(cause);
    Error::transient(format!("the place behind the stage took no file: {refusal:?}"))
        .with_remedy("check whether the network lets requests to it through; the work is retried")
}
