//! Three runs with changes in between, for cursors of several types.

use cartage_state::PipelineState;
use serde_json::{Value, json};

use crate::cursors::{self, run_of};
use crate::support::Database;

/// One run: the ids that it brings, and how many rows the table gave.
fn run(database: &Database, state: &mut PipelineState, incremental: &Value) -> (Vec<i64>, u64) {
    run_with(database, state, incremental, &json!({}))
}

fn run_with(
    database: &Database,
    state: &mut PipelineState,
    incremental: &Value,
    columns: &Value,
) -> (Vec<i64>, u64) {
    let hints = json!({"incremental": incremental, "primary_key": "id", "columns": columns});
    run_of(database.resource("t", &hints, &json!({})), state)
}

fn numbers() -> Database {
    Database::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, c int); WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 \
         FROM n WHERE n < 20) INSERT INTO t SELECT n, n FROM n",
    )
}

#[test]
fn each_run_brings_what_is_new_and_asks_for_little_more() {
    for (data_type, values) in [
        ("bigint", ["5", "6", "7"]),
        ("decimal(20, 4)", ["1.5", "1.6", "10"]),
        ("numeric", ["1.5", "1.6", "10"]),
        ("real", ["1.5", "0.1e2", "1e10"]),
        ("date", ["'2024-01-01'", "'2024-01-02'", "'2024-02-01'"]),
        ("datetime", ["'2024-01-01 10:00:00.000001'", "'2024-01-01 10:00:00.000002'", "'2024-01-02'"]),
        ("datetime", ["'2024-01-01 09:59'", "'2024-01-01 10:00'", "'2024-01-01 10:00:00.5'"]),
        ("datetime", ["'2024-01-01 10:00:00Z'", "'2024-01-01 10:00:01+00:00'", "'2024-01-01 10:00:02Z'"]),
        ("time", ["'09:59:59'", "'10:00:00'", "'10:00:00.5'"]),
        ("text", ["'B'", "'a'", "'é'"]),
        ("text COLLATE NOCASE", ["'B'", "'a'", "'é'"]),
        ("", ["'B'", "'a'", "'é'"]),
        ("", ["1", "2", "3"]),
    ] {
        let database = Database::with(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, c {data_type})"));
        cursors::each_run_brings_what_is_new(
            data_type,
            values,
            &|sql| database.run(sql),
            &|state, cursor| run(&database, state, cursor),
        );
    }
}

#[test]
fn other_forms_of_the_same_times_are_not_left_out() {
    let database = Database::with("CREATE TABLE t (id INTEGER PRIMARY KEY, c DATETIME)");
    let mut state = PipelineState::new("test");
    let columns = json!({"c": {"data_type": "timestamp"}});
    let mut run_after = |values: &str| {
        database.run(&format!("INSERT INTO t VALUES {values}"));
        run_with(&database, &mut state, &json!({"cursor_path": "c"}), &columns).0
    };
    assert_eq!(run_after("(1, '2024-01-02T10:00:00Z')"), [1]);
    // Later, although the first one sorts before it, as the second would without a look at the zone.
    assert_eq!(run_after("(2, '2024-01-02 10:00:01'), (3, '2024-01-01T23:00:00-12:00')"), [2, 3]);
    assert_eq!(run_after("(4, '2024-01-03T00:00+12:00'), (5, '2024-01-02 11:00:00.5Z')"), [4, 5]);
}

#[test]
fn a_value_that_cannot_be_read_is_an_error_in_each_run() {
    let database =
        Database::with("CREATE TABLE t (id INTEGER PRIMARY KEY, c DATETIME); INSERT INTO t VALUES (1, 5)");
    let cursor = json!({"cursor_path": "c", "initial_value": "2024-01-01T00:00:00Z"});
    let error = database.rows("t", &json!({"incremental": cursor}), &json!({})).unwrap_err();
    assert!(error.contains("an integer that is not a date"), "{error}");
}

#[test]
fn ranges_lags_orders_and_downward_cursors_hold() {
    let database = numbers();
    cursors::ranges_lags_orders_and_downward_cursors_hold(&|state, cursor| run(&database, state, cursor));
}

#[test]
fn rows_come_in_the_order_of_time_and_ranges_of_times_are_whole() {
    let database = Database::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, c DATETIME); INSERT INTO t VALUES (1, '2024-01-01T09:00'), \
         (2, '2024-01-01 10:00:00'), (3, '2024-01-01T11:00:00.0'), (4, '2024-01-01 12:00'), (5, '2024-01-02')",
    );
    for order in ["asc", "desc"] {
        let cursor = json!({"cursor_path": "c", "initial_value": "2024-01-01T10:00:00Z",
            "end_value": "2024-01-02T00:00:00Z", "row_order": order});
        assert_eq!(run(&database, &mut PipelineState::new("test"), &cursor).0, [2, 3, 4], "{order}");
    }
}

#[test]
fn texts_of_utf_16_are_all_asked_for() {
    let database =
        Database::with("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT)");
    let mut state = PipelineState::new("test");
    let cursor = json!({"cursor_path": "c", "row_order": "asc"});
    database.run("INSERT INTO t VALUES (1, 'a')");
    assert_eq!(run(&database, &mut state, &cursor).0, [1]);
    database.run("INSERT INTO t VALUES (2, 'Ā'), (3, 'b')");
    assert_eq!(run(&database, &mut state, &cursor).0, [2, 3]);
}

#[test]
fn rows_without_cursor_follow_the_policy() {
    let database = Database::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, c int); INSERT INTO t VALUES (1, 1), (2, NULL), (3, 3)",
    );
    cursors::rows_without_cursor_follow_the_policy(&|state, cursor| run(&database, state, cursor));
}

#[test]
fn placeholders_are_the_bounds_as_sqlite_has_them() {
    let database = numbers();
    let ids = |cursor: Value, query: &str| {
        let hints = json!({"incremental": cursor, "primary_key": "id"});
        run_of(database.resource("t", &hints, &json!({"query": query})), &mut PipelineState::new("test")).0
    };
    let cursor = json!({"cursor_path": "c", "initial_value": 3, "end_value": 9});
    assert_eq!(ids(cursor, "SELECT * FROM t WHERE c >= $start AND c < $end AND id <> 5"), [3, 4, 6, 7, 8]);
}
