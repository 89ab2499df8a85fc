//! A destination that fails: at which step, with which kind, and what is left.

use cartage_destinations_api::{Destination, ErrorKind};
use cartage_destinations_null::LoadStep;
use cartage_pipeline::{Kind, RunOptions};

use crate::bench::{Bench, done, fails, ids, resource, says};

const REPLACE: &str = "write_disposition = \"replace\"";

fn steps() -> [LoadStep; 6] {
    [
        LoadStep::State,
        LoadStep::Status,
        LoadStep::Prepare,
        LoadStep::Job("items"),
        LoadStep::FollowUp("items"),
        LoadStep::Commit,
    ]
}

/// A pipeline that replaces by a follow-up, and was loaded once.
fn staged() -> Bench {
    let mut bench = Bench::items(REPLACE, &ids([1]));
    bench.destination = bench.destination.clone().with_capabilities(|capabilities| {
        capabilities.strategies.asked_replace = capabilities.strategies.replace.last().copied();
    });
    bench.run();
    bench.write("items.jsonl", &ids([2, 3]));
    bench
}

#[test]
fn whatever_fails_wherever_the_error_has_its_kind_and_the_next_run_is_right() {
    for step in steps() {
        for (kind, expected) in [
            (ErrorKind::Terminal, Kind::Failure),
            (ErrorKind::Invalid, Kind::Usage),
            (ErrorKind::Corrupt, Kind::Damaged),
            (ErrorKind::Conflict, Kind::Locked),
            (ErrorKind::Locked, Kind::Locked),
        ] {
            if step != LoadStep::Prepare && !matches!(kind, ErrorKind::Terminal | ErrorKind::Conflict) {
                continue;
            }
            let bench = staged();
            bench.destination.fail(step.clone(), kind, 1);
            let error = bench.run_fails();
            let is_work = matches!(step, LoadStep::Job(_) | LoadStep::FollowUp(_));
            let expected = if is_work && kind == ErrorKind::Terminal { Kind::FailedJobs } else { expected };
            says(&error, expected, &["injected", "take the fault away"]);
            // What is left to do after the follow-up is to say so.
            let rows = if step == LoadStep::Commit { 2 } else { 1 };
            assert_eq!(bench.count("items"), rows, "{step:?}, {kind:?}: all old rows or all new ones");
            assert_eq!(bench.tables(), ["items"], "{step:?}, {kind:?}");
            let pending = bench.project().pending().unwrap().len();
            assert_eq!(pending, usize::from(step != LoadStep::State), "{step:?}, {kind:?}");
            bench.destination.heal();
            bench.run();
            assert_eq!(bench.values("items", "id"), ["2", "3"], "{step:?}, {kind:?}");
            assert_eq!(bench.folders()[..2], [0, 0], "{step:?}, {kind:?}");
        }
    }
}

#[test]
fn what_passes_is_tried_again_and_the_run_succeeds() {
    for step in steps() {
        let bench = staged();
        let before = bench.destination.tries(&step);
        bench.destination.fail(step.clone(), ErrorKind::Transient, 1);
        let report = bench.run();
        assert_eq!((report.rows("items"), bench.values("items", "id").len()), (2, 2), "{step:?}");
        assert!(bench.destination.tries(&step) >= before + 2, "{step:?}");
    }
}

#[test]
fn what_does_not_pass_ends_the_run_after_so_many_attempts_and_waits() {
    for step in [LoadStep::Prepare, LoadStep::Job("items"), LoadStep::Commit] {
        let bench = staged();
        let before = bench.destination.tries(&step);
        bench.destination.fail(step.clone(), ErrorKind::Transient, 9);
        says(&bench.run_fails(), Kind::Failure, &["injected"]);
        assert_eq!(bench.destination.tries(&step) - before, 2, "{step:?}: raise_on_max_retries");
        assert_eq!(bench.project().pending().unwrap().len(), 1, "{step:?}");
        bench.destination.heal();
        bench.load();
        assert_eq!(bench.values("items", "id"), ["2", "3"], "{step:?}");
    }
}

