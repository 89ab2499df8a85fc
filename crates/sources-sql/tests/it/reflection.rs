//! What the database says, as hints and resources.

use cartage_source_api::Page;
use serde_json::{Value, json};

use crate::support::{Schema, context, resource, rows_of};

const SHOP: &str = "CREATE TABLE customers (id int8 PRIMARY KEY, name varchar(20) NOT NULL); \
    CREATE TABLE orders (id int8, line int2, customer int8 REFERENCES customers, total numeric(10, 2), at timestamp, \
    PRIMARY KEY (id, line)); CREATE VIEW recent AS SELECT id FROM orders; CREATE TABLE \"Größe\" (\"a\"\"b\" int)";

#[test]
fn all_tables_of_the_schema_are_resources_and_views_if_asked_for() {
    let schema = Schema::with(SHOP);
    let names = |keys: &Value| {
        let resources = schema.source(keys).resources(Vec::new()).unwrap();
        resources.into_iter().map(|resource| resource.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&json!({})), ["Größe", "customers", "orders"]);
    assert_eq!(names(&json!({"include_views": true})), ["Größe", "customers", "orders", "recent"]);
    assert_eq!(names(&json!({"table_names": ["recent"]})), ["recent"]);
}

#[test]
fn keys_types_and_references_become_hints_by_level() {
    let schema = Schema::with(SHOP);
    let hints = |level: &str| {
        let keys = json!({"reflection_level": level, "resolve_foreign_keys": level != "minimal"});
        let made = resource(&schema.source(&keys), "orders", &json!({}), &json!({})).unwrap();
        serde_json::to_value(made.hints).unwrap()
    };
    let full = hints("full");
    assert_eq!(full["primary_key"], json!(["id", "line"]));
    assert_eq!(full["columns"]["id"]["data_type"], "bigint");
    assert_eq!(full["columns"]["id"]["nullable"], false);
    assert_eq!(full["columns"]["line"].get("precision"), None);
    let total = &full["columns"]["total"];
    assert_eq!((&total["precision"], &total["scale"]), (&json!(10), &json!(2)));
    assert_eq!(full["columns"]["at"]["timezone"], false);
    assert_eq!(full["references"][0]["referenced_table"], "customers");
    assert_eq!(full["references"][0]["columns"], json!(["customer"]));
    assert_eq!(hints("full_with_precision")["columns"]["line"]["precision"], 32);
    assert_eq!(hints("minimal")["columns"]["id"].get("data_type"), None);
    assert_eq!(hints("minimal")["primary_key"], json!(["id", "line"]));
}

#[test]
fn hints_of_the_user_win_and_a_key_that_is_not_read_is_none() {
    let schema = Schema::with(SHOP);
    let made = schema.resource("orders", &json!({"primary_key": "line"}), &json!({}));
    assert_eq!(serde_json::to_value(&made.hints.primary_key).unwrap(), "line");
    let made = schema.resource("orders", &json!({}), &json!({"excluded_columns": ["line"]}));
    assert_eq!(made.hints.primary_key, None);
}

#[test]
fn queries_conditions_and_odd_names_are_read() {
    let schema = Schema::with(SHOP);
    schema.run("INSERT INTO customers VALUES (1, 'a'), (2, 'b'); INSERT INTO \"Größe\" VALUES (7)");
    let rows = schema.rows("customers", &json!({}), &json!({"where": "name <> 'a' -- not him"})).unwrap();
    assert_eq!(rows, [json!({"id": 2, "name": "b"})]);
    let query = format!("SELECT count(*) AS n, max(name) AS last FROM {}.customers;", schema.name);
    assert_eq!(
        schema.rows("q", &json!({}), &json!({"query": query})).unwrap(),
        [json!({"n": 2, "last": "b"})]
    );
    assert_eq!(schema.rows("Größe", &json!({}), &json!({})).unwrap(), [json!({"a\"b": 7})]);
    assert_eq!(schema.rows("g", &json!({}), &json!({"table": "Größe"})).unwrap().len(), 1);
    assert!(schema.rows("orders", &json!({}), &json!({})).unwrap().is_empty());
}

#[test]
fn batches_have_the_rows_that_were_asked_for() {
    let schema =
        Schema::with("CREATE TABLE t AS SELECT n, repeat('x', 100) AS text FROM generate_series(1, 25000) n");
    let source = schema.source(&json!({"chunk_size": 10_000}));
    let mut made = resource(&source, "t", &json!({}), &json!({})).unwrap();
    let producer: &mut dyn cartage_source_api::Producer = &mut made.reader;
    producer.open(&context()).unwrap();
    let mut rows = Vec::new();
    while let Some(page) = producer.next_page().unwrap() {
        assert!(matches!(page, Page::Arrow(_)));
        rows.push(page.rows());
    }
    assert_eq!(rows, [10_000, 10_000, 5000]);
    assert_eq!(producer.inputs()[0].rows, 25_000);
}

#[test]
fn columns_have_the_names_and_types_that_the_settings_give() {
    let schema = Schema::with(
        "CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (1); \
         CREATE TABLE t (\"Id\" int PRIMARY KEY, a int REFERENCES people (id), b uuid, n numeric, m numeric(5, 2), at timestamp(3)); \
         INSERT INTO t VALUES (1, 1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'NaN', 1.5, '2024-01-01'), (2, 1, NULL, 2, 2.5, NULL)",
    );
    let settings = json!({
        "resolve_foreign_keys": true,
        "type_overrides": {"NUMERIC": "text", "numeric(5,2)": "decimal", "timestamp without time zone": "text"},
    });
    let keys = json!({"rename_columns": {"Id": "key", "a": "b", "b": "a"}, "excluded_columns": []});
    let hints = json!({"incremental": {"cursor_path": "key", "row_order": "desc"}});
    let mut made = resource(&schema.source(&settings), "t", &hints, &keys).unwrap();
    assert_eq!(made.hints.primary_key.as_ref().unwrap().names(), ["key"]);
    assert_eq!(made.hints.references.as_ref().unwrap()[0].columns.as_ref().unwrap(), &["b"]);
    let rows = rows_of(&mut made.reader, None).unwrap();
    assert_eq!(rows[0]["key"], 2);
    let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    assert_eq!((&rows[1]["a"], &rows[1]["b"], &rows[1]["n"]), (&json!(uuid), &json!(1), &json!("NaN")));
    assert_eq!(rows[1]["at"], "2024-01-01 00:00:00");
    let types = |name: &str| made.hints.columns.as_ref().unwrap().0[name].data_type.unwrap().to_string();
    assert_eq!((types("n").as_str(), types("m").as_str(), types("at").as_str()), ("text", "decimal", "text"));

    let fails = |keys: Value| schema.rows("t", &json!({}), &keys).unwrap_err();
    let twice = fails(json!({"rename_columns": {"a": "b"}}));
    assert!(twice.contains("two columns become `b`"), "{twice}");
    let unknown = fails(json!({"rename_columns": {"id": "b"}}));
    assert!(unknown.contains("`rename_columns`") && unknown.contains("did you mean `Id`?"), "{unknown}");
    let one = json!({"rename_columns": {"a": "b"}, "excluded_columns": ["b", "n", "Id"]});
    let made = schema.resource("t", &json!({}), &one);
    assert!(made.hints.primary_key.is_none());
}
