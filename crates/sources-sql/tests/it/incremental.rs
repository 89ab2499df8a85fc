//! Three runs with changes in between, for cursors of several types.

use cartage_incremental::{Bounds, CursorSettings, Position, bind};
use cartage_schema::{NamingKind, Schema as OurSchema};
use cartage_source_api::{Producer, Resume};
use cartage_sources_sql::SqlSource;
use cartage_state::PipelineState;
use serde_json::{Value, json};

use crate::support::{Schema, context, resource, rows_of_page, run_of};

/// One run: the ids that it brings, and what the inner reader had read.
fn run(schema: &Schema, state: &mut PipelineState, incremental: &Value) -> (Vec<i64>, u64) {
    let hints = json!({"incremental": incremental, "primary_key": "id"});
    run_of(schema.resource("t", &hints, &json!({})), state)
}

/// A run that is killed behind so many pages.
fn run_pages(source: &SqlSource, state: &mut PipelineState, incremental: &Value, pages: usize) -> Vec<i64> {
    let hints = json!({"incremental": incremental, "primary_key": "id"});
    let made = resource(source, "t", &hints, &json!({})).unwrap();
    let settings = CursorSettings::from_hints(&made.hints).unwrap().unwrap();
    let ours = OurSchema::new("crm", NamingKind::SnakeCase).unwrap();
    let root = made.hints.to_tables("t", &ours.naming(None)).unwrap().remove(0);
    let bounds = Bounds { meaning: settings.meaning(&root, &ours), ..Bounds::default() };
    let mut producer = bind(Box::new(made.reader), settings, "t", "crm", state, &bounds).unwrap();
    assert_eq!(producer.resume(), Resume::AtEachPage);
    producer.open(&context()).unwrap();
    let (mut ids, mut position) = (Vec::new(), None);
    for _ in 0..pages {
        let Some(page) = producer.next_page().unwrap() else { break };
        let (steps, _) = producer.take_state_change().split();
        for step in steps {
            let position = position.get_or_insert_with(|| Position::at_start(state, "crm", &step));
            position.advance(step);
        }
        ids.extend(rows_of_page(&page).iter().map(|row| row["id"].as_i64().unwrap()));
    }
    if let Some(position) = position {
        position.write(state, "crm");
    }
    ids
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
        let put = |id: u32, value: &str| schema.run(&format!("INSERT INTO t VALUES ({id}, {value})"));
        let mut state = PipelineState::new("test");
        let cursor = json!({"cursor_path": "c"});
        put(1, values[0]);
        put(2, values[1]);
        assert_eq!(run(&schema, &mut state, &cursor), (vec![1, 2], 2), "{data_type}");
        put(3, values[1]);
        put(4, values[2]);
        // The row at the last value is asked for, and known.
        assert_eq!(run(&schema, &mut state, &cursor), (vec![3, 4], 3), "{data_type}");
        assert_eq!(run(&schema, &mut state, &cursor), (vec![], 1), "{data_type}");
    }
}

#[test]
fn ranges_lags_orders_and_downward_cursors_hold() {
    let schema = Schema::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t SELECT n, n FROM generate_series(1, 20) n",
    );
    let once = |cursor: Value| run(&schema, &mut PipelineState::new("test"), &cursor);
    let range = json!({"cursor_path": "c", "initial_value": 5, "end_value": 8});
    assert_eq!(once(range), (vec![5, 6, 7], 4));
    let down = json!({"cursor_path": "c", "initial_value": 4, "last_value_func": "min"});
    assert_eq!(once(down), (vec![1, 2, 3, 4], 4));
    let ordered = json!({"cursor_path": "c", "initial_value": 19, "row_order": "desc"});
    assert_eq!(once(ordered), (vec![19, 20], 2));
    let mut state = PipelineState::new("test");
    let lag = json!({"cursor_path": "c", "lag": 2});
    assert_eq!(run(&schema, &mut state, &lag).0.len(), 20);
    assert_eq!(run(&schema, &mut state, &lag).0, [18, 19, 20]);
}

#[test]
fn rows_without_cursor_follow_the_policy() {
    let schema = Schema::with(
        "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 1), (2, NULL), (3, 3)",
    );
    let once = |policy: &str| {
        let cursor = json!({"cursor_path": "c", "initial_value": 2, "on_cursor_value_missing": policy});
        run(&schema, &mut PipelineState::new("test"), &cursor).0
    };
    assert_eq!(once("include"), [2, 3]);
    assert_eq!(once("exclude"), [3]);
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
    let settings = CursorSettings::from_hints(&made.hints).unwrap().unwrap();
    let mut state = PipelineState::new("test");
    let bounds = Bounds::default();
    let mut producer = bind(Box::new(made.reader), settings, "t", "crm", &mut state, &bounds).unwrap();
    producer.open(&context()).unwrap();
    let page = producer.next_page().unwrap().unwrap();
    let ids: Vec<i64> = rows_of_page(&page).iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [3, 4, 6, 7, 8]);
}
