//! States against dlt, and what this crate promises about them.
//!
//! `fixtures/schema/recipe.py` makes the vectors. `CARTAGE_SCHEMA_VECTORS` names another folder with more of
//! them.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::path::PathBuf;

use cartage_state::{PipelineState, StateError};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn vectors() -> Vec<(String, String, String)> {
    let folder = std::env::var_os("CARTAGE_SCHEMA_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/schema"),
        PathBuf::from,
    );
    serde_json::from_str(&std::fs::read_to_string(folder.join("states.json")).unwrap()).unwrap()
}

#[test]
fn states_hash_to_what_dlt_computes() {
    for (document, hash, _) in vectors() {
        let state = PipelineState::from_json(&document).unwrap();
        assert_eq!(state.compute_hash(), hash, "{document}");
        assert_eq!(state.to_json(), document);
    }
}

#[test]
fn states_that_dlt_encoded_are_decoded() {
    for (document, hash, encoded) in vectors() {
        let decoded = PipelineState::decode(&encoded).unwrap();
        assert_eq!(decoded.compute_hash(), hash, "{document}");
        assert!(decoded.local().is_none());
        let again = PipelineState::decode(&decoded.encode()).unwrap();
        assert_eq!(again, decoded);
    }
}

#[test]
fn the_first_hash_does_not_raise_the_version() {
    let mut state = PipelineState::new("shop");
    assert!(state.bump() && !state.bump());
    assert_eq!(state.version(), 0);
    state.set_dataset_name(Some("raw"));
    assert!(state.bump());
    assert_eq!(state.version(), 1);
}

#[test]
fn the_local_part_neither_counts_nor_travels() {
    let mut state = PipelineState::new("shop");
    state.bump();
    state.set_first_run(false);
    state.mark_extracted("hash", "2024-01-01T00:00:00+00:00");
    assert!(!state.bump());
    let mut restored = PipelineState::decode(&state.encode()).unwrap();
    restored.take_local_from(&state);
    assert_eq!(restored.last_extracted_hash(), Some("hash"));
}

#[test]
fn a_state_is_extracted_until_it_is_marked() {
    let mut state = PipelineState::new("shop");
    state.bump();
    assert!(state.needs_extract());
    let hash = state.compute_hash();
    state.mark_extracted(&hash, "2024-01-01T00:00:00+00:00");
    assert!(!state.needs_extract());
    state.force_extract();
    assert!(state.needs_extract());
}

#[test]
fn a_state_that_is_not_compressed_is_read_as_it_is() {
    let state = PipelineState::new("shop");
    assert_eq!(PipelineState::decode(&state.to_json()).unwrap(), state);
}

#[test]
fn resources_are_reset_without_touching_others() {
    let mut state = PipelineState::new("shop");
    for resource in ["orders", "users"] {
        state.resource_state_mut("shop", resource).insert("last".to_owned(), json!(1));
    }
    assert!(state.reset_resource("shop", "orders") && !state.reset_resource("shop", "orders"));
    assert_eq!(state.resources("shop"), ["users"]);
    assert!(state.reset_source("shop") && state.sources().is_empty());
    assert!(!state.reset_resource("shop", "users"));
}

#[test]
fn a_source_that_is_emptied_stays_known_and_so_the_hash_is_dlts() {
    let mut state = PipelineState::new("shop");
    let before = state.compute_hash();
    state.empty_source("shop");
    assert_ne!(state.compute_hash(), before, "that nothing was found is part of the document");
    state.resource_state_mut("shop", "orders").insert("last".to_owned(), json!(1));
    state.source_state_mut("shop").insert("mine".to_owned(), json!(1));
    state.empty_source("shop");
    assert_eq!(state.shared_document()["sources"], json!({"shop": {"resources": {}}}));
}

#[test]
fn schema_names_are_sorted_and_default_names_of_destinations_left_out() {
    let mut state = PipelineState::new("shop");
    state.set_schema_names(["b", "a", "b"]);
    assert_eq!(state.schema_names(), ["a", "b"]);
    state.set_destination(Some("dlt.destinations.duckdb"), Some("duckdb"));
    assert_eq!((state.destination_type(), state.destination_name()), (Some("dlt.destinations.duckdb"), None));
    state.set_destination(Some("dlt.destinations.duckdb"), Some("lake"));
    assert_eq!(state.destination_name(), Some("lake"));
}

#[test]
fn states_of_the_first_engine_get_what_they_lack() {
    let old = json!({
        "_state_version": 3, "_state_engine_version": 1, "pipeline_name": "p", "destination": "dlt.destinations.postgres",
        "staging": "dlt.destinations.filesystem",
    });
    let state = PipelineState::from_json(&old.to_string()).unwrap();
    assert_eq!(state.engine_version(), PipelineState::ENGINE_VERSION);
    assert_eq!(
        (state.destination_type(), state.destination_name()),
        (Some("dlt.destinations.postgres"), None)
    );
    assert_eq!(state.staging_type(), Some("dlt.destinations.filesystem"));
    assert!(state.local().is_some() && state.version_hash().is_some());
}

#[test]
fn a_newer_engine_is_refused_and_a_missing_one_named() {
    let newer = r#"{"_state_version": 1, "_state_engine_version": 5, "pipeline_name": "p"}"#;
    assert!(matches!(PipelineState::from_json(newer), Err(StateError::NewerEngine { found: 5, .. })));
    let without = PipelineState::from_json(r#"{"_state_version": 1}"#).unwrap_err();
    assert!(without.to_string().contains("_state_engine_version"));
    assert!(PipelineState::from_json("[]").is_err());
}

#[test]
fn a_damaged_state_is_an_error() {
    assert!(matches!(PipelineState::decode("AAAA"), Err(StateError::Compression(_))));
    assert!(PipelineState::decode("not base64!").is_err());
}

#[test]
fn the_row_carries_version_hash_and_load() {
    let mut state = PipelineState::new("shop");
    state.bump();
    let row = serde_json::to_value(state.to_row("2024-01-01T00:00:00+00:00", "1.0")).unwrap();
    assert_eq!(row["_dlt_load_id"], "1.0");
    assert_eq!(row["engine_version"], 4);
    assert_eq!(row["version_hash"], json!(state.version_hash()));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300_f64).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<String, Value>>())),
        ]
    })
}

proptest! {
    #[test]
    fn a_state_survives_its_encoding(value in values()) {
        let mut state = PipelineState::new("shop");
        state.resource_state_mut("s", "r").insert("value".to_owned(), value);
        state.bump();
        let restored = PipelineState::decode(&state.encode()).unwrap();
        prop_assert_eq!(restored.compute_hash(), state.compute_hash());
        prop_assert_eq!(restored.resource_state("s", "r"), state.resource_state("s", "r"));
    }
}
