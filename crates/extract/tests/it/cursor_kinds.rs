//! Cursors compare by what their column is, whatever the rows write.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cartage_extract::ExtractError;
use cartage_schema::{Column, DataType, Detection, Table};
use cartage_source_api::{Page, Pages};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Pipeline, resource, source, values};

fn row(at: &str) -> Value {
    json!({"at": at})
}

/// The cursors that pass when these come, one page a list.
fn run(pipeline: &mut Pipeline, hints: &Value, pages: &[&[&str]]) -> Result<Vec<String>, ExtractError> {
    let pages = pages.iter().map(|page| page.iter().map(|at| row(at)).collect()).collect();
    let report = pipeline.run(vec![values("r", hints.clone(), pages)])?;
    let Some(package) = report.packages.first() else { return Ok(Vec::new()) };
    let rows = pipeline.open(&package.load_id).rows("r");
    let at = |row: &String| serde_json::from_str::<Value>(row).unwrap()["at"].as_str().unwrap().to_owned();
    Ok(rows.iter().map(at).collect())
}

fn hints(incremental: Value, data_type: Option<&str>) -> Value {
    let mut incremental = incremental;
    incremental["cursor_path"] = json!("at");
    let mut hints = json!({"incremental": incremental});
    if let Some(data_type) = data_type {
        hints["columns"] = json!({"at": {"data_type": data_type}});
    }
    hints
}

fn last_value(pipeline: &Pipeline) -> Value {
    pipeline.state.resource_state("shop", "r").unwrap()["incremental"]["at"]["last_value"].clone()
}

