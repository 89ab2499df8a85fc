//! Pending packages: what continues with them, what gives them up, and what an interrupted run leaves to do.

use std::sync::Arc;

use cartage_package_store::{Folder, Wait};
use cartage_pipeline::{ExtractOptions, Kind, PackageState, Refresh, RunOptions};
use cartage_runtime::Stage;
use cartage_test_support::{FaultyDisk, Plan};

use crate::bench::{Bench, done, fails, ids, resource, says};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";

#[test]
fn a_run_finishes_what_is_pending_and_leaves_its_plain_appends_out_once() {
    for stages in [1, 2] {
        let bench = Bench::items("", &ids([1, 2]));
        let pending = bench.extract().packages[0].load_id.clone();
        if stages == 2 {
            bench.normalize();
        }
        let report = bench.run();
        assert_eq!(bench.values("items", "id"), ["1", "2"], "after {stages} stages: not twice");
        let [package] = &report.packages[..] else { panic!("{:?}", report.packages) };
        assert_eq!((&package.load_id, package.was_pending), (&pending, true));
        let [skipped] = &report.skipped[..] else { panic!("{:?}", report.skipped) };
        assert_eq!((skipped.source.as_str(), skipped.resource.as_str()), ("test", "items"));
        let text = report.to_string();
        assert!(text.contains("is loaded (left by an earlier run)"), "{text}");
        assert!(text.contains("skipped test.items:") && text.contains("--extract-again"), "{text}");
        bench.run();
        assert_eq!(bench.count("items"), 4, "the run after that appends as always");
    }
}

#[test]
fn extract_again_takes_plain_appends_nevertheless() {
    let bench = Bench::items("", &ids([1, 2]));
    bench.extract();
    let report = done(bench.try_run(&RunOptions { extract_again: true, ..RunOptions::default() }));
    assert_eq!(
        (bench.values("items", "id"), report.skipped.len()),
        (["1", "1", "2", "2"].map(str::to_owned).to_vec(), 0)
    );
}

#[test]
fn what_cannot_double_is_extracted_after_what_was_pending() {
    for hint in ["write_disposition = \"replace\"", CURSOR] {
        let bench = Bench::items(hint, &ids([1, 2]));
        bench.extract();
        bench.write("items.jsonl", &ids([1, 2, 3]));
        let report = bench.run();
        assert_eq!(bench.values("items", "id"), ["1", "2", "3"], "{hint}");
        assert_eq!((report.packages.len(), report.skipped.len()), (2, 0), "{hint}");
    }
}

#[test]
fn packages_that_wait_are_normalized_and_loaded_in_their_order() {
    let bench = Bench::items(CURSOR, &ids([1]));
    bench.extract();
    bench.write("items.jsonl", "{\"id\": 2, \"new\": true}\n");
    bench.extract();
    bench.write("items.jsonl", "{\"id\": 3, \"more\": {\"deep\": 1}}\n");
    bench.extract();
    assert_eq!(bench.folders(), [3, 0, 0, 0]);
    let report = bench.normalize();
    assert_eq!((bench.folders(), report.packages.len()), ([0, 3, 0, 0], 3));
    bench.load();
    assert_eq!(bench.values("items", "id"), ["1", "2", "3"]);
    assert_eq!(bench.columns("items"), ["id", "more__deep", "new"]);
    let loads = bench.values("_dlt_loads", "load_id");
    assert_eq!(loads, bench.packages(Folder::Loaded));
}

#[test]
fn an_abort_gives_up_what_is_pending_and_the_next_run_extracts_it_again() {
    let bench = Bench::items(CURSOR, &ids([1]));
    bench.run();
    let before = bench.remembered();
    bench.write("items.jsonl", &ids([2]));
    bench.extract();
    bench.normalize();
    bench.write("items.jsonl", &ids([3]));
    bench.extract();
    let pending: Vec<_> = bench.project().pending().unwrap().iter().map(ToString::to_string).collect();
    let report = done(bench.project().abort());
    assert_eq!((report.aborted.clone(), report.partly_loaded.len()), (pending.clone(), 0));
    assert_eq!(bench.folders(), [0, 0, 1, 2]);
    assert_eq!((bench.packages(Folder::Aborted), bench.remembered()), (pending, before));
    bench.write("items.jsonl", &ids([2, 3]));
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2", "3"]);
    assert!(done(bench.project().abort()).aborted.is_empty(), "nothing was pending");
}

