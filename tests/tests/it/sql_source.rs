//! Tables of databases through the real binary: killed, refused, and loaded by `ingest`.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_test_support::mariadb;
use cartage_test_support::postgres::{shared, unique};
use cartage_tests::harness::Bench;
use cartage_tests::site::{Site, Target};

use crate::kill::killed_run_anywhere;

/// A schema of the shared server; dropped with the value.
struct Shop {
    schema: String,
}

impl Shop {
    fn with(sql: &str) -> Self {
        let shop = Self { schema: unique("shop") };
        shared().psql(&format!("CREATE SCHEMA {}", shop.schema));
        shop.run(sql);
        shop
    }

    fn run(&self, sql: &str) {
        shared().psql(&format!("SET search_path = {}; {sql}", self.schema));
    }

    /// A pipeline file that reads `items`; `more` are keys of the resource and what follows.
    fn pipeline(&self, more: &str) -> String {
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\n\
             [destination.duckdb]\npath = \"out.duckdb\"\n\n[sources.test]\ntype = \"sql_database\"\n\
             credentials = \"{}\"\nschema = \"{}\"\nchunk_size = 5000\n\n\
             [[sources.test.resources]]\nname = \"items\"\n{more}\n",
            shared().url(),
            self.schema
        )
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            shared().psql(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema));
        }
    }
}

const ITEMS: &str = "CREATE TABLE items AS SELECT n AS id, n AS at, repeat(md5(n::text), 3) AS text, n * 1.5::numeric(12, 2) \
    AS amount FROM generate_series(1, 20000) n; ALTER TABLE items ADD PRIMARY KEY (id); CREATE INDEX ON items (at)";
const CHANGES: &str = "UPDATE items SET text = 'changed', at = id + 100000 WHERE id % 3 = 0; \
    INSERT INTO items SELECT n, n + 200000, 'new', 0 FROM generate_series(20001, 40000) n";

fn killed(moments: u32, more: &str, packages: usize) {
    let shop = Shop::with(ITEMS);
    let site = Site::new(Target::DuckDb);
    site.bench
        .write("pipeline.toml", shop.pipeline(&format!("{more}\n[data_writer]\nfile_max_items = 9000\n")));
    site.cartage(&["run"]).exits_with(0);
    shop.run(CHANGES);
    killed_run_anywhere(&site, moments, packages, more);
}

#[test]
fn a_killed_run_over_a_table_in_parts_that_runs_again_leaves_the_rows_of_one_run() {
    killed(10, "partitions = 8\nwrite_disposition = \"replace\"", 1);
    killed(10, "partitions = 8\nwrite_disposition = \"merge\"\nincremental = { cursor_path = \"at\" }", 1);
}

#[test]
fn a_killed_backfill_in_packages_goes_on_behind_the_last_one() {
    let in_order = "write_disposition = \"append\"\nincremental = { cursor_path = \"at\", row_order = \"asc\" }\n\
                    [extract]\npackage_max_rows = 10000";
    killed(10, in_order, 3);
}

#[test]
fn what_a_database_refuses_is_told_with_source_table_and_remedy() {
    let shop = Shop::with(
        "CREATE TABLE items AS SELECT 1 AS id, point(1, 2) AS place; CREATE VIEW half AS \
                           SELECT n, 1 / (500 - n) AS x FROM generate_series(1, 1000) n",
    );
    let bench = Bench::new();
    let url = shared().url();
    let password = shared().state().password.clone();
    let refused = |file: String, texts: &[&str]| {
        bench.write("pipeline.toml", file);
        let done = bench.cartage(&["run"]);
        assert_ne!(done.code, Some(0), "{texts:?}");
        for text in texts {
            assert!(done.stderr.contains(text), "{text:?} is not in\n{}", done.stderr);
        }
        assert!(!done.stderr.contains(&password) && !done.stderr.contains("hunter2"), "{}", done.stderr);
    };
    let with = |more: &str| shop.pipeline(more);
    refused(with("").replace(&password, "hunter2"), &["source `test`", "username and password"]);
    let port = shared().state().port.to_string();
    refused(with("").replace(&format!(":{port}/"), ":1/"), &["cannot connect", "127.0.0.1:1"]);
    refused(with("table = \"nothing\""), &["table `nothing`", "source `test`", "check `table`"]);
    refused(with("included_columns = [\"no\"]"), &["`included_columns`", "`no`", "id, place"]);
    refused(with("query = \"select 1 +\""), &["query of resource `items`", "check the SQL"]);
    refused(with("where = \"nothing = 1\""), &["table `items`", "check the names of columns"]);
    refused(with("incremental = { cursor_path = \"nothing\" }"), &["`cursor_path`", "`nothing`"]);
    refused(with("table = \"half\""), &["table `half`", "division by zero"]);
    refused(with("partitions = { column = \"place\", num = 4 }"), &["place"]);
    let database = url.rsplit_once('/').map_or("", |(_, database)| database);
    refused(with("").replace(&format!("/{database}\""), "/no_such_database\""), &["no_such_database"]);
    // Nothing of it is left behind, and a right run follows.
    bench.write("pipeline.toml", with(""));
    bench.cartage(&["abort"]);
    bench.cartage(&["run"]).exits_with(0);
}

