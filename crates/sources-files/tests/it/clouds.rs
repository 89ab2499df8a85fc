//! Buckets of the servers that `cargo xtask services up` starts: moto for S3, fake-gcs-server, Azurite.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use cartage_object_storage::{BucketAddress, BucketCredentials, Conditions, Connection, executor};
use cartage_runtime::{CancelToken, OnBadRow};
use cartage_source_api::{OpenContext, Page, Producer};
use cartage_sources_files::FilesProducer;
use cartage_state::PipelineState;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Folder, read_all};

/// A folder of a bucket that no other test uses.
struct Cloud {
    root: String,
    folder: String,
    credentials: Value,
}

fn address(variable: &str, usual: &str) -> String {
    let address = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let host = address.trim_start_matches("http://").split('/').next().unwrap_or_default();
    assert!(
        std::net::TcpStream::connect(host).is_ok(),
        "nothing answers at {address}: run `cargo xtask services up`"
    );
    address
}

fn s3() -> Cloud {
    let endpoint = address("CARTAGE_TEST_S3", "http://127.0.0.1:5555");
    Cloud::new(
        "s3://cartage",
        json!({
            "aws_access_key_id": "test", "aws_secret_access_key": "hush-s3cret", "region_name": "us-east-1",
            "endpoint_url": endpoint,
        }),
    )
}

fn gcs() -> Cloud {
    Cloud::new("gs://cartage", json!({"endpoint_url": address("CARTAGE_TEST_GCS", "http://127.0.0.1:4443")}))
}

/// The account and the key are those that Azurite documents.
fn azure() -> Cloud {
    let endpoint = address("CARTAGE_TEST_AZURE", "http://127.0.0.1:10000/devstoreaccount1");
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    Cloud::new(
        "az://cartage",
        json!({
            "azure_storage_account_name": "devstoreaccount1", "azure_storage_account_key": key,
            "endpoint_url": endpoint,
        }),
    )
}

impl Cloud {
    fn new(root: &str, credentials: Value) -> Self {
        let unique = TempDir::new().unwrap();
        let folder = unique.path().file_name().unwrap().to_string_lossy().trim_start_matches('.').to_owned();
        Self { root: root.to_owned(), folder, credentials }
    }

    fn credentials(&self) -> BucketCredentials {
        serde_json::from_value(self.credentials.clone()).unwrap()
    }

    fn put(&self, objects: impl IntoIterator<Item = (String, String)>) {
        if self.root.starts_with("gs") {
            for (key, text) in objects {
                let target =
                    format!("/upload/storage/v1/b/cartage/o?uploadType=media&name={}", self.encoded(&key));
                self.ask("POST", &target, &text);
            }
            return;
        }
        let (bucket, _) = BucketAddress::split(&self.root).unwrap();
        let store = Connection::open(&bucket, &self.credentials(), Conditions::Known).unwrap().store;
        let puts = stream::iter(objects).map(|(key, text)| {
            let (store, key) = (Arc::clone(&store), Path::parse(format!("{}/{key}", self.folder)).unwrap());
            async move { store.put(&key, text.into()).await.map(drop) }
        });
        executor().unwrap().block_on(puts.buffer_unordered(16).try_collect::<Vec<()>>()).unwrap();
    }

    fn put_one(&self, key: &str, text: &str) {
        self.put([(key.to_owned(), text.to_owned())]);
    }

