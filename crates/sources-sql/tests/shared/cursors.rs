//! What holds for cursors over tables of every database.

use cartage_incremental::{Bounds, CursorSettings, Position, bind};
use cartage_schema::{NamingKind, Schema};
use cartage_source_api::Producer;
use cartage_sources_sql::SqlResource;
use cartage_state::PipelineState;
use serde_json::{Value, json};

use crate::shared::{context, rows_of_page};

/// One run with a cursor: the ids that it brings in order, and how many rows the table gave.
pub(crate) type Run<'a> = &'a dyn Fn(&mut PipelineState, &Value) -> (Vec<i64>, u64);

/// A run of a resource `t` with the cursor of its hints.
pub(crate) fn run_of(made: SqlResource, state: &mut PipelineState) -> (Vec<i64>, u64) {
    let mut producer = bound(made, state);
    let mut ids = take_pages(&mut *producer, state, usize::MAX);
    ids.sort_unstable();
    (ids, producer.inputs()[0].rows)
}

/// The resource `t` behind its cursor.
pub(crate) fn bound(made: SqlResource, state: &mut PipelineState) -> Box<dyn Producer> {
    let settings = CursorSettings::from_hints(&made.hints).unwrap().unwrap();
    let ours = Schema::new("crm", NamingKind::SnakeCase).unwrap();
    let root = made.hints.to_tables("t", &ours.naming(None)).unwrap().remove(0);
    let bounds = Bounds { meaning: settings.meaning(&root, &ours), ..Bounds::default() };
    bind(Box::new(made.reader), settings, "t", "crm", state, &bounds).unwrap()
}

/// The ids of this many pages, after which the run ends; the state is then that of the last one.
pub(crate) fn take_pages(producer: &mut dyn Producer, state: &mut PipelineState, pages: usize) -> Vec<i64> {
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

/// Three runs over a table `t (id, c)`, which is empty: the second of the values is there before the second run and
/// comes again with it, the third is new.
pub(crate) fn each_run_brings_what_is_new(
    what: &str,
    values: [&str; 3],
    insert: &dyn Fn(&str),
    run: Run<'_>,
) {
    let mut state = PipelineState::new("test");
    let cursor = json!({"cursor_path": "c"});
    let put = |id: u32, value: &str| insert(&format!("INSERT INTO t VALUES ({id}, {value})"));
    put(1, values[0]);
    put(2, values[1]);
    assert_eq!(run(&mut state, &cursor), (vec![1, 2], 2), "{what}");
    put(3, values[1]);
    put(4, values[2]);
    // The row at the last value is asked for, and known.
    assert_eq!(run(&mut state, &cursor), (vec![3, 4], 3), "{what}");
    assert_eq!(run(&mut state, &cursor), (vec![], 1), "{what}");
}

/// Over a table with the numbers from 1 to 20 in `id` and `c`.
pub(crate) fn ranges_lags_orders_and_downward_cursors_hold(run: Run<'_>) {
    let once = |cursor: Value| run(&mut PipelineState::new("test"), &cursor);
    let range = json!({"cursor_path": "c", "initial_value": 5, "end_value": 8});
    assert_eq!(once(range), (vec![5, 6, 7], 4));
    let down = json!({"cursor_path": "c", "initial_value": 4, "last_value_func": "min"});
    assert_eq!(once(down), (vec![1, 2, 3, 4], 4));
    let ordered = json!({"cursor_path": "c", "initial_value": 19, "row_order": "desc"});
    assert_eq!(once(ordered), (vec![19, 20], 2));
    let mut state = PipelineState::new("test");
    let lag = json!({"cursor_path": "c", "lag": 2});
    assert_eq!(run(&mut state, &lag).0.len(), 20);
    assert_eq!(run(&mut state, &lag).0, [18, 19, 20]);
}

/// Over a table with the ids 1, 2 and 3, of which the second has no `c` and the others their id.
pub(crate) fn rows_without_cursor_follow_the_policy(run: Run<'_>) {
    let once = |policy: &str| {
        let cursor = json!({"cursor_path": "c", "initial_value": 2, "on_cursor_value_missing": policy});
        run(&mut PipelineState::new("test"), &cursor).0
    };
    assert_eq!(once("include"), [2, 3]);
    assert_eq!(once("exclude"), [3]);
}
