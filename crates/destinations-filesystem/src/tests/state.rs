//! States and schemas that come back, and loads that build on older ones.

use cartage_destinations_api::{BaseState, Destination, ErrorKind, StateSync};
use serde_json::json;
use tempfile::TempDir;

use super::cloud::Cloud;
use super::loads::{Load, in_cloud, in_folder};
use crate::Filesystem;

fn newest(destination: &Filesystem) -> Option<(u64, String, String)> {
    let state = destination.newest_state("shop").unwrap()?;
    assert_eq!(state.version_hash, Some(format!("hash {}", state.version)));
    Some((state.version, state.encoded, state.load_id))
}

fn version(number: u64) -> (u64, String, String) {
    (number, format!("state {number}"), format!("170000000{number}.5"))
}

#[test]
fn the_state_of_the_newest_complete_load_comes_back() {
    let (folder, cloud) = (TempDir::new().unwrap(), Cloud::new());
    for destination in [in_folder(&folder, &json!({})), in_cloud(&cloud, &json!({}))] {
        assert_eq!(newest(&destination), None, "an empty place has none");
        for number in 1..=3 {
            Load::new(number).with_state(u64::try_from(number).unwrap()).run(&destination).unwrap();
            assert_eq!(newest(&destination), Some(version(u64::try_from(number).unwrap())));
        }
        // A load that is not complete brings no state.
        let begun = Load::new(4).with_state(4);
        destination.prepare_load(&begun.plan).unwrap();
        begun.job(&destination, 0).unwrap();
        assert_eq!(newest(&destination), Some(version(3)));
        assert_eq!(destination.newest_state("other").unwrap(), None);
        // One without a state leaves the one that there is.
        Load::new(5).with("items", "a", &[1]).run(&destination).unwrap();
        assert_eq!(newest(&destination), Some(version(3)));
    }
}

#[test]
fn a_state_without_its_load_does_not_count() {
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &json!({}));
    Load::new(1).with_state(1).run(&destination).unwrap();
    let state = json!({"version": 9, "state": "state 9", "version_hash": "hash 9"});
    cloud.put("_dlt_pipeline_state/shop__1700000009.5__abc.jsonl", &state.to_string());
    assert_eq!(newest(&destination), Some(version(1)));
    cloud.put("_dlt_loads/shop__1700000009.5.jsonl", "{}");
    assert_eq!(newest(&destination), Some(version(9)));
    // Strangers in dlt's folders are not states.
    cloud.put("_dlt_pipeline_state/notes.txt", "");
    cloud.put("_dlt_pipeline_state/odd.jsonl", "");
    assert_eq!(newest(&destination), Some(version(9)));
}

#[test]
fn only_so_many_states_are_kept_and_the_newest_are() {
    for (most, kept) in
        [(json!(2), vec![4, 5]), (json!(0), vec![1, 2, 3, 4, 5]), (json!(-1), vec![1, 2, 3, 4, 5])]
    {
        let cloud = Cloud::new();
        let destination = in_cloud(&cloud, &json!({"max_state_files": most}));
        let mut other = Load::new(9).with_state(1);
        other.plan.key.pipeline = "other".to_owned();
        other.run(&destination).unwrap();
        for number in 1..=5 {
            Load::new(number).with_state(u64::try_from(number).unwrap()).run(&destination).unwrap();
        }
        let names = cloud.names();
        let of = |pipeline: &str| {
            let begin = format!("_dlt_pipeline_state/{pipeline}__17000000");
            let numbers =
                names.iter().filter_map(|name| name.strip_prefix(&begin)?.get(..2)?.parse::<u32>().ok());
            numbers.collect::<Vec<_>>()
        };
        assert_eq!(of("shop"), kept, "{most}");
        assert_eq!(of("other"), [9], "of other pipelines none is removed");
    }
}