#[test]
fn a_job_that_fails_for_good_is_put_aside_where_the_settings_say_so() {
    let bench = Bench::new(&(resource("items", "") + &resource("others", "")));
    bench.write("items.jsonl", &ids([1]));
    bench.write("others.jsonl", &ids([2]));
    let bench = bench.set("load.raise_on_failed_jobs=false");
    bench.destination.fail(LoadStep::Job("items"), ErrorKind::Terminal, 1);
    let report = bench.run();
    assert_eq!((bench.count("items"), bench.count("others")), (0, 1), "the others go on");
    let [failed] = &report.failed_jobs[..] else { panic!("{:?}", report.failed_jobs) };
    assert!(failed.job.starts_with("items.") && failed.reason.contains("injected"), "{failed:?}");
    assert_eq!(failed.load_id, report.packages[0].load_id);
    assert!(report.to_string().contains(&format!("failed job {}", failed.job)), "{report}");
    assert_eq!(bench.folders(), [0, 0, 1, 0], "the package is loaded without it");
}

#[test]
fn jobs_that_were_done_are_not_done_again_and_an_abort_takes_their_rows_back() {
    let bench = Bench::new(&(resource("items", "") + &resource("others", "")));
    bench.write("items.jsonl", &ids([1]));
    bench.write("others.jsonl", &ids([2]));
    let bench = bench.set("load.workers=1");
    bench.destination.fail(LoadStep::Commit, ErrorKind::Terminal, 2);
    bench.run_fails();
    assert_eq!((bench.count("items"), bench.count("others")), (1, 1), "appends are there at once");
    fails(bench.with(|project, connector| project.load(connector)));
    let before = bench.destination.tries(&LoadStep::Job("items"));
    bench.load();
    assert_eq!((bench.count("items"), bench.count("others")), (1, 1));
    assert_eq!(bench.destination.tries(&LoadStep::Job("items")), before, "the job was done");
    assert_eq!(bench.run().skipped.len(), 2, "this ends the interrupted run");

    bench.destination.fail(LoadStep::Commit, ErrorKind::Terminal, 1);
    bench.run_fails();
    assert_eq!(bench.count("items"), 2);
    let report = done(bench.project().abort());
    assert_eq!((report.partly_loaded.len(), &report.partly_loaded), (1, &report.aborted));
    bench.run();
    assert_eq!((bench.count("items"), bench.count("others")), (2, 2), "not three");
}

#[test]
fn a_destination_that_cannot_be_reached_costs_no_package() {
    let bench = Bench::items("", &ids([1]));
    let refuse = |_: &cartage_destinations_api::ConnectRequest| {
        Err(cartage_destinations_api::Error::transient("nobody is there").with_remedy("start it"))
    };
    let error = fails(bench.project().run(&RunOptions::default(), &refuse));
    says(&error, Kind::Failure, &["nobody is there", "start it"]);
    assert_eq!(bench.folders(), [0, 0, 0, 0], "nothing was extracted");
    bench.extract();
    bench.normalize();
    says(&fails(bench.project().load(&refuse)), Kind::Failure, &["nobody is there"]);
    assert_eq!(bench.folders(), [0, 1, 0, 0]);
    bench.load();
    assert_eq!(bench.count("items"), 1);
}

#[test]
fn the_trace_of_a_failed_run_has_the_error_and_what_was_done_before_it() {
    let bench = Bench::items("", &ids([1]));
    bench.destination.fail(LoadStep::Commit, ErrorKind::Terminal, 1);
    bench.run_fails();
    let [trace] = &bench.traces()[..] else { panic!("one run, one trace") };
    let error = trace["error"].to_string();
    assert!(error.contains("injected at Commit"), "{error}");
    assert_eq!(trace["report"]["packages"][0]["state"], "normalized");
    assert_eq!(trace["report"]["stages"][1]["rows"], 2, "the row and the state: {}", trace["report"]);
    assert!(bench.destination.state_sync().unwrap().newest_state("test").unwrap().is_none());
}
