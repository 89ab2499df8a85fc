//! Two machines with one pipeline: what one takes over from the destination, and who loses.

use std::fs;

use cartage_destinations_api::Destination;
use cartage_destinations_null::FaultyMemory;
use cartage_package_store::Folder;
use cartage_pipeline::{Kind, StateScope, SyncOutcome, SyncReport};
use serde_json::json;

use crate::bench::{Bench, at, done, fails, ids, says};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";

fn loaded() -> Bench {
    let bench = Bench::items(CURSOR, &ids([1, 2]));
    bench.run();
    bench
}

fn sync(bench: &Bench, force: bool) -> SyncReport {
    done(bench.with(|project, connector| project.sync(force, connector)))
}

fn set(bench: &Bench, value: u64) {
    let scope = StateScope { source: None, resource: Some("items".to_owned()) };
    let path = "incremental.id.last_value".parse().unwrap();
    done(bench.with(|project, connector| project.set_state(&scope, &path, json!(value), connector)));
}

fn last(bench: &Bench) -> serde_json::Value {
    at(&bench.remembered(), &["resources", "items", "incremental", "id", "last_value"]).clone()
}

#[test]
fn a_machine_without_a_folder_goes_on_where_the_destination_is() {
    let first = loaded();
    let second = first.machine("second");
    second.write("items.jsonl", &ids([1, 2, 3]));
    second.run();
    assert_eq!(second.values("items", "id"), ["1", "2", "3"]);
    assert_eq!(last(&second), 3);
    // The first one hears of it, too.
    first.write("items.jsonl", &ids([1, 2, 3, 4]));
    first.run();
    assert_eq!(first.values("items", "id"), ["1", "2", "3", "4"]);
}

#[test]
fn a_machine_that_is_not_to_restore_starts_from_nothing() {
    let first = loaded();
    let second = first.machine("second").set("pipeline.restore_from_destination=false");
    second.run();
    assert_eq!(second.values("items", "id"), ["1", "1", "2", "2"]);
}

#[test]
fn of_two_machines_that_extracted_the_second_to_load_is_refused_and_right_when_it_runs_again() {
    let first = loaded();
    let second = first.machine("second");
    assert_eq!(sync(&second, false).outcome, SyncOutcome::Restored);
    for machine in [&first, &second] {
        machine.write("items.jsonl", &ids([2, 3]));
        machine.extract();
        machine.normalize();
    }
    first.load();
    let error = fails(second.with(|project, connector| project.load(connector)));
    let winner = first.packages(Folder::Loaded).pop().unwrap();
    says(&error, Kind::Locked, &[&winner, "version"]);
    assert_eq!(first.values("items", "id"), ["1", "2", "3"], "none of its rows stay");

    second.write("items.jsonl", &ids([2, 3, 4]));
    let report = second.run();
    assert!(report.warnings.iter().any(|warning| warning.contains("another machine")), "{report}");
    assert_eq!(second.values("items", "id"), ["1", "2", "3", "4"]);
    assert_eq!(second.folders()[3], 1, "the refused package is kept");
}

#[test]
fn sync_restores_tells_what_it_did_and_does_nothing_twice() {
    let first = loaded();
    let second = first.machine("second");
    let report = sync(&second, false);
    assert_eq!(
        (report.outcome, report.local_version, report.destination_version),
        (SyncOutcome::Restored, None, Some(1))
    );
    assert_eq!((report.schemas, last(&second)), (vec!["test".to_owned()], json!(2)));
    let again = sync(&second, false);
    assert_eq!((again.outcome, again.schemas.len()), (SyncOutcome::UpToDate, 0));
    set(&first, 7);
    assert_eq!(sync(&second, false).outcome, SyncOutcome::Restored);
    assert_eq!(last(&second), 7);
    second.run();
    assert_eq!(second.count("items"), 2, "rows up to seven are known");
}

