//! What is wrong is named with source, table and remedy, and no secret is shown.

use cartage_config::Section;
use cartage_sources_sql::SqlSource;
use cartage_test_support::postgres::shared;
use serde_json::{Value, json};

use crate::servers;
use crate::support::{Schema, source};

fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
}

#[test]
fn tables_columns_and_queries_that_are_not_there_are_named() {
    let schema = Schema::with("CREATE TABLE items (id int, \"Name\" text)");
    let fails = |name: &str, hints: Value, keys: Value| schema.rows(name, &hints, &keys).unwrap_err();
    says(&fails("itms", json!({}), json!({})), &["table `itms`", "source `crm`", "check `table`"]);
    let error = fails("items", json!({}), json!({"included_columns": ["name"]}));
    says(&error, &["included_columns", "did you mean `Name`?"]);
    says(
        &fails("items", json!({"incremental": {"cursor_path": "at"}}), json!({})),
        &["cursor_path", "`at`", "it has id, Name"],
    );
    says(
        &fails("q", json!({}), json!({"query": "SELEC 1"})),
        &["query of resource `q`", "42601", "check the SQL"],
    );
    says(&fails("items", json!({}), json!({"where": "nope = 1"})), &["table `items`", "nope", "42703"]);
    says(&fails("q", json!({}), json!({"query": "SELECT 1 AS a, 2 AS a"})), &["two columns `a`", "rename"]);
    says(&fails("items", json!({}), json!({"query": "SELECT 1", "table": "x"})), &["both set"]);
}

#[test]
fn a_view_that_fails_half_way_is_an_error_and_sessions_only_read() {
    let schema = Schema::with(
        "CREATE VIEW bad AS SELECT 1 / (5000 - n) AS x FROM generate_series(1, 9000) n; CREATE TABLE t (a int); \
         CREATE FUNCTION put() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'INSERT INTO t VALUES (1) RETURNING a'",
    );
    says(&schema.rows("bad", &json!({}), &json!({})).unwrap_err(), &["table `bad`", "division by zero"]);
    let query = format!("SELECT {}.put() AS a", schema.name);
    says(
        &schema.rows("q", &json!({}), &json!({"query": query})).unwrap_err(),
        &["read-only", "sources only read"],
    );
}

#[test]
fn a_server_that_cannot_be_reached_fails_each_table_and_shows_no_password() {
    servers::fails_each_table_and_shows_no_password("postgresql+psycopg2://me:hush@127.0.0.1:1/db");
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let fails = |settings: Value| {
        let section = Section::new(settings.as_object().unwrap().clone()).named("sources.crm");
        SqlSource::read("crm", &section, None).unwrap_err().to_string()
    };
    says(&fails(json!({})), &["sources.crm.credentials", "SOURCES__CRM__CREDENTIALS"]);
    says(&fails(json!({"credentials": "oracle://u:hush@h/d"})), &["no database `oracle`", "postgresql"]);
    says(&fails(json!({"credentials": "postgresql://u:p@h/d", "table_name": ["a"]})), &["table_names"]);
    assert!(!fails(json!({"credentials": "postgresql://u:hush%zz@h/d"})).contains("hush"));
}

#[test]
fn tables_that_would_become_one_are_refused() {
    let schema = Schema::with("CREATE TABLE items (a int); CREATE TABLE \"Items\" (a int)");
    let error = schema.source(&json!({})).resources(Vec::new()).unwrap_err().to_string();
    says(&error, &["`Items`", "`items`", "table_name"]);
}

#[test]
fn a_connection_that_ends_half_way_is_an_error_and_the_next_run_reads_all() {
    let schema = Schema::with(
        "CREATE TABLE t AS SELECT n, repeat('x', 200) AS x FROM generate_series(1, 20000) n; \
         CREATE TABLE switch AS SELECT true AS is_on; \
         CREATE VIEW dies AS SELECT n, x, CASE WHEN n = 15000 AND (SELECT is_on FROM switch) \
         THEN pg_terminate_backend(pg_backend_pid()) END AS dead FROM t",
    );
    let error = schema.rows("dies", &json!({}), &json!({})).unwrap_err();
    says(&error, &["table `dies`", "source `crm`", "cannot read"]);
    schema.run("UPDATE switch SET is_on = false");
    assert_eq!(schema.rows("dies", &json!({}), &json!({})).unwrap().len(), 20_000);
}

#[test]
fn a_wrong_database_names_the_remedy() {
    let url = shared().url();
    let (authority, _) = url.rsplit_once('/').unwrap();
    let lost = source(&json!({"credentials": format!("{authority}/nowhere")}), None);
    let error = lost.resources(Vec::new()).unwrap_err().to_string();
    says(&error, &["nowhere", "check the database of the credentials"]);
}
