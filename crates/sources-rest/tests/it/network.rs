//! Answers that are packed, connections that break or are not there, certificates.

use std::path::Path;
use std::sync::Arc;

use cartage_runtime::{CancelToken, SeededRandom};
use cartage_source_api::{OpenContext, Producer, SourceError};
use cartage_sources_rest::{AuthTable, ClientTable, ResourceTable, RestSource};
use cartage_test_support::{Certificate, RestServer};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The rows of a path of this address; waits are as short as they can be.
fn rows(address: &str, session: &Value, path: &str) -> Result<Vec<Value>, SourceError> {
    let mut limits =
        json!({"request_backoff_factor": 0.001, "request_timeout": 5, "request_max_attempts": 3});
    limits.as_object_mut().unwrap().extend(session.as_object().unwrap().clone());
    let client: ClientTable =
        serde_json::from_value(json!({"base_url": address, "session": limits})).unwrap();
    let source =
        RestSource::new(client, AuthTable::default(), Path::new("/"), Arc::new(SeededRandom::new(1)))
            .unwrap();
    let endpoint = json!({"endpoint": {"path": path, "paginator": "single_page"}});
    let table: ResourceTable = serde_json::from_value(endpoint).unwrap();
    let mut producer = source.resource("items", table, &["items"]).unwrap().producer;
    producer.open(&OpenContext::new(1 << 20, CancelToken::default()))?;
    let mut rows = Vec::new();
    while let Some(page) = producer.next_page()? {
        let page = page.to_json()?;
        let lines = page.text().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        rows.extend(lines.map(|line| serde_json::from_slice::<Value>(line).unwrap()));
    }
    Ok(rows)
}

/// The message of what must fail.
fn message(address: &str, session: &Value, path: &str) -> String {
    rows(address, session, path).unwrap_err().to_string()
}

fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn packed_answers_are_unpacked() {
    let server = RestServer::start();
    let found = rows(&server.url(), &json!({}), "fail/gzip").unwrap();
    assert_eq!(found, [json!({"id": 1, "text": "x".repeat(1000)})]);
    let accepted = server.seen()[0].header("accept-encoding").unwrap().to_owned();
    says(&accepted, &["gzip", "br", "zstd", "deflate"]);
    // The limit is one of what is in the package, not of what comes over the line.
    let error = message(&server.url(), &json!({"max_response_bytes": 900}), "fail/gzip");
    says(&error, &["larger than 900 bytes"]);
}

#[test]
fn connections_that_break_are_made_again() {
    for (path, requests) in [("dropped", 3), ("truncated", 2), ("flaky", 3)] {
        let server = RestServer::start();
        let found = rows(&server.url(), &json!({}), &format!("fail/{path}")).unwrap();
        assert_eq!(found, [json!({"id": 1}), json!({"id": 2})], "{path}");
        assert_eq!(server.seen().len(), requests, "{path}");
    }
    let server = RestServer::start();
    let error = message(&server.url(), &json!({}), "fail/always_truncated");
    says(
        &error,
        &[&format!("GET {}/fail/always_truncated", server.url()), "ended early", "3 tries", "run again"],
    );
}

#[test]
fn hosts_that_are_not_there_are_told_apart() {
    let nobody = message("http://127.0.0.1:9", &json!({}), "x");
    says(&nobody, &["nothing listens at this address, 3 tries", "check host and port of `base_url`"]);
    let no_host = message("http://no-such-host.invalid", &json!({}), "x");
    says(&no_host, &["there is no host of this name", "check `base_url`"]);
    // A server that speaks no TLS.
    let server = RestServer::start();
    let plain = message(&server.url().replace("http://", "https://"), &json!({}), "x");
    says(&plain, &["https://127.0.0.1", "`base_url`"]);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = RestServer::start();
    let session = json!({"request_timeout": 0.1, "request_max_attempts": 1});
    let error = message(&server.url(), &session, "fail/slow");
    says(&error, &["no answer within 0.1 seconds", "`client.session.request_timeout`"]);
}

#[test]
fn certificates_are_checked_and_what_is_wrong_with_them_is_said() {
    let folder = TempDir::new().unwrap();
    let fetch = |certificate: Certificate, is_trusted: bool| {
        let server = RestServer::start_tls(certificate);
        let file = folder.path().join("authority.pem");
        std::fs::write(&file, server.authority()).unwrap();
        let session = if is_trusted { json!({"verify": file}) } else { json!({}) };
        let outcome = rows(&server.url(), &session, "posts");
        outcome.map_err(|error| {
            let text = error.to_string();
            says(&text, &[&format!("GET {}/posts", server.url())]);
            assert!(!text.contains("tries"), "it is asked once: {text}");
            text
        })
    };
    assert_eq!(fetch(Certificate::Valid, true).unwrap().len(), 5);
    says(
        &fetch(Certificate::Valid, false).unwrap_err(),
        &["certificate of the server is not trusted", "UnknownIssuer", "`client.session.verify`"],
    );
    says(
        &fetch(Certificate::Expired, true).unwrap_err(),
        &["certificate of the server has expired or is not yet valid", "tell its owner"],
    );
    says(
        &fetch(Certificate::OfAnotherHost, true).unwrap_err(),
        &["certificate of the server is that of another host", "elsewhere.example", "`base_url`"],
    );
}

#[test]
fn a_proxy_that_is_named_is_asked_for_everything() {
    let server = RestServer::start();
    let session = json!({"proxy": "http://127.0.0.1:9", "request_max_attempts": 1});
    let error = message(&server.url(), &session, "posts");
    says(&error, &["nothing listens"]);
    assert_eq!(server.seen().len(), 0, "nothing goes past the proxy");
}
