//! `destination check`: what works, what does not and what is there, without leaving anything.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;

use cartage_test_support::postgres::{shared, unique};
use cartage_tests::harness::{Bench, Done, tree};
use serde_json::Value;

fn check(bench: &Bench) -> Value {
    let done = bench.cartage(&["destination", "check", "--format", "json"]).exits_with(0);
    serde_json::from_str(&done.stdout).expect("a JSON document")
}

/// The bench's files but those of its own data folder.
fn files(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    tree(bench.path())
}

fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    let steps = report["steps"].as_array().expect("steps");
    steps
        .iter()
        .map(|step| (step["needs"].as_str().expect("a name"), step["outcome"].as_str().expect("a word")))
        .collect()
}

#[test]
fn a_database_that_is_not_there_yet_is_not_made_by_the_look() {
    let bench = Bench::new();
    bench.items("items.jsonl", "");
    let before = files(&bench);
    let report = check(&bench);
    assert_eq!(outcomes(&report), [("open", "ok"), ("write", "ok"), ("read", "ok")]);
    assert_eq!(report["found"]["tables"], serde_json::json!([]));
    assert_eq!(files(&bench), before, "nothing is left, not even a data folder");
    let text = bench.cartage(&["destination", "check"]).exits_with(0).stdout;
    assert!(text.contains("no tables yet"), "{text}");
}

