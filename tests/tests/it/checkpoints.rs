//! Runs of several packages: the tables and the state of a run with one.

use std::fmt::Write as _;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_tests::content::content;
use cartage_tests::harness::{Bench, tree};
use serde_json::Value;

const ROWS: usize = 16_000;

/// Rows of some pages, in the order of `id`.
fn rows(kind: &str) -> String {
    let mut text = String::new();
    for i in 0..ROWS {
        let filler = "x".repeat(120 + i % 60);
        let _ =
            writeln!(text, r#"{{"id": {i}, "kind": "{kind}", "text": "{filler}", "list": [{{"k": {i}}}]}}"#);
    }
    text
}

/// An append in the order of its cursor, two merges and a replace, with these settings of `[extract]`.
fn bench(extract: &str) -> Bench {
    let bench = Bench::new();
    for name in ["events", "people", "changes", "stock"] {
        bench.write(&format!("{name}.jsonl"), rows(name));
    }
    bench.pipeline(&format!(
        r#"
[extract]
{extract}

[[sources.test.resources]]
name = "events"
path = "events.jsonl"
incremental = {{ cursor_path = "id", row_order = "asc" }}

[[sources.test.resources]]
name = "people"
path = "people.jsonl"
write_disposition = "merge"
primary_key = "id"

[[sources.test.resources]]
name = "changes"
path = "changes.jsonl"
write_disposition = {{ disposition = "merge", strategy = "upsert" }}
primary_key = "id"
incremental = {{ cursor_path = "id" }}

[[sources.test.resources]]
name = "stock"
path = "stock.jsonl"
write_disposition = "replace"
"#
    ));
    bench
}

const SMALL: &str = "package_max_rows = 1000";

/// What the sources remember. Where a run starts is not that of one that was interrupted.
fn remembered(bench: &Bench) -> Value {
    let text = fs::read_to_string(bench.data_dir().join("pipelines/test/state.json")).expect("a state");
    let state: Value = serde_json::from_str(&text).expect("JSON");
    let mut sources = state["sources"].clone();
    for resource in ["events", "changes"] {
        let entry = &mut sources["test"]["resources"][resource]["incremental"]["id"];
        entry.as_object_mut().expect("an entry").remove("start_value");
    }
    sources
}

fn loaded(bench: &Bench) -> usize {
    bench.package_names("loaded").len()
}

fn nothing_is_pending(bench: &Bench) {
    for folder in ["staging", "extracted", "normalized"] {
        assert_eq!(bench.package_names(folder), [""; 0], "{folder}/ is left empty");
    }
}

#[test]
fn many_packages_leave_the_tables_and_the_state_of_one() {
    let (one, many) = (bench(""), bench(SMALL));
    for bench in [&one, &many] {
        bench.cartage(&["run"]).exits_with(0);
        // Again: nothing is new to the cursors, the replaced table is the same.
        bench.cartage(&["run"]).exits_with(0);
        nothing_is_pending(bench);
    }
    assert_eq!(loaded(&one), 2);
    assert!(loaded(&many) > 4, "{} packages", loaded(&many));
    let wanted = content(&one.database());
    assert_eq!((wanted["events"].0, wanted["stock__list"].0), (ROWS as i64, ROWS as i64));
    assert_eq!(content(&many.database()), wanted);
    assert_eq!(remembered(&many), remembered(&one));
}

#[test]
fn a_run_of_many_packages_that_is_killed_goes_on_behind_the_last_one() {
    const MOMENTS: u32 = 12;
    let undisturbed = bench(SMALL);
    let begin = Instant::now();
    undisturbed.cartage(&["run"]).exits_with(0);
    let whole = begin.elapsed();
    let (wanted, state) = (content(&undisturbed.database()), remembered(&undisturbed));
    for moment in 0..MOMENTS {
        let bench = bench(SMALL);
        let mut child = bench.start(&["run"]);
        sleep(whole * moment / MOMENTS + Duration::from_millis(1));
        let _ = child.kill();
        child.wait().expect("a child ends");
        bench.cartage(&["run"]).exits_with(0);
        assert_eq!(content(&bench.database()), wanted, "killed after {moment}/{MOMENTS} of {whole:?}");
        assert_eq!(remembered(&bench), state);
        nothing_is_pending(&bench);
    }
}

#[test]
fn an_interrupted_run_that_refreshes_does_so_once() {
    let bench = bench(SMALL);
    bench.cartage(&["run"]).exits_with(0);
    let before = loaded(&bench);
    let mut child = bench.start(&["run", "--refresh", "drop_sources"]);
    while loaded(&bench) == before && child.try_wait().expect("a child").is_none() {
        sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    child.wait().expect("a child ends");
    let was_interrupted = bench.data_dir().join("pipelines/test/run.json").exists();
    bench.cartage(&["run", "--refresh", "drop_sources"]).exits_with(0);
    let refreshes = tree(&bench.packages("loaded")).into_iter().filter(|(name, bytes)| {
        name.ends_with("package.json") && String::from_utf8_lossy(bytes).contains("\"refresh\"")
    });
    assert_eq!(refreshes.count(), if was_interrupted { 1 } else { 2 });
    let tables = content(&bench.database());
    for table in ["events", "people", "changes", "stock"] {
        assert_eq!(tables[table].0, ROWS as i64, "{table}");
    }
    let state = remembered(&bench);
    assert_eq!(state["test"]["resources"]["events"]["incremental"]["id"]["last_value"], ROWS - 1);
}

#[test]
fn three_processes_leave_the_packages_of_one_whose_stages_overlap() {
    const REPEATABLE: [(&str, &str); 2] = [("CARTAGE_CLOCK", "1767225600000000"), ("CARTAGE_SEED", "7")];
    let (one, three) = (bench(SMALL), bench(SMALL));
    let run = |bench: &Bench, name: &str, args: &[&str]| {
        let output = bench.command(name, args).envs(REPEATABLE).output().expect("starts");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(&one, "cartage", &["run"]);
    for stage in ["cartage-extract", "cartage-normalize", "cartage-load"] {
        run(&three, stage, &["pipeline.toml"]);
    }
    let packages = |bench: &Bench| -> Vec<(String, Vec<u8>)> {
        let here = bench.path().to_string_lossy().into_owned();
        let plain = |bytes: Vec<u8>| match String::from_utf8(bytes) {
            Ok(text) => text.replace(&here, "").into_bytes(),
            Err(error) => error.into_bytes(),
        };
        // The checksums of `package.json` know the folder.
        let files = tree(&bench.packages("loaded")).into_iter();
        files
            .filter(|(name, _)| !name.ends_with("package.json"))
            .map(|(name, bytes)| (name, plain(bytes)))
            .collect()
    };
    let (a, b) = (packages(&one), packages(&three));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for ((name, left), (_, right)) in a.iter().zip(&b) {
        assert!(left == right, "{name} differs");
    }
    assert!(loaded(&one) > 2);
}

#[test]
fn stages_in_processes_of_their_own_work_concurrently() {
    let beside = bench(SMALL);
    let wait = ["--wait"];
    for _ in 0..3 {
        let mut extract = beside.command("cartage-extract", ["pipeline.toml"]).spawn().expect("starts");
        loop {
            let ended = extract.try_wait().expect("a child");
            let stages = ["cartage-normalize", "cartage-load"].map(|name| {
                let args = ["pipeline.toml"].iter().chain(&wait).copied();
                (name, beside.command(name, args).output().expect("starts"))
            });
            for (name, output) in stages {
                assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            }
            if let Some(status) = ended {
                assert!(status.success());
                break;
            }
        }
    }
    nothing_is_pending(&beside);
    let one = bench("");
    one.cartage(&["run"]).exits_with(0);
    assert_eq!(content(&beside.database()), content(&one.database()));
    assert_eq!(remembered(&beside), remembered(&one));
}
