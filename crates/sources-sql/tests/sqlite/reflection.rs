//! What the file says, as hints and resources.

use cartage_source_api::{Page, Producer};
use serde_json::{Value, json};

use crate::support::{Database, context, resource};

const SHOP: &str = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL); \
    CREATE TABLE orders (line SMALLINT, id BIGINT, customer REFERENCES customers, total DECIMAL(10, 2), at DATETIME, \
    twice AS (id * 2), PRIMARY KEY (id, line)); CREATE INDEX by_time ON orders (at); \
    CREATE INDEX few ON orders (total) WHERE total > 5; CREATE VIEW recent AS SELECT id, at, count(*) AS n FROM orders; \
    CREATE TABLE \"Größe\" (\"a`b\"\"c\" int)";

#[test]
fn all_tables_of_the_file_are_resources_and_views_if_asked_for() {
    let database =
        Database::with(&format!("{SHOP}; CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT)"));
    let names = |keys: &Value| {
        let resources = database.source(keys).resources(Vec::new()).unwrap();
        resources.into_iter().map(|resource| resource.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&json!({})), ["Größe", "auto", "customers", "orders"]);
    assert_eq!(names(&json!({"include_views": true})), ["Größe", "auto", "customers", "orders", "recent"]);
    assert_eq!(names(&json!({"table_names": ["recent"]})), ["recent"]);
}

#[test]
fn keys_types_and_references_become_hints_by_level() {
    let database = Database::with(SHOP);
    let hints_of = |table: &str, level: &str| {
        let keys = json!({"reflection_level": level, "resolve_foreign_keys": level != "minimal"});
        let made = resource(&database.source(&keys), table, &json!({}), &json!({})).unwrap();
        serde_json::to_value(made.hints).unwrap()
    };
    let full = hints_of("orders", "full");
    assert_eq!(full["primary_key"], json!(["id", "line"]));
    assert_eq!(full["columns"]["id"]["data_type"], "bigint");
    // Keys of SQLite may be NULL; of those that are the number of the row dlt says so, too.
    assert_eq!(full["columns"]["id"]["nullable"], true);
    assert_eq!(hints_of("customers", "full")["columns"]["id"]["nullable"], true);
    assert_eq!(hints_of("customers", "full_with_precision")["columns"]["name"]["precision"], 20);
    assert_eq!(full["columns"]["line"].get("precision"), None);
    let total = &full["columns"]["total"];
    assert_eq!((&total["precision"], &total["scale"]), (&json!(10), &json!(2)));
    assert_eq!(full["columns"]["at"]["timezone"], false);
    assert!(full["columns"].get("twice").is_some());
    assert_eq!(full["references"][0]["referenced_table"], "customers");
    assert_eq!(full["references"][0]["columns"], json!(["customer"]));
    assert_eq!(full["references"][0]["referenced_columns"], json!(["id"]));
    assert_eq!(hints_of("orders", "full_with_precision")["columns"]["line"]["precision"], 32);
    assert_eq!(hints_of("orders", "minimal")["columns"]["id"].get("data_type"), None);
    assert_eq!(hints_of("orders", "minimal")["primary_key"], json!(["id", "line"]));
    let view = hints_of("recent", "full");
    assert_eq!(view["columns"]["at"]["data_type"], "timestamp");
    assert_eq!(view["columns"]["n"]["data_type"], "bigint");
}

#[test]
fn indexes_that_begin_with_the_cursor_are_known() {
    let database = Database::with(SHOP);
    let warnings = |column: &str| {
        let hints = json!({"incremental": {"cursor_path": column}});
        database.resource("orders", &hints, &json!({})).reader.warnings().len()
    };
    assert_eq!(["id", "line", "at", "total"].map(warnings), [0, 1, 0, 1]);
    let hints = json!({"incremental": {"cursor_path": "id"}});
    assert!(database.resource("customers", &hints, &json!({})).reader.warnings().is_empty());
}

#[test]
fn queries_conditions_and_odd_names_are_read() {
    let database = Database::with(SHOP);
    database.run("INSERT INTO customers VALUES (1, 'a'), (2, 'b'); INSERT INTO \"Größe\" VALUES (7)");
    let rows = |name: &str, keys: Value| database.rows(name, &json!({}), &keys).unwrap();
    let condition = json!({"where": "name <> 'a' -- not him"});
    assert_eq!(rows("customers", condition), [json!({"id": 2, "name": "b"})]);
    let query = json!({"query": "SELECT count(*) AS n, max(name) AS last, sum(id) FROM customers;"});
    assert_eq!(rows("q", query), [json!({"n": 2, "last": "b", "sum(id)": 3})]);
    assert_eq!(rows("Größe", json!({})), [json!({"a`b\"c": 7})]);
    assert_eq!(rows("CUSTOMERS", json!({})).len(), 2);
    assert!(rows("orders", json!({})).is_empty());
}

#[test]
fn a_file_in_wal_mode_shows_what_is_committed() {
    let database = Database::with("PRAGMA journal_mode = WAL; CREATE TABLE t (a int)");
    let writer = database.connection();
    writer
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)",
        )
        .unwrap();
    assert_eq!(database.rows("t", &json!({}), &json!({})).unwrap(), [json!({"a": 1})]);
}

#[test]
fn batches_have_the_rows_that_were_asked_for() {
    let database = Database::with(
        "CREATE TABLE t AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 25000) SELECT n FROM n",
    );
    let source = database.source(&json!({"chunk_size": 10_000}));
    let mut made = resource(&source, "t", &json!({}), &json!({})).unwrap();
    let producer: &mut dyn Producer = &mut made.reader;
    producer.open(&context()).unwrap();
    let mut rows = Vec::new();
    while let Some(Page::Arrow(batch)) = producer.next_page().unwrap() {
        rows.push(batch.num_rows());
    }
    assert_eq!(rows, [10_000, 10_000, 5_000]);
}
