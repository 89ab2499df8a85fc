//! `run`, `extract`, `normalize`, `load` and `abort`: summaries, exit codes and advice.

use cartage_destinations_api::ErrorKind;
use cartage_destinations_null::LoadStep;

use super::bench::{Bench, resource};

const ROWS: &str = "{\"id\": 1, \"tags\": [1, 2]}\n{\"id\": 2}\n";

#[test]
fn a_run_prints_a_summary_as_text() {
    let bench = Bench::items("", ROWS);
    let done = bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(done.err, "");
    let done = done.prints(&[
        "table                rows\n",
        "items                   2\n",
        "items__tags             2\n",
        "of schema test is loaded\n",
        "  new tables: items, items__tags\n",
        "the data is in memory: memory of this process, dataset data",
    ]);
    for stage in ["extract", "normalize", "load"] {
        assert!(
            done.out.lines().any(|line| line.starts_with(stage) && line.contains(" rows ")),
            "{}",
            done.out
        );
    }
    assert_eq!((bench.count("items"), bench.count("items__tags")), (2, 2));
}

#[test]
fn a_run_prints_its_report_as_json() {
    let bench = Bench::items("", ROWS);
    let report = bench.json(&["run", "FILE"]);
    assert_eq!((&report["pipeline"], &report["tables"]["items"]), (&"test".into(), &2.into()));
    assert_eq!(report["packages"][0]["state"], "loaded");
    assert_eq!(report["packages"][0]["load_id"], bench.packages("loaded")[0]);
    assert_eq!(report["target"]["dataset"], "data");
    assert_eq!(report["stages"].as_array().map(Vec::len), Some(3));
    assert!(report["files"][0]["path"].as_str().unwrap().ends_with("items.jsonl"));
}

#[test]
fn the_stages_hand_over_packages() {
    let bench = Bench::items("", ROWS);
    bench.cartage(&["extract", "FILE"]).exits(0).prints(&["of schema test is extracted"]);
    assert_eq!((bench.packages("extracted").len(), bench.count("items")), (1, 0));
    bench.cartage(&["normalize", "FILE"]).exits(0).prints(&["is normalized (left by an earlier run)"]);
    assert_eq!(bench.packages("normalized").len(), 1);
    bench.cartage(&["load", "FILE"]).exits(0).prints(&["is loaded (left by an earlier run)", "items  "]);
    assert_eq!((bench.packages("loaded").len(), bench.count("items")), (1, 2));
    bench.cartage(&["load", "FILE"]).exits(0).prints(&["nothing to do: no new rows"]);
}

#[test]
fn options_of_the_command_line_reach_the_pipeline() {
    let both = resource("items", "") + &resource("others", "");
    for (words, items, others) in [
        (vec!["--resource", "others"], 0, 3),
        (vec!["--resource", "others", "--resource", "items"], 3, 3),
        (vec!["--limit", "2"], 2, 2),
        (vec!["--limit", "1", "--resource", "items"], 1, 0),
        (vec!["--set", "sources.test.others.path=items.jsonl", "--resource", "others"], 0, 3),
    ] {
        let bench = Bench::empty();
        bench.pipeline(&both);
        for name in ["items.jsonl", "others.jsonl"] {
            bench.write(name, "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n");
        }
        bench.cartage(&[&["run", "FILE"], &words[..]].concat()).exits(0);
        assert_eq!((bench.count("items"), bench.count("others")), (items, others), "{words:?}");
    }
}

#[test]
fn refreshes_are_those_that_the_words_say() {
    for (words, rows) in [
        (vec![], 4),
        (vec!["--refresh", "drop_data"], 2),
        (vec!["--refresh", "drop_resources"], 2),
        (vec!["--refresh", "drop_sources"], 2),
        (vec!["--full-refresh"], 2),
    ] {
        let bench = Bench::loaded("", ROWS);
        bench.cartage(&[&["run", "FILE"], &words[..]].concat()).exits(0);
        assert_eq!(bench.count("items"), rows, "{words:?}");
    }
}

#[test]
fn what_fails_has_its_exit_code() {
    for (step, kind, code) in [
        (LoadStep::Prepare, ErrorKind::Terminal, 1),
        (LoadStep::Prepare, ErrorKind::Transient, 1),
        (LoadStep::Prepare, ErrorKind::Invalid, 2),
        (LoadStep::Job("items"), ErrorKind::Terminal, 3),
        (LoadStep::Prepare, ErrorKind::Corrupt, 5),
        (LoadStep::Commit, ErrorKind::Conflict, 6),
        (LoadStep::Prepare, ErrorKind::Locked, 6),
    ] {
        let bench = Bench::items("", ROWS);
        bench.destination.fail(step.clone(), kind, 1);
        let done = bench.cartage(&["run", "FILE"]).exits(code).says(&["error: ", "injected at"]);
        assert_eq!(done.out, "", "{step:?}, {kind:?}: no summary of a run that failed");
        assert_eq!(
            done.err.contains("is pending: `cartage run"),
            code != 6,
            "{step:?}, {kind:?}: {}",
            done.err
        );
        bench.cartage(&["run", "FILE"]).exits(0);
        assert_eq!(bench.count("items"), 2, "{step:?}, {kind:?}");
    }
}

