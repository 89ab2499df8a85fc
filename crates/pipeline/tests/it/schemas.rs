//! Schemas: those of files and packages, imported, exported, compared, and columns that are widened.

use cartage_pipeline::{Kind, PipelineError, SchemaImport, SchemaPlace, WidenOptions, Widened};
use cartage_schema::{DataType, Schema};

use crate::bench::{Bench, done, fails, ids, resource, says};

fn loaded() -> Bench {
    let bench = Bench::items("", "{\"id\": 1, \"tags\": [1]}\n");
    bench.run();
    bench
}

/// A pipeline that imports from and exports to folders, with these lines in `[pipeline]`.
fn with_files(sets: &[&str]) -> Bench {
    let bench = Bench::items("columns.id = { data_type = \"bigint\" }", "{\"id\": 1, \"amount\": 5}\n");
    let sets =
        ["pipeline.import_schema_path=import", "pipeline.export_schema_path=export"].iter().chain(sets);
    sets.fold(bench, |bench, set| bench.set(set))
}

fn place(text: &str) -> SchemaPlace {
    text.parse().unwrap()
}

fn at(bench: &Bench, text: &str) -> Result<Schema, PipelineError> {
    bench.with(|project, connector| project.schema_at(&place(text), None, connector))
}

fn import(bench: &Bench, name: &str) -> Result<SchemaImport, PipelineError> {
    let path = bench.path().join(name);
    bench.with(|project, connector| project.import_schema(&path, connector))
}

fn export(bench: &Bench, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut document = serde_json::from_str(&bench.project().schema(None).unwrap().to_json()).unwrap();
    change(&mut document);
    bench.write(name, &document.to_string());
}

#[test]
fn places_are_read_as_they_are_written() {
    assert_eq!(place("local"), SchemaPlace::Local);
    assert_eq!(place("destination"), SchemaPlace::Destination);
    assert_eq!(place("package:1.5"), SchemaPlace::Package("1.5".to_owned()));
    assert_eq!(place("x/local.yaml"), SchemaPlace::File("x/local.yaml".into()));
}

#[test]
fn differences_are_found_between_destination_package_file_and_local() {
    let bench = loaded();
    export(&bench, "old.json", |_| ());
    assert!(at(&bench, "destination").unwrap().changes_to(&at(&bench, "local").unwrap()).is_empty());
    bench.write("items.jsonl", "{\"id\": 2, \"new\": true}\n");
    bench.extract();
    bench.normalize();
    let package = format!("package:{}", bench.project().pending().unwrap()[0]);
    let old = bench.path().join("old.json").display().to_string();
    for (from, to) in [("destination", "local"), (old.as_str(), "local"), ("destination", &package)] {
        let changes = at(&bench, from).unwrap().changes_to(&at(&bench, to).unwrap());
        let text = serde_json::to_string(&changes).unwrap();
        assert!(text.contains("\"new\"") && text.contains("\"bool\""), "{from} {to}: {text}");
        assert_eq!(changes.len(), 1, "{text}");
    }
}

#[test]
fn a_schema_that_is_nowhere_is_told_with_what_could_be_named() {
    let bench = loaded();
    for (text, words) in [
        ("absent.yaml", vec!["there is no file absent.yaml"]),
        ("schema.xml", vec!["xml", "ends with .yaml or .json"]),
        ("package:1.0", vec!["no package 1.0", "cartage package list"]),
        ("package:nonsense", vec!["no package nonsense"]),
    ] {
        says(&fails(at(&bench, text)), Kind::Usage, &words);
    }
    let fresh = Bench::items("", &ids([1]));
    says(
        &fails(at(&fresh, "destination")),
        Kind::Usage,
        &["dataset data has no schema \"test\"", "first load"],
    );
    says(&fails(at(&fresh, "local")), Kind::Usage, &["the pipeline has no schema \"test\"", "run it first"]);
}

