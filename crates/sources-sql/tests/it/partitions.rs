//! Tables in parts: each row once, all as of one moment, and an end that leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cartage_source_api::Producer;
use cartage_test_support::postgres::Server;
use serde_json::{Value, json};

use crate::support::{Schema, context, resource, rows_of, rows_of_page, source};

/// 20,000 rows on some 1,250 blocks.
const TABLE: &str = "CREATE TABLE t AS SELECT n AS id, n - 10000 AS v, date '2024-01-01' + n % 1000 AS d, \
    timestamptz '2024-01-01' + n * interval '1 second' AS at, repeat('x', 400) AS x FROM generate_series(1, 20000) n;";

/// The ids of a table in the order of their values.
fn ids(schema: &Schema, name: &str, hints: &Value, keys: &Value) -> Vec<i64> {
    let rows = schema.rows(name, hints, keys).unwrap();
    let mut ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn all(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

#[test]
fn each_row_comes_once_whatever_divides_the_table() {
    let schema = Schema::with(&format!("{TABLE} UPDATE t SET v = NULL, d = NULL WHERE id % 100 = 0"));
    for partitions in [
        json!("auto"),
        json!(1),
        json!(8),
        json!(40),
        json!({"column": "id", "num": 8}),
        json!({"column": "v", "num": 3}),
        json!({"column": "d", "num": 5}),
        json!({"column": "at", "num": 7}),
    ] {
        let keys = json!({"partitions": partitions, "included_columns": ["id"]});
        assert_eq!(ids(&schema, "t", &json!({}), &keys), all(20_000), "{partitions}");
        let keys = json!({"partitions": partitions, "where": "id <= 2000", "included_columns": ["id"]});
        assert_eq!(ids(&schema, "t", &json!({}), &keys), all(2000), "{partitions}");
    }
}

#[test]
fn relations_without_rows_of_their_own_are_whole() {
    let schema = Schema::with(
        "CREATE TABLE empty (id int); CREATE TABLE one AS SELECT 1 AS id; \
         CREATE TABLE gone AS SELECT n AS id FROM generate_series(1, 9000) n; DELETE FROM gone; \
         CREATE TABLE parted (id int) PARTITION BY RANGE (id); \
         CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (3000); \
         CREATE TABLE parted_b PARTITION OF parted DEFAULT; \
         INSERT INTO parted SELECT generate_series(1, 9000); \
         CREATE TABLE parent (id int); CREATE TABLE child (more int) INHERITS (parent); \
         INSERT INTO parent SELECT generate_series(1, 4000); \
         INSERT INTO child SELECT generate_series(4001, 9000); \
         CREATE VIEW seen AS SELECT * FROM parted; CREATE MATERIALIZED VIEW kept AS SELECT * FROM parted",
    );
    let query = format!("SELECT id FROM {}.parted", schema.name);
    for partitions in [json!("auto"), json!(8), json!({"column": "id", "num": 8})] {
        let keys = json!({"partitions": partitions});
        assert_eq!(ids(&schema, "empty", &json!({}), &keys), all(0));
        assert_eq!(ids(&schema, "one", &json!({}), &keys), all(1));
        assert_eq!(ids(&schema, "gone", &json!({}), &keys), all(0));
        for name in ["parted", "parent", "seen", "kept"] {
            assert_eq!(ids(&schema, name, &json!({}), &keys), all(9000), "{name} {partitions}");
        }
        assert_eq!(
            ids(&schema, "q", &json!({}), &json!({"query": query, "partitions": partitions})),
            all(9000)
        );
    }
    let mut made = schema.resource("seen", &json!({}), &json!({"partitions": 8}));
    rows_of(&mut made.reader, None).unwrap();
    assert!(made.reader.warnings()[0].contains("read by one statement"), "{:?}", made.reader.warnings());
    let mut made = schema.resource("empty", &json!({}), &json!({"partitions": 8}));
    rows_of(&mut made.reader, None).unwrap();
    assert!(made.reader.warnings().is_empty());
}

#[test]
fn ends_of_types_are_values_like_others() {
    let schema = Schema::with(
        "CREATE TABLE t (id int, b int8, d date, at timestamp); \
         INSERT INTO t VALUES (1, -9223372036854775808, '4000-01-01 BC', '4000-01-01 BC'), (2, 0, '2024-01-01', NULL), \
         (3, NULL, NULL, '2024-01-01'), (4, 9223372036854775807, '9999-12-31', '250000-01-01')",
    );
    let hints = json!({"columns": {"d": {"data_type": "text"}, "at": {"data_type": "text"}}});
    for column in ["b", "d", "at"] {
        let keys = json!({"partitions": {"column": column, "num": 6}});
        assert_eq!(ids(&schema, "t", &hints, &keys), all(4), "{column}");
    }
}

#[test]
fn a_large_table_is_in_parts_unless_an_index_finds_the_rows() {
    // A row a block, 70 MiB.
    let schema = Schema::with(
        "CREATE TABLE t (id int, n int, x text); ALTER TABLE t ALTER x SET STORAGE PLAIN; \
         INSERT INTO t SELECT n, n, repeat('x', 7000) FROM generate_series(1, 9000) n; \
         CREATE INDEX ON t (id); ANALYZE t",
    );
    let batches = |keys: Value| {
        let mut keys = keys;
        keys["included_columns"] = json!(["id", "n"]);
        let mut made = schema.resource("t", &json!({}), &keys);
        made.reader.open(&context()).unwrap();
        std::iter::from_fn(|| made.reader.next_page().unwrap()).map(|page| page.rows()).collect::<Vec<_>>()
    };
    assert_eq!(batches(json!({})).len(), 2);
    assert_eq!(batches(json!({"partitions": 1})), [9000]);
    assert_eq!(batches(json!({"where": "n % 2 = 0"})).len(), 2);
    assert_eq!(batches(json!({"where": "id < 100"})), [99]);
    assert_eq!(batches(json!({"where": "id < 100", "partitions": 3})), [99]);
    assert_eq!(batches(json!({"where": "id % 100 = 0", "partitions": 3})), [30, 30, 30]);
}

#[test]
fn all_parts_show_one_moment_while_a_writer_changes_the_table() {
    let schema = Arc::new(Schema::with(
        "CREATE TABLE t AS SELECT n AS id, 10 AS amount, repeat('x', 700) AS x FROM generate_series(1, 20000) n; \
         CREATE INDEX ON t (id)",
    ));
    let is_over = Arc::new(AtomicBool::new(false));
    let (of_writer, stop) = (Arc::clone(&schema), Arc::clone(&is_over));
    // Moves amounts between rows, and replaces rows by others, so that rows move between blocks; the sum and the count stay.
    let writer = std::thread::spawn(move || {
        for round in 0.. {
            if stop.load(Ordering::SeqCst) {
                return round;
            }
            of_writer.run(
                "BEGIN; UPDATE t SET amount = amount - 1 WHERE id % 50 = 1; \
                 UPDATE t SET amount = amount + 1 WHERE id % 50 = 2; \
                 WITH dead AS (DELETE FROM t WHERE id % 40 = 7 RETURNING amount, x) \
                 INSERT INTO t SELECT 40 * row_number() OVER () - 33, amount, x FROM dead; COMMIT",
            );
        }
        0
    });
    for partitions in [json!(8), json!({"column": "id", "num": 8}), json!(40), json!("auto")] {
        for _ in 0..2 {
            let keys = json!({"partitions": partitions, "included_columns": ["amount"]});
            let rows = schema.rows("t", &json!({}), &keys).unwrap();
            let sum: i64 = rows.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
            assert_eq!((rows.len(), sum), (20_000, 200_000), "{partitions}");
        }
    }
    is_over.store(true, Ordering::SeqCst);
    assert!(writer.join().unwrap() > 3);
}

#[test]
fn an_error_in_one_part_ends_all() {
    let schema = Schema::with(&format!(
        "{TABLE} CREATE VIEW divides AS SELECT id, 1 / (id - 15000) AS q FROM t; \
         CREATE TABLE odd AS SELECT id, CASE WHEN id = 15000 THEN 'NaN' ELSE id::numeric END AS n, x FROM t"
    ));
    let keys = json!({"partitions": {"column": "id", "num": 8}});
    let error = schema.rows("divides", &json!({}), &keys).unwrap_err();
    assert!(error.contains("table `divides`") && error.contains("division by zero"), "{error}");
    schema.assert_hung_up();
    let error = schema.rows("odd", &json!({}), &json!({"partitions": 8})).unwrap_err();
    assert!(error.contains("column `n`") && error.contains("NaN"), "{error}");
    schema.assert_hung_up();
}

#[test]
fn a_part_whose_connection_is_killed_is_an_error_and_the_next_run_reads_all() {
    let schema = Schema::with(TABLE);
    let source = schema.source(&json!({"chunk_size": 100}));
    let mut made = resource(&source, "t", &json!({}), &json!({"partitions": 8})).unwrap();
    made.reader.open(&context()).unwrap();
    let mut rows = 0;
    for _ in 0..4 {
        rows += made.reader.next_page().unwrap().unwrap().rows();
    }
    let killed = schema.server.psql(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'cartage' \
         AND query LIKE '%{}%'",
        schema.name
    ));
    let error = loop {
        match made.reader.next_page() {
            Ok(page) => rows += page.expect("the connections are gone").rows(),
            Err(error) => break error.to_string(),
        }
    };
    assert!(killed != "0" && rows < 20_000);
    assert!(error.contains("table `t`") && error.contains("cannot read"), "{error}");
    assert_eq!(ids(&schema, "t", &json!({}), &json!({"partitions": 8})), all(20_000));
}

#[test]
fn who_takes_no_more_rows_ends_connections_also_those_that_wait() {
    let schema =
        Schema::with(&format!("{TABLE} CREATE VIEW slow AS SELECT id, pg_sleep(60)::text AS s FROM t"));
    let source = schema.source(&json!({"chunk_size": 100}));
    let mut made = resource(&source, "t", &json!({}), &json!({"partitions": 8})).unwrap();
    made.reader.open(&context()).unwrap();
    made.reader.next_page().unwrap().unwrap();
    made.reader.close();
    schema.assert_hung_up();

    let mut made = resource(&source, "slow", &json!({}), &json!({})).unwrap();
    let context = context();
    made.reader.open(&context).unwrap();
    let cancel = context.cancel.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    let begun = Instant::now();
    assert!(made.reader.next_page().unwrap_err().to_string().contains("cancelled"));
    assert!(begun.elapsed() < Duration::from_secs(5));
    canceller.join().unwrap();
    schema.assert_hung_up();
}

#[test]
fn a_source_has_no_more_connections_than_it_may() {
    let schema = Schema::with(TABLE);
    for (max, wanted) in [(1, 1), (3, 3)] {
        let source = schema.source(&json!({"chunk_size": 50, "max_connections": max}));
        let mut made = resource(&source, "t", &json!({}), &json!({"partitions": 16})).unwrap();
        assert_eq!(made.reader.most_at_once().map(usize::from), Some(max));
        made.reader.open(&context()).unwrap();
        let (mut most, mut rows, mut pages) = (0, 0, 0);
        while let Some(page) = made.reader.next_page().unwrap() {
            (rows, pages) = (rows + page.rows(), pages + 1);
            if pages % 20 == 0 {
                most = most.max(schema.readers());
            }
        }
        assert_eq!((most, rows), (wanted, 20_000));
        schema.assert_hung_up();
    }
}

#[test]
fn what_is_not_taken_stays_in_the_server() {
    let schema = Schema::with("");
    let source = schema.source(&json!({"chunk_size": 100}));
    // 400 MB, of which each range is far more than networks and channels hold.
    let query = format!(
        "SELECT n AS id, repeat('x', 10000) AS x, '{}' AS s FROM generate_series(1, 40000) n",
        schema.name
    );
    let keys = json!({"query": query, "partitions": {"column": "id", "num": 4}});
    let mut made = resource(&source, "q", &json!({}), &keys).unwrap();
    made.reader.open(&context()).unwrap();
    for _ in 0..8 {
        made.reader.next_page().unwrap().unwrap();
    }
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND query LIKE 'COPY%{}%'",
        schema.name
    );
    let begun = Instant::now();
    while schema.server.psql(&waiting) != "4" {
        assert!(begun.elapsed() < Duration::from_secs(10), "the server sends what nobody takes");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(made);
    schema.assert_hung_up();
}

#[test]
fn a_server_that_stops_half_way_is_an_error_and_one_that_starts_again_is_waited_for() {
    let server = Server::private();
    server.psql(TABLE);
    let one = |keys: Value| {
        let source = source(&json!({"credentials": server.url(), "chunk_size": 100}), None);
        resource(&source, "t", &json!({}), &keys).unwrap()
    };
    let mut made = one(json!({"partitions": 8}));
    made.reader.open(&context()).unwrap();
    made.reader.next_page().unwrap().unwrap();
    server.stop().unwrap();
    let error = loop {
        match made.reader.next_page() {
            Ok(page) => assert!(page.is_some(), "the server is gone"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("table `t`") && error.contains("run again"), "{error}");

    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            server.start().unwrap();
        });
        let mut made = one(json!({"partitions": 8, "included_columns": ["id"]}));
        assert_eq!(rows_of(&mut made.reader, None).unwrap().len(), 20_000);
    });
}

