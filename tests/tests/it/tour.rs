//! The first five minutes: ingest, run, second run, status, packages, schema, abort.

use cartage_tests::harness::Bench;

#[test]
fn one_line_ingests_nested_rows_into_tables() {
    let bench = Bench::new();
    bench.write(
        "events.jsonl",
        "{\"id\": 1, \"at\": \"2024-01-01T00:00:00Z\", \"tags\": [\"a\", \"b\"]}\n{\"id\": 2}\n",
    );
    let done = bench.cartage(&["ingest", "events.jsonl", "duckdb:out.duckdb"]).exits_with(0);
    assert!(done.stdout.contains("events__tags"), "{}", done.stdout);
    assert!(done.stdout.contains("out.duckdb"), "{}", done.stdout);
    assert_eq!(bench.number("SELECT count(*) FROM main.events"), 2);
    assert_eq!(
        bench.number(
            "SELECT count(*) FROM main.events e JOIN main.events__tags t ON t._dlt_parent_id = e._dlt_id"
        ),
        2
    );
    assert_eq!(
        bench.rows("SELECT typeof(\"at\") AS t FROM main.events LIMIT 1"),
        ["{\"t\":\"TIMESTAMP WITH TIME ZONE\"}"]
    );
}

#[test]
fn ingesting_twice_appends_twice() {
    let bench = Bench::new();
    bench.write("a.csv", "id,name\n1,x\n");
    for _ in 0..2 {
        bench
            .cartage(&["ingest", "a.csv", "duckdb:out.duckdb", "--table", "t", "--dataset", "raw"])
            .exits_with(0);
    }
    assert_eq!(bench.number("SELECT count(*) FROM raw.t"), 2);
    assert_eq!(bench.number("SELECT count(*) FROM raw._dlt_loads"), 2);
}

#[test]
fn new_columns_and_tables_arrive_with_later_runs() {
    let bench = Bench::new();
    bench.items("items.jsonl", "");
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench.write("items.jsonl", "{\"id\": \"two\", \"new\": true, \"list\": [{\"a\": 1}]}\n");
    bench.cartage(&["run"]).exits_with(0);
    let rows = bench.rows("SELECT id, id__v_text, new FROM data.items");
    assert_eq!(
        rows,
        ["{\"id\":1,\"id__v_text\":null,\"new\":null}", "{\"id\":null,\"id__v_text\":\"two\",\"new\":true}"]
    );
    let status = bench.cartage(&["status"]).exits_with(0);
    assert!(status.stdout.contains("test"), "{}", status.stdout);
    let schema = bench.cartage(&["schema", "show"]).exits_with(0);
    assert!(schema.stdout.contains("items__list"), "{}", schema.stdout);
    let document = bench.cartage(&["schema", "show", "--format", "json"]).exits_with(0);
    let document: serde_json::Value = serde_json::from_str(&document.stdout).expect("a document");
    assert_eq!(document["tables"]["items"]["columns"]["id__v_text"]["variant"], true);
}

#[test]
fn abort_drops_what_is_pending_and_the_next_run_starts_from_before() {
    let bench = Bench::new();
    bench.items("items.jsonl", "");
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench.write("items.jsonl", "{\"id\": 2, \"unwanted\": 1}\n");
    bench.cartage(&["extract"]).exits_with(0);
    bench.cartage(&["normalize"]).exits_with(0);
    let list = bench.cartage(&["package", "list"]).exits_with(0);
    assert!(list.stdout.contains("normalized"), "{}", list.stdout);
    bench.cartage(&["package", "show"]).exits_with(0);
    bench.cartage(&["abort"]).exits_with(0);
    assert!(bench.package_names("normalized").is_empty() && bench.package_names("extracted").is_empty());
    bench.write("items.jsonl", "{\"id\": 3}\n");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(
        bench.rows("SELECT * EXCLUDE (_dlt_id, _dlt_load_id) FROM data.items"),
        ["{\"id\":1}", "{\"id\":3}"]
    );
}

#[test]
fn a_pending_append_is_finished_and_not_extracted_again_unless_asked() {
    let bench = Bench::new();
    bench.items("items.jsonl", "");
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.cartage(&["extract"]).exits_with(0);
    let done = bench.cartage(&["run"]).exits_with(0);
    assert!(done.stdout.contains("--extract-again"), "{}", done.stdout);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 1);
    bench.cartage(&["extract"]).exits_with(0);
    bench.cartage(&["run", "--extract-again"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 3);
}

#[test]
fn the_statements_of_a_load_can_be_read_before_they_run() {
    let bench = Bench::new();
    bench.items("items.jsonl", "write_disposition = \"merge\"\nprimary_key = \"id\"");
    bench.write("items.jsonl", "{\"id\": 1, \"list\": [1]}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench.cartage(&["package", "show", "--sql"]).exits_with(2).says("normalized");
    bench.cartage(&["extract"]).exits_with(0);
    bench.cartage(&["normalize"]).exits_with(0);
    let sql = bench.cartage(&["package", "show", "--sql"]).exits_with(0).stdout;
    for purpose in [
        "-- where it is missing: create table items__list",
        "-- insert items.",
        "-- merge items: find rows with the primary key of staged rows",
        "-- merge items__list: insert the staged rows below them",
    ] {
        assert!(sql.contains(purpose), "{purpose}: {sql}");
    }
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items__list"), 1);
}

#[test]
fn help_and_wrong_flags_teach() {
    let bench = Bench::new();
    let help = bench.cartage(&["--help"]).exits_with(0);
    assert!(help.stdout.contains("Examples"), "{}", help.stdout);
    bench.cartage(&["run", "--no-such-flag"]).exits_with(2);
    bench.cartage(&["run", "absent.toml"]).exits_with(2).says("absent.toml");
    bench.items("items.jsonl", "wirte_disposition = \"replace\"");
    bench.cartage(&["run"]).exits_with(2).says("write_disposition");
    bench.items("items.jsonl", "max_table_nesting = \"deep\"");
    bench.cartage(&["run"]).exits_with(2).says("max_table_nesting");
    bench.items("items.jsonl", "schema_contract = \"frozen\"");
    bench.cartage(&["run"]).exits_with(2).says("discard_row");
}
