//! `drop`: tables, nested tables, schema and state go together, in one load.

use cartage_tests::harness::Bench;
use serde_json::Value;

/// Two resources with a cursor each; `items` has a nested table.
fn two_resources() -> Bench {
    let bench = Bench::new();
    let resource = |name: &str| {
        format!(
            "[[sources.test.resources]]\nname = \"{name}\"\npath = \"{name}.jsonl\"\n\
             incremental = {{ cursor_path = \"at\" }}\n"
        )
    };
    bench.pipeline(&(resource("items") + &resource("other")));
    bench.write("items.jsonl", "{\"id\": 1, \"at\": 10, \"tags\": [1, 2]}\n");
    bench.write("other.jsonl", "{\"id\": 1, \"at\": 10}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench
}

fn tables(bench: &Bench) -> Vec<String> {
    bench.rows(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'data' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\'",
    )
}

fn state(bench: &Bench) -> Value {
    let done = bench.cartage(&["state", "show", "--format", "json"]).exits_with(0);
    serde_json::from_str::<Value>(&done.stdout).expect("a document")["state"]["sources"]["test"]["resources"]
        .clone()
}

#[test]
fn a_dropped_resource_is_gone_everywhere_and_comes_back_from_the_beginning() {
    let bench = two_resources();
    let plan = bench.cartage(&["drop", "items", "--dry-run"]).exits_with(0);
    assert!(plan.stdout.contains("table data.items__tags would be dropped"), "{}", plan.stdout);
    bench.cartage(&["drop", "items"]).exits_with(2).says("--yes");
    assert_eq!(tables(&bench).len(), 3);

    bench.cartage(&["drop", "items", "--yes"]).exits_with(0);
    assert_eq!(tables(&bench), ["{\"table_name\":\"other\"}"]);
    let state = state(&bench);
    assert!(state.get("items").is_none() && state.get("other").is_some(), "{state}");
    let schema = bench.cartage(&["schema", "show"]).exits_with(0);
    assert!(!schema.stdout.contains("items"), "{}", schema.stdout);
    assert_eq!(bench.number("SELECT count(*) FROM data._dlt_loads"), 2);
    assert_eq!(bench.number("SELECT count(DISTINCT version_hash) FROM data._dlt_version"), 1);

    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 1);
    assert_eq!(bench.number("SELECT count(*) FROM data.other"), 1);
}
