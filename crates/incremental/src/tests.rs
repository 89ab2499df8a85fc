//! The rows that pass and the state that is left, against a model of the rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use cartage_schema::content_hash;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::{JsonPage, Page, Pages, SourceError};
use cartage_state::PipelineState;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Bounds, CursorSettings, Position, bind};

#[derive(Clone, Copy, Debug)]
struct Row {
    id: i64,
    cursor: Option<i64>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are the settings, each of which is one of two words")]
struct Rules {
    is_max: bool,
    start_open: bool,
    end_closed: bool,
    deduplicates: bool,
    include_missing: bool,
    lag: i64,
    initial: Option<i64>,
    end: Option<i64>,
}

impl Rules {
    fn hints(&self) -> Value {
        let mut incremental = json!({
            "cursor_path": "n",
            "last_value_func": if self.is_max { "max" } else { "min" },
            "range_start": if self.start_open { "open" } else { "closed" },
            "range_end": if self.end_closed { "closed" } else { "open" },
            "on_cursor_value_missing": if self.include_missing { "include" } else { "exclude" },
            "lag": self.lag,
            "initial_value": self.initial,
            "end_value": self.end,
        });
        if !self.deduplicates {
            incremental["primary_key"] = json!([]);
        }
        json!({"primary_key": "id", "incremental": incremental})
    }

    /// The larger one, or the smaller one.
    fn wins(&self, a: i64, b: i64) -> i64 {
        if self.is_max { a.max(b) } else { a.min(b) }
    }
}

/// What is remembered between runs.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory {
    last: Option<i64>,
    start: Option<i64>,
    hashes: BTreeSet<i64>,
}

