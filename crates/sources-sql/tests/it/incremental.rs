//! Three runs with changes in between, for cursors of several types.

use cartage_source_api::{Producer as _, Resume};
use cartage_sources_sql::SqlSource;
use cartage_state::PipelineState;
use serde_json::{Value, json};

use crate::cursors::{self, bound, run_of, take_pages};
use crate::support::{Schema, resource};

/// One run: the ids that it brings, and what the inner reader had read.
fn run(schema: &Schema, state: &mut PipelineState, incremental: &Value) -> (Vec<i64>, u64) {
    let hints = json!({"incremental": incremental, "primary_key": "id"});
    run_of(schema.resource("t", &hints, &json!({})), state)
}

/// A run that is killed after this many pages.
fn run_pages(source: &SqlSource, state: &mut PipelineState, incremental: &Value, pages: usize) -> Vec<i64> {
    let hints = json!({"incremental": incremental, "primary_key": "id"});
    let made = resource(source, "t", &hints, &json!({})).unwrap();
    let mut producer = bound(made, state);
    assert_eq!(producer.resume(), Resume::AtEachPage);
    take_pages(&mut *producer, state, pages)
}

#[test]
fn a_run_in_order_that_is_killed_goes_on_behind_its_last_page() {
    let schema = Schema::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int, at timestamptz); CREATE INDEX ON t (c); \
         INSERT INTO t SELECT n, (n * 7919 % 1000) / 7, '2024-01-01'::timestamptz + n % 97 * interval '1 hour' \
         FROM generate_series(1, 1000) n",
    );
    let source = schema.source(&json!({"chunk_size": 100}));
    for cursor in ["c", "at", "id"] {
        let mut state = PipelineState::new("test");
        let cursor = json!({"cursor_path": cursor, "row_order": "asc"});
        let (mut ids, mut runs) = (Vec::new(), 0);
        loop {
            // Rows with the same value lie on both sides of where a run ends: none is lost, none comes twice.
            let more = run_pages(&source, &mut state, &cursor, 3);
            if more.is_empty() {
                break;
            }
            (ids, runs) = ([ids, more].concat(), runs + 1);
        }
        ids.sort_unstable();
        assert_eq!(ids, (1..=1000).collect::<Vec<_>>(), "{cursor}");
        assert!(runs >= 4);
    }
}

#[test]
fn each_run_brings_what_is_new_and_asks_for_little_more() {
    for (data_type, values) in [
        ("int8", ["5", "6", "7"]),
        ("numeric(20, 4)", ["1.5", "1.6", "10"]),
        ("numeric", ["1.5", "1.6", "10"]),
        ("float8", ["1.5", "2.5", "1e10"]),
        ("date", ["'2024-01-01'", "'2024-01-02'", "'2024-02-01'"]),
        ("timestamp", ["'2024-01-01 10:00:00.000001'", "'2024-01-01 10:00:00.000002'", "'2024-01-02'"]),
        ("timestamptz", ["'2024-01-01 10:00+02'", "'2024-01-01 10:00+01'", "'2024-01-02'"]),
        ("text", ["'B'", "'a'", "'é'"]),
    ] {
        let schema = Schema::with(&format!("CREATE TABLE t (id int PRIMARY KEY, c {data_type})"));
        cursors::each_run_brings_what_is_new(data_type, values, &|sql| schema.run(sql), &|state, cursor| {
            run(&schema, state, cursor)
        });
    }
}

#[test]
fn ranges_lags_orders_and_downward_cursors_hold() {
    let schema = Schema::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t SELECT n, n FROM generate_series(1, 20) n",
    );
    cursors::ranges_lags_orders_and_downward_cursors_hold(&|state, cursor| run(&schema, state, cursor));
}

#[test]
fn rows_without_cursor_follow_the_policy() {
    let schema = Schema::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 1), (2, NULL), (3, 3)",
    );
    cursors::rows_without_cursor_follow_the_policy(&|state, cursor| run(&schema, state, cursor));
    let hints = json!({"incremental": {"cursor_path": "c", "initial_value": 2}});
    let made = schema.resource("t", &hints, &json!({}));
    assert!(made.reader.warnings()[0].contains("no index begins with"));
}

#[test]
fn placeholders_are_the_bounds() {
    let schema = Schema::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t SELECT n, n FROM generate_series(1, 9) n",
    );
    let hints =
        json!({"incremental": {"cursor_path": "c", "initial_value": 3, "end_value": 9}, "primary_key": "id"});
    let query = format!("SELECT * FROM {}.t WHERE c >= $start AND c < $end AND id <> 5", schema.name);
    let made = schema.resource("t", &hints, &json!({"query": query}));
    assert_eq!(run_of(made, &mut PipelineState::new("test")).0, [3, 4, 6, 7, 8]);
}

#[test]
fn a_cursor_that_is_read_as_text_is_refused_where_that_is_another_order() {
    let schema = Schema::with(
        "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN word AS text; \
         CREATE TABLE t (id int PRIMARY KEY, wide numeric(60, 20), kind mood, word word, code varchar(9), key uuid); \
         INSERT INTO t VALUES (1, 9, 'sad', 'a', 'b', '6f7c6d0a-0000-4000-8000-000000000001')",
    );
    let read = |hints: &Value| schema.rows("t", hints, &json!({}));
    for column in ["wide", "kind"] {
        let error = read(&json!({"incremental": {"cursor_path": column}})).unwrap_err();
        for words in ["`cursor_path`", column, "sorts differently", "choose another column"] {
            assert!(error.contains(words), "{error}");
        }
    }
    let as_text = json!({"incremental": {"cursor_path": "id"}, "columns": {"id": {"data_type": "text"}}});
    assert!(read(&as_text).unwrap_err().contains("sorts differently"));
    for column in ["word", "code", "key"] {
        assert_eq!(read(&json!({"incremental": {"cursor_path": column}})).unwrap().len(), 1, "{column}");
    }
}
