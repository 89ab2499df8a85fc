//! What cannot be read, and how that is said.

use serde_json::json;

use super::server::{Faults, Server};
use crate::support::{Folder, read_all};
use cartage_runtime::OnBadRow;

#[test]
fn what_is_refused_is_named_with_a_remedy_and_without_secrets() {
    let server = Server::new();
    server.put("x.jsonl", "1\n");
    let denies = Faults { denies: true, ..Faults::default() };
    let no_bucket = Faults { no_bucket: true, ..Faults::default() };
    for (faults, path, words) in [
        (denies.clone(), "s3://bucket/x.jsonl", &["denies it", "check `credentials`"][..]),
        (denies, "s3://bucket/*.jsonl", &["denies it", "check `credentials`"]),
        (no_bucket, "s3://bucket/*.jsonl", &["no such bucket"]),
        (Faults::default(), "s3://bucket/y.jsonl", &["no such object"]),
        (Faults::default(), "s3://bucket", &["names a bucket and no object"]),
        (Faults::default(), "s3:///x", &["names no bucket"]),
        (Faults::default(), "s3://bucket/a**b", &["cannot understand the pattern"]),
        (Faults::default(), "s3://bucket/a//b.jsonl", &["rename the object"]),
        (Faults::default(), "sftp://host/x.jsonl", &["do not read sftp://", "s3://"]),
    ] {
        server.misbehave(faults);
        let error = server.error(path);
        for word in words {
            assert!(error.contains(word), "{path}: {word:?} is not in: {error}");
        }
        assert!(
            error.contains(path.trim_end_matches("x.jsonl").trim_start_matches("sftp://host/")),
            "{error}"
        );
        assert!(!error.contains("hush"), "{error}");
    }
}

fn error_with(path: &str, credentials: &serde_json::Value) -> String {
    let producer = Folder::new().producer(&json!({"path": path}), OnBadRow::Fail);
    let mut producer = producer.with_credentials(serde_json::from_value(credentials.clone()).unwrap());
    read_all(&mut producer).unwrap_err()
}

#[test]
fn wrong_servers_and_plain_http_are_told() {
    let keys = json!({
        "aws_access_key_id": "me", "aws_secret_access_key": "hush-s3cret", "endpoint_url": "http://127.0.0.1:9",
    });
    let error = error_with("s3://bucket/x.jsonl", &keys);
    assert!(
        error.contains("s3://bucket/x.jsonl: the server cannot be reached; check `endpoint_url`"),
        "{error}"
    );
    let error = error_with("http://example.com/x.jsonl?sig=abcdef", &json!({}));
    assert!(error.contains("http://example.com/x.jsonl") && error.contains("allow_http = true"), "{error}");
    assert!(!error.contains("abcdef"), "{error}");
}
