//! Contracts: what a frozen schema says, how it is let go on, and what becomes of what is discarded.

use std::fs;

use cartage_tests::harness::{Bench, Done};
use serde_json::Value;

/// A pipeline whose table `items` exists with `id`, `a` and a child table, and has new rows to load.
fn grown(rows: &str) -> Bench {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1, \"a\": 1, \"kids\": [{\"k\": 1}]}\n");
    bench.items("items.jsonl", "");
    bench.cartage(&["run"]).exits_with(0);
    bench.write("items.jsonl", rows);
    bench
}

fn report(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).expect("a report in JSON")
}

/// All lines of the quarantine files of the newest package in a folder, in the order of the files.
fn kept(bench: &Bench, folder: &str) -> Vec<Value> {
    let names = bench.package_names(folder);
    let quarantine = bench.packages(folder).join(names.last().expect("a package")).join("quarantine");
    let Ok(entries) = fs::read_dir(quarantine) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).expect("text"));
    texts
        .flat_map(|text| {
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_frozen_column_says_everything_and_the_package_goes_on_when_it_may() {
    let bench = grown("{\"id\": 2}\n\n{\"id\": 3, \"color\": \"red\"}\n");
    bench.items("items.jsonl", "schema_contract = \"freeze\"");
    let done = bench.cartage(&["run"]).exits_with(4);
    for words in [
        "resource `items`",
        "column `color` (text) of table `items` is new",
        "row 2 of items.",
        "items.jsonl, line 3",
        "for example \"red\"",
        "schema_contract = { columns = \"evolve\" }",
        "cartage abort",
    ] {
        assert!(done.stderr.contains(words), "{words:?} is not in:\n{}", done.stderr);
    }
    assert_eq!(bench.package_names("extracted").len(), 1, "the package waits");
    bench.cartage(&["normalize"]).exits_with(4).says("color");

    fs::remove_file(bench.path().join("items.jsonl")).expect("the source is gone");
    bench.items("items.jsonl", "schema_contract = { columns = \"evolve\" }");
    bench.cartage(&["normalize"]).exits_with(0);
    bench.cartage(&["load"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 3);
    assert_eq!(bench.number("SELECT count(*) FROM data.items WHERE color = 'red'"), 1);
}

#[test]
fn a_frozen_package_can_be_loaded_without_what_is_new_or_dropped() {
    let bench = grown("{\"id\": 2, \"color\": \"red\"}\n{\"id\": 3}\n");
    bench.items("items.jsonl", "schema_contract = \"freeze\"");
    bench.cartage(&["extract"]).exits_with(0);
    bench.cartage(&["normalize"]).exits_with(4);
    bench.items("items.jsonl", "schema_contract = { columns = \"discard_row\" }\nquarantine = true");
    bench.cartage(&["normalize"]).exits_with(0);
    assert_eq!(kept(&bench, "normalized").len(), 1);
    bench.cartage(&["load"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);

    bench.items("items.jsonl", "schema_contract = \"freeze\"");
    bench.cartage(&["run"]).exits_with(4);
    bench.cartage(&["abort"]).exits_with(0);
    assert!(bench.package_names("extracted").is_empty());
    bench.write("items.jsonl", "{\"id\": 4}\n");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 3);
}

#[test]
fn frozen_types_and_tables_are_named_with_an_example() {
    let bench = grown("{\"id\": 2, \"a\": \"many\"}\n");
    bench.items("items.jsonl", "schema_contract = { data_type = \"freeze\" }");
    bench
        .cartage(&["run"])
        .exits_with(4)
        .says("column `a` of table `items` is bigint, but the value is text");
    bench.cartage(&["abort"]).exits_with(0);
    bench.write("items.jsonl", "{\"id\": 2, \"new\": [{\"n\": 7}]}\n");
    bench.items("items.jsonl", "schema_contract = { tables = \"freeze\" }");
    let done = bench.cartage(&["run"]).exits_with(4);
    done.says("table `items__new` is new").says("{\"n\":7}");
}

#[test]
fn a_new_resource_under_frozen_tables_is_refused_before_anything_is_extracted() {
    let bench = grown("{\"id\": 2}\n");
    bench.write("other.jsonl", "{\"o\": 5}\n");
    bench.pipeline("schema_contract = { tables = \"freeze\" }\n[[sources.test.resources]]\nname = \"other\"\npath = \"other.jsonl\"\n");
    let done = bench.cartage(&["run"]).exits_with(4);
    done.says("resource `other`: table `other` is new").says("{\"o\": 5}");
    assert!(bench.package_names("extracted").is_empty());
}

#[test]
fn discarded_rows_and_values_are_counted_and_kept_with_place_and_reason() {
    let rows = "{\"id\": 2, \"b\": {\"x\": 1}, \"kids\": [{\"k\": 2, \"z\": \"p\"}, {\"k\": 3}]}\n{\"id\": 3, \"a\": \"text\"}\n{\"id\": 4, \"new\": [1, 2]}\n";
    let bench = grown(rows);
    bench.pipeline(
        "schema_contract = { tables = \"discard_row\", columns = \"discard_value\", data_type = \"discard_row\" }\n\
         quarantine = true\n[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n",
    );
    let done = bench.cartage(&["run", "--format", "json"]).exits_with(0);
    let report = report(&done);
    let discarded: Vec<(String, String, u64, u64)> = report["discarded"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            let number = |key: &str| one[key].as_u64().expect("a number");
            (
                format!("{}.{}", text("table"), text("column")),
                format!("{}={}", text("entity"), text("mode")),
                number("rows"),
                number("values"),
            )
        })
        .collect();
    let line = |name: &str, why: &str, rows, values| (name.to_owned(), why.to_owned(), rows, values);
    assert_eq!(
        discarded,
        [
            line("items.a", "data_type=discard_row", 1, 0),
            line("items.b__x", "columns=discard_value", 0, 1),
            line("items__kids.z", "columns=discard_value", 0, 1),
            line("items__new.-", "tables=discard_row", 2, 0),
        ]
    );
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 3);
    assert_eq!(bench.number("SELECT count(*) FROM data.items__kids"), 3);

    let kept = kept(&bench, "loaded");
    let of = |line: u64, key: &str, text: &str| {
        let found = kept.iter().find(|kept| kept["line"] == line && kept[key] == text);
        assert!(found.is_some(), "{line} {key} {text} is not in {kept:#?}");
        let found = found.expect("just asserted");
        assert!(found["source"].as_str().is_some_and(|source| source.contains("items.jsonl")), "{found}");
        found["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert!(of(1, "value", "1").contains("columns: discard_value"));
    assert!(of(1, "value", "\"p\"").contains("`items__kids`"));
    assert!(of(2, "row", "{\"id\": 3, \"a\": \"text\"}").contains("data_type: discard_row"));
    assert!(of(3, "row", "2").contains("tables: discard_row"));
    assert_eq!(kept.len(), 5);

    let traces = bench.data_dir().join("pipelines/test/traces");
    let traces = fs::read_dir(traces)
        .expect("traces")
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()));
    assert!(traces.flatten().any(|trace| trace.contains("discard_value")), "the trace counts them, too");
}

#[test]
fn without_quarantine_nothing_is_kept_and_the_summary_tells() {
    let bench = grown("{\"id\": 2, \"b\": 1}\n");
    bench.items("items.jsonl", "schema_contract = { columns = \"discard_value\" }");
    let done = bench.cartage(&["run"]).exits_with(0);
    assert!(done.stdout.contains("1 values discarded: new column items.b"), "{}", done.stdout);
    assert!(kept(&bench, "loaded").is_empty());
}

#[test]
fn the_rows_of_a_table_that_is_not_let_in_are_kept_by_extract() {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    bench.items("items.jsonl", "schema_contract = { tables = \"discard_row\" }\nquarantine = true");
    let done = bench.cartage(&["run", "--format", "json"]).exits_with(0);
    assert_eq!(report(&done)["discarded"][0]["rows"], 2);
    let kept = kept(&bench, "loaded");
    assert_eq!(
        (kept.len(), &kept[1]["row"], &kept[1]["line"]),
        (2, &Value::from("{\"id\": 2}"), &Value::from(2))
    );
}