#[test]
fn an_imported_schema_is_loaded_and_decides_about_later_values() {
    let bench = loaded();
    export(&bench, "new.json", |document| {
        document["tables"]["items"]["columns"]["later"] =
            serde_json::json!({ "name": "later", "data_type": "text", "nullable": true });
    });
    let report = done(import(&bench, "new.json"));
    assert_eq!((report.schema.as_str(), report.changes.len(), report.load_id.is_some()), ("test", 1, true));
    let stored = at(&bench, "destination").unwrap();
    assert_eq!(stored.version_hash, Some(report.version_hash));
    assert_eq!(bench.count("_dlt_version"), 2);
    bench.write("items.jsonl", "{\"id\": 2, \"later\": 5}\n");
    bench.run();
    assert_eq!(bench.values("items", "later"), ["5", "null"]);
    assert_eq!(bench.columns("items"), ["id", "later"], "no variant beside it");

    export(&bench, "same.json", |_| ());
    let again = done(import(&bench, "same.json"));
    assert_eq!((again.changes.len(), again.load_id), (0, None));
}

#[test]
fn what_cannot_be_imported_changes_nothing() {
    let bench = loaded();
    bench.write("broken.json", "{\"name\": \"test\"");
    bench.write("strange.yaml", "name: [test\n");
    for (name, words) in [
        ("broken.json", vec!["broken.json", "repair the file"]),
        ("strange.yaml", vec!["strange.yaml", "repair the file"]),
        ("absent.json", vec!["there is no file", "absent.json"]),
    ] {
        says(&fails(import(&bench, name)), Kind::Usage, &words);
    }
    export(&bench, "old.json", |_| ());
    bench.write("items.jsonl", &ids([2]));
    bench.extract();
    says(&fails(import(&bench, "old.json")), Kind::Usage, &["cannot import a schema while package"]);
    bench.run();
    let bench = bench.set("pipeline.import_schema_path=import");
    says(&fails(import(&bench, "old.json")), Kind::Usage, &["import_schema_path is set", "test.schema.yaml"]);
}

#[test]
fn the_first_run_writes_the_import_file_and_an_edited_one_wins() {
    let bench = with_files(&[]);
    bench.run();
    let imported = bench.read("import/test.schema.yaml");
    assert!(imported.contains("items:") && imported.contains("id:"), "{imported}");
    assert!(!imported.contains("amount:") && !imported.contains("x-normalizer"), "{imported}");
    let exported = bench.read("export/test.schema.yaml");
    assert!(exported.contains("amount:") && exported.contains("seen-data: true"), "{exported}");
    bench.run();
    assert_eq!(bench.read("import/test.schema.yaml"), imported, "it is written once");
    assert!(bench.project().schema(None).unwrap().tables["items"].columns.contains_key("amount"));

    let edited = imported.replace(
        "      id:\n",
        "      price:\n        data_type: decimal\n        nullable: true\n      id:\n",
    );
    assert_ne!(edited, imported);
    bench.write("import/test.schema.yaml", &edited);
    bench.write("items.jsonl", "{\"id\": 2, \"price\": 1}\n");
    bench.run();
    let schema = bench.project().schema(None).unwrap();
    let items = &schema.tables["items"];
    assert_eq!(items.columns["price"].data_type, Some(DataType::Decimal));
    assert!(!items.columns.contains_key("amount") && items.has_seen_data());
    assert!(bench.read("export/test.schema.yaml").contains("price:"));

    for (text, words) in [
        ("name: [test\n".to_owned(), vec!["test.schema.yaml", "line"]),
        (edited.replace("name: test", "name: shop"), vec!["contains schema \"shop\" and not \"test\""]),
    ] {
        bench.write("import/test.schema.yaml", &text);
        says(&bench.run_fails(), Kind::Usage, &words);
    }
}

#[test]
fn an_import_file_that_is_there_is_where_the_first_run_starts() {
    let bench = with_files(&["pipeline.external_schema_format=json"]);
    bench.extract();
    let mut document: serde_json::Value =
        serde_json::from_str(&bench.read("import/test.schema.json")).unwrap();
    document["tables"]["items"]["columns"]["amount"] =
        serde_json::json!({ "data_type": "double", "nullable": true });
    bench.write("import/test.schema.json", &document.to_string());
    done(bench.project().abort());
    bench.run();
    assert_eq!(bench.values("items", "amount"), ["5.0"]);
    let schema = at(&bench, "destination").unwrap();
    assert!(schema.imported_version_hash.is_some());
}