#[test]
fn an_aborted_schema_is_that_of_nobody() {
    let bench = Bench::items("", &ids([1]));
    bench.run();
    let hash = |bench: &Bench| bench.project().schema(None).unwrap().version_hash;
    let before = hash(&bench);
    bench.write("items.jsonl", "{\"id\": 2, \"wrong\": 1}\n");
    bench.extract();
    bench.normalize();
    assert_ne!(hash(&bench), before, "the newest schema is that of the pending package");
    done(bench.project().abort());
    assert_eq!(hash(&bench), before);
    bench.write("items.jsonl", &ids([2]));
    bench.run();
    assert_eq!(bench.columns("items"), ["id"]);
}

#[test]
fn a_damaged_package_can_be_aborted_and_nothing_else() {
    let bench = Bench::items("", &ids([1]));
    let load_id = bench.extract().packages[0].load_id.clone();
    let manifest = bench.data().join("packages/extracted").join(&load_id).join("package.json");
    std::fs::write(&manifest, "{").unwrap();
    for error in [bench.run_fails(), fails(bench.project().normalize())] {
        says(&error, Kind::Damaged, &[&load_id]);
    }
    let line = bench.project().packages().unwrap().remove(0);
    assert!(line.damage.is_some() && line.schema.is_none(), "{line:?}");
    assert_eq!(done(bench.project().abort()).aborted, [load_id]);
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1"]);
}

#[test]
fn a_run_that_failed_leaves_its_marker_and_the_next_one_takes_it_away() {
    let bench = Bench::new(&(resource("items", "") + &resource("others", "")));
    bench.write("items.jsonl", &ids([1]));
    bench.write("others.jsonl", "nonsense\n");
    says(&bench.run_fails(), Kind::Failure, &["others.jsonl, line 1"]);
    let status = bench.project().status().unwrap();
    assert!(status.interrupted_run.is_some());
    done(bench.project().abort());
    assert_eq!(bench.project().status().unwrap().interrupted_run, None, "an abort forgets the run");
    bench.write("others.jsonl", &ids([2]));
    bench.run();
    assert_eq!((bench.count("items"), bench.count("others")), (1, 1));
    assert_eq!(bench.project().status().unwrap().interrupted_run, None);
}

#[test]
fn a_run_that_is_cut_after_its_commits_does_not_append_again() {
    // The first source is loaded when the second one cannot be read.
    let bench = Bench::new(&format!(
        "{}[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"orders\"\npath = \"orders.jsonl\"\n",
        resource("items", "")
    ));
    bench.write("items.jsonl", &ids([1]));
    says(&bench.run_fails(), Kind::Failure, &["orders.jsonl"]);
    if bench.count("items") == 0 {
        bench.normalize();
        bench.load();
    }
    assert_eq!(bench.count("items"), 1);
    bench.write("orders.jsonl", &ids([5]));
    let report = bench.run();
    assert_eq!((bench.count("items"), bench.count("orders")), (1, 1));
    assert_eq!(report.skipped[0].resource, "items");
    bench.run();
    assert_eq!((bench.count("items"), bench.count("orders")), (2, 2));
}

#[test]
fn a_refresh_that_an_interrupted_run_has_done_is_not_done_again() {
    let bench = Bench::new(
        &(resource("items", CURSOR)
            + "[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"orders\"\npath = \"orders.jsonl\"\n"),
    );
    bench.write("items.jsonl", &ids([1]));
    let options = RunOptions {
        extract: ExtractOptions { refresh: Some(Refresh::DropSources), ..ExtractOptions::default() },
        extract_again: false,
    };
    fails(bench.try_run(&options));
    bench.write("items.jsonl", &ids([2]));
    bench.write("orders.jsonl", &ids([5]));
    done(bench.try_run(&options));
    assert_eq!(bench.values("items", "id"), ["1", "2"], "the rows of the interrupted run stay");
    done(bench.try_run(&options));
    assert_eq!(bench.values("items", "id"), ["2"], "another run refreshes again");
}

#[test]
fn a_package_of_damaged_data_is_set_aside_with_those_behind_it() {
    let bench = Bench::items(CURSOR, &ids([1]));
    bench.run();
    let before = bench.remembered();
    bench.pipeline(&resource("items", CURSOR).replace("items.jsonl", "items.parquet"));
    bench.write("items.parquet", "PAR1 this is not parquet PAR1");
    let error = bench.run_fails();
    assert_eq!(error.kind(), Kind::Failure, "{error}");
    assert!(error.to_string().contains("items"), "{error}");
    assert_eq!(bench.remembered(), before, "the cursor stays where it was");
    bench.pipeline(&resource("items", CURSOR));
    bench.write("items.jsonl", &ids([2]));
    bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2"], "the next run goes on");
}

