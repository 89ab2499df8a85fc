//! `plan`: what a run would do, with nothing changed anywhere; and `dev_mode`.

use std::fs;

use cartage_tests::harness::{Bench, tree};
use serde_json::Value;

fn plan(bench: &Bench, args: &[&str]) -> Value {
    let done = bench.cartage(&[&["plan", "--format", "json"], args].concat()).exits_with(0);
    serde_json::from_str(&done.stdout).expect("a document")
}

fn purposes(package: &Value) -> Vec<String> {
    let statements = package["statements"].as_array().expect("statements");
    statements.iter().map(|statement| statement["purpose"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Everything that a plan must leave alone: data folder without traces and locks, and database.
fn untouched(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    let mut files = tree(&bench.data_dir());
    files.retain(|(name, _)| !name.contains("/locks/"));
    files.push(("out.duckdb".to_owned(), fs::read(bench.path().join("out.duckdb")).unwrap_or_default()));
    files
}

#[test]
fn a_plan_shows_rows_and_statements_and_changes_nothing() {
    let bench = Bench::new();
    bench.items("items.jsonl", "primary_key = \"id\"\nwrite_disposition = \"merge\"");
    bench.write("items.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    let first = plan(&bench, &["--limit", "1"]);
    assert_eq!(first["packages"][0]["rows"]["items"], 1);
    assert!(purposes(&first["packages"][0]).contains(&"create table items".to_owned()), "{first}");
    assert!(!bench.path().join("out.duckdb").exists());
    assert!(bench.package_names("extracted").is_empty());

    bench.cartage(&["run"]).exits_with(0);
    bench.write("items.jsonl", "{\"id\": 3, \"new\": 1, \"tags\": [1, 2]}\n");
    let before = untouched(&bench);
    let second = plan(&bench, &[]);
    assert_eq!(untouched(&bench), before);
    let package = &second["packages"][0];
    let all = purposes(package);
    assert!(all.iter().any(|purpose| purpose.contains("add") && purpose.contains("items")), "{all:?}");
    assert!(all.contains(&"create table items__tags".to_owned()), "{all:?}");
    assert!(!all.contains(&"create table items".to_owned()), "{all:?}");
    assert!(all.iter().any(|purpose| purpose.starts_with("merge items")), "{all:?}");
    assert_eq!(package["rows"]["items__tags"], 2);
    assert!(package["schema_changes"].to_string().contains("items__tags"), "{package}");
    let text = bench.cartage(&["plan"]).exits_with(0).stdout;
    assert!(text.contains("+ column items.new: bigint") && text.contains("CREATE TABLE"), "{text}");
}

#[test]
fn a_plan_that_fails_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.items("items.jsonl", "");
    bench.write("items.jsonl", "{\"id\": 1}\n{\"id\":\n");
    let temporary = bench.path().join("tmp");
    fs::create_dir(&temporary).expect("a folder");
    let done = bench.command("cartage", ["plan"]).env("TMPDIR", &temporary).output().expect("cartage starts");
    assert!(!done.status.success());
    assert_eq!(fs::read_dir(&temporary).expect("the folder").count(), 0);
    assert!(bench.package_names("extracted").is_empty());
}

#[test]
fn in_dev_mode_each_run_has_a_dataset_of_its_own_and_starts_from_nothing() {
    let bench = Bench::new();
    bench.items("items.jsonl", "incremental = { cursor_path = \"at\" }");
    bench.write("items.jsonl", "{\"at\": 1}\n");
    let dev = ["--set", "pipeline.dev_mode=true"];
    bench.cartage(&["run"]).exits_with(0);
    bench.cartage(&[&["run"], &dev[..]].concat()).exits_with(0);
    for stage in ["extract", "normalize", "load"] {
        bench.cartage(&[&[stage], &dev[..]].concat()).exits_with(0);
    }
    let rows = |bench: &Bench| {
        bench.rows(
            "SELECT regexp_matches(schema_name, '^data_\\d{14}$') AS dev, estimated_size AS n FROM duckdb_tables() \
             WHERE table_name = 'items'",
        )
    };
    assert_eq!(rows(&bench), ["{\"dev\":false,\"n\":1}", "{\"dev\":true,\"n\":1}", "{\"dev\":true,\"n\":1}"]);

    bench.write("items.jsonl", "{\"at\": 1}\n{\"at\": 2}\n");
    bench.cartage(&[&["extract"], &dev[..]].concat()).exits_with(0);
    bench.cartage(&["load"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);
    assert_eq!(rows(&bench).len(), 3);
}
