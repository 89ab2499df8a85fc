//! `schema widen`: a column that is there gets a wider type, in one load, and later values fit.

use cartage_tests::harness::Bench;

const NARROW: &str = "columns = { n = { data_type = \"bigint\", precision = 32 } }";

/// A table `items` with an integer of 32 bits.
fn narrow() -> Bench {
    let bench = Bench::new();
    bench.items("items.jsonl", NARROW);
    bench.write("items.jsonl", "{\"id\": 1, \"n\": 7}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench
}

fn type_of(bench: &Bench, column: &str) -> String {
    bench
        .rows(&format!(
            "SELECT data_type FROM duckdb_columns() WHERE schema_name = 'data' AND table_name = 'items' \
             AND column_name = '{column}'"
        ))
        .concat()
}

fn add(bench: &Bench, rows: &str) {
    bench.write("items.jsonl", rows);
    bench.cartage(&["run"]).exits_with(0);
}

#[test]
fn values_that_were_too_large_fit_afterwards() {
    let bench = narrow();
    add(&bench, "{\"id\": 2, \"n\": 5000000000}\n");
    assert_eq!(bench.number("SELECT count(n__v_bigint) FROM data.items"), 1, "kept beside the column");

    let done = bench.cartage(&["schema", "widen", "items", "n", "bigint"]).exits_with(0);
    assert!(
        done.stdout.contains("column items.n is bigint now, it was bigint(32), by load"),
        "{}",
        done.stdout
    );
    assert_eq!(type_of(&bench, "n"), "{\"data_type\":\"BIGINT\"}");
    assert_eq!(bench.number("SELECT count(*) FROM data._dlt_loads"), 3);
    let done = bench.cartage(&["schema", "diff"]).exits_with(0);
    assert_eq!(done.stdout, "no difference\n");

    // The hint of the pipeline file still says 32 bits; the column that is there counts.
    add(&bench, "{\"id\": 3, \"n\": 6000000000}\n");
    let rows = bench.rows("SELECT id, n, n__v_bigint AS v FROM data.items");
    let expected = [
        "{\"id\":1,\"n\":7,\"v\":null}",
        "{\"id\":2,\"n\":null,\"v\":5000000000}",
        "{\"id\":3,\"n\":6000000000,\"v\":null}",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn integers_become_decimals_and_dates_become_timestamps() {
    let bench = Bench::new();
    bench.items("items.jsonl", "columns = { day = { data_type = \"date\" } }");
    bench.write("items.jsonl", "{\"id\": 1, \"n\": 9223372036854775807, \"day\": \"2024-02-29\"}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench.cartage(&["schema", "widen", "items", "n", "decimal(22, 2)"]).exits_with(0);
    bench.cartage(&["schema", "widen", "items", "day", "timestamp"]).exits_with(0);
    // A hint that names a type counts for the rows of a run, so it goes along.
    bench.items("items.jsonl", "columns = { day = { data_type = \"timestamp\" } }");
    add(&bench, "{\"id\": 2, \"n\": \"18446744073709551615.25\", \"day\": \"2024-03-01T10:00:00Z\"}\n");
    assert_eq!(type_of(&bench, "n"), "{\"data_type\":\"DECIMAL(22,2)\"}");
    let rows = bench.rows("SELECT n::VARCHAR AS n, epoch_ms(day) AS day FROM data.items");
    let expected = [
        "{\"n\":\"18446744073709551615.25\",\"day\":1709287200000}",
        "{\"n\":\"9223372036854775807.00\",\"day\":1709164800000}",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_type_that_lacks_values_is_refused_and_the_remedy_works() {
    let bench = narrow();
    let refused = bench.cartage(&["schema", "widen", "items", "n", "bigint(16)"]).exits_with(2);
    assert!(refused.stderr.contains("can hold values that bigint(16) cannot"), "{}", refused.stderr);
    assert!(refused.stderr.contains("drop the table with `cartage drop`"), "{}", refused.stderr);
    assert_eq!(bench.number("SELECT count(*) FROM data._dlt_loads"), 1, "nothing was loaded");

    bench.cartage(&["drop", "items", "--yes"]).exits_with(0);
    bench.items("items.jsonl", &NARROW.replace("32", "16"));
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(type_of(&bench, "n"), "{\"data_type\":\"SMALLINT\"}");
}

#[test]
fn a_destination_that_cannot_is_named_and_other_runs_go_on() {
    let bench = Bench::new();
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"filesystem\"\n\
             [destination.filesystem]\nbucket_url = \"lake\"\n[sources.test]\ntype = \"files\"\n\
             [[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n{NARROW}\n"
        ),
    );
    bench.write("items.jsonl", "{\"id\": 1, \"n\": 7}\n");
    bench.cartage(&["run"]).exits_with(0);
    bench
        .cartage(&["schema", "widen", "items", "n", "bigint"])
        .exits_with(2)
        .says("filesystem cannot change the type");
    bench.cartage(&["run"]).exits_with(0);
}

#[test]
fn pending_packages_come_first_and_the_remedy_says_how() {
    let bench = narrow();
    bench.cartage(&["extract"]).exits_with(0);
    let widen = ["schema", "widen", "items", "n", "bigint"];
    bench.cartage(&widen).exits_with(2).says("`cartage abort`");
    bench.cartage(&["abort"]).exits_with(0);
    bench.cartage(&widen).exits_with(0);
    assert_eq!(type_of(&bench, "n"), "{\"data_type\":\"BIGINT\"}");
}
