//! `type = "rest_api"` against a real server: the tables that dlt makes of the same configuration, and what dlt
//! does not have.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use cartage_test_support::RestServer;
use cartage_tests::harness::{Bench, Done};
use serde_json::Value;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/rest")
}

/// Runs a pipeline file against the server; the database is `out.duckdb`.
fn run(bench: &Bench, server: &RestServer, text: &str) -> Done {
    bench.write("pipeline.toml", format!("{text}\n[destination.duckdb]\npath = \"out.duckdb\"\n"));
    let address = format!("sources.api.client.base_url={}", server.url());
    bench.cartage(&["run", "--set", &address])
}

/// A pipeline `test` with a source `api`.
fn source(rest: &str) -> String {
    format!(
        "[pipeline]\nname = \"test\"\ndestination = \"duckdb\"\ndataset_name = \"data\"\n\n[sources.api]\n\
         type = \"rest_api\"\n\n[sources.api.client]\nbase_url = \"http://127.0.0.1:1\"\n{rest}\n"
    )
}

fn one(name: &str, endpoint: &str) -> String {
    source(&format!("[[sources.api.resources]]\nname = \"{name}\"\nendpoint = {endpoint}\n"))
}

type Tables = BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>;

/// All tables without what the loader adds, every value as text.
fn tables(bench: &Bench, address: &str) -> Tables {
    let names = |sql: &str| -> Vec<String> {
        let database = bench.database();
        let mut statement = database.prepare(sql).unwrap();
        let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        found.map(Result::unwrap).filter(|name| !name.starts_with("_dlt")).collect()
    };
    let mut tables = Tables::new();
    for table in names("SELECT table_name FROM information_schema.tables WHERE table_schema = 'data'") {
        let columns = names(&format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'data' AND table_name = '{table}'"
        ));
        let listed: Vec<String> =
            columns.iter().map(|column| format!("CAST(\"{column}\" AS VARCHAR) AS \"{column}\"")).collect();
        let rows = bench.rows(&format!("SELECT {} FROM data.\"{table}\"", listed.join(", ")));
        let rows = rows.iter().map(|row| serde_json::from_str(&row.replace(address, "<url>")).unwrap());
        let mut rows: Vec<BTreeMap<String, Option<String>>> = rows.collect();
        rows.sort();
        tables.insert(table, rows);
    }
    tables
}

fn equals_dlt(case: &str) {
    let (bench, server) = (Bench::new(), RestServer::start());
    let text = fs::read_to_string(fixtures().join(format!("cases/{case}.toml"))).unwrap();
    for _ in 0..2 {
        run(&bench, &server, &text).exits_with(0);
    }
    let expected = fs::read_to_string(fixtures().join(format!("expected/{case}.json"))).unwrap();
    let mut expected: Tables = serde_json::from_str(&expected).unwrap();
    for rows in expected.values_mut() {
        rows.sort();
    }
    let found = tables(&bench, &server.url());
    let names = |tables: &Tables| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (table, rows) in expected {
        assert_eq!(found[&table], rows, "{table}");
    }
}

#[test]
fn every_paginator_leaves_the_tables_of_dlt() {
    equals_dlt("paging");
}

#[test]
fn parents_and_children_leave_the_tables_of_dlt() {
    equals_dlt("parents");
}

#[test]
fn cursors_leave_the_tables_of_dlt_after_two_runs() {
    equals_dlt("cursor");
}

#[test]
fn every_authentication_is_accepted() {
    let cases = [
        ("bearer", "token = \"secret-token\""),
        ("basic", "type = \"http_basic\", username = \"user\", password = \"password123\""),
        ("key_in_header", "type = \"api_key\", name = \"X-Api-Key\", api_key = \"secret-token\""),
        (
            "key_in_query",
            "type = \"api_key\", name = \"api_key\", api_key = \"secret-token\", location = \"query\"",
        ),
        (
            "key_in_cookie",
            "type = \"api_key\", name = \"session\", api_key = \"secret-token\", location = \"cookie\"",
        ),
        (
            "oauth_again",
            "type = \"oauth2_client_credentials\", access_token_url = \"<url>/token\", client_id = \"me\", \
             client_secret = \"secret-word\"",
        ),
    ];
    let server = RestServer::start();
    for (name, auth) in cases {
        let bench = Bench::new();
        let auth = auth.replace("<url>", &server.url());
        let text = source(&format!(
            "auth = {{ {auth} }}\n[[sources.api.resources]]\nname = \"{name}\"\nendpoint = \"auth/{name}\"\n"
        ));
        run(&bench, &server, &text).exits_with(0);
        assert_eq!(bench.number(&format!("SELECT count(*) FROM data.{name}")), 1, "{name}");
        for (file, bytes) in cartage_tests::harness::tree(&bench.data_dir()) {
            let has = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(
                !has("secret-") && !has("password123") && !has("granted-"),
                "{name}: a secret is in {file}"
            );
        }
    }
    assert_eq!(server.seen_at("/token").len(), 2, "one token to begin with, one after it was refused");
}

#[test]
fn pages_are_fetched_side_by_side_and_come_in_order() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let endpoint = "{ path = \"many\", params = { pages = 40, rows = 5, delay = 50 }, paginator = { type = \"page_number\" } }";
    let started = std::time::Instant::now();
    run(&bench, &server, &one("many", endpoint)).exits_with(0);
    assert!(started.elapsed().as_secs_f64() < 2.0, "40 pages of 50 ms one after the other take 2 s");
    assert_eq!(server.seen_at("/many").len(), 40, "no page beyond the total is asked for");
    assert_eq!(bench.number("SELECT count(*) FROM data.many"), 200);
    let ids: Vec<String> = {
        let database = bench.database();
        let mut statement = database.prepare("SELECT id::VARCHAR FROM data.many").unwrap();
        statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect()
    };
    let expected: Vec<String> = (0..200).map(|id| id.to_string()).collect();
    assert_eq!(ids, expected);
}

#[test]
fn a_body_too_large_to_keep_streams_by_and_its_cursor_is_found_behind_the_rows() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let endpoint = "{ path = \"fail/large\", data_selector = \"rows\", paginator = { type = \"cursor\", cursor_path = \"cursors.next\" } }";
    run(&bench, &server, &one("large", endpoint)).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.large"), 200_000);
    assert_eq!(bench.number("SELECT count(DISTINCT id) FROM data.large"), 200_000);
}

#[test]
fn secrets_come_from_the_environment() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let text =
        source("auth = \"bearer\"\n[[sources.api.resources]]\nname = \"b\"\nendpoint = \"auth/bearer\"\n");
    bench.write("pipeline.toml", format!("{text}\n[destination.duckdb]\npath = \"out.duckdb\"\n"));
    let mut command = bench.command("cartage", ["run"]);
    command.env("SOURCES__API__CLIENT__AUTH__TOKEN", "secret-token");
    command.env("SOURCES__API__CLIENT__BASE_URL", server.url());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(bench.number("SELECT count(*) FROM data.b"), 1);
    let text: Value = serde_json::json!(String::from_utf8_lossy(&output.stderr));
    assert!(!text.to_string().contains("secret-token"));
}
