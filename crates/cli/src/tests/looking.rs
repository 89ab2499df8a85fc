//! Commands that only look: `status`, `package`, `plan`, `source check`, `destination`.

use std::fs;

use cartage_destinations_api::{ErrorKind, KINDS};
use cartage_destinations_null::LoadStep;

use super::bench::{Bench, resource};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";

#[test]
fn the_status_of_a_pipeline_is_told_as_text() {
    let bench = Bench::loaded(CURSOR, "{\"id\": 1}\n");
    let done = bench.cartage(&["status", "FILE"]).exits(0).prints(&[
        "pipeline test in ./data/test\n  into null, dataset data\n",
        "  schema test version 2 with 1 tables, hash ",
        "  state version 1\n1 loaded or aborted packages\n  the last: ",
        "nothing is pending\n",
    ]);
    assert!(!done.out.contains("interrupted"), "{}", done.out);

    bench.write("items.jsonl", "{\"id\": 2}\n");
    bench.destination.fail(LoadStep::Prepare, ErrorKind::Terminal, 1);
    bench.cartage(&["run", "FILE"]).exits(1);
    let pending = bench.packages("normalized").remove(0);
    bench.cartage(&["status", "FILE"]).exits(0).prints(&[
        "pending, finished by the next `cartage run` (or dropped by `cartage abort`):\n",
        &format!("  {pending}  normalized  test"),
        "is in progress or was interrupted; the next `cartage run` finishes it",
    ]);
}

