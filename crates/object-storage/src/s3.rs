//! Amazon S3 and what speaks its protocol.

use object_store::Result;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut, S3CopyIfNotExists};

use crate::credentials::BucketCredentials;
use crate::environment::{client_options, retries};

/// Whether a server knows conditions of writes, such as `If-None-Match`. It matters for S3 only, and not for who reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conditions {
    /// It does.
    #[default]
    Known,
    /// It does not.
    Unknown,
}

pub(crate) fn open(bucket: &str, given: &BucketCredentials, conditions: Conditions) -> Result<AmazonS3> {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retries());
    for (key, value) in client_options("AWS") {
        builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
    }
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
    if let Some(endpoint) = given.endpoint() {
        builder = builder.with_endpoint(endpoint);
    }
    if given.allow_http(given.endpoint()) {
        builder = builder.with_allow_http(true);
    }
    match given.get("s3_url_style") {
        Some("vhost") => builder = builder.with_virtual_hosted_style_request(true),
        Some("path") => builder = builder.with_virtual_hosted_style_request(false),
        _ => {}
    }
    match conditions {
        Conditions::Known => builder
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_copy_if_not_exists(S3CopyIfNotExists::Multipart),
        Conditions::Unknown => builder.with_conditional_put(S3ConditionalPut::Disabled),
    }
    .build()
}