fn message(error: &ExtractError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[test]
fn detected_times_are_points_in_time() {
    let mut pipeline = Pipeline::new();
    let hints = hints(json!({"initial_value": "2024-03-01"}), None);
    let first = ["2024-02-29T23:59:59.9Z", "2024-03-01T10:00:00Z", "2024-03-01 09:00:00.5"];
    assert_eq!(run(&mut pipeline, &hints, &[&first]).unwrap(), first[1..]);
    assert_eq!(last_value(&pipeline), "2024-03-01T10:00:00Z");
    // Later as times, but less as texts; equal, but spelled otherwise; earlier, but more as texts.
    let second = ["2024-03-01T10:00:00.500Z", "2024-03-01T12:00:00+02:00", "2024-03-01T11:00:00+02:00"];
    assert_eq!(run(&mut pipeline, &hints, &[&second]).unwrap(), second[..2]);
    assert_eq!(last_value(&pipeline), "2024-03-01T10:00:00.500Z");
    assert_eq!(run(&mut pipeline, &hints, &[&["2024-03-01T10:00:00.499999999Z"]]).unwrap(), [""; 0]);
}

#[test]
fn rows_at_the_last_instant_are_known_again_by_their_key_in_any_spelling() {
    let mut pipeline = Pipeline::new();
    let hints = json!({"primary_key": "id", "incremental": {"cursor_path": "at"}});
    let rows = |rows: &[(u64, &str)]| vec![rows.iter().map(|(id, at)| json!({"id": id, "at": at})).collect()];
    let first = rows(&[(1, "2024-03-01T10:00:00Z"), (2, "2024-03-01T10:00:00.000Z")]);
    pipeline.run(vec![values("r", hints.clone(), first)]).unwrap();
    let second =
        rows(&[(1, "2024-03-01 10:00:00"), (2, "2024-03-01T11:00:00+01:00"), (3, "2024-03-01T10:00:00Z")]);
    let report = pipeline.run(vec![values("r", hints, second)]).unwrap();
    assert_eq!((report.rows(), report.resources[0].left_out), (1, 2));
}

#[test]
fn hinted_and_stored_numbers_are_numbers_although_rows_hold_text() {
    let stored = |pipeline: &mut Pipeline| {
        let mut table = Table::new("r");
        table.columns.insert("at".to_owned(), Column::typed("at", DataType::Bigint, true));
        pipeline.schema.tables.insert("r".to_owned(), table);
    };
    for hint in [Some("bigint"), Some("decimal"), None] {
        let mut pipeline = Pipeline::new();
        if hint.is_none() {
            stored(&mut pipeline);
        }
        let hints = hints(json!({"row_order": "asc"}), hint);
        assert_eq!(run(&mut pipeline, &hints, &[&["8", "9", " 9 "]]).unwrap(), ["8", "9", " 9 "]);
        assert_eq!(last_value(&pipeline), "9");
        assert_eq!(run(&mut pipeline, &hints, &[&["9.0", "8", "10", "11"]]).unwrap(), ["9.0", "10", "11"]);
        let error = run(&mut pipeline, &hints, &[&["12", "n/a"]]).unwrap_err();
        let text = message(&error);
        assert!(
            text.contains("`n/a` (text), which is not a number") && text.contains("row 2 of a page"),
            "{text}"
        );
    }
}

#[test]
fn numbers_as_ends_of_the_range_say_that_texts_are_numbers() {
    let by_ends = hints(json!({"initial_value": 9, "end_value": 100}), None);
    let passed = run(&mut Pipeline::new(), &by_ends, &[&["8", "10", "99.5", "100", "1000"]]).unwrap();
    assert_eq!(passed, ["10", "99.5"]);
    let hints = self::hints(json!({"initial_value": "9", "end_value": "100"}), Some("bigint"));
    assert_eq!(run(&mut Pipeline::new(), &hints, &[&["8", "9", "10", "100"]]).unwrap(), ["9", "10"]);
}

#[test]
fn other_texts_and_texts_by_hint_compare_as_texts() {
    for (hint, second) in [(None, ["9", "b"]), (Some("text"), ["2024-01-01T00:00:00.5Z", "9"])] {
        let mut pipeline = Pipeline::new();
        let hints = hints(json!({}), hint);
        run(&mut pipeline, &hints, &[&[if hint.is_some() { "2024-01-01T00:00:00Z" } else { "a" }]]).unwrap();
        assert_eq!(run(&mut pipeline, &hints, &[&second]).unwrap(), second[1..]);
    }
    // A source that does not detect times has texts.
    let mut pipeline = Pipeline::new();
    let mut rows = |at: &str| {
        let mut source = source(vec![values("r", hints(json!({}), None), vec![vec![row(at)]])]);
        source.schema.detections = Some(vec![Detection::Timestamp]);
        pipeline.run_source(source).unwrap().rows()
    };
    assert_eq!((rows("2024-01-01T00:00:00Z"), rows("2024-01-01T00:00:00.5Z")), (1, 0));
}

#[test]
fn ends_lag_and_order_are_those_of_instants() {
    let range = json!({"initial_value": "2024-01-01T00:00:00Z", "end_value": "2024-01-02T00:00:00Z", "row_order": "asc"});
    let first = ["2024-01-01T01:00:00+02:00", "2024-01-01 00:00:00.1", "2024-01-02T00:30:00+01:00"];
    let pages: [&[&str]; 3] = [&first, &["2024-01-02T01:00:00+01:00"], &["2024-01-01T05:00:00Z"]];
    assert_eq!(run(&mut Pipeline::new(), &hints(range, None), &pages).unwrap(), first[1..]);

    let mut pipeline = Pipeline::new();
    let lag = hints(json!({"lag": 3600}), None);
    run(&mut pipeline, &lag, &[&["2024-01-01T12:00:00.25Z"]]).unwrap();
    let late = ["2024-01-01T12:00:00+01:00", "2024-01-01T11:00:00.250Z", "2024-01-01T11:00:00.3"];
    assert_eq!(run(&mut pipeline, &lag, &[&late]).unwrap(), late[1..]);

    let mut pipeline = Pipeline::new();
    let lag = hints(json!({"lag": 5}), Some("bigint"));
    run(&mut pipeline, &lag, &[&["100"]]).unwrap();
    assert_eq!(run(&mut pipeline, &lag, &[&["94", "95", "99", "101"]]).unwrap(), ["95", "99", "101"]);

    let mut pipeline = Pipeline::new();
    let smallest = hints(json!({"last_value_func": "min"}), Some("timestamp"));
    run(&mut pipeline, &smallest, &[&["2024-01-01T10:00:00.5Z"]]).unwrap();
    assert_eq!(
        run(&mut pipeline, &smallest, &[&["2024-01-01T10:00:00Z", "2024-01-01T10:00:00.6Z"]]).unwrap(),
        ["2024-01-01T10:00:00Z"]
    );
}

#[test]
fn a_text_that_is_no_time_among_times_is_an_error_and_never_dropped() {
    let mut pipeline = Pipeline::new();
    let detected = hints(json!({}), None);
    let error = run(&mut pipeline, &detected, &[&["2024-01-01T00:00:00Z"], &["unknown"]]).unwrap_err();
    let text = message(&error);
    assert!(
        text.contains("row 1 of a page") && text.contains("`unknown` (text), which is not a point in time"),
        "{text}"
    );
    let initial = hints(json!({"initial_value": "2024-01-01T00:00:00Z"}), None);
    assert!(run(&mut Pipeline::new(), &initial, &[&["unknown"]]).is_err());
    let wrong = hints(json!({"initial_value": "yesterday"}), Some("timestamp"));
    let text = run(&mut Pipeline::new(), &wrong, &[&[]]).unwrap_err().to_string();
    assert!(text.contains("`yesterday` (text), which is not a point in time"), "{text}");
}

#[test]
fn days_and_times_go_together() {
    let mut pipeline = Pipeline::new();
    let days = hints(json!({"initial_value": "2024-01-02T00:00:00Z"}), None);
    assert_eq!(
        run(&mut pipeline, &days, &[&["2024-01-01", "2024-01-02", "2024-01-03"]]).unwrap(),
        ["2024-01-02", "2024-01-03"]
    );
    let mixed = ["2024-01-04", "2024-01-04T00:00:00.5Z", "2024-01-04T00:00:00Z"];
    assert_eq!(run(&mut Pipeline::new(), &hints(json!({}), None), &[&mixed]).unwrap(), mixed);
}

#[test]
fn a_path_into_nested_data_has_the_column_of_its_names() {
    let mut pipeline = Pipeline::new();
    let hints =
        json!({"incremental": {"cursor_path": "meta.No"}, "columns": {"meta__no": {"data_type": "bigint"}}});
    let rows = |numbers: &[&str]| vec![numbers.iter().map(|no| json!({"meta": {"No": no}})).collect()];
    pipeline.run(vec![values("r", hints.clone(), rows(&["9"]))]).unwrap();
    assert_eq!(pipeline.run(vec![values("r", hints, rows(&["8", "10"]))]).unwrap().rows(), 1);
}

#[test]
fn columns_of_texts_compare_by_their_hint() {
    for (hint, first, second, passed) in [
        ("bigint", vec!["9", "8"], vec!["10", "9.5", "7"], 2),
        (
            "timestamp",
            vec!["2024-01-01T10:00:00Z"],
            vec!["2024-01-01T10:00:00.5Z", "2024-01-01T11:00:00+02:00"],
            1,
        ),
    ] {
        let mut pipeline = Pipeline::new();
        let hints = hints(json!({}), Some(hint));
        let mut run = |texts: &[&str]| {
            let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
            let batch = Page::Arrow(RecordBatch::try_from_iter([("at", column)]).unwrap());
            let report = pipeline.run(vec![resource("r", hints.clone(), Pages([Ok(batch)].into_iter()))]);
            report.map(|report| (report.rows(), report.resources[0].left_out))
        };
        assert_eq!(run(&first).unwrap(), (first.len() as u64, 0));
        assert_eq!(run(&second).unwrap(), (passed, second.len() as u64 - passed));
        assert!(message(&run(&["x"]).unwrap_err()).contains("`x` (text), which is not a"));
    }
}

/// A spelling of an instant, in nanoseconds since 2024-01-01.
fn spelled(nanos: u64, offset_minutes: i32, digits: usize, blank: bool) -> String {
    let local = i128::from(nanos) + i128::from(offset_minutes) * 60_000_000_000;
    let seconds = local.div_euclid(1_000_000_000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (date, separator) = (format!("2024-01-{:02}", day + 2), if blank { ' ' } else { 'T' });
    let clock = format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    let all = format!("{:09}", local.rem_euclid(1_000_000_000));
    let needed = all.trim_end_matches('0').len();
    let fraction = match needed.max(digits) {
        0 => String::new(),
        count => format!(".{}", &format!("{all:0<18}")[..count]),
    };
    let zone = match offset_minutes {
        0 if digits.is_multiple_of(2) => "Z".to_owned(),
        offset => {
            let sign = if offset < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
        }
    };
    format!("{date}{separator}{clock}{fraction}{zone}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_passes_is_what_is_not_before_the_last_instant(
        first in (0_u64..4, 0_u64..3),
        rows in prop::collection::vec((0_u64..4, 0_u64..3, -14_i32..=14, 0_usize..12, any::<bool>()), 1..12),
    ) {
        // Close together, so that fractions and offsets matter.
        let nanos = |second: u64, part: u64| (second * 1_000_000_000) + [0, 1, 500_000_000][part as usize];
        let start = nanos(first.0, first.1);
        let mut pipeline = Pipeline::new();
        let hints = json!({"incremental": {"cursor_path": "at", "primary_key": []}});
        run(&mut pipeline, &hints, &[&[&spelled(start, 0, 0, false)]]).unwrap();
        let texts: Vec<(u64, String)> = rows.iter().map(|(second, part, hours, digits, blank)| {
            let at = nanos(*second, *part);
            (at, spelled(at, hours * 60, *digits, *blank))
        }).collect();
        let page: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
        let passed = run(&mut pipeline, &hints, &[&page]).unwrap();
        let wanted: Vec<&String> = texts.iter().filter(|(at, _)| *at >= start).map(|(_, text)| text).collect();
        prop_assert_eq!(passed.iter().collect::<Vec<_>>(), wanted);
        let furthest = texts.iter().map(|(at, _)| *at).max().unwrap().max(start);
        let last = last_value(&pipeline);
        let is_last = |(at, text): &(u64, String)| *at == furthest && last == text.as_str();
        prop_assert!(texts.iter().any(is_last) || furthest == start, "{last}");
    }
}