#[test]
fn what_is_there_is_told() {
    let bench = Bench::new();
    bench.items("items.jsonl", "incremental = { cursor_path = \"id\" }");
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.cartage(&["run"]).exits_with(0);
    let report = check(&bench);
    let found = &report["found"];
    let tables = ["_dlt_loads", "_dlt_pipeline_state", "_dlt_version", "items"];
    assert_eq!(found["tables"], serde_json::json!(tables));
    assert_eq!(found["loads"], 1);
    assert_eq!(found["last_load"]["load_id"], bench.package_names("loaded")[0].as_str());
    assert_eq!(found["pipelines"][0]["name"], "test");
    assert_eq!(found["pipelines"][0]["state_version"], 1);

    // What waits here is told, too.
    bench.write("items.jsonl", "{\"id\": 2}\n");
    bench.cartage(&["extract"]).exits_with(0);
    assert_eq!(check(&bench)["pending"].as_array().map(Vec::len), Some(1));
    let names = bench.rows("SELECT schema_name FROM duckdb_schemas() WHERE schema_name LIKE 'data%'");
    assert_eq!(names, [r#"{"schema_name":"data"}"#], "the trial was taken back");
}

#[test]
fn a_file_that_is_no_database_is_told_with_its_remedy() {
    let bench = Bench::new();
    bench.items("items.jsonl", "");
    bench.write("out.duckdb", "x".repeat(20_000));
    let done = bench.cartage(&["destination", "check"]).exits_with(2);
    assert!(done.stdout.contains("FAILED") && done.stdout.contains("not tried"), "{}", done.stdout);
    assert!(done.stderr.contains("hint: move the file away"), "{}", done.stderr);
}

#[test]
fn null_and_a_command_say_what_they_are() {
    let bench = Bench::new();
    let pipeline = |destination: &str, keys: &str| {
        let text = format!(
            "[pipeline]\nname = \"test\"\ndestination = \"{destination}\"\n[destination.{destination}]\n{keys}\n"
        );
        bench.write("pipeline.toml", text)
    };
    pipeline("null", "");
    let report = check(&bench);
    assert_eq!(outcomes(&report), [("write", "ok")]);
    assert_eq!(report["found"], Value::Null);
    pipeline("process", "command = \"cat\"");
    let before = files(&bench);
    assert_eq!(outcomes(&check(&bench)), [("take rows", "ok"), ("remember positions", "ok")]);
    assert_eq!(files(&bench), before, "nothing was made and nothing run");
}

#[test]
fn a_folder_is_tried_without_being_made() {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.lake("", "");
    let before = files(&bench);
    let report = check(&bench);
    assert_eq!(outcomes(&report), [("list", "ok"), ("write", "ok"), ("read", "ok")]);
    assert_eq!(files(&bench), before);
    bench.cartage(&["run"]).exits_with(0);
    let before = files(&bench);
    let report = check(&bench);
    assert_eq!(report["found"]["loads"], 1);
    assert!(report["found"]["tables"].as_array().unwrap().contains(&"items".into()), "{report}");
    assert_eq!(files(&bench), before);
}

/// Root may write everywhere, so the binary runs as nobody where the tests run as root.
#[test]
fn a_folder_that_may_not_be_written_is_told_with_its_remedy() {
    const NOBODY: u32 = 65534;
    let bench = Bench::new();
    bench.lake("", "");
    let lake = bench.path().join("lake");
    fs::create_dir(&lake).expect("a folder");
    fs::set_permissions(&lake, fs::Permissions::from_mode(0o555)).expect("a folder of ours");
    let mut command = bench.command("cartage", ["destination", "check"]);
    if fs::metadata(&lake).expect("a folder").uid() == 0 {
        let binary = bench.path().join("cartage");
        fs::copy(command.get_program(), &binary).expect("a copy");
        fs::set_permissions(bench.path(), fs::Permissions::from_mode(0o777)).expect("a folder of ours");
        command = bench.program(&binary, ["destination", "check"]);
        command.uid(NOBODY).gid(NOBODY);
    }
    let done = Done::of(&command.output().expect("cartage starts as nobody")).exits_with(2);
    assert!(done.stderr.contains("hint: make the folder of 'bucket_url' writable"), "{}", done.stderr);
    fs::set_permissions(&lake, fs::Permissions::from_mode(0o755)).expect("a folder of ours");
}

#[test]
fn postgres_tells_who_may_do_what() {
    let (server, bench, dataset) = (shared(), Bench::new(), unique("check"));
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"{dataset}\"\ndestination = \"postgres\"\n\
             [sources.test]\ntype = \"files\"\n[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n"
        ),
    );
    bench.write("items.jsonl", "{\"id\": 1}\n");
    let with = |url: &str, args: &[&str]| {
        let mut command = bench.command("cartage", args);
        Done::of(&command.env("DESTINATION__POSTGRES__CREDENTIALS", url).output().unwrap())
    };
    let args = ["destination", "check", "--format", "json"];
    let report: Value = serde_json::from_str(&with(&server.url(), &args).exits_with(0).stdout).unwrap();
    let all = [("connect", "ok"), ("write", "ok"), ("rights", "ok"), ("read", "ok")];
    assert_eq!(outcomes(&report), all);
    let schemas = format!("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '{dataset}%'");
    assert_eq!(server.psql(&schemas), "0", "nothing is left");
    with(&server.url(), &["run"]).exits_with(0);
    let report: Value = serde_json::from_str(&with(&server.url(), &args).exits_with(0).stdout).unwrap();
    assert_eq!(report["found"]["loads"], 1);

    // A user who may connect and nothing else.
    let (user, password) = (unique("guest"), "guest-password");
    server.psql(&format!("CREATE ROLE {user} LOGIN PASSWORD '{password}'"));
    let state = server.state();
    let guest = format!("postgresql://{user}:{password}@127.0.0.1:{}/postgres", state.port);
    let refused = with(&guest, &["destination", "check"]);
    assert_ne!(refused.code, Some(0), "{}", refused.stdout);
    assert!(
        refused.stdout.contains("ok      connect") && refused.stdout.contains("FAILED  write"),
        "{}",
        refused.stdout
    );
    assert!(
        refused.stderr.contains("hint: ") && refused.stderr.contains("GRANT CREATE"),
        "{}",
        refused.stderr
    );
    let wrong = with(&guest.replace(password, "wrong"), &["destination", "check"]).exits_with(2);
    assert!(wrong.stderr.contains("check username and password"), "{}", wrong.stderr);
    let gone = with("postgresql://u:p@localhost:1/d", &["destination", "check"]).exits_with(1);
    assert!(gone.stderr.contains("check host and port"), "{}", gone.stderr);
    server.psql(&format!("DROP SCHEMA {dataset} CASCADE; DROP ROLE {user}"));
}

#[test]
fn the_list_knows_every_type() {
    let text = Bench::new().cartage(&["destination", "list"]).exits_with(0).stdout;
    for name in ["duckdb", "filesystem", "null", "postgres", "process"] {
        assert!(text.lines().any(|line| line == name), "{text}");
    }
}
