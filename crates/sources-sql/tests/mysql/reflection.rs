//! What the database says, as hints and resources.

use serde_json::{Value, json};

use crate::support::{Database, resource};

const SHOP: &str = "CREATE TABLE customers (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(20) NOT NULL); \
    CREATE TABLE orders (line smallint, id bigint, customer bigint, total decimal(10, 2), at datetime, data json, \
    PRIMARY KEY (id, line), FOREIGN KEY (customer) REFERENCES customers (id)); \
    CREATE VIEW recent AS SELECT id FROM orders; CREATE TABLE `Größe` (`a``b` int); CREATE TABLE `Orders` (a int)";

#[test]
fn all_tables_of_the_database_are_resources_and_views_if_asked_for() {
    let database = Database::with(SHOP);
    let names = |keys: &Value| {
        let mut keys = keys.clone();
        keys["table_names"] = keys["table_names"].take();
        let source = database.source(&keys);
        source
            .resources(Vec::new())
            .map(|found| found.into_iter().map(|found| found.name).collect::<Vec<_>>())
    };
    // `Orders` and `orders` become one table.
    assert!(names(&json!({})).unwrap_err().to_string().contains("`Orders`"));
    database.run("DROP TABLE `Orders`");
    assert_eq!(names(&json!({})).unwrap(), ["Größe", "customers", "orders"]);
    assert_eq!(names(&json!({"include_views": true})).unwrap(), ["Größe", "customers", "orders", "recent"]);
    assert_eq!(names(&json!({"table_names": ["recent"]})).unwrap(), ["recent"]);
}

#[test]
fn keys_types_and_references_become_hints_by_level() {
    let database = Database::with(SHOP);
    let hints = |level: &str| {
        let keys = json!({"reflection_level": level, "resolve_foreign_keys": level != "minimal"});
        let made = resource(&database.source(&keys), "orders", &json!({}), &json!({})).unwrap();
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
    assert_eq!(full["columns"]["data"]["data_type"], "json");
    assert_eq!(full["references"][0]["referenced_table"], "customers");
    assert_eq!(full["references"][0]["columns"], json!(["customer"]));
    assert_eq!(full["references"][0]["referenced_columns"], json!(["id"]));
    assert_eq!(hints("full_with_precision")["columns"]["line"]["precision"], 32);
    assert_eq!(hints("minimal")["columns"]["id"].get("data_type"), None);
    assert_eq!(hints("minimal")["primary_key"], json!(["id", "line"]));
}

#[test]
fn queries_conditions_and_odd_names_are_read() {
    let database = Database::with(SHOP);
    database.run("INSERT INTO customers VALUES (1, 'a'), (2, 'b'); INSERT INTO `Größe` VALUES (7)");
    let rows = |name: &str, keys: Value| database.rows(name, &json!({}), &keys).unwrap();
    let condition = json!({"where": "name <> \"a\" -- not him"});
    assert_eq!(rows("customers", condition), [json!({"id": 2, "name": "b"})]);
    let query =
        "SELECT count(*) AS n, max(name) AS last, 1.50 AS d, NULL AS x, 'a:b?' AS odd FROM customers;";
    let hints = json!({"columns": {"d": {"data_type": "text"}}});
    let found = database.rows("q", &hints, &json!({"query": query})).unwrap();
    assert_eq!(found, [json!({"n": 2, "last": "b", "d": "1.50", "x": null, "odd": "a:b?"})]);
    assert_eq!(rows("Größe", json!({})), [json!({"a`b": 7})]);
    assert_eq!(rows("g", json!({"table": "Größe"})).len(), 1);
    assert!(rows("orders", json!({})).is_empty());
    assert_eq!(rows("Orders", json!({})), [] as [Value; 0]);
}

#[test]
fn neither_rows_nor_texts_are_cut_by_defaults_of_the_server() {
    let database = Database::with("CREATE TABLE t (a int)");
    let query = json!({"query": "SELECT GROUP_CONCAT(seq) AS v FROM seq_1_to_300000"});
    let rows = database.rows("q", &json!({}), &query).unwrap();
    assert!(rows[0]["v"].as_str().unwrap().ends_with(",300000"));
}

#[test]
fn another_schema_is_another_database() {
    let database = Database::with("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let settings = json!({"credentials": format!("{}?ssl_mode=DISABLED", database.server.url())});
    let source = crate::support::source(&settings, Some(database.name.clone()));
    let mut made = resource(&source, "t", &json!({}), &json!({})).unwrap();
    assert_eq!(crate::support::rows_of(&mut made.reader, None).unwrap(), [json!({"a": 1})]);
}
