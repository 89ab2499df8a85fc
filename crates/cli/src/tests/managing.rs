//! Commands that change a pipeline without its sources: `state`, `schema`, `sync`, `drop`.

use cartage_destinations_api::{Destination, ErrorKind};
use cartage_destinations_null::{FaultyMemory, LoadStep};

use super::bench::{Bench, resource};

const CURSOR: &str = "incremental = { cursor_path = \"id\" }";
const LAST: &str = "incremental.id.last_value";

fn loaded() -> Bench {
    Bench::loaded(CURSOR, "{\"id\": 1, \"tags\": [1]}\n{\"id\": 2}\n")
}

fn loads(bench: &Bench) -> u64 {
    bench.destination.reader().unwrap().count("_dlt_loads").unwrap()
}

#[test]
fn the_state_is_shown_as_paths_that_can_be_set() {
    let bench = loaded();
    let done = bench.cartage(&["state", "show", "FILE"]).exits(0);
    let done = done.prints(&[
        "state of pipeline test, version 1, hash ",
        "  sources.test.resources.items.incremental.id.last_value = 2\n",
    ]);
    assert!(!done.out.contains("_state") && !done.out.contains("_local"), "{}", done.out);
    let scoped = bench.cartage(&["state", "show", "FILE", "--resource", "items"]).exits(0);
    scoped.prints(&["  incremental.id.last_value = 2\n"]);
    let view = bench.json(&["state", "show", "FILE", "--source", "test"]);
    assert_eq!(view["state"]["resources"]["items"]["incremental"]["id"]["last_value"], 2);
    bench.cartage(&["state", "show", "FILE", "--resource", "x"]).exits(2).says(&["the state has test.items"]);
    bench.write("items.jsonl", "{\"id\": 3}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    let pending = bench.packages("extracted").remove(0);
    bench
        .cartage(&["state", "show", "FILE"])
        .exits(0)
        .prints(&[&format!("  from package {pending}, which is pending\n")]);
}

#[test]
fn a_pipeline_without_state_says_so() {
    let bench = Bench::items("", "");
    bench.cartage(&["abort", "FILE"]).exits(0);
    let done = bench.cartage(&["state", "show", "FILE"]).exits(0);
    assert_eq!(done.out, "pipeline test has no state yet\n");
    assert!(bench.json(&["state", "show", "FILE"])["state"].is_null());
}

#[test]
fn a_value_is_set_and_told_with_what_it_was() {
    let bench = loaded();
    let done = bench.cartage(&["state", "set", LAST, "1", "FILE", "--resource", "items"]).exits(0);
    done.prints(&[
        "sources.test.resources.items.incremental.id.last_value: 1 (was 2)\n",
        "state version 2, load ",
    ]);
    bench
        .cartage(&["state", "set", LAST, "1", "FILE", "--resource", "items"])
        .exits(0)
        .prints(&["the state was already like this\n"]);
    let change = bench.json(&["state", "set", "page", "-7", "FILE", "--source", "test"]);
    assert_eq!(
        (&change["values"][0]["old"], &change["values"][0]["new"]),
        (&serde_json::Value::Null, &(-7).into())
    );
    assert_eq!(loads(&bench), 3);
    let done = bench.cartage(&["state", "reset", "FILE", "--resource", "items"]).exits(0);
    done.prints(&["sources.test.resources.items: forgotten (was {", "state version 4, load "]);
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 4);
}

#[test]
fn what_cannot_be_set_is_told_with_the_remedy() {
    let bench = loaded();
    for (path, value, words) in [
        (LAST, "2024-01-01", ["2024-01-01 is not a JSON value", "a text needs quotes"]),
        ("a..b", "1", ["a name is missing", "cartage state show"]),
        ("a[", "1", ["a[", "names with dots between them"]),
        ("*", "1", ["matches many values", "name one"]),
    ] {
        bench.cartage(&["state", "set", path, value, "FILE", "--resource", "items"]).exits(2).says(&words);
    }
    bench
        .cartage(&["state", "set", "pipeline_name", "\"x\"", "FILE"])
        .exits(2)
        .says(&["belongs to the pipeline"]);
    bench.cartage(&["state", "reset", "FILE"]).exits(2).says(&["--resource or --source"]);
    assert_eq!(loads(&bench), 1);
    bench.destination.fail(LoadStep::Commit, ErrorKind::Transient, 1);
    let done = bench.cartage(&["state", "set", LAST, "1", "FILE", "--resource", "items"]).exits(1);
    let pending = bench.packages("normalized").remove(0);
    done.says(&["cannot set the state", "the change is pending", &format!("package {pending} is pending")]);
}

#[test]
fn a_schema_is_shown_with_types_and_hints() {
    let hints =
        "primary_key = \"id\"\ncolumns = { price = { data_type = \"decimal\", precision = 10, scale = 2 } }";
    let bench = Bench::loaded(hints, "{\"id\": 1, \"price\": 2.5, \"tags\": [1]}\n");
    bench.cartage(&["schema", "show", "FILE"]).exits(0).prints(&[
        "schema test version 2 hash ",
        "\nitems\n",
        "bigint, not null, primary key\n",
        "  price         decimal(10,2)\n",
        "\nitems__tags (below items)\n",
    ]);
    let document = bench.json(&["schema", "show", "FILE"]);
    assert_eq!(document["tables"]["items"]["columns"]["price"]["scale"], 2);
    bench
        .cartage(&["schema", "show", "FILE", "--schema", "shop"])
        .exits(2)
        .says(&["no schema \"shop\"", "it has test"]);
}

