//! What is wrong is named with source, file and remedy.

use std::fs;
use std::time::Duration;

use cartage_source_api::Producer as _;
use serde_json::{Value, json};

use crate::support::{Database, context, resource, rows_of, source};

fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
}

fn fails(credentials: &str) -> String {
    source(&json!({"credentials": credentials}), None).resources(Vec::new()).unwrap_err().to_string()
}

#[test]
fn tables_columns_and_queries_that_are_not_there_are_named() {
    let database = Database::with("CREATE TABLE items (id int, \"Name\" text)");
    let fails = |name: &str, hints: Value, keys: Value| database.rows(name, &hints, &keys).unwrap_err();
    says(&fails("itms", json!({}), json!({})), &["table `itms`", "source `crm`", "shop.db", "check `table`"]);
    let query = json!({"query": "SELEC 1"});
    says(&fails("q", json!({}), query), &["query of resource `q`", "syntax error", "check the SQL"]);
    says(
        &fails("items", json!({}), json!({"where": "nope = 1"})),
        &["table `items`", "nope", "names of columns"],
    );
    says(&fails("q", json!({}), json!({"query": "SELECT 1 AS a, 2 AS A"})), &["two columns `A`", "rename"]);
    says(
        &fails("q", json!({}), json!({"query": "SELECT * FROM gone"})),
        &["gone", "check the names of tables"],
    );
    says(&fails("q", json!({}), json!({"query": "SELECT 1; SELECT 2"})), &["query of resource `q`"]);
    says(&fails("q", json!({}), json!({"query": " ; "})), &["`query` is empty", "write a SELECT"]);
    let none = database.source(&json!({"table_names": []})).resources(Vec::new()).unwrap_err();
    says(&none.to_string(), &["`table_names` is an empty list", "leave it out"]);
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let database = Database::with("CREATE TABLE t (a int)");
    let path = database.path().with_file_name("gone.db");
    says(
        &fails(&format!("sqlite:///{}", path.display())),
        &["source `crm`", "there is no file", "gone.db", "check the file"],
    );
    assert!(!path.exists());
    let folder = path.parent().unwrap().display().to_string();
    says(&fails(&format!("sqlite:///{folder}")), &["there is no file"]);
}

#[test]
fn files_that_are_none_or_damaged_name_the_remedy() {
    let database = Database::with(
        "CREATE TABLE t AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) \
         SELECT n, hex(randomblob(100)) AS x FROM n",
    );
    let other = database.path().with_file_name("other.db");
    fs::write(&other, "name,age\n".repeat(500)).unwrap();
    says(&fails(&format!("sqlite:///{}", other.display())), &["not a SQLite database", "other.db"]);
    let mut bytes = fs::read(database.path()).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 9000].fill(0xAB);
    fs::write(database.path(), bytes).unwrap();
    let error = database.rows("t", &json!({}), &json!({})).unwrap_err();
    says(&error, &["table `t`", "cannot read", "integrity_check"]);
}

#[test]
fn a_locked_file_is_waited_for_and_then_named() {
    let database = Database::with("CREATE TABLE t (a int)");
    let writer = database.connection();
    writer
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)")
        .unwrap();
    says(&fails(&format!("{}?timeout=0.1", database.url())), &["locked", "another program", "timeout"]);
    drop(writer);
    assert!(database.rows("t", &json!({}), &json!({})).unwrap().is_empty());
}

#[test]
fn the_file_is_the_same_after_it_was_read() {
    let database = Database::with("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let before = fs::read(database.path()).unwrap();
    assert_eq!(database.rows("t", &json!({}), &json!({})).unwrap().len(), 1);
    let query = json!({"query": "DELETE FROM t RETURNING a"});
    assert!(database.rows("q", &json!({}), &query).is_err());
    assert_eq!(fs::read(database.path()).unwrap(), before);
}

#[test]
fn a_value_that_breaks_the_rule_of_its_column_names_table_and_column() {
    let database =
        Database::with("CREATE TABLE t (id INTEGER PRIMARY KEY, n int); INSERT INTO t VALUES (1, 'x')");
    let mut made = resource(&database.source(&json!({})), "t", &json!({}), &json!({})).unwrap();
    let error = rows_of(&mut made.reader, None).unwrap_err().to_string();
    says(&error, &["table `t`", "column `n` (INT)", "stored as a text"]);
}

#[test]
fn a_statement_that_nobody_waits_for_any_more_ends() {
    let database = Database::with("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let query = "SELECT a FROM t WHERE a > (WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) \
                 SELECT count(*) FROM n)";
    let mut made = database.resource("q", &json!({}), &json!({"query": query}));
    let context = context();
    made.reader.open(&context).unwrap();
    let cancel = context.cancel.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    assert!(made.reader.next_page().unwrap_err().to_string().contains("cancelled"));
    canceller.join().unwrap();
    made.reader.close();
    // Its lock is gone.
    let writer = database.connection();
    writer.busy_timeout(Duration::from_secs(10)).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE; ROLLBACK").unwrap();
}