    /// fake-gcs-server takes no object by the protocol by which it gives them.
    fn ask(&self, method: &str, target: &str, body: &str) {
        let host = self.credentials["endpoint_url"].as_str().unwrap().trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    fn encoded(&self, key: &str) -> String {
        utf8_percent_encode(&format!("{}/{key}", self.folder), NON_ALPHANUMERIC).to_string()
    }

    fn delete(&self, key: &str) {
        if self.root.starts_with("gs") {
            return self.ask("DELETE", &format!("/storage/v1/b/cartage/o/{}", self.encoded(key)), "");
        }
        let (bucket, _) = BucketAddress::split(&self.root).unwrap();
        let store = Connection::open(&bucket, &self.credentials(), Conditions::Known).unwrap().store;
        let key = Path::parse(format!("{}/{key}", self.folder)).unwrap();
        executor().unwrap().block_on(store.delete(&key)).unwrap();
    }

    fn producer(&self, path: &str, more: &Value) -> FilesProducer {
        let mut config = more.clone();
        config["path"] = format!("{}/{}/{path}", self.root, self.folder).into();
        Folder::new().producer(&config, OnBadRow::Fail).with_credentials(self.credentials())
    }

    fn rows(&self, path: &str) -> String {
        read_all(&mut self.producer(path, &json!({}))).unwrap().rows()
    }
}

/// What every cloud must do.
fn reads(cloud: &Cloud) {
    for (key, row) in [
        ("events/2024/a.jsonl", "1"),
        ("events/2024/b c%20[1].jsonl", "2"),
        ("events/2025/ä+&=.jsonl", "3"),
        ("events.jsonl", "4"),
    ] {
        cloud.put_one(key, &format!("{row}\n"));
    }
    let line = format!("{{\"noise\":\"{}\"}}\n", "x".repeat(9_986));
    cloud.put_one("large.jsonl", &line.repeat(2_000));
    for (path, rows) in [
        ("events/**/*.jsonl", "1 2 3"),
        ("events/202[4-9]/*", "1 2 3"),
        ("events/2024/?.jsonl", "1"),
        ("events/2024/b c%20[1].jsonl", "2"),
        ("ev*.jsonl", "4"),
    ] {
        assert_eq!(cloud.rows(path), rows, "{path}");
    }
    let read = read_all(&mut cloud.producer("large.jsonl", &json!({}))).unwrap();
    assert!(read.text() == line.repeat(2_000).as_bytes(), "a large object arrives as it was");
    let error = read_all(&mut cloud.producer("none.jsonl", &json!({}))).unwrap_err();
    assert!(error.contains("none.jsonl: there is no such object"), "{error}");
    assert!(!error.contains("hush"), "{error}");
    let nowhere =
        Cloud { root: cloud.root.replace("cartage", "no-such-bucket"), ..Cloud::new("", json!({})) };
    let nowhere = Cloud { credentials: cloud.credentials.clone(), ..nowhere };
    let error = read_all(&mut nowhere.producer("*.jsonl", &json!({}))).unwrap_err();
    assert!(error.contains("no-such-bucket"), "{error}");
    new_ones(cloud);
}

/// New and changed objects, over several runs.
fn new_ones(cloud: &Cloud) {
    let mut state = PipelineState::new("test");
    let mut run = || {
        let mut producer = cloud.producer("new/*.jsonl", &json!({"only_new_files": true}));
        let known = state.source_state("shop").cloned().unwrap_or_default();
        let context = OpenContext::new(1 << 20, CancelToken::default()).with_state("events", Arc::new(known));
        producer.open(&context).unwrap();
        producer.take_state_change().apply(&mut state, "shop", "events");
        let mut rows = String::new();
        while let Some(page) = producer.next_page().unwrap() {
            let Page::Json(page) = page else { panic!("rows of JSON") };
            rows += std::str::from_utf8(page.text()).unwrap();
            producer.take_state_change().apply(&mut state, "shop", "events");
        }
        rows.trim_end().replace('\n', " ")
    };
    cloud.put_one("new/a.jsonl", "1\n");
    cloud.put_one("new/b.jsonl", "2\n");
    assert_eq!(run(), "1 2");
    assert_eq!(run(), "");
    cloud.put_one("new/b.jsonl", "22\n");
    cloud.put_one("new/c.jsonl", "3\n");
    assert_eq!(run(), "22 3");
    cloud.delete("new/a.jsonl");
    assert_eq!(run(), "");
    cloud.put_one("new/a.jsonl", "1\n");
    assert_eq!(run(), "1", "what was gone is new");
}

#[test]
fn s3_is_read() {
    reads(&s3());
}

#[test]
fn gcs_is_read() {
    reads(&gcs());
}

#[test]
fn azure_is_read() {
    reads(&azure());
}

#[test]
fn two_thousand_small_objects_are_read() {
    let cloud = s3();
    cloud.put((0..2_000).map(|number| (format!("small/{number:04}.jsonl"), format!("{number}\n"))));
    let start = Instant::now();
    let rows = cloud.rows("small/*.jsonl");
    assert!(rows.split(' ').map(|row| row.parse::<usize>().unwrap()).eq(0..2_000));
    // The stand-in works on one request at a time; what counts is that nothing waits for nothing.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
