//! Buckets of the servers that `cargo xtask services up` starts.

use std::sync::atomic::{AtomicU64, Ordering};

use cartage_destinations_api::{Destination, ErrorKind, JobOutcome};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{commit, connect, job, plan, run};

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Where a server listens.
fn endpoint(variable: &str, usual: &str) -> String {
    let address = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let host = address.trim_start_matches("http://").split('/').next().unwrap_or_default();
    assert!(
        std::net::TcpStream::connect(host).is_ok(),
        "nothing answers at {address}: run `cargo xtask services up`"
    );
    address
}

/// A name that no other test has.
fn unique() -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let unique = TempDir::new().expect("a temporary folder can be made");
    let unique = unique.path().file_name().expect("it has a name").to_string_lossy().into_owned();
    format!("{unique}-{number}")
}

/// Settings of a folder of the server's bucket that nobody else uses.
pub(crate) fn fresh_bucket() -> Value {
    let address = endpoint("CARTAGE_TEST_S3", "http://127.0.0.1:5555");
    json!({
        "bucket_url": format!("s3://cartage/{}", unique()),
        "credentials": {
            "aws_access_key_id": "test", "aws_secret_access_key": "hush-s3cret", "region_name": "us-east-1",
            "endpoint_url": address,
        },
    })
}

/// The same for a container of Azurite, with the account and the key that it documents.
pub(crate) fn fresh_container() -> Value {
    let address = endpoint("CARTAGE_TEST_AZURE", "http://127.0.0.1:10000/devstoreaccount1");
    let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    json!({
        "bucket_url": format!("az://cartage/{}", unique()),
        "credentials": {
            "azure_storage_account_name": "devstoreaccount1", "azure_storage_account_key": key,
            "endpoint_url": address,
        },
    })
}

#[test]
fn a_file_that_is_sent_in_parts_arrives_whole_and_once() {
    let jobs = TempDir::new().unwrap();
    let mut settings = fresh_bucket();
    settings["multipart_size"] = json!(1_000_000);
    let destination = connect(&settings);
    let plan = plan("1700000000.5");
    destination.prepare_load(&plan).unwrap();
    let line = format!("{{\"id\":7,\"noise\":\"{}\"}}\n", "x".repeat(1000));
    let big = job(jobs.path(), "items", "big", line.repeat(20_000).as_bytes());
    assert_eq!(run(&destination, &plan, &big).unwrap(), JobOutcome::Done { rows: 1 });
    assert_eq!(run(&destination, &plan, &big).unwrap(), JobOutcome::DoneBefore);
    commit(&destination, &plan);
    assert_eq!(destination.reader().unwrap().count("items").unwrap(), 20_000);
    assert_eq!(destination.reader().unwrap().tables().unwrap().len(), 4, "nothing is left in flight");
}

#[test]
fn two_writers_of_one_name_do_not_replace_each_other() {
    let jobs = TempDir::new().unwrap();
    for size in [1, 1_000_000] {
        let mut settings = fresh_bucket();
        settings["layout"] = json!("{table_name}/data.{ext}");
        settings["multipart_size"] = json!(size);
        let destination = connect(&settings);
        let plan = plan("1700000000.5");
        destination.prepare_load(&plan).unwrap();
        let (one, other) = (
            job(jobs.path(), "items", "a", b"{\"id\":1}\n"),
            job(jobs.path(), "items", "b", b"{\"id\":2}\n"),
        );
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let (destination, plan) = (&destination, &plan);
            let start = |job| scope.spawn(move || run(destination, plan, job));
            [start(&one), start(&other)].map(|thread| thread.join().expect("no panic")).into()
        });
        let lost = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        let kept = destination.reader().unwrap().rows("items").unwrap();
        assert_eq!(kept.len(), 1, "{outcomes:?}");
        assert!(lost >= 1, "the loser is told: {outcomes:?}");
    }
}

#[test]
fn a_wrong_bucket_or_key_is_told_with_a_remedy_and_without_the_key() {
    let mut settings = fresh_bucket();
    settings["bucket_url"] = json!("s3://nowhere-to-be-found/x");
    let error = connect(&settings).prepare_load(&plan("1700000000.5")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("bucket_url")), "{error:?}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    settings["credentials"]["endpoint_url"] = json!("http://127.0.0.1:9");
    let error = connect(&settings).prepare_load(&plan("1700000000.5")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}