#[test]
fn ingest_loads_a_table_of_a_server_and_then_what_changed() {
    let shop = Shop::with(
        "CREATE TABLE items (id int PRIMARY KEY, at timestamptz, word text); \
                           INSERT INTO items VALUES (1, '2024-01-01Z', 'a'), (2, '2024-01-02Z', 'b')",
    );
    let bench = Bench::new();
    let (url, password) = (shared().url(), shared().state().password.clone());
    let address = format!("{}?table={}.items", url.replace(&format!(":{password}@"), "@"), shop.schema);
    let args = [
        "ingest",
        &address,
        "duckdb:out.duckdb",
        "--dataset",
        "data",
        "--write-disposition",
        "merge",
        "--incremental-key",
        "at",
    ];
    let ingest = || {
        let mut command = bench.command("cartage", args);
        command.env("SOURCES__INGEST__CREDENTIALS__PASSWORD", &password);
        cartage_tests::harness::Done::of(&command.output().expect("cartage starts")).exits_with(0)
    };
    ingest();
    shop.run("UPDATE items SET word = 'B', at = '2024-01-03Z' WHERE id = 2; INSERT INTO items VALUES (3, '2024-01-04Z', 'c')");
    ingest();
    let words = bench.rows("SELECT string_agg(word, '' ORDER BY id) AS words FROM data.items");
    assert_eq!(words, ["{\"words\":\"aBc\"}"]);
}

#[test]
fn ingest_loads_tables_of_mariadb_and_of_files() {
    let name = unique("ingest");
    mariadb::shared().sql(&format!(
        "CREATE DATABASE {name}; CREATE TABLE {name}.items (id INT PRIMARY KEY, word VARCHAR(9), big BIGINT UNSIGNED); \
         INSERT INTO {name}.items VALUES (1, 'ä', 7), (2, '', 18446744073709551615)"
    ));
    let bench = Bench::new();
    let url = mariadb::shared().url();
    let (server, _) = url.rsplit_once('/').expect("an address");
    bench.cartage(&["ingest", &format!("{server}/{name}?table=items"), "duckdb:out.duckdb"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM main.items WHERE big = 7"), 1);
    let all = bench.rows("SELECT * FROM main.items").concat();
    assert!(all.contains("18446744073709551615"), "what no bigint holds is a variant: {all}");
    duckdb::Connection::open(bench.path().join("shop.duckdb"))
        .and_then(|database| database.execute_batch("CREATE TABLE words AS SELECT range AS id FROM range(3)"))
        .expect("a file");
    bench.cartage(&["ingest", "duckdb:///shop.duckdb?table=words", "duckdb:out.duckdb"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM main.words"), 3);
    mariadb::shared().sql(&format!("DROP DATABASE {name}"));
}

#[test]
fn a_column_whose_type_changes_in_the_database_keeps_its_own_and_loses_nothing() {
    let bench = Bench::new();
    let run = |sql: &str| {
        rusqlite::Connection::open(bench.path().join("shop.db"))
            .and_then(|shop| shop.execute_batch(sql))
            .expect("a file");
        bench.cartage(&["run"]).exits_with(0);
    };
    bench.write(
        "pipeline.toml",
        "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\n\
         [destination.duckdb]\npath = \"out.duckdb\"\n\n[sources.test]\ntype = \"sql_database\"\n\
         credentials = \"sqlite:///shop.db\"\ntable_names = [\"items\"]\n",
    );
    run("CREATE TABLE items (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO items VALUES (1, 1)");
    run(
        "DROP TABLE items; CREATE TABLE items (id INTEGER PRIMARY KEY, v REAL); INSERT INTO items VALUES (2, 1.5)",
    );
    let rows = bench.rows("SELECT id, v, v__v_double FROM data.items WHERE id = 2");
    assert_eq!(rows, ["{\"id\":2,\"v\":null,\"v__v_double\":1.5}"]);
}

#[test]
fn an_interrupted_run_does_not_leave_its_statement_at_the_server() {
    let shop = Shop::with("SELECT 1");
    let (bench, mark) = (Bench::new(), &shop.schema);
    let query = format!("query = \"select 1 as a, pg_sleep(60)::text as {mark}\"");
    bench.write("pipeline.toml", shop.pipeline(&query));
    let is_busy = || {
        let mine = format!("query LIKE '%pg_sleep(60)%{mark}%' AND pid <> pg_backend_pid()");
        let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND {mine}");
        shared().psql(&sql).trim() != "0"
    };
    let becomes = |wanted: bool| {
        let begun = Instant::now();
        while is_busy() != wanted {
            assert!(begun.elapsed() < Duration::from_secs(10), "the statement is there: {}", !wanted);
            sleep(Duration::from_millis(50));
        }
    };
    let mut child = bench.start(&["run"]);
    becomes(true);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(!child.wait().expect("it ends").success());
    becomes(false);
}
