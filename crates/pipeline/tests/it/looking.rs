//! What is told about a pipeline without changing it: status, plan, checks of sources and destinations; and dev mode.

use cartage_destinations_api::{ConnectRequest, Destination, Error, ErrorKind, Outcome};
use cartage_destinations_null::{FaultyMemory, LoadStep};
use cartage_package_store::Folder;
use cartage_pipeline::{ExtractOptions, Kind, PlanOptions, PlanReport, check_destination, check_sources};
use cartage_test_support::files_below;

use crate::bench::{Bench, at, done, fails, ids, resource, says};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";

/// Everything that looking must leave alone.
fn untouched(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    let mut files = files_below(&bench.path().join("data"));
    files.retain(|(name, _)| !name.contains("locks/"));
    files
}

fn plan(bench: &Bench, options: &PlanOptions) -> PlanReport {
    done(bench.with(|project, connector| project.plan(options, connector)))
}

fn only(package: &str) -> PlanOptions {
    PlanOptions { package: Some(package.to_owned()), ..PlanOptions::default() }
}

#[test]
fn the_status_tells_packages_state_and_schemas() {
    let bench = Bench::items(CURSOR, &ids([1, 2]));
    let status = bench.project().status().unwrap();
    assert_eq!((status.packages.len(), status.state_version, status.schemas.len()), (0, None, 0));
    bench.run();
    bench.write("items.jsonl", &ids([3]));
    let pending = bench.extract().packages[0].load_id.clone();
    let status = bench.project().status().unwrap();
    assert_eq!((status.pipeline.as_str(), status.dataset.as_str()), ("test", "data"));
    assert_eq!((status.destination.as_deref(), status.state_version), (Some("memory"), Some(1)));
    assert_eq!(status.schemas[0].name, "test");
    assert_eq!(status.schemas[0].tables, 1);
    let folders: Vec<_> = status.packages.iter().map(|line| (line.folder, line.damage.is_none())).collect();
    assert_eq!(folders, [(Folder::Extracted, true), (Folder::Loaded, true)], "what waits comes first");
    let waiting = &status.packages[0];
    assert_eq!((&waiting.load_id, waiting.schema.as_deref()), (&pending, Some("test")));
    assert!(waiting.rows >= 1 && waiting.bytes > 0, "{waiting:?}");
}

#[test]
fn a_plan_shows_what_a_run_would_load_and_changes_nothing() {
    let bench = Bench::items("", "{\"id\": 1, \"tags\": [1, 2]}\n{\"id\": 2}\n");
    let extract = ExtractOptions { limit: Some(1), ..ExtractOptions::default() };
    let report = plan(&bench, &PlanOptions { extract, ..PlanOptions::default() });
    assert_eq!(report.packages[0].rows["items"], 1);
    assert_eq!((report.target.destination.as_str(), report.compared), ("memory", false));
    assert_eq!((bench.folders(), bench.tables().len()), ([0, 0, 0, 0], 0));
    bench.run();
    bench.write("items.jsonl", "{\"id\": 3, \"new\": true, \"empty\": null}\n");
    let before = untouched(&bench);
    let report = plan(&bench, &PlanOptions::default());
    assert_eq!(untouched(&bench), before);
    let [package] = &report.packages[..] else { panic!("{report:?}") };
    assert_eq!((package.pending, package.rows["items"]), (false, 1));
    assert!(package.statements.is_none(), "memory speaks no SQL");
    let changes = serde_json::to_string(&package.schema_changes).unwrap();
    assert!(changes.contains("\"new\"") && changes.contains("bool"), "{changes}");
    assert_eq!(report.null_columns["items"], ["empty"]);
    assert_eq!(bench.count("items"), 2);
}

