//! Incremental loading: packages and the state that they carry.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use cartage_package_store::FileFormat;
use cartage_row_readers::Lines;
use cartage_source_api::{Page, Pages, ParquetFile, Resource};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::support::{Pipeline, resource, values};

fn cursor(pipeline: &Pipeline, resource: &str, path: &str) -> Value {
    let state = pipeline.state.resource_state("shop", resource);
    state.map_or(Value::Null, |state| state["incremental"][path].clone())
}

/// A resource whose only file has these lines.
fn lines(hints: Value, text: &'static str) -> Resource {
    let mut lines = Lines::new(text.as_bytes(), "a.jsonl".into(), 1 << 20);
    let pages = std::iter::from_fn(move || lines.next_page().transpose().map(|page| page.map(Page::Json)));
    resource("r", hints, Pages(pages))
}

#[test]
fn rows_that_pass_keep_their_bytes_and_their_lines() {
    let mut pipeline = Pipeline::new();
    let hints = json!({"incremental": {"cursor_path": "n", "initial_value": 2}});
    let text =
        "{\"n\":1}\n{ \"n\" : 2.50 , \"b\":\"x\" }\n\n{\"n\":0}\n{\"b\":\"ä\\u0041\",\"n\":3}\n{\"n\":3}\n";
    let report = pipeline.run(vec![lines(hints, text)]).unwrap();
    let package = pipeline.package(&report);
    let kept = ["{ \"n\" : 2.50 , \"b\":\"x\" }", "{\"b\":\"ä\\u0041\",\"n\":3}", "{\"n\":3}"];
    assert_eq!(package.rows("r"), kept);
    let file = &package.files("r")[0];
    let origins: Vec<_> = file.origins.iter().map(|o| (o.first_line, o.first_row, o.rows)).collect();
    assert_eq!(origins, [(2, 0, 1), (5, 1, 2)]);
    let entry = cursor(&pipeline, "r", "n");
    let (last, start) = (&entry["last_value"], &entry["start_value"]);
    assert_eq!((last, start, entry["unique_hashes"].as_array().unwrap().len()), (&json!(3), &json!(2), 2));
    assert!(package.0.manifest().resources[0].resumable);
    assert_eq!(pipeline.schema.tables["r"].columns["n"].incremental, Some(true));
}

#[test]
fn the_next_run_takes_only_what_is_new() {
    let mut pipeline = Pipeline::new();
    let hints = json!({"primary_key": "id", "incremental": {"cursor_path": "meta.t"}});
    let row = |id: u64, t: &str| json!({"id": id, "meta": {"t": t}});
    let first = vec![vec![row(1, "a"), row(2, "c")], vec![row(3, "c")]];
    pipeline.run(vec![values("r", hints.clone(), first)]).unwrap();
    let second = vec![vec![row(4, "b"), row(2, "c"), row(5, "c")], vec![row(3, "c"), row(6, "d")]];
    let report = pipeline.run(vec![values("r", hints.clone(), second)]).unwrap();
    assert_eq!(pipeline.package(&report).rows("r"), [row(5, "c").to_string(), row(6, "d").to_string()]);
    let unchanged = pipeline.run(vec![values("r", hints, vec![vec![row(6, "d")]])]).unwrap();
    assert!(unchanged.packages.is_empty(), "nothing new is not a package");
}

#[test]
fn a_run_without_rows_leaves_an_entry_and_a_backfill_leaves_none() {
    let mut pipeline = Pipeline::new();
    let with = |incremental: Value| json!({"incremental": incremental});
    pipeline.run(vec![values("r", with(json!({"cursor_path": "n", "initial_value": 5})), vec![])]).unwrap();
    let fresh = json!({"initial_value": 5, "last_value": 5, "unique_hashes": [], "start_value": 5});
    assert_eq!(cursor(&pipeline, "r", "n"), fresh);
    let backfill = with(json!({"cursor_path": "n", "initial_value": 1, "end_value": 3}));
    let rows = vec![(0..5).map(|n| json!({"n": n})).collect()];
    let report = pipeline.run(vec![values("b", backfill, rows)]).unwrap();
    assert_eq!(pipeline.package(&report).rows("b"), ["{\"n\":1}", "{\"n\":2}"]);
    assert!(pipeline.state.resource_state("shop", "b").is_none());
    assert!(!pipeline.package(&report).0.manifest().resources[0].resumable);
}

#[test]
fn a_replaced_resource_starts_over() {
    let mut pipeline = Pipeline::new();
    let hints = json!({"write_disposition": "replace", "incremental": {"cursor_path": "n"}});
    for _ in 0..2 {
        let rows = vec![vec![json!({"n": 1}), json!({"n": 2})]];
        assert_eq!(pipeline.run(vec![values("r", hints.clone(), rows)]).unwrap().rows(), 2);
    }
}

#[test]
fn rows_behind_a_limit_come_with_the_next_run() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.limit.rows = Some(3);
    let hints = json!({"incremental": {"cursor_path": "n"}});
    let all = || vec![(0..4).map(|n| json!({"n": n})).collect(), (4..8).map(|n| json!({"n": n})).collect()];
    let mut seen = Vec::new();
    for _ in 0..3 {
        let report = pipeline.run(vec![values("r", hints.clone(), all())]).unwrap();
        seen.extend(pipeline.package(&report).rows("r"));
    }
    assert_eq!(seen, (0..8).map(|n| format!("{{\"n\":{n}}}")).collect::<Vec<_>>());
}

