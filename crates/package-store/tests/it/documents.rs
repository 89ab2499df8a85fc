//! State, schemas, traces, the run marker and the identity of a pipeline.

use std::fs;

use cartage_package_store::{Error, ErrorKind, PackageStore, RunMarker, StoreOptions};
use cartage_test_support::TempPipeline;
use serde_json::json;

#[test]
fn documents_read_back_and_can_be_listed() {
    let pipeline = TempPipeline::new();
    let documents = pipeline.store.documents();
    assert_eq!((documents.state().unwrap(), documents.run().unwrap()), (None, None));
    documents.replace_state("{\"a\":1}").unwrap();
    documents.replace_state("{\"a\":2}").unwrap();
    documents.replace_schema("shop", "{}").unwrap();
    documents.replace_schema("erp", "{}").unwrap();
    documents.replace_trace("run-2", "{}").unwrap();
    let marker = RunMarker {
        run_id: "run-2".to_owned(),
        started_at: chrono::DateTime::from_timestamp_micros(1_795_163_558_208_462).unwrap(),
        payload: json!({"skip": ["orders"]}),
    };
    documents.begin_run(&marker).unwrap();

    assert_eq!(documents.state().unwrap().as_deref(), Some("{\"a\":2}"));
    assert_eq!(documents.schema_names().unwrap(), ["erp", "shop"]);
    assert_eq!(documents.trace_ids().unwrap(), ["run-2"]);
    assert_eq!(documents.run().unwrap(), Some(marker));
    documents.end_run().unwrap();
    documents.end_run().unwrap();
    assert_eq!(documents.run().unwrap(), None);
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let pipeline = TempPipeline::new();
    for name in ["../state", "a/b", "..", ""] {
        let error = pipeline.store.documents().replace_schema(name, "{}").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(pipeline.store.documents().trace(name).is_err());
    }
}

#[test]
fn a_folder_of_another_pipeline_or_of_a_newer_format_is_refused() {
    let pipeline = TempPipeline::new();
    let open = |name| PackageStore::open(pipeline.store.dir(), name, StoreOptions::default()).map(drop);
    assert!(matches!(open("shop"), Err(Error::OtherPipeline { found, .. }) if found == "test"));

    let path = pipeline.store.dir().join("pipeline.json");
    fs::write(&path, "{\"format\": {\"major\": 9, \"minor\": 0}, \"new\": true}").unwrap();
    assert!(matches!(open("test"), Err(Error::NewerFormat { .. })));
    fs::write(&path, "{").unwrap();
    let error = open("test").unwrap_err();
    assert!(error.to_string().contains("pipeline.json"), "{error}");
}

#[test]
fn looking_at_a_pipeline_that_does_not_exist_makes_nothing() {
    let pipeline = TempPipeline::new();
    let dir = pipeline.folder().join("nobody");
    let error = PackageStore::open_existing(&dir, "nobody", StoreOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NoSuchPipeline { .. }), "{error}");
    assert!(!dir.exists());
}
