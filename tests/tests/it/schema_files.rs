//! `schema export`, `import`, `diff`, and the schema files beside the pipeline.

use std::fs;

use cartage_tests::harness::Bench;
use serde_json::Value;

fn loaded() -> Bench {
    let bench = Bench::new();
    bench.items("items.jsonl", "primary_key = \"id\"\nwrite_disposition = \"merge\"");
    bench.write("items.jsonl", "{\"id\": 1, \"tags\": [1]}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench
}

/// A pipeline that imports from and exports to folders.
fn with_files(more: &str) -> Bench {
    let bench = Bench::new();
    let path = bench.items("items.jsonl", "columns.id = { data_type = \"bigint\" }");
    let text = fs::read_to_string(&path).expect("the pipeline file");
    let paths = "[pipeline]\nimport_schema_path = \"import\"\nexport_schema_path = \"export\"\n";
    bench.write("pipeline.toml", text.replace("[pipeline]\n", &format!("{paths}{more}")));
    bench.write("items.jsonl", "{\"id\": 1, \"amount\": 5}\n");
    bench
}

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn schemas_are_exported_in_every_format() {
    let bench = loaded();
    for (format, holds) in [
        ("yaml", "  items__tags:\n    name: items__tags\n"),
        ("json", "\"items__tags\""),
        ("dbml", "Table \"items\" {\n    \"id\" bigint [pk, not null]"),
        ("dot", "digraph \"test\""),
        ("mermaid", "erDiagram"),
    ] {
        let done = bench.cartage(&["schema", "export", "--as", format]).exits_with(0);
        assert!(done.stdout.contains(holds), "{format}: {}", done.stdout);
    }
    bench.cartage(&["schema", "export", "--output", "x/test.schema.yaml", "--remove-defaults"]).exits_with(0);
    assert!(read(&bench, "x/test.schema.yaml").contains("  items__tags:\n    columns:\n"));
    bench.cartage(&["schema", "export", "--as", "xml"]).exits_with(2).says("mermaid");
}

#[test]
fn differences_are_named_between_destination_package_file_and_local() {
    let bench = loaded();
    let done = bench.cartage(&["schema", "diff"]).exits_with(0);
    assert_eq!(done.stdout, "no difference\n");
    bench.cartage(&["schema", "export", "--output", "old.yaml"]).exits_with(0);
    bench.write("items.jsonl", "{\"id\": 2, \"new\": true}\n");
    bench.cartage(&["extract"]).exits_with(0);
    bench.cartage(&["normalize"]).exits_with(0);
    let package = format!("package:{}", bench.package_names("normalized")[0]);
    for args in [vec![], vec!["--from", "old.yaml"], vec!["--to", package.as_str()]] {
        let done = bench.cartage(&[&["schema", "diff"], args.as_slice()].concat()).exits_with(0);
        assert!(done.stdout.contains("+ column items.new: bool"), "{args:?}: {}", done.stdout);
    }
    bench.cartage(&["schema", "diff", "--from", "absent.yaml"]).exits_with(2).says("absent.yaml");
    bench.cartage(&["schema", "diff", "--from", "package:1.0"]).exits_with(2).says("package list");
}

#[test]
fn an_imported_schema_is_loaded_and_decides_about_new_columns() {
    let bench = loaded();
    bench.cartage(&["schema", "export", "--output", "test.yaml"]).exits_with(0);
    let text = read(&bench, "test.yaml");
    let column = "      later:\n        name: later\n        data_type: text\n        nullable: yes\n";
    let text = text.replacen(
        "  items:\n    name: items\n    columns:\n",
        &format!("  items:\n    name: items\n    columns:\n{column}"),
        1,
    );
    assert!(text.contains("later"), "{text}");
    bench.write("test.yaml", text);
    let done = bench.cartage(&["schema", "import", "test.yaml"]).exits_with(0);
    assert!(done.stdout.contains("+ column items.later: text"), "{}", done.stdout);
    assert_eq!(bench.number("SELECT count(*) FROM data._dlt_version"), 2);
    bench.write("items.jsonl", "{\"id\": 2, \"later\": 5}\n");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.rows("SELECT later FROM data.items WHERE id = 2"), ["{\"later\":\"5\"}"]);
    let again = bench.cartage(&["schema", "import", "absent.yaml"]).exits_with(2);
    assert!(again.stderr.contains("absent.yaml"), "{}", again.stderr);
}

#[test]
fn the_first_run_writes_the_import_file_and_an_edited_one_wins() {
    let bench = with_files("");
    bench.cartage(&["run"]).exits_with(0);
    let imported = read(&bench, "import/test.schema.yaml");
    assert!(imported.contains("items:") && imported.contains("id:"), "{imported}");
    assert!(!imported.contains("amount:") && !imported.contains("x-normalizer"), "{imported}");
    let exported = read(&bench, "export/test.schema.yaml");
    assert!(exported.contains("amount:") && exported.contains("seen-data: true"), "{exported}");

    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(read(&bench, "import/test.schema.yaml"), imported);
    let local = |bench: &Bench| {
        let done = bench.cartage(&["schema", "show", "--format", "json"]).exits_with(0);
        serde_json::from_str::<Value>(&done.stdout).expect("a document")
    };
    assert_eq!(local(&bench)["tables"]["items"]["columns"]["amount"]["data_type"], "bigint");

    let edited = imported.replace(
        "      id:\n",
        "      price:\n        data_type: decimal\n        nullable: true\n      id:\n",
    );
    assert_ne!(edited, imported);
    bench.write("import/test.schema.yaml", edited);
    bench.write("items.jsonl", "{\"id\": 2, \"price\": 1}\n");
    bench.cartage(&["run"]).exits_with(0).says("import file replaces");
    let schema = local(&bench);
    assert_eq!(schema["tables"]["items"]["columns"]["price"]["data_type"], "decimal");
    assert!(schema["tables"]["items"]["columns"].get("amount").is_none());
    assert_eq!(schema["tables"]["items"]["x-normalizer"]["seen-data"], true);
    assert_eq!(
        bench.rows("SELECT typeof(price) AS t FROM data.items WHERE id = 2"),
        ["{\"t\":\"DECIMAL(38,9)\"}"]
    );
    bench.cartage(&["schema", "import", "export/test.schema.yaml"]).exits_with(2).says("import_schema_path");
    bench.write("import/test.schema.yaml", "name: [test\n");
    bench.cartage(&["run"]).exits_with(2).says("test.schema.yaml").says("line");
}

#[test]
fn an_import_file_that_is_there_is_where_the_first_run_starts_and_json_works_too() {
    let bench = with_files("external_schema_format = \"json\"\n");
    bench.cartage(&["extract"]).exits_with(0);
    let text = read(&bench, "import/test.schema.json");
    let mut document: Value = serde_json::from_str(&text).expect("a document");
    document["tables"]["items"]["columns"]["amount"] =
        serde_json::json!({"data_type": "double", "nullable": true});
    bench.write("import/test.schema.json", document.to_string());
    bench.cartage(&["abort"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.rows("SELECT amount FROM data.items"), ["{\"amount\":5.0}"]);
    let stored = bench.rows("SELECT \"schema\"::JSON->>'imported_version_hash' AS h FROM data._dlt_version");
    assert!(stored.iter().all(|row| !row.contains("null")), "{stored:?}");
}