#[test]
fn a_row_without_cursor_is_named_by_file_and_line() {
    let mut pipeline = Pipeline::new();
    let hints = json!({"incremental": {"cursor_path": "n"}});
    let error = pipeline.run(vec![lines(hints, "{\"n\":1}\n\n{\"m\":1}\n")]).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("a.jsonl line 3: the row has no cursor `n`"), "{cause}");
    assert!(pipeline.is_staging_empty() && pipeline.state.resource_state("shop", "r").is_none());
}

#[test]
fn what_is_no_json_is_left_to_normalize() {
    let mut pipeline = Pipeline::new();
    let hints = json!({"incremental": {"cursor_path": "n", "initial_value": 5}});
    let report = pipeline.run(vec![lines(hints, "{\"n\":1}\n{\"n\":\n{\"n\":7}\n")]).unwrap();
    assert_eq!(pipeline.package(&report).rows("r"), ["{\"n\":", "{\"n\":7}"]);
}

/// A Parquet file with cursors and texts.
fn parquet(pipeline: &Pipeline, name: &str, cursors: &[i64]) -> ParquetFile {
    let path = pipeline.temp.store.dir().join(name);
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(cursors.iter().map(|n| format!("t{n}"))));
    let numbers: ArrayRef = Arc::new(Int64Array::from(cursors.to_vec()));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let bytes = path.metadata().unwrap().len();
    let rows = cursors.len() as u64;
    ParquetFile { path, source: name.into(), rows, bytes, uncompressed_bytes: bytes, scratch: None }
}

#[test]
fn parquet_files_stay_whole_until_a_row_must_go() {
    let mut pipeline = Pipeline::new();
    let run = |pipeline: &mut Pipeline, name: &str, cursors: &[i64]| {
        let file = parquet(pipeline, name, cursors);
        let bytes = file.bytes;
        let hints = json!({"incremental": {"cursor_path": "n"}});
        let report = pipeline
            .run(vec![resource("r", hints, Pages([Ok(Page::ParquetFile(file))].into_iter()))])
            .unwrap();
        let files = report.packages.first().map(|_| pipeline.package(&report).files("r")).unwrap_or_default();
        assert!(files.iter().all(|file| file.name.format() == FileFormat::Parquet));
        (report.rows(), files.first().is_some_and(|file| file.bytes == bytes))
    };
    assert_eq!(run(&mut pipeline, "1.parquet", &[1, 3, 2, 3]), (4, true));
    assert_eq!(cursor(&pipeline, "r", "n")["last_value"], 3);
    assert_eq!(cursor(&pipeline, "r", "n")["unique_hashes"].as_array().unwrap().len(), 1);
    assert_eq!(run(&mut pipeline, "2.parquet", &[2, 3, 4]), (1, false));
    assert_eq!(run(&mut pipeline, "3.parquet", &[5, 6]), (2, true));
    assert_eq!(run(&mut pipeline, "4.parquet", &[1, 2]).0, 0);
    assert_eq!(cursor(&pipeline, "r", "n")["last_value"], 6);
}

#[test]
fn the_first_resource_of_a_table_that_has_rows_decides_its_hints() {
    let mut pipeline = Pipeline::new();
    let hints = |description: &str| json!({"table_name": "shared", "description": description});
    let rows = || vec![vec![json!({"a": 1})]];
    pipeline
        .run(vec![
            values("silent", hints("silent"), vec![]),
            values("first", hints("first"), rows()),
            values("second", hints("second"), rows()),
        ])
        .unwrap();
    let table = &pipeline.schema.tables["shared"];
    assert_eq!((table.resource.as_deref(), table.description.as_deref()), (Some("first"), Some("first")));
    pipeline.run(vec![values("second", hints("second"), rows())]).unwrap();
    assert_eq!(pipeline.schema.tables["shared"].resource.as_deref(), Some("second"));
}

#[test]
fn an_empty_page_makes_a_table_and_no_page_does_not() {
    let mut pipeline = Pipeline::new();
    let empty = || vec![vec![]];
    let filtered = json!({"incremental": {"cursor_path": "n", "initial_value": 5}});
    pipeline
        .run(vec![
            values("empty", json!({}), empty()),
            values("silent", json!({}), vec![]),
            values("filtered", filtered, vec![vec![json!({"n": 1})]]),
        ])
        .unwrap();
    let tables: Vec<&str> = pipeline.schema.data_tables().map(|table| &*table.name).collect();
    assert_eq!(tables, ["empty"]);
}

#[test]
fn columnar_rows_are_filtered_column_by_column() {
    let mut pipeline = Pipeline::new();
    let batch = |cursors: Vec<Option<&str>>| {
        let column: ArrayRef = Arc::new(StringArray::from(cursors));
        Ok(Page::Arrow(RecordBatch::try_from_iter_with_nullable([("t", column, true)]).unwrap()))
    };
    let hints = json!({"incremental": {"cursor_path": "t", "on_cursor_value_missing": "include"}});
    let first = vec![batch(vec![Some("b"), None, Some("a")]), batch(vec![Some("c")])];
    pipeline.run(vec![resource("r", hints.clone(), Pages(first.into_iter()))]).unwrap();
    let second = vec![batch(vec![Some("b"), None, Some("c"), Some("d")])];
    let report = pipeline.run(vec![resource("r", hints, Pages(second.into_iter()))]).unwrap();
    assert_eq!(report.rows(), 2);
    assert_eq!(cursor(&pipeline, "r", "t")["last_value"], "d");
}
