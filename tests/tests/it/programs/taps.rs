//! Taps and a connector as they are on PyPI, over two runs with state.

use std::fmt::Write as _;
use std::process::Command;

use cartage_test_support::postgres::{shared, unique};
use cartage_tests::harness::Bench;
use cartage_tests::services::service_program;
use serde_json::{Value, json};

/// A pipeline whose source `test` has these keys.
fn bench(source: &str) -> Bench {
    let bench = Bench::new();
    bench.write("pipeline.toml", pipeline(source));
    bench
}

fn pipeline(source: &str) -> String {
    format!(
        "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\n\
         [destination.duckdb]\npath = \"out.duckdb\"\n\n[sources.test]\n{source}"
    )
}

fn source(kind: &str, service: &str, program: &str, more: &str) -> String {
    let program = service_program(service, program);
    format!(
        "type = \"{kind}\"\ncommand = ['{}']\nenv = {{ DO_NOT_TRACK = \"1\" }}\n{more}",
        program.display()
    )
}

/// The columns of a table with their types, without Cartage's own.
fn columns(bench: &Bench, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT column_name || ' ' || data_type AS shown FROM duckdb_columns() WHERE schema_name = 'data' AND \
         table_name = '{table}' AND column_name NOT LIKE '\\_dlt%' ESCAPE '\\' AND column_name NOT LIKE '\\_sdc%' ESCAPE '\\'"
    );
    let column =
        |row: &String| serde_json::from_str::<Value>(row).expect("JSON")["shown"].as_str().map(str::to_owned);
    bench.rows(&sql).iter().filter_map(column).collect()
}

#[test]
fn a_tap_of_files_is_merged_by_its_key() {
    let settings = "config = { path = \"rows.jsonl\", stream_name = \"rows\", primary_keys = [\"id\"] }\n";
    let bench = bench(&source("singer", "tap-jsonl", "tap-jsonl", settings));
    let mut rows = String::new();
    for id in 0..2000 {
        let _ = writeln!(rows, r#"{{"id":{id},"at":"2024-01-01T00:00:00Z","part":{id}.5,"tags":["a","b"]}}"#);
    }
    bench.write("rows.jsonl", &rows);
    let checked = bench.cartage(&["source", "check"]).exits_with(0);
    assert!(checked.stdout.contains("rows: ok"), "{}", checked.stdout);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(columns(&bench, "rows"), ["at TIMESTAMP WITH TIME ZONE", "id BIGINT", "part DOUBLE"]);
    rows.push_str("{\"id\":2000,\"at\":\"2024-01-02T00:00:00Z\",\"part\":1,\"tags\":[]}\n");
    bench.write("rows.jsonl", &rows);
    for _ in 0..2 {
        bench.cartage(&["run"]).exits_with(0);
        let count = "SELECT count(*) * 10000 + count(DISTINCT id) FROM data.rows";
        assert_eq!(bench.number(count), 2001 * 10000 + 2001);
        assert_eq!(bench.number("SELECT count(*) FROM data.rows__tags"), 4000);
    }
}

#[test]
fn a_tap_that_refuses_its_configuration_says_why() {
    let bench = bench(&source("singer", "tap-jsonl", "tap-jsonl", "config = { stream_name = \"rows\" }\n"));
    let done = bench.cartage(&["run"]);
    assert_ne!(done.code, Some(0));
    let done = done.says("'path' is a required property");
    assert!(done.stderr.contains("exit code 1"), "{}", done.stderr);
    let checked = bench.cartage(&["source", "check"]);
    assert_ne!(checked.code, Some(0));
    assert!(checked.stdout.contains("'path' is a required property"), "{}", checked.stdout);
}

const ORDERS: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz NOT NULL, amount numeric(12, 2), note text, \
    born date, is_open boolean, extra jsonb); CREATE TABLE kinds (name text PRIMARY KEY); INSERT INTO kinds VALUES ('a'), ('b'); \
    INSERT INTO orders SELECT n, timestamptz '2024-01-01' + n * interval '1 minute', n * 1.5, 'note ' || n, \
    date '2020-01-01' + n, n % 2 = 0, jsonb_build_object('k', n, 'list', jsonb_build_array(n, n + 1)) \
    FROM generate_series(1, 25000) n";

