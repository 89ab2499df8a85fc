//! The schema files beside the pipeline, with types of DuckDB.

use std::fs;

use cartage_tests::harness::Bench;
use serde_json::Value;

/// A pipeline that imports from and exports to folders.
fn with_files() -> Bench {
    let bench = Bench::new();
    let path = bench.items("items.jsonl", "columns.id = { data_type = \"bigint\" }");
    let text = fs::read_to_string(&path).expect("the pipeline file");
    let paths = "[pipeline]\nimport_schema_path = \"import\"\nexport_schema_path = \"export\"\n";
    bench.write("pipeline.toml", text.replace("[pipeline]\n", paths));
    bench.write("items.jsonl", "{\"id\": 1, \"amount\": 5}\n");
    bench
}

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_first_run_writes_the_import_file_and_an_edited_one_wins() {
    let bench = with_files();
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
