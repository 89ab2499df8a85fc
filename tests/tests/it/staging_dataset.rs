//! `load.truncate_staging_dataset`: what dlt has left in the staging dataset goes with the next load.

use cartage_tests::harness::Bench;

/// A pipeline that merges `items`, in whose staging dataset dlt has left rows of that table and of another one.
fn after_dlt(load: &str) -> Bench {
    let bench = Bench::new();
    bench.items("items.jsonl", &format!("write_disposition = \"merge\"\nprimary_key = \"id\"\n{load}"));
    bench.write("items.jsonl", "{\"id\": 1}\n");
    let database = duckdb::Connection::open(bench.path().join("out.duckdb")).expect("a database");
    database
        .execute_batch(
            "CREATE SCHEMA data_staging; CREATE TABLE data_staging.items AS SELECT 1 AS id; \
             CREATE TABLE data_staging.others AS SELECT 1 AS id",
        )
        .expect("tables are made");
    drop(database);
    bench.cartage(&["run"]).exits_with(0);
    bench
}

#[test]
fn staged_rows_of_dlt_stay_unless_they_are_to_go() {
    let bench = after_dlt("");
    assert_eq!(bench.number("SELECT count(*) FROM data_staging.items"), 1);
    let bench = after_dlt("[load]\ntruncate_staging_dataset = true\n");
    assert_eq!(bench.number("SELECT count(*) FROM data_staging.items"), 0);
    assert_eq!(bench.number("SELECT count(*) FROM data_staging.others"), 1, "no table of the load");
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 1);
}