/// The rules as they are written down, for one run whose rows come in one list.
fn model(rules: &Rules, memory: &mut Memory, rows: &[Row]) -> Vec<usize> {
    let before = if rules.end.is_some() { rules.initial } else { memory.last };
    let lag = if rules.end.is_some() { 0 } else { rules.lag };
    let start = before.map(|last| {
        let lagged = if rules.is_max { last - lag } else { last + lag };
        rules.initial.map_or(lagged, |initial| if lag == 0 { last } else { rules.wins(initial, lagged) })
    });
    let deduplicates = rules.deduplicates && !rules.start_open && rules.end.is_none() && lag == 0;
    let known = memory.hashes.clone();
    let (mut last, mut hashes, mut kept) = (start, known.clone(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let Some(v) = row.cursor else {
            if rules.include_missing {
                kept.push(index);
            }
            continue;
        };
        if rules.end.is_some_and(|end| rules.wins(v, end) != end || v == end && !rules.end_closed) {
            continue;
        }
        if last.is_none_or(|last| rules.wins(v, last) != last) {
            last = Some(v);
            hashes = BTreeSet::from([row.id]);
            kept.push(index);
            continue;
        }
        if rules.start_open && Some(v) == start {
            continue;
        }
        let at_or_behind_start = start.is_some_and(|start| rules.wins(v, start) == start);
        if at_or_behind_start && (Some(v) != start || deduplicates && known.contains(&row.id)) {
            continue;
        }
        kept.push(index);
        if Some(v) == last {
            hashes.insert(row.id);
        }
    }
    if rules.end.is_none() && !rows.is_empty() {
        memory.last = match (last, before) {
            (Some(last), Some(before)) => Some(rules.wins(last, before)),
            (last, before) => last.or(before),
        };
        memory.hashes = if deduplicates { hashes } else { BTreeSet::new() };
        if !kept.is_empty() {
            memory.start = before;
        }
    }
    kept
}

/// A page of rows, whose positions go along in a field.
fn json_page(rows: &[Row], first: usize) -> Page {
    let rows = rows.iter().zip(first..).map(|(row, position)| match row.cursor {
        Some(cursor) => json!({"id": row.id, "n": cursor, "p": position}),
        None => json!({"id": row.id, "p": position}),
    });
    Page::Json(JsonPage::from_rows(rows).unwrap())
}

fn arrow_page(rows: &[Row], first: usize) -> Page {
    let field = |name, nullable| Field::new(name, DataType::Int64, nullable);
    let schema = Schema::new(vec![field("id", false), field("n", true), field("p", false)]);
    let ids = Int64Array::from_iter_values(rows.iter().map(|row| row.id));
    let cursors = rows.iter().map(|row| row.cursor).collect::<Int64Array>();
    let positions = Int64Array::from_iter_values((first..first + rows.len()).map(|position| position as i64));
    let columns: Vec<arrow::array::ArrayRef> = vec![Arc::new(ids), Arc::new(cursors), Arc::new(positions)];
    Page::Arrow(RecordBatch::try_new(Arc::new(schema), columns).unwrap())
}

fn positions(page: &Page) -> Vec<usize> {
    match page {
        Page::Json(page) => {
            let rows = page.text().split_inclusive(|byte| *byte == b'\n');
            rows.map(|row| serde_json::from_slice::<Value>(row).unwrap()["p"].as_u64().unwrap() as usize)
                .collect()
        }
        Page::Arrow(batch) => {
            let positions = batch.column(2).as_any().downcast_ref::<Int64Array>().unwrap();
            positions.values().iter().map(|position| *position as usize).collect()
        }
        Page::ParquetFile(_) | Page::Message(_) => unreachable!("no files here"),
    }
}

/// One run over pages; the positions of the rows that pass.
fn run(state: &mut PipelineState, hints: &Value, pages: Vec<Page>) -> Result<Vec<usize>, SourceError> {
    let hints: ResourceHints = serde_json::from_value(hints.clone()).unwrap();
    let settings = CursorSettings::from_hints(&hints).unwrap().unwrap();
    let inner = Box::new(Pages(pages.into_iter().map(Ok)));
    let mut producer =
        bind(inner, settings, "r", "s", state, &Bounds::default()).map_err(SourceError::Config)?;
    let mut position: Option<Position> = None;
    let mut passed = Vec::new();
    while let Some(page) = producer.next_page()? {
        for advance in producer.take_state_change().split().0 {
            position.get_or_insert_with(|| Position::at_start(state, "s", &advance)).advance(advance);
        }
        passed.extend(positions(&page));
    }
    if let Some(position) = position {
        position.write(state, "s");
    }
    Ok(passed)
}

fn entry(state: &PipelineState) -> Value {
    state.resource_state("s", "r").map_or(Value::Null, |resource| resource["incremental"]["n"].clone())
}

fn expected(rules: &Rules, memory: &Memory) -> Value {
    let hash = |id: &i64| content_hash(id.to_string().as_bytes(), 9);
    let hashes: BTreeSet<String> = memory.hashes.iter().map(hash).collect();
    json!({
        "initial_value": rules.initial,
        "last_value": memory.last,
        "unique_hashes": hashes,
        "start_value": memory.start,
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let ends = prop_oneof![
        3 => (proptest::option::of(0_i64..6)).prop_map(|initial| (initial, None)),
        1 => (0_i64..6, 0_i64..6).prop_map(|(a, b)| (Some(a), Some(b))),
    ];
    (any::<[bool; 5]>(), prop_oneof![3 => Just(0_i64), 1 => 1_i64..3], ends).prop_map(
        |(flags, lag, (initial, end))| {
            let [is_max, start_open, end_closed, deduplicates, include_missing] = flags;
            // The end of a range lies behind its start.
            let swap = end.zip(initial).is_some_and(|(end, initial)| (end < initial) == is_max);
            let (initial, end) = if swap { (end, initial) } else { (initial, end) };
            Rules { is_max, start_open, end_closed, deduplicates, include_missing, lag, initial, end }
        },
    )
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row =
        (0_i64..4, proptest::option::weighted(0.9, 0_i64..7)).prop_map(|(id, cursor)| Row { id, cursor });
    vec(row, 0..10)
}

proptest! {
    #[test]
    fn rows_and_state_are_those_of_the_model_however_pages_are_cut(
        rules in rules(),
        runs in vec((rows(), vec(1_usize..5, 10)), 1..4),
        columnar in any::<bool>(),
    ) {
        let (mut state, mut memory) = (PipelineState::new("p"), Memory::default());
        memory.last = rules.initial;
        memory.start = rules.initial;
        for (rows, sizes) in runs {
            let (mut pages, mut first) = (Vec::new(), 0);
            for size in sizes {
                let page = &rows[first..(first + size).min(rows.len())];
                pages.push(if columnar { arrow_page(page, first) } else { json_page(page, first) });
                first += page.len();
            }
            // A page without rows among others does not matter, but no rows at all are not a page.
            let kept = model(&rules, &mut memory, &rows);
            prop_assert_eq!(run(&mut state, &rules.hints(), pages).unwrap(), kept);
            let wanted = if rules.end.is_some() { Value::Null } else { expected(&rules, &memory) };
            prop_assert_eq!(entry(&state), wanted);
        }
    }
}

fn texts(texts: &[&str]) -> Page {
    let rows = texts.iter().enumerate().map(|(position, text)| json!({"n": text, "p": position}));
    Page::Json(JsonPage::from_rows(rows).unwrap())
}

fn last_value(state: &PipelineState) -> Value {
    entry(state)["last_value"].clone()
}

#[test]
fn a_lag_moves_texts_in_their_own_form_and_never_before_the_initial_value() {
    let mut state = PipelineState::new("p");
    let hints = json!({"incremental": {"cursor_path": "n", "lag": 3600, "initial_value": "2024-01-02T09:30:00.000Z"}});
    run(&mut state, &hints, vec![texts(&["2024-01-02T10:00:00.250Z"])]).unwrap();
    let second = texts(&["2024-01-02T09:15:00.000Z", "2024-01-02T09:30:00.000Z", "2024-01-02T12:00:00.000Z"]);
    assert_eq!(run(&mut state, &hints, vec![second]).unwrap(), [1, 2]);
    let third = texts(&["2024-01-02T10:59:59.999Z", "2024-01-02T11:00:00.000Z"]);
    assert_eq!(run(&mut state, &hints, vec![third]).unwrap(), [1]);
    assert_eq!(last_value(&state), "2024-01-02T12:00:00.000Z");
}

#[test]
fn a_lag_counts_days_where_the_cursor_is_a_date() {
    let mut state = PipelineState::new("p");
    let hints = json!({"incremental": {"cursor_path": "n", "lag": 1}});
    run(&mut state, &hints, vec![texts(&["2024-03-01"])]).unwrap();
    assert_eq!(run(&mut state, &hints, vec![texts(&["2024-02-28", "2024-02-29"])]).unwrap(), [1]);
    let hints = json!({"incremental": {"cursor_path": "n", "lag": 1, "initial_value": "2024-01-01"}});
    run(&mut state, &hints, vec![texts(&["2024-03-05T15:00:00Z"])]).unwrap();
    let late = texts(&["2024-03-03T23:59:59Z", "2024-03-04T00:00:00Z"]);
    assert_eq!(run(&mut state, &hints, vec![late]).unwrap(), [1]);
}

#[test]
fn a_value_of_another_type_is_an_error_that_shows_both() {
    let mut state = PipelineState::new("p");
    let hints = json!({"incremental": {"cursor_path": "n"}});
    run(&mut state, &hints, vec![json_page(&[Row { id: 1, cursor: Some(7) }], 0)]).unwrap();
    let error = run(&mut state, &hints, vec![texts(&["text"])]).unwrap_err().to_string();
    assert!(error.contains("row 1 of a page") && error.contains("`text` (text)"), "{error}");
    assert!(error.contains("the last value `7` (integer)"), "{error}");
}

#[test]
fn timestamps_of_columns_keep_their_nanoseconds() {
    use arrow::array::TimestampNanosecondArray;
    let page = |nanos: &[i64]| {
        let times = TimestampNanosecondArray::from(nanos.to_vec()).with_timezone("UTC");
        let positions = Int64Array::from_iter_values(0..nanos.len() as i64);
        let columns: Vec<(&str, arrow::array::ArrayRef)> =
            vec![("x", Arc::new(positions.clone())), ("n", Arc::new(times)), ("p", Arc::new(positions))];
        Page::Arrow(RecordBatch::try_from_iter(columns).unwrap())
    };
    let mut state = PipelineState::new("p");
    let hints =
        json!({"incremental": {"cursor_path": "n", "initial_value": "1970-01-01", "primary_key": "n"}});
    assert_eq!(run(&mut state, &hints, vec![page(&[1, 1_000_000_001])]).unwrap(), [0, 1]);
    assert_eq!(last_value(&state), "\u{f027}1970-01-01T00:00:01.000000001+00:00");
    let next = page(&[1_000_000_000, 1_000_000_001, 1_000_000_002]);
    assert_eq!(run(&mut state, &hints, vec![next]).unwrap(), [2]);
}

#[test]
fn naive_values_of_the_state_follow_rows_with_a_time_zone() {
    let mut state = PipelineState::new("p");
    let hints = json!({"incremental": {"cursor_path": "n", "initial_value": "\u{f027}2024-01-01T00:00:00"}});
    let rows = texts(&["\u{f027}2023-12-31T23:00:00-02:00", "\u{f027}2024-01-01T01:00:00+02:00"]);
    assert_eq!(run(&mut state, &hints, vec![rows]).unwrap(), [0]);
    assert_eq!(last_value(&state), "\u{f027}2024-01-01T01:00:00+00:00");
}

#[test]
fn ordered_rows_end_the_producer_with_the_page_that_passes_the_end() {
    let page = |values: &[i64]| {
        let rows: Vec<Row> = values.iter().map(|value| Row { id: 0, cursor: Some(*value) }).collect();
        json_page(&rows, 0)
    };
    let hints = |incremental: Value| json!({"incremental": incremental});
    let up = hints(json!({"cursor_path": "n", "row_order": "asc", "initial_value": 1, "end_value": 5}));
    let pages = vec![page(&[1, 4]), page(&[5, 2]), page(&[3])];
    assert_eq!(run(&mut PipelineState::new("p"), &up, pages).unwrap(), [0, 1, 1]);
    let down = hints(json!({"cursor_path": "n", "row_order": "desc", "initial_value": 3}));
    let pages = vec![page(&[9, 4]), page(&[2, 3]), page(&[8])];
    assert_eq!(run(&mut PipelineState::new("p"), &down, pages).unwrap(), [0, 1, 1]);
}

#[test]
fn hashes_of_older_releases_are_known_again() {
    let mut state = PipelineState::new("p");
    let legacy = content_hash(b"1", 15);
    let entry =
        json!({"initial_value": null, "last_value": 5, "unique_hashes": [legacy], "start_value": null});
    state.resource_state_mut("s", "r").insert("incremental".to_owned(), json!({"n": entry}));
    let hints = json!({"primary_key": "id", "incremental": {"cursor_path": "n"}});
    let rows = [(1, 5), (2, 5)].map(|(id, n)| Row { id, cursor: Some(n) });
    assert_eq!(run(&mut state, &hints, vec![json_page(&rows, 0)]).unwrap(), [1]);
    let rows = [(2, 5), (3, 6)].map(|(id, n)| Row { id, cursor: Some(n) });
    assert_eq!(run(&mut state, &hints, vec![json_page(&rows, 0)]).unwrap(), [1]);
    assert_eq!(self::entry(&state)["unique_hashes"], json!([content_hash(b"3", 9)]));
}

#[test]
fn settings_that_cannot_work_are_refused_with_the_remedy() {
    let refused = |incremental: Value| {
        let hints: ResourceHints = serde_json::from_value(json!({"incremental": incremental})).unwrap();
        CursorSettings::from_hints(&hints).unwrap_err()
    };
    assert!(refused(json!({"initial_value": 1})).contains("`cursor_path` is missing"));
    assert!(refused(json!({"cursor_path": "n", "end_value": 1})).contains("needs `initial_value`"));
    assert!(refused(json!({"cursor_path": "n", "initial_value": 2, "end_value": 1})).contains("swap them"));
    assert!(
        refused(json!({"cursor_path": "n", "initial_value": "a", "end_value": 1}))
            .contains("cannot be compared")
    );
    assert!(refused(json!({"cursor_path": "n", "row_order": "up"})).contains("known are asc and desc"));
    assert!(refused(json!({"cursor_path": "n", "last_value_func": "sum"})).contains("known are max and min"));
}