#[test]
fn bounds_of_a_cursor_hold_in_every_part_and_an_order_is_kept() {
    let schema = Schema::with(&format!("{TABLE} CREATE INDEX ON t (id)"));
    let cursor = json!({"incremental": {"cursor_path": "id", "initial_value": 5000, "end_value": 9000}});
    let wanted: Vec<i64> = (5000..=9000).collect();
    for partitions in [json!("auto"), json!(8), json!({"column": "v", "num": 8})] {
        let mut made = schema.resource("t", &cursor, &json!({"partitions": partitions}));
        let mut context = context();
        let [initial, end] = [json!(5000), json!(9000)];
        context.cursor =
            Some(cartage_source_api::CursorRange { initial: initial.clone(), start: initial, end });
        made.reader.open(&context).unwrap();
        let mut ids = Vec::new();
        while let Some(page) = made.reader.next_page().unwrap() {
            ids.extend(rows_of_page(&page).iter().map(|row| row["id"].as_i64().unwrap()));
        }
        ids.sort_unstable();
        assert_eq!(ids, wanted, "{partitions}");
    }
    let ordered = json!({"incremental": {"cursor_path": "id", "row_order": "desc"}});
    let rows = schema.rows("t", &ordered, &json!({})).unwrap();
    assert!(rows.windows(2).all(|pair| pair[0]["id"].as_i64() > pair[1]["id"].as_i64()));
    let error = schema.rows("t", &ordered, &json!({"partitions": 2})).unwrap_err();
    assert!(error.contains("`row_order`") && error.contains("leave one out"), "{error}");
    let error = schema.rows("t", &json!({}), &json!({"partitions": {"column": "x", "num": 2}})).unwrap_err();
    assert!(error.contains("`x`") && error.contains("integers, dates or timestamps"), "{error}");
}