#[test]
fn a_load_from_an_older_state_is_refused_before_and_at_its_commit() {
    let cloud = Cloud::new();
    let destination = in_cloud(&cloud, &json!({}));
    Load::new(1).with_state(1).with("items", "a", &[1]).run(&destination).unwrap();
    let before = cloud.content();
    for base in [BaseState::Nothing, BaseState::Known { version: 1, hash: Some("another".to_owned()) }] {
        let mut late = Load::new(2).with("items", "b", &[2]).truncating("items").dropping("items_old");
        late.plan.base = base;
        let error = destination.prepare_load(&late.plan).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("1700000001.5") && error.remedy().is_some(), "{error}");
        assert_eq!(cloud.content(), before, "nothing was done");
    }
    // A state that comes while a load is under way.
    let ours = Load::new(2).with_state(2).with("items", "b", &[2]);
    destination.prepare_load(&ours.plan).unwrap();
    ours.job(&destination, 0).unwrap();
    ours.job(&destination, 1).unwrap();
    cloud.put(
        "_dlt_pipeline_state/shop__1700000003.5__abc.jsonl",
        &json!({"version": 3, "state": "x"}).to_string(),
    );
    cloud.put("_dlt_loads/shop__1700000003.5.jsonl", "{}");
    let error = destination.complete_load(&ours.commit()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(!cloud.names().contains(&"_dlt_loads/shop__1700000002.5.jsonl".to_owned()));
}

#[test]
fn schemas_come_back_by_name_and_by_hash() {
    let (folder, cloud) = (TempDir::new().unwrap(), Cloud::new());
    for destination in [in_folder(&folder, &json!({})), in_cloud(&cloud, &json!({}))] {
        assert_eq!(destination.newest_schema("shop").unwrap(), None);
        let (first, second) = (Load::of_tables(1, &["items"]), Load::of_tables(2, &["items", "more"]));
        for load in [&first, &second, &Load::of_tables(3, &["items", "more"])] {
            load.run(&destination).unwrap();
        }
        let newest = destination.newest_schema("shop").unwrap().unwrap();
        assert_eq!(newest.document, second.plan.schema.to_json());
        assert_eq!(Some(&newest.version_hash), second.plan.schema.version_hash.as_ref());
        let hash = first.plan.schema.version_hash.clone().unwrap();
        let old = destination.schema_by_hash(&hash).unwrap().unwrap();
        assert_eq!((old.document, old.name.as_str()), (first.plan.schema.to_json(), "shop"));
        assert_eq!(destination.schema_by_hash("bm9uZQ==").unwrap(), None);
        assert_eq!(destination.newest_schema("sho").unwrap(), None);
    }
}

#[test]
fn the_version_with_which_a_dataset_was_begun_stays() {
    for (init, known, ending) in [
        (None, json!({"initial_version": 2, "current_version": 2}), "jsonl.gz"),
        (Some(""), json!({"initial_version": 1, "current_version": 2}), "jsonl"),
        (Some("\n"), json!({"initial_version": 1, "current_version": 2}), "jsonl"),
        (
            Some(r#"{"initial_version":1,"current_version":2}"#),
            json!({"initial_version": 1, "current_version": 2}),
            "jsonl",
        ),
        (
            Some(r#"{"initial_version":2,"current_version":2}"#),
            json!({"initial_version": 2, "current_version": 2}),
            "jsonl.gz",
        ),
    ] {
        let cloud = Cloud::new();
        if let Some(init) = init {
            cloud.put("init", init);
        }
        let destination = in_cloud(&cloud, &json!({}));
        let mut load = Load::new(1).with("items", "a", &[1]);
        load.jobs[0] = load.jobs[0].clone().with_codec(Some(cartage_destinations_api::Codec::Gz));
        load.run(&destination).unwrap();
        let content = cloud.content();
        let found = content.iter().find(|(name, _)| name == "init").unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&found.1).unwrap(), known, "{init:?}");
        let name = format!("items/1700000001.5.a.{ending}");
        assert!(content.iter().any(|(found, _)| *found == name), "{name} {:?}", cloud.names());
    }
}