#[test]
fn the_status_of_a_pipeline_is_a_json_document() {
    let bench = Bench::loaded("", "{\"id\": 1}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    let status = bench.json(&["status", "FILE"]);
    assert_eq!((&status["pipeline"], &status["dataset"]), (&"test".into(), &"data".into()));
    assert_eq!(status["packages"][0]["folder"], "extracted");
    assert_eq!(status["packages"][1]["load_id"], bench.packages("loaded")[0]);
    assert_eq!((&status["state_version"], &status["schemas"][0]["name"]), (&1.into(), &"test".into()));
    assert!(status["interrupted_run"].is_null(), "{status}");
}

#[test]
fn packages_are_listed_with_folder_rows_and_damage() {
    let bench = Bench::items(CURSOR, "{\"id\": 1}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["abort", "FILE"]).exits(0);
    bench.cartage(&["run", "FILE"]).exits(0);
    bench.cartage(&["extract", "FILE"]).exits(0);
    let done = bench.cartage(&["package", "list", "FILE"]).exits(0);
    for folder in ["loaded", "aborted"] {
        let load_id = bench.packages(folder).remove(0);
        let line = done.out.lines().find(|line| line.starts_with(&load_id)).unwrap();
        assert!(line.contains(folder) && line.contains(" test ") && line.contains(" rows"), "{line}");
    }
    let list = bench.json(&["package", "list", "FILE"]);
    assert_eq!(
        list.as_array().map(Vec::len),
        Some(2),
        "an extract without new rows leaves no package: {list}"
    );
    let manifest = format!("data/test/packages/aborted/{}/package.json", bench.packages("aborted")[0]);
    bench.write(&manifest, "{");
    bench.cartage(&["package", "list", "FILE"]).exits(0).prints(&["  aborted     ", "package.json"]);

    let fresh = Bench::items("", "");
    fresh.cartage(&["abort", "FILE"]).exits(0);
    assert_eq!(fresh.cartage(&["package", "list", "FILE"]).exits(0).out, "no packages\n");
    assert_eq!(fresh.cartage(&["package", "show", "--file", "FILE"]).exits(0).out, "no packages\n");
    assert_eq!(fresh.json(&["package", "list", "FILE"]), serde_json::json!([]));
}

#[test]
fn a_package_is_shown_by_its_name_or_the_newest_one() {
    let bench = Bench::loaded("", "{\"id\": 1}\n");
    let first = bench.packages("loaded").remove(0);
    bench.cartage(&["extract", "FILE"]).exits(0);
    let second = bench.packages("extracted").remove(0);
    let newest = bench.json(&["package", "show", "--file", "FILE"]);
    assert_eq!(newest["manifest"]["load_id"], second);
    let named = bench.json(&["package", "show", &first, "--file", "FILE"]);
    assert_eq!(named["manifest"]["load_id"], first);
    bench.cartage(&["package", "show", &first, "--file", "FILE"]).exits(0).prints(&[&first, "items"]);
    let done = bench.cartage(&["package", "show", "1.0", "--file", "FILE"]).exits(2);
    done.says(&["the pipeline has no package 1.0", "`cartage package list` shows the packages"]);
}

#[test]
fn statements_are_shown_of_a_package_that_has_some() {
    let bench = Bench::loaded("", "{\"id\": 1}\n");
    let show = ["package", "show", "--sql", "--file", "FILE"];
    bench
        .cartage(&show)
        .exits(2)
        .says(&["only a normalized package", "`cartage extract` and `cartage normalize`"]);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["normalize", "FILE"]).exits(0);
    bench.cartage(&show).exits(2).says(&["memory does not speak SQL"]);
}

#[test]
fn what_is_whole_is_told_apart_from_what_is_damaged() {
    let bench = Bench::loaded("", "{\"id\": 1}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    let (whole, damaged) = (bench.packages("loaded").remove(0), bench.packages("extracted").remove(0));
    let verify = ["package", "verify", "--file", "FILE"];
    let done = bench.cartage(&verify).exits(0);
    assert_eq!(done.out.matches("whole").count(), 2, "{}", done.out);
    let jobs = bench.path().join(format!("data/test/packages/extracted/{damaged}/new_jobs"));
    let job = fs::read_dir(jobs).unwrap().next().unwrap().unwrap().path();
    fs::write(&job, "nonsense").unwrap();
    let done = bench.cartage(&verify).exits(5).says(&["error: ", &damaged]);
    done.prints(&[&format!("{damaged}  extracted   damaged"), &format!("{whole}  loaded      whole")]);
    let list = bench.cartage(&[&verify[..], &["--format", "json"]].concat()).exits(5).json();
    assert_eq!((&list[0]["damage"], &list[1]["folder"]), (&serde_json::Value::Null, &"extracted".into()));
    bench.cartage(&["package", "verify", &whole, "--file", "FILE"]).exits(0);
}

#[test]
fn a_plan_is_told_as_text_and_as_json() {
    let bench = Bench::loaded("", "{\"id\": 1}\n");
    bench.write("items.jsonl", "{\"id\": 2, \"new\": true, \"empty\": null}\n");
    let done = bench.cartage(&["plan", "FILE"]).exits(0).prints(&[
        "-- a run of pipeline test would load 1 packages into memory memory of this process, dataset data\n",
        "-- the tables at the destination were not inspected",
        "-- new package, schema test\n",
        "--   + column items.new: bool\n",
        "--   the destination does not use SQL\n",
        "-- only nulls, so not created: items: empty\n",
    ]);
    assert!(
        done.out.lines().any(|line| line.starts_with("--   items ") && line.ends_with("1 rows")),
        "{}",
        done.out
    );
    assert!(
        done.out.lines().all(|line| line.is_empty() || line.starts_with("--")),
        "all of it is a comment in SQL"
    );
    let plan = bench.json(&["plan", "FILE"]);
    assert_eq!((&plan["packages"][0]["rows"]["items"], &plan["compared"]), (&1.into(), &false.into()));
    assert_eq!((bench.count("items"), bench.packages("extracted").len()), (1, 0));
}

#[test]
fn a_plan_names_what_is_pending_left_out_and_discarded() {
    let bench = Bench::loaded("", "{\"id\": 1}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    let pending = bench.packages("extracted").remove(0);
    bench
        .cartage(&["plan", "FILE"])
        .exits(0)
        .prints(&[&format!("-- pending package {pending}, "), "-- left out: test.items: "]);
    bench.pipeline(&resource("items", "schema_contract = { columns = \"discard_value\" }"));
    bench.write("items.jsonl", "{\"id\": 2, \"new\": 1}\n");
    let done = bench.cartage(&["plan", "FILE", "--extract-again"]).exits(0);
    done.prints(&["-- contract: 1 values discarded: new column items.new"]);
    bench
        .cartage(&["plan", "FILE", "--package", "1.0"])
        .exits(2)
        .says(&["no package 1.0 is pending", &pending]);
}

#[test]
fn sources_are_checked_and_the_exit_code_says_whether_they_can_be_read() {
    let bench = Bench::empty();
    bench.pipeline(&(resource("items", "table_name = \"things\"") + &resource("absent", "")));
    bench.write("items.jsonl", "{\"id\": 1, \"name\": \"a\", \"list\": [1]}\n{\"id\": 2}\n");
    bench.cartage(&["source", "check", "FILE"]).exits(1).prints(&[
        "source test of type files\n\nitems, table things: ok\n",
        "  rows       2 on the first page\n",
        "  first row  {\"id\":1,\"name\":\"a\",\"list\":[1]}\n",
        "  columns    id bigint, name text, list list\n",
        "absent: cannot be read\n  error      ",
    ]);
    let only = ["source", "check", "FILE", "--resource", "items"];
    let done = bench.cartage(&only).exits(0);
    assert!(!done.out.contains("absent"), "{}", done.out);
    let report = bench.json(&only);
    assert_eq!(report["sources"][0]["resources"][0]["first_row"]["name"], "a");
    bench
        .cartage(&["source", "check", "FILE", "--resource", "itms"])
        .exits(2)
        .says(&["the resources are items, absent"]);
    assert!(!bench.path().join("data").exists());
}

#[test]
fn a_long_first_row_is_cut_for_people_and_whole_for_programs() {
    let bench = Bench::items("", &format!("{{\"text\": \"{}\"}}\n", "é".repeat(600)));
    let done = bench.cartage(&["source", "check", "FILE"]).exits(0);
    let line = done.out.lines().find(|line| line.contains("first row")).unwrap();
    assert!(line.ends_with("é ...") && line.chars().count() < 450, "{line}");
    let report = bench.json(&["source", "check", "FILE"]);
    let text = report["sources"][0]["resources"][0]["first_row"]["text"].as_str().unwrap();
    assert_eq!(text.chars().count(), 600);
}

#[test]
fn a_destination_is_checked_with_what_is_there_and_what_waits() {
    let bench = Bench::items(CURSOR, "{\"id\": 1}\n");
    let check = ["destination", "check", "FILE"];
    bench.cartage(&check).exits(0).prints(&[
        "memory at memory of this process, dataset data\n",
        "  ok      read                the dataset is empty or not there yet\nno tables yet\n",
    ]);
    bench.cartage(&["run", "FILE"]).exits(0);
    bench.write("items.jsonl", "{\"id\": 2}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    let (loaded, pending) = (bench.packages("loaded").remove(0), bench.packages("extracted").remove(0));
    bench.cartage(&check).exits(0).prints(&[
        "4 tables: _dlt_loads, _dlt_pipeline_state, _dlt_version, items\n",
        &format!("1 complete loads, the last {loaded} of schema test"),
        &format!("pipeline test with state version 1 of load {loaded}\n"),
        "pending on this machine, loaded by the next `cartage run`:\n",
        &format!("  {pending}  extracted"),
    ]);
    let report = bench.json(&check);
    assert_eq!((&report["found"]["loads"], &report["pending"][0]["load_id"]), (&1.into(), &pending.into()));
}

#[test]
fn all_types_of_destinations_are_listed_with_what_they_can() {
    let bench = Bench::empty();
    let done = bench.cartage(&["destination", "list"]).exits(0);
    for kind in KINDS {
        assert!(done.out.lines().any(|line| line == kind.name), "{}:\n{}", kind.name, done.out);
    }
    let done = done.prints(&[
        "  files    ",
        " unless set)",
        "  rows     exactly once\n",
        "  rows     at least once\n",
        "delete-insert",
    ]);
    assert_eq!(done.out.lines().count(), KINDS.len() * 5);
    assert_eq!(bench.json(&["destination", "list"]).as_array().map(Vec::len), Some(KINDS.len()));
}
