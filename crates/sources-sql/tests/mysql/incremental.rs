//! Three runs with changes in between, for cursors of several types.

use cartage_source_api::Producer as _;
use cartage_state::PipelineState;
use serde_json::{Value, json};

use crate::cursors::{self, run_of};
use crate::support::Database;

/// One run: the ids that it brings, and how many rows the table gave.
fn run(database: &Database, state: &mut PipelineState, incremental: &Value) -> (Vec<i64>, u64) {
    let hints = json!({"incremental": incremental, "primary_key": "id"});
    run_of(database.resource("t", &hints, &json!({})), state)
}

fn numbers() -> Database {
    Database::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t SELECT seq, seq FROM seq_1_to_20",
    )
}

#[test]
fn each_run_brings_what_is_new_and_asks_for_little_more() {
    for (data_type, values) in [
        ("bigint", ["5", "6", "7"]),
        ("bigint unsigned", ["5", "6", "18446744073709551615"]),
        ("decimal(20, 4)", ["1.5", "1.6", "10"]),
        ("double", ["1.5", "0.1e2", "1e10"]),
        ("float", ["0.1", "0.7", "1e10"]),
        ("date", ["'2024-01-01'", "'2024-01-02'", "'2024-02-01'"]),
        ("datetime(6)", ["'2024-01-01 10:00:00.000001'", "'2024-01-01 10:00:00.000002'", "'2024-01-02'"]),
        ("timestamp(6) NULL", ["'2024-01-01 10:00:00.1'", "'2024-01-01 10:00:00.2'", "'2024-01-02'"]),
        ("varchar(9)", ["'B'", "'a'", "'a\t'"]),
        ("varchar(9) CHARACTER SET latin1", ["'B'", "'a''\\\\'", "'é'"]),
    ] {
        let database = Database::with(&format!("CREATE TABLE t (id int PRIMARY KEY, c {data_type})"));
        cursors::each_run_brings_what_is_new(
            data_type,
            values,
            &|sql| database.run(sql),
            &|state, cursor| run(&database, state, cursor),
        );
    }
}

#[test]
fn ranges_lags_orders_and_downward_cursors_hold() {
    let database = numbers();
    cursors::ranges_lags_orders_and_downward_cursors_hold(&|state, cursor| run(&database, state, cursor));
}

#[test]
fn rows_without_cursor_follow_the_policy() {
    let database = Database::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int, d int, KEY (d, c)); \
         INSERT INTO t VALUES (1, 1, 0), (2, NULL, 0), (3, 3, 0)",
    );
    cursors::rows_without_cursor_follow_the_policy(&|state, cursor| run(&database, state, cursor));
    let warnings = |column: &str| {
        let hints = json!({"incremental": {"cursor_path": column, "initial_value": 2}});
        database.resource("t", &hints, &json!({})).reader.warnings()
    };
    assert!(warnings("c")[0].contains("no index begins with"));
    assert!(warnings("d").is_empty() && warnings("id").is_empty());
}

#[test]
fn placeholders_are_the_bounds_as_the_type_has_them() {
    let database = numbers();
    let ids = |cursor: Value, query: &str| {
        let hints = json!({"incremental": cursor, "primary_key": "id"});
        run_of(database.resource("t", &hints, &json!({"query": query})), &mut PipelineState::new("test")).0
    };
    let cursor = json!({"cursor_path": "c", "initial_value": 3, "end_value": 9});
    assert_eq!(ids(cursor, "SELECT * FROM t WHERE c >= $start AND c < $end AND id <> 5"), [3, 4, 6, 7, 8]);
    let query = "SELECT id, '2024-01-01' + INTERVAL id DAY AS c FROM t WHERE \
                 CAST('2024-01-01' + INTERVAL id DAY AS DATETIME) >= $start";
    let cursor = json!({"cursor_path": "c", "initial_value": "2024-01-20"});
    assert_eq!(ids(cursor, query), [19, 20]);
}