#[test]
fn schemas_are_exported_as_they_are_asked_for() {
    let bench = Bench::loaded("primary_key = \"id\"", "{\"id\": 1, \"tags\": [1]}\n");
    for (words, holds) in [
        (vec![], "name: test\n"),
        (vec!["--format", "json"], "\"name\": \"test\""),
        (vec!["--as", "json"], "\"items__tags\""),
        (vec!["--as", "dbml"], "Table \"items\" {\n    \"id\" bigint [pk, not null]"),
        (vec!["--as", "dot"], "digraph"),
        (vec!["--as", "mermaid", "--format", "json"], "erDiagram"),
    ] {
        bench.cartage(&[&["schema", "export", "FILE"], &words[..]].concat()).exits(0).prints(&[holds]);
    }
    let export = |words: &[&str]| bench.cartage(&[&["schema", "export", "FILE"], words].concat());
    export(&["--output", "@out/a.yaml"]).exits(0);
    export(&["--output", "@out/b.json"]).exits(0);
    export(&["--output", "@out/c.txt", "--as", "dbml", "--remove-defaults"]).exits(0);
    assert!(bench.read("out/a.yaml").contains("    name: items\n"));
    assert!(bench.read("out/b.json").starts_with('{') && bench.read("out/c.txt").contains("Table "));
    export(&["--output", "@out/short.yaml", "--remove-defaults", "--remove-processing-hints"]).exits(0);
    let short = bench.read("out/short.yaml");
    assert!(!short.contains("x-normalizer") && short.len() < bench.read("out/a.yaml").len(), "{short}");
    assert!(short.contains("  items__tags:\n    columns:\n"), "{short}");
    export(&["--output", "@out/d.txt"]).exits(2).says(&["txt", "choose the format with --as"]);
}

#[test]
fn differences_are_lines_and_none_is_told_too() {
    let bench = loaded();
    assert_eq!(bench.cartage(&["schema", "diff", "FILE"]).exits(0).out, "no difference\n");
    assert_eq!(bench.json(&["schema", "diff", "FILE"]), serde_json::json!([]));
    bench.cartage(&["schema", "export", "FILE", "--output", "@old.json"]).exits(0);
    bench.pipeline(&resource("items", "primary_key = \"id\"\nmax_table_nesting = 3"));
    bench.write("items.jsonl", "{\"id\": 3, \"new\": true, \"kids\": [{\"k\": \"x\"}]}\n");
    bench.cartage(&["run", "FILE"]).exits(0);
    let forth = bench.cartage(&["schema", "diff", "FILE", "--from", "@old.json"]).exits(0);
    let forth = forth.prints(&[
        "+ column items.new: bool\n",
        "+ table items__kids: ",
        "~ column items.id: primary_key: nothing -> true\n",
    ]);
    let back = bench.cartage(&["schema", "diff", "FILE", "--from", "local", "--to", "@old.json"]).exits(0);
    let back = back.prints(&[
        "- column items.new\n",
        "- table items__kids\n",
        "~ column items.id: primary_key: true -> nothing\n",
    ]);
    assert_eq!(forth.out.lines().count(), back.out.lines().count());
    bench
        .cartage(&["schema", "diff", "FILE", "--to", "@absent.json"])
        .exits(2)
        .says(&["there is no file ./absent.json"]);
}

#[test]
fn an_imported_schema_is_told_with_its_changes_and_its_load() {
    let bench = loaded();
    bench.cartage(&["schema", "export", "FILE", "--output", "@new.json"]).exits(0);
    let same = bench.cartage(&["schema", "import", "@new.json", "--file", "FILE"]).exits(0);
    assert_eq!(same.out, "schema test is already like this\n");
    let mut document: serde_json::Value = serde_json::from_str(&bench.read("new.json")).unwrap();
    document["tables"]["items"]["columns"]["later"] =
        serde_json::json!({ "name": "later", "data_type": "text", "nullable": true });
    bench.write("new.json", &document.to_string());
    let done = bench.cartage(&["schema", "import", "@new.json", "--file", "FILE"]).exits(0);
    done.prints(&["+ column items.later: text\nschema test has hash ", " now, by load "]);
    assert_eq!(loads(&bench), 2);
    bench.write("bad.json", "{");
    bench
        .cartage(&["schema", "import", "@bad.json", "--file", "FILE"])
        .exits(2)
        .says(&["./bad.json", "repair the file"]);
}