#[test]
fn jobs_that_were_put_aside_make_the_exit_code_after_the_summary() {
    let bench = Bench::items("", ROWS);
    bench.destination.fail(LoadStep::Job("items"), ErrorKind::Terminal, 1);
    let done = bench.cartage(&["run", "FILE", "--set", "load.raise_on_failed_jobs=false"]).exits(3);
    done.prints(&["failed job items.", "injected", "is loaded"]);
}

#[test]
fn after_an_error_the_advice_names_the_packages_and_the_commands() {
    let bench = Bench::items("", ROWS);
    bench.destination.fail(LoadStep::Prepare, ErrorKind::Terminal, 1);
    let done = bench.cartage(&["run", "FILE"]).exits(1);
    let pending = bench.packages("normalized").remove(0);
    done.says(&[
        &format!("hint: package {pending} is pending: `cartage run ./pipeline.toml` continues with it"),
        "`cartage abort ./pipeline.toml` drops it",
        "hint: take the fault away",
    ]);
    // Several packages, and another command.
    let bench = Bench::items("incremental = { cursor_path = \"id\" }", ROWS);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.write("items.jsonl", "{\"id\": 3}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["normalize", "FILE"]).exits(0);
    bench.destination.fail(LoadStep::Prepare, ErrorKind::Terminal, 1);
    let both = bench.packages("normalized").join(", ");
    bench
        .cartage(&["load", "FILE"])
        .exits(1)
        .says(&[&format!("packages {both} are pending: "), "continues with them"]);
}

#[test]
fn broken_contracts_and_damaged_packages_have_exit_codes_of_their_own() {
    let bench = Bench::loaded("", ROWS);
    bench.pipeline(&resource("items", "schema_contract = \"freeze\""));
    bench.write("items.jsonl", "{\"id\": 3, \"color\": \"red\"}\n");
    let done = bench.cartage(&["run", "FILE"]).exits(4);
    done.says(&["column `color`", "`cartage abort"]);
    let manifest = format!("data/test/packages/extracted/{}/package.json", bench.packages("extracted")[0]);
    bench.write(&manifest, "{");
    bench.cartage(&["run", "FILE"]).exits(5).says(&["package"]);
    bench.cartage(&["abort", "FILE"]).exits(0).prints(&["is aborted"]);
    bench.pipeline(&resource("items", ""));
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 3);
}

#[test]
fn a_run_that_was_asked_to_stop_says_how_to_go_on() {
    let mut bench = Bench::items("", ROWS);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cancel.cancel();
    bench
        .cartage(&["run", "FILE"])
        .exits(1)
        .says(&["error: normalize was stopped before it finished", "is pending: `cartage run"]);
    bench.cancel = cartage_runtime::CancelToken::default();
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 2);
}

#[test]
fn an_abort_says_what_it_gave_up() {
    let bench = Bench::items("", ROWS);
    bench.cartage(&["abort", "FILE"]).exits(0).prints(&["nothing was pending\n"]);
    bench.cartage(&["extract", "FILE"]).exits(0);
    let pending = bench.packages("extracted").remove(0);
    let done = bench.cartage(&["abort", "FILE"]).exits(0);
    assert_eq!(done.out, format!("package {pending} is aborted\n"));
    bench.destination.fail(LoadStep::Commit, ErrorKind::Terminal, 1);
    bench.cartage(&["run", "FILE"]).exits(1);
    let report = bench.json(&["abort", "FILE"]);
    assert_eq!(
        (report["aborted"].as_array().map(Vec::len), &report["aborted"]),
        (Some(1), &report["partly_loaded"])
    );
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 2);
}

#[test]
fn a_part_of_an_aborted_package_that_was_loaded_is_noted() {
    let bench = Bench::items("", ROWS);
    bench.destination.fail(LoadStep::Commit, ErrorKind::Terminal, 1);
    bench.cartage(&["run", "FILE"]).exits(1);
    let done = bench.cartage(&["abort", "FILE"]).exits(0);
    done.prints(&["note: some jobs of", "the next load removes what it had appended"]);
}

#[test]
fn what_is_left_out_is_told_with_the_option_that_takes_it() {
    let bench = Bench::items("", ROWS);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["run", "FILE"]).exits(0).prints(&["skipped test.items:", "--extract-again"]);
    assert_eq!(bench.count("items"), 2);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["run", "FILE", "--extract-again"]).exits(0);
    assert_eq!(bench.count("items"), 6);
}