#[test]
fn what_is_pending_is_planned_first_and_can_be_planned_alone() {
    let bench = Bench::items("write_disposition = \"replace\"", &ids([1]));
    let pending = bench.extract().packages[0].load_id.clone();
    bench.write("items.jsonl", &ids([1, 2]));
    let whole = plan(&bench, &PlanOptions::default());
    let seen: Vec<_> =
        whole.packages.iter().map(|package| (package.pending, package.rows["items"])).collect();
    assert_eq!(seen, [(true, 1), (false, 2)]);
    assert_eq!(whole.packages[0].load_id, pending);
    assert_eq!(plan(&bench, &only(&pending)).packages.len(), 1);
    let error = fails(bench.with(|project, connector| project.plan(&only("1.0"), connector)));
    says(&error, Kind::Usage, &["no package 1.0 is pending", &pending]);
    bench.normalize();
    assert_eq!(plan(&bench, &only(&pending)).packages[0].rows["items"], 1);
    bench.load();
    let error = fails(bench.with(|project, connector| project.plan(&only(&pending), connector)));
    says(&error, Kind::Usage, &["no package is; leave --package out"]);
}

#[test]
fn a_plan_leaves_out_what_a_run_would_leave_out() {
    let bench = Bench::items("", &ids([1]));
    bench.extract();
    let report = plan(&bench, &PlanOptions::default());
    assert_eq!((report.packages.len(), report.skipped.len()), (1, 1));
    let again = plan(&bench, &PlanOptions { extract_again: true, ..PlanOptions::default() });
    assert_eq!((again.packages.len(), again.skipped.len()), (2, 0));
    bench.write("items.jsonl", "nonsense\n");
    let options = PlanOptions { extract_again: true, ..PlanOptions::default() };
    says(
        &fails(bench.with(|project, connector| project.plan(&options, connector))),
        Kind::Failure,
        &["items.jsonl, line 1"],
    );
    assert_eq!(bench.folders(), [1, 0, 0, 0], "also a plan that fails changes nothing");
}

#[test]
fn a_check_of_the_destination_tells_what_is_there_and_what_waits() {
    let bench = Bench::items("", &ids([1]));
    let destination = bench.destination.clone();
    let connect = move |_: &ConnectRequest| Ok(Box::new(destination.clone()) as Box<dyn Destination>);
    // The type must be one that is known without the program.
    let bench = bench.set("pipeline.destination=null");
    let check = |bench: &Bench| check_destination(bench.config().unwrap(), bench.runtime.clone(), &connect);
    let report = done(check(&bench));
    assert_eq!(report.connection.found.unwrap().tables, Vec::<String>::new());
    assert!(!bench.path().join("data").exists(), "looking makes no folder");

    let bench = bench.set("pipeline.destination=memory");
    bench.run();
    bench.write("items.jsonl", &ids([2]));
    let pending = bench.extract().packages[0].load_id.clone();
    let bench = bench.set("pipeline.destination=null");
    let report = done(check(&bench));
    let found = report.connection.found.unwrap();
    assert_eq!((found.loads, found.pipelines[0].name.as_str()), (1, "test"));
    assert!(found.tables.contains(&"items".to_owned()), "{found:?}");
    assert!(report.connection.steps.iter().all(|step| step.outcome == Outcome::Ok));
    assert_eq!(report.pending.iter().map(|line| &line.load_id).collect::<Vec<_>>(), [&pending]);
    let refuse = |_: &ConnectRequest| Err(Error::invalid("wrong password"));
    let refused = check_destination(bench.config().unwrap(), bench.runtime.clone(), &refuse);
    says(&fails(refused), Kind::Usage, &["wrong password"]);
}