#[test]
fn a_column_is_widened_where_the_destination_can() {
    let hints = "columns = { n = { data_type = \"bigint\", precision = 32 } }";
    let bench = Bench::loaded(hints, "{\"n\": 1}\n");
    let widen = ["schema", "widen", "items", "n", "decimal(20, 2)", "--file", "FILE"];
    bench.cartage(&widen).exits(2).says(&["memory cannot change the type of a column", "variant"]);
    let mut bench = Bench::items(hints, "{\"n\": 1}\n");
    bench.destination = FaultyMemory::default().with_capabilities(|all| all.tables.widens_columns = true);
    bench.cartage(&["run", "FILE"]).exits(0);
    let done = bench.cartage(&widen).exits(0);
    done.prints(&["column items.n is decimal(20, 2) now, it was bigint(32), by load "]);
    bench.cartage(&widen).exits(2).says(&["already"]);
    bench
        .cartage(&["schema", "widen", "items", "m", "text", "--file", "FILE"])
        .exits(2)
        .says(&["no column m", "it has n"]);
}

#[test]
fn a_sync_says_which_state_it_is_now() {
    let mut bench = loaded();
    let sync = |bench: &Bench, words: &[&str]| bench.cartage(&[&["sync", "FILE"], words].concat());
    sync(&bench, &[]).exits(0).prints(&["the state, version 1, is that of the destination\n"]);
    std::fs::remove_dir_all(bench.path().join("data")).unwrap();
    sync(&bench, &[])
        .exits(0)
        .prints(&["state version 1 was restored (was none)\nschema test was restored\n"]);
    bench.destination = FaultyMemory::default();
    sync(&bench, &[]).exits(2).says(&["dataset data has no state of pipeline test", "cartage sync --force"]);
    sync(&bench, &["--force"])
        .exits(0)
        .prints(&["the destination has no state; the local one, version 1, is forgotten"]);
    sync(&bench, &[]).exits(0).prints(&["neither the destination nor this machine has a state\n"]);
    let report = bench.json(&["sync", "FILE"]);
    assert_eq!(
        (&report["outcome"], &report["local_version"]),
        (&"up_to_date".into(), &serde_json::Value::Null)
    );
}

#[test]
fn a_state_that_is_newer_here_stays_until_it_is_forced() {
    let older = loaded();
    let bench = loaded();
    bench.cartage(&["state", "set", LAST, "9", "FILE", "--resource", "items"]).exits(0);
    let newer = bench.read("data/test/state.json");
    older.write("data/test/state.json", &newer);
    let done = older.cartage(&["sync", "FILE"]).exits(0);
    done.prints(&[
        "the local state, version 2, is newer than version 1 of the destination and is kept",
        "--force",
    ]);
    older.cartage(&["sync", "FILE", "--force"]).exits(0).prints(&["state version 1 was restored (was 2)\n"]);
}

#[test]
fn a_drop_is_planned_refused_without_a_yes_and_done() {
    let bench = loaded();
    let drop = |words: &[&str]| bench.cartage(&[&["drop", "--file", "FILE"], words].concat());
    let planned = drop(&["items", "--dry-run"]).exits(0);
    assert_eq!(
        planned.out,
        "table data.items__tags would be dropped\ntable data.items would be dropped\nstate of resource items would be forgotten\n"
    );
    drop(&["items"])
        .exits(2)
        .says(&["drop needs confirmation", "check with --dry-run, then confirm with --yes"]);
    assert_eq!((bench.tables().len(), loads(&bench)), (2, 1));
    let done = drop(&["items", "--yes"]).exits(0);
    done.prints(&[
        "table data.items is dropped\n",
        "state of resource items is forgotten\n",
        "done by load ",
    ]);
    assert!(bench.tables().is_empty());
    drop(&["items", "--yes"])
        .exits(0)
        .prints(&["no tables or state of a resource \"items\"", "there is nothing to drop\n"]);
}

#[test]
fn what_is_dropped_can_be_said_in_several_ways_and_wrongly() {
    let bench = loaded();
    let drop = |words: &[&str]| bench.cartage(&[&["drop", "--file", "FILE"], words].concat());
    drop(&["--yes"]).exits(2).says(&["nothing to drop is named", "--drop-all"]);
    drop(&["--yes", "--state-paths", "a..b"]).exits(2).says(&["a name is missing", "cartage state show"]);
    drop(&["items", "--yes", "--source", "shop"]).exits(2).says(&["no source \"shop\"", "it has test"]);
    drop(&["re:(", "--yes"]).exits(2).says(&["re: and a pattern"]);
    let plan = drop(&["--drop-all", "--dry-run", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&plan["plan"]["tables"], &plan["load_id"]),
        (&serde_json::json!(["items__tags", "items"]), &serde_json::Value::Null)
    );
    drop(&["--drop-all", "--state-only", "-y"]).exits(0);
    assert_eq!((bench.tables().len(), loads(&bench)), (2, 2));
    drop(&["--state-paths", "resources.x", "--dry-run"])
        .exits(0)
        .prints(&["warning: the state of source test has nothing at resources.x\n"]);
    bench.write("items.jsonl", "{\"id\": 9}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    drop(&["items", "--yes"]).exits(2).says(&[
        "cannot drop while package",
        "`cartage abort`",
        "is pending: `cartage run ./pipeline.toml`",
    ]);
}