#[test]
fn a_newer_local_state_stays_unless_it_is_forced() {
    let bench = loaded();
    let older = bench.machine("older");
    sync(&older, false);
    // The state of a destination that was put back: the local one has a higher version.
    let state = bench.project().store.documents().state().unwrap().unwrap();
    set(&bench, 7);
    let newer = bench.project().store.documents().state().unwrap().unwrap();
    assert_ne!(state, newer);
    let mut back = Bench::items(CURSOR, &ids([1, 2]));
    back.run();
    back.project().store.documents().replace_state(&newer).unwrap();
    let report = sync(&back, false);
    assert_eq!((report.outcome, last(&back)), (SyncOutcome::KeptNewer, json!(7)));
    assert_eq!((report.local_version, report.destination_version), (Some(2), Some(1)));
    assert_eq!(sync(&back, true).outcome, SyncOutcome::Restored);
    assert_eq!(last(&back), 2);

    back.destination = FaultyMemory::default();
    let error = fails(back.with(|project, connector| project.sync(false, connector)));
    says(&error, Kind::Usage, &["has no state of pipeline test", "--force"]);
    assert_eq!(last(&back), 2);
    let report = sync(&back, true);
    assert_eq!((report.outcome, report.destination_version), (SyncOutcome::Forgotten, None));
    assert_eq!(back.project().store.documents().state().unwrap(), None);
    assert_eq!(back.project().store.documents().schema_names().unwrap(), Vec::<String>::new());
    back.run();
    assert_eq!(back.values("items", "id"), ["1", "2"]);
}

#[test]
fn a_sync_where_nobody_knows_anything_is_no_error() {
    let bench = Bench::items("", "");
    let report = sync(&bench, false);
    assert_eq!(
        (report.outcome, report.local_version, report.destination_version),
        (SyncOutcome::UpToDate, None, None)
    );
}

#[test]
fn a_sync_takes_schemas_that_are_missing_here() {
    let bench = loaded();
    bench.project().store.documents().remove_schema("test").unwrap();
    let report = sync(&bench, false);
    assert_eq!((report.outcome, report.schemas), (SyncOutcome::UpToDate, vec!["test".to_owned()]));
    assert!(bench.project().schema(None).unwrap().tables.contains_key("items"));
}

#[test]
fn a_sync_waits_for_what_is_pending() {
    let bench = loaded();
    bench.write("items.jsonl", &ids([3]));
    bench.extract();
    let error = fails(bench.with(|project, connector| project.sync(true, connector)));
    says(&error, Kind::Usage, &["cannot sync while package", "is pending", "cartage abort"]);
    assert_eq!(last(&bench), 2);
}

#[test]
fn a_dataset_that_is_gone_takes_the_cursors_with_it() {
    let mut bench = loaded();
    bench.destination = FaultyMemory::default();
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2"], "all rows come again");
    let state = bench.destination.state_sync().unwrap().newest_state("test").unwrap().unwrap();
    assert_eq!(state.version, 1);
}

#[test]
fn a_dataset_that_another_pipeline_made_anew_takes_the_cursors_with_it() {
    let mut bench = loaded();
    let other = Bench::items("table_name = \"others\"", &ids([7]));
    other.write("pipeline.toml", &other.read("pipeline.toml").replace("name = \"test\"", "name = \"other\""));
    other.run();
    bench.destination = other.destination.clone();
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2"], "all rows come again");
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2"], "and only once");
    assert_eq!(other.values("others", "id"), ["7"]);
}

#[test]
fn a_damaged_local_document_is_named_with_the_remedy() {
    for document in ["state.json", "schemas/test.schema.json"] {
        let bench = loaded();
        let path = bench.data().join(document);
        assert!(path.exists(), "{document}");
        fs::write(&path, "{\"nonsense\": ").unwrap();
        let error = bench.run_fails();
        says(&error, Kind::Damaged, &["remove the document", "restores it from the destination"]);
        fs::remove_file(&path).unwrap();
        bench.write("items.jsonl", &ids([2, 3]));
        bench.run();
        assert_eq!(bench.values("items", "id"), ["1", "2", "3"], "{document}: the remedy works");
    }
}
