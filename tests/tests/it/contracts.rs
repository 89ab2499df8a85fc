//! Contracts: what a frozen schema says, how it is let go on, and what becomes of what is discarded.

use std::fs;

use cartage_tests::harness::Bench;
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