#[test]
fn a_form_that_is_only_written_is_exported_and_not_imported() {
    for (format, file, holds) in [
        ("dbml", "test.schema.dbml", "Table \"items\""),
        ("dot", "test.schema.dot", "digraph"),
        ("mermaid", "test.schema.mermaid", "erDiagram"),
    ] {
        let set = format!("pipeline.external_schema_format={format}");
        says(&with_files(&[&set]).run_fails(), Kind::Usage, &["cannot be imported from", "yaml or json"]);
        let bench = Bench::items("", &ids([1])).set("pipeline.export_schema_path=export").set(&set);
        bench.extract();
        bench.run();
        let folder = std::fs::read_dir(bench.path().join("export")).unwrap();
        let names: Vec<_> =
            folder.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(names, [file]);
        assert!(bench.read(&format!("export/{file}")).contains(holds), "{format}");
    }
}

fn widen(bench: &Bench, table: &str, column: &str, to: &str) -> Result<Widened, PipelineError> {
    let (table, column, to) = (table.to_owned(), column.to_owned(), to.parse().unwrap());
    let options = WidenOptions { schema: None, table, column, to };
    bench.with(|project, connector| project.widen_column(&options, connector))
}

/// A table `items` with an integer of 32 bits, at a destination that can change types.
fn narrow() -> Bench {
    let hints = "columns = { n = { data_type = \"bigint\", precision = 32 } }";
    let mut bench = Bench::items(hints, "{\"id\": 1, \"n\": 7}\n");
    bench.destination = bench.destination.clone().with_capabilities(|all| all.tables.widens_columns = true);
    bench.run();
    bench
}

#[test]
fn a_wider_type_is_loaded_and_later_values_fit() {
    let bench = narrow();
    let done = done(widen(&bench, "items", "n", "bigint"));
    assert_eq!(
        (done.from.as_str(), done.to.as_str(), done.load_id.is_some()),
        ("bigint(32)", "bigint", true)
    );
    assert_eq!(at(&bench, "destination").unwrap().tables["items"].columns["n"].precision, None);
    bench.write("items.jsonl", "{\"id\": 2, \"n\": 5000000000}\n");
    bench.run();
    assert_eq!(bench.columns("items"), ["id", "n"], "no variant beside it");
    assert_eq!(bench.values("items", "n"), ["5000000000", "7"]);
}

#[test]
fn what_cannot_be_widened_is_told_and_nothing_is_loaded() {
    let bench = narrow();
    for (table, column, to, words) in [
        ("items", "n", "bigint(16)", vec!["can hold values that bigint(16) cannot", "cartage drop"]),
        ("orders", "n", "bigint", vec!["no table orders", "there are items"]),
        ("items", "m", "bigint", vec!["no column m", "it has n, id"]),
        ("items", "n", "bigint(32)", vec!["already", "nothing has to be done"]),
    ] {
        says(&fails(widen(&bench, table, column, to)), Kind::Usage, &words);
    }
    assert_eq!(bench.folders(), [0, 0, 1, 0]);
    let fresh = Bench::items("", &ids([1]));
    says(
        &fails(widen(&fresh, "items", "id", "decimal")),
        Kind::Usage,
        &["no table items", "nothing was loaded yet"],
    );
    let bench = loaded();
    says(
        &fails(widen(&bench, "items", "id", "decimal")),
        Kind::Usage,
        &["memory cannot change the type", "variant"],
    );
    bench.extract();
    says(
        &fails(widen(&bench, "items", "id", "decimal")),
        Kind::Usage,
        &["cannot widen column id of table items while"],
    );
}

#[test]
fn a_column_without_rows_is_widened_in_the_schema_only() {
    let bench = narrow();
    bench.pipeline(
        &(resource("items", "")
            + &resource("empty", "columns = { n = { data_type = \"bigint\", precision = 16 } }")),
    );
    bench.write("items.jsonl", &ids([2]));
    bench.write("empty.jsonl", "");
    bench.run();
    let widened = done(widen(&bench, "empty", "n", "bigint"));
    assert_eq!(widened.to, "bigint");
    assert_eq!(bench.project().schema(None).unwrap().tables["empty"].columns["n"].precision, None);
    assert!(!bench.tables().contains(&"empty".to_owned()));
}