/// A schema of the shared server, and the configuration of a tap that reads it.
struct Shop {
    schema: String,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { schema: unique("tapped") };
        shared().psql(&format!("CREATE SCHEMA {}", shop.schema));
        shop.run(ORDERS);
        shop
    }

    fn run(&self, sql: &str) {
        shared().psql(&format!("SET search_path = {}; {sql}", self.schema));
    }

    fn source(&self, more: &str) -> String {
        let Self { schema } = self;
        let url = shared().url();
        source(
            "singer",
            "tap-postgres",
            "tap-postgres",
            &format!("{more}config = {{ sqlalchemy_url = \"{url}\", filter_schemas = [\"{schema}\"] }}\n"),
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

#[test]
fn a_tap_of_a_database_fills_typed_tables() {
    let shop = Shop::new();
    let schema = &shop.schema;
    let streams = format!("streams = [\"{schema}-orders\", \"{schema}-kinds\"]\n");
    let replaced = format!(
        "\n[[sources.test.resources]]\nname = \"{schema}-orders\"\ntable_name = \"orders\"\nwrite_disposition = \"replace\"\n\n\
         [[sources.test.resources]]\nname = \"{schema}-kinds\"\ntable_name = \"kinds\"\n"
    );
    let bench = bench(&(shop.source(&streams) + &replaced));
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(
        columns(&bench, "orders"),
        [
            "amount DOUBLE",
            "at TIMESTAMP WITH TIME ZONE",
            "born DATE",
            "extra__k BIGINT",
            "id BIGINT",
            "is_open BOOLEAN",
            "note VARCHAR"
        ]
    );
    assert_eq!(bench.number("SELECT sum(amount)::BIGINT FROM data.orders"), 468_768_750);
    assert_eq!(bench.number("SELECT count(*) FROM data.orders__extra__list"), 50_000);
    // What is replaced has no rows that are gone; what is merged keeps them.
    shop.run("DELETE FROM orders WHERE id > 20000; DELETE FROM kinds WHERE name = 'a'; INSERT INTO kinds VALUES ('c')");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.orders"), 20_000);
    assert_eq!(bench.rows("SELECT name FROM data.kinds").len(), 3);
}

#[test]
fn a_tap_of_a_database_goes_on_where_its_state_ends() {
    let shop = Shop::new();
    let bench =
        bench(&(shop.source("catalog = \"catalog.json\"\n") + "\n[extract]\npackage_max_rows = 5000\n"));
    bench.write(
        "config.json",
        json!({"sqlalchemy_url": shared().url(), "filter_schemas": [shop.schema]}).to_string(),
    );
    let mut discover = Command::new(service_program("tap-postgres", "tap-postgres"));
    discover.args(["--config", "config.json", "--discover"]).current_dir(bench.path());
    let found = discover.output().expect("the tap starts").stdout;
    let mut catalog: Value = serde_json::from_slice(&found).expect("a catalog");
    for stream in catalog["streams"].as_array_mut().expect("streams") {
        let is_orders = stream["tap_stream_id"].as_str().is_some_and(|name| name.ends_with("orders"));
        for metadata in stream["metadata"].as_array_mut().expect("metadata") {
            if is_orders && metadata["breadcrumb"] == json!([]) {
                metadata["metadata"]["selected"] = json!(true);
                metadata["metadata"]["replication-method"] = json!("INCREMENTAL");
                metadata["metadata"]["replication-key"] = json!("at");
            }
        }
    }
    bench.write("catalog.json", catalog.to_string());
    let table = format!("data.{}_orders", shop.schema);
    let rows = || bench.number(&format!("SELECT count(*) * 100000 + count(DISTINCT id) FROM {table}"));
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(rows(), 25_000 * 100_000 + 25_000);
    assert!(bench.package_names("loaded").len() > 1, "its states end packages");
    shop.run(
        "UPDATE orders SET note = 'changed', at = at + interval '1 year' WHERE id % 1000 = 0; \
         INSERT INTO orders SELECT n, timestamptz '2026-01-01', 1, 'new', NULL, true, NULL FROM generate_series(30001, 30100) n",
    );
    let done = bench.cartage(&["run", "--format", "json"]).exits_with(0);
    // Those that changed, the new ones, and the last one of the first run at most.
    let report: Value = serde_json::from_str(&done.stdout).expect("a report");
    let read = report["stages"][0]["rows"].as_u64().expect("a number");
    assert!((125..=126).contains(&read), "{read}: {report}");
    assert_eq!(rows(), 25_100 * 100_000 + 25_100);
    assert_eq!(bench.number(&format!("SELECT count(*) FROM {table} WHERE note = 'changed'")), 25);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(rows(), 25_100 * 100_000 + 25_100);
}

const FAKER: &str = "streams = [\"users\", \"products\", \"purchases\"]\n\
    config = { count = 500, seed = 7, records_per_slice = 100, always_updated = UPDATED }\n";

fn faker(always_updated: bool) -> String {
    source("airbyte", "source-faker", "source-faker", &FAKER.replace("UPDATED", &always_updated.to_string()))
}

#[test]
fn a_connector_is_merged_and_goes_on_where_its_state_ends() {
    let bench = bench(&faker(false));
    let checked = bench.cartage(&["source", "check"]).exits_with(0);
    assert!(checked.stdout.contains("purchases: ok"), "{}", checked.stdout);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(
        columns(&bench, "products"),
        [
            "created_at TIMESTAMP WITH TIME ZONE",
            "id BIGINT",
            "make VARCHAR",
            "model VARCHAR",
            "price DOUBLE",
            "updated_at TIMESTAMP WITH TIME ZONE",
            "year BIGINT"
        ]
    );
    let rows = || {
        let of = |table: &str| {
            bench.number(&format!("SELECT count(DISTINCT id) * 10000 + count(*) FROM data.{table}"))
        };
        ["users", "products", "purchases"].map(of)
    };
    let wanted = [500 * 10000 + 500, 100 * 10000 + 100, 500 * 10000 + 500];
    assert_eq!(rows(), wanted);
    // Behind its state there is nothing.
    let done = bench.cartage(&["run", "--format", "json"]).exits_with(0);
    let report: Value = serde_json::from_str(&done.stdout).expect("a report");
    assert_eq!(report["stages"][0]["rows"], 0, "{report}");
    assert_eq!(rows(), wanted);
    // All rows again.
    bench.write("pipeline.toml", pipeline(&faker(true)));
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(rows(), wanted);
}

#[test]
fn a_connector_that_refuses_its_configuration_says_why() {
    let bench = bench(&faker(false).replace("count = 500", "count = \"many\""));
    let done = bench.cartage(&["run"]).exits_with(2);
    for part in ["sources.test.command", "'many' is not of type 'integer'", "its configuration is wrong"] {
        assert!(done.stderr.contains(part), "{part}: {}", done.stderr);
    }
}