#[test]
fn another_process_at_work_refuses_each_command_and_says_so() {
    let bench = Bench::items("", &ids([1]));
    bench.extract();
    let options = RunOptions::default();
    for (stage, name) in [(Stage::Extract, "extract"), (Stage::Normalize, "normalize"), (Stage::Load, "load")]
    {
        let holder = bench.project();
        let lock = holder.store.lock(stage, Wait::Fail).unwrap();
        let errors = [
            Some(bench.run_fails()),
            Some(fails(bench.project().abort())),
            (stage == Stage::Extract).then(|| fails(bench.project().extract(&options.extract))),
            (stage == Stage::Normalize).then(|| fails(bench.project().normalize())),
            (stage == Stage::Load).then(|| fails(bench.with(|project, connector| project.load(connector)))),
        ];
        for error in errors.into_iter().flatten() {
            says(&error, Kind::Locked, &[name, "--wait"]);
        }
        drop(lock);
    }
    let holder = bench.project();
    let run = holder.store.lock_run(Wait::Fail).unwrap();
    says(&bench.run_fails(), Kind::Locked, &["--wait"]);
    bench.normalize();
    bench.load();
    drop(run);
    assert_eq!(bench.count("items"), 1, "stages of their own may work beside a run");
}

#[test]
fn looking_takes_no_lock() {
    let bench = Bench::items("", &ids([1]));
    bench.extract();
    let holder = bench.project();
    let _locks: Vec<_> = [Stage::Extract, Stage::Normalize, Stage::Load]
        .into_iter()
        .map(|stage| holder.store.lock(stage, Wait::Fail).unwrap())
        .collect();
    let project = bench.project();
    assert_eq!(project.status().unwrap().packages.len(), 1);
    assert_eq!(project.pending().unwrap().len(), 1);
    assert!(project.schema(None).is_ok());
}

#[test]
fn a_disk_that_fails_at_any_step_of_a_stage_leaves_a_pipeline_that_goes_on() {
    type Work = fn(&Bench, Arc<FaultyDisk>) -> bool;
    let undisturbed = |work: Work| {
        let bench = Bench::items("", &ids([1, 2]));
        let disk = Arc::new(FaultyDisk::new(Plan::Undisturbed));
        assert!(work(&bench, Arc::clone(&disk)));
        disk.steps()
    };
    let extract = |bench: &Bench, disk: Arc<FaultyDisk>| {
        bench.open_on(disk).is_ok_and(|project| project.extract(&ExtractOptions::default()).is_ok())
    };
    let all = |bench: &Bench, disk: Arc<FaultyDisk>| {
        let Ok(project) = bench.open_on(disk) else { return false };
        bench.with(|_, connector| project.run(&RunOptions::default(), connector)).is_ok()
    };
    // A run has many steps; each fourth will do.
    let works: [(&str, Work, usize); 2] = [("extract", extract, 1), ("run", all, 4)];
    for (name, work, stride) in works {
        let steps = undisturbed(work);
        assert!(steps > 5, "{name}: {steps}");
        for step in (0..steps).step_by(stride) {
            let bench = Bench::items("", &ids([1, 2]));
            work(&bench, Arc::new(FaultyDisk::new(Plan::CutAfter(step))));
            // What the dead process left is gone on with, whatever it is.
            bench.run();
            let found = bench.values("items", "id");
            assert_eq!(found, ["1", "2"], "{name} was cut after step {step} of {steps}");
            assert_eq!(bench.folders()[..2], [0, 0], "{name} was cut after step {step}");
        }
    }
}

#[test]
fn a_full_disk_is_an_error_with_a_remedy_and_no_package() {
    let bench = Bench::items("", &ids([1]));
    bench.open().unwrap();
    let disk = Arc::new(FaultyDisk::new(Plan::FullFrom(2)));
    let error = match bench.open_on(disk) {
        Ok(project) => fails(project.extract(&ExtractOptions::default())),
        Err(error) => error,
    };
    says(&error, Kind::Failure, &["injected", "space"]);
    assert_eq!(bench.folders(), [0, 0, 0, 0]);
    let states: Vec<PackageState> = bench.run().packages.iter().map(|package| package.state).collect();
    assert_eq!(states, [PackageState::Loaded]);
}