#[test]
fn a_check_of_the_sources_shows_the_first_page_and_what_cannot_be_read() {
    let bench = Bench::new(&(resource("items", "table_name = \"things\"") + &resource("absent", "")));
    bench.write("items.jsonl", "{\"id\": 1, \"name\": \"a\", \"list\": [1]}\n{\"id\": 2}\n");
    let check = |resources: &[&str]| {
        let resources: Vec<String> = resources.iter().map(|name| (*name).to_owned()).collect();
        check_sources(&bench.config().unwrap(), &bench.runtime, &resources)
    };
    let report = done(check(&[]));
    assert!(!report.is_good());
    let [items, absent] = &report.sources[0].resources[..] else { panic!("{report:?}") };
    assert_eq!((items.table.as_str(), items.rows, items.error.is_none()), ("things", 2, true));
    assert_eq!(at(items.first_row.as_ref().unwrap(), &["name"]), "a");
    let columns: Vec<_> =
        items.columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect();
    assert_eq!(columns, [("id", "bigint"), ("name", "text"), ("list", "list")]);
    assert!(items.inputs[0].ends_with("items.jsonl"));
    assert!(absent.error.as_ref().unwrap().contains("absent.jsonl"), "{absent:?}");
    assert!(done(check(&["items"])).is_good());
    says(&fails(check(&["itms"])), Kind::Usage, &["no source has a resource \"itms\"", "items, absent"]);
    assert!(!bench.path().join("data").exists(), "nothing is written");
}

#[test]
fn in_dev_mode_each_run_starts_from_nothing_in_a_dataset_of_its_own() {
    let mut bench = Bench::items(CURSOR, &ids([1])).set("pipeline.dev_mode=true");
    assert_eq!(bench.project().dataset().unwrap(), "data_dev", "nothing was begun");
    let mut datasets = Vec::new();
    for _ in 0..2 {
        // What is in memory is one dataset.
        bench.destination = FaultyMemory::default();
        let report = bench.run();
        assert_eq!(report.rows("items"), 1, "the cursor was forgotten");
        datasets.push(bench.project().dataset().unwrap());
    }
    bench.destination = FaultyMemory::default();
    bench.extract();
    datasets.push(bench.project().dataset().unwrap());
    bench.normalize();
    bench.load();
    assert_eq!(bench.project().dataset().unwrap(), datasets[2], "stages of their own go on with it");
    assert!(datasets.iter().all(|name| name.starts_with("data_2026")), "{datasets:?}");
    assert!(datasets.is_sorted() && datasets[0] != datasets[1] && datasets[1] != datasets[2], "{datasets:?}");
}

#[test]
fn a_dev_run_aborts_what_was_pending_and_leaving_the_mode_does_so_too() {
    let bench = Bench::items(CURSOR, &ids([1]));
    bench.run();
    let mut bench = bench.set("pipeline.dev_mode=true");
    bench.extract();
    bench.extract();
    assert_eq!(bench.folders(), [1, 0, 1, 1], "the package of the first dataset is given up");
    bench.sets.clear();
    bench.write("items.jsonl", &ids([1, 2]));
    bench.run();
    assert_eq!(bench.folders(), [0, 0, 2, 2]);
    assert_eq!(bench.values("items", "id"), ["1", "2"], "state and cursor are those of the real dataset");
    assert_eq!(bench.project().dataset().unwrap(), "data");
}

#[test]
fn a_state_that_cannot_be_asked_for_ends_a_run_before_it_begins() {
    let bench = Bench::items(CURSOR, &ids([1]));
    bench.destination.fail(LoadStep::State, ErrorKind::Terminal, 1);
    says(&bench.run_fails(), Kind::Failure, &["injected at State"]);
    assert_eq!(bench.folders(), [0, 0, 0, 0]);
    assert_eq!(bench.project().status().unwrap().interrupted_run, None);
}

#[test]
fn the_statements_of_a_package_need_a_destination_that_speaks_sql() {
    let bench = Bench::items("", &ids([1]));
    bench.extract();
    bench.normalize();
    let load_id = bench.project().pending().unwrap().remove(0);
    let error = fails(bench.with(|project, connector| project.preview(&load_id, connector)));
    says(&error, Kind::Usage, &["memory does not speak SQL"]);
}
