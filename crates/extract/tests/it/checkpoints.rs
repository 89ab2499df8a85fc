//! Several packages of one run: where they end, and what each carries.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cartage_extract::{ExtractReport, NextItemMode};
use cartage_package_store::{Folder, Refresh, ReplaceStrategy};
use cartage_runtime::Clock;
use cartage_source_api::{Page, Pages, Resource, Resume, SourceError};
use serde_json::{Value, json};

use crate::support::{Endpoint, Package, Pipeline, resource, values};

/// A pipeline whose packages are full with three rows.
fn small_packages() -> Pipeline {
    let mut pipeline = Pipeline::new();
    pipeline.settings.package.max_rows = NonZeroU64::new(3);
    pipeline
}

fn row(n: u64) -> Value {
    json!({"id": n, "n": n, "t": "x"})
}

/// Four pages with two rows each, in the order of their cursor.
fn rows(name: &str, hints: &Value) -> Resource {
    values(name, hints.clone(), (0..4).map(|page| vec![row(2 * page), row(2 * page + 1)]).collect())
}

fn with_cursor(mut hints: Value, row_order: &str) -> Value {
    hints["incremental"] = json!({"cursor_path": "n", "row_order": row_order});
    hints
}

fn packages(pipeline: &Pipeline, report: &ExtractReport) -> Vec<Package> {
    report.packages.iter().map(|package| pipeline.open(&package.load_id)).collect()
}

/// Rows of the table in each package.
fn counts(packages: &[Package], table: &str) -> Vec<usize> {
    packages.iter().map(|package| package.rows(table).len()).collect()
}

/// What a package's state says about `r`.
fn remembered(package: &Package) -> Value {
    let state: Value = serde_json::from_str(&package.0.state_json().unwrap().unwrap()).unwrap();
    state["sources"]["shop"]["resources"]["r"].clone()
}

fn last_values(packages: &[Package]) -> Vec<Value> {
    packages.iter().map(|package| remembered(package)["incremental"]["n"]["last_value"].clone()).collect()
}

/// Rows of `r` in each package of a run.
fn cut(hints: &Value, replace_strategy: ReplaceStrategy) -> Vec<usize> {
    let mut pipeline = small_packages();
    pipeline.replace_strategy = replace_strategy;
    let report = pipeline.run(vec![rows("r", hints)]).unwrap();
    assert_eq!((report.rows(), report.tables["r"]), (8, 8), "{hints}");
    counts(&packages(&pipeline, &report), "r")
}

#[test]
fn what_could_double_or_break_a_promise_stays_in_one_package() {
    let merge = |options: Value| {
        let mut hints = json!({"write_disposition": "merge", "primary_key": "id"});
        hints.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        hints
    };
    let strategy = |options: Value| {
        let mut disposition = json!({"disposition": "merge"});
        disposition.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        merge(json!({ "write_disposition": disposition }))
    };
    let lagging = json!({"cursor_path": "n", "row_order": "asc", "lag": 1});
    let whole = [
        json!({}),
        with_cursor(json!({}), ""),
        with_cursor(json!({}), "desc"),
        json!({ "incremental": lagging }),
        json!({"incremental": {"cursor_path": "n", "row_order": "asc", "range_start": "open"}}),
        json!({"incremental": {"cursor_path": "n", "row_order": "asc", "initial_value": 0, "end_value": 9}}),
        json!({"write_disposition": "merge"}),
        json!({"write_disposition": "merge", "merge_key": "id"}),
        merge(json!({"merge_key": "t"})),
        merge(json!({"columns": {"n": {"dedup_sort": "desc"}}})),
        strategy(json!({"strategy": "scd2"})),
        strategy(json!({"strategy": "delete-insert", "destination_scope": "n > 3"})),
        json!({"write_disposition": {"disposition": "replace", "strategy": "insert-from-staging"}}),
    ];
    for hints in whole {
        assert_eq!(cut(&hints, ReplaceStrategy::TruncateAndInsert), [8], "{hints}");
    }
    assert_eq!(cut(&json!({"write_disposition": "replace"}), ReplaceStrategy::InsertFromStaging), [8]);

    let in_parts = [
        with_cursor(json!({}), "asc"),
        merge(json!({})),
        merge(json!({ "incremental": lagging })),
        strategy(json!({"strategy": "upsert"})),
        strategy(json!({"strategy": "insert-only"})),
        json!({"write_disposition": "replace"}),
    ];
    for hints in in_parts {
        assert_eq!(cut(&hints, ReplaceStrategy::TruncateAndInsert), [4, 4], "{hints}");
    }
}

#[test]
fn each_package_has_the_state_as_of_its_end() {
    let mut pipeline = small_packages();
    let report = pipeline.run(vec![rows("r", &with_cursor(json!({}), "asc"))]).unwrap();
    let packages = packages(&pipeline, &report);
    assert_eq!(last_values(&packages), [3, 7]);
    for package in &packages {
        assert_eq!(package.rows("_dlt_pipeline_state").len(), 1);
    }
    assert_eq!(packages[1].rows("r")[0], row(4).to_string());
}

#[test]
fn the_state_of_rows_in_no_order_waits_for_their_end() {
    let mut pipeline = small_packages();
    let merge = with_cursor(json!({"write_disposition": "merge", "primary_key": "id"}), "");
    let report = pipeline.run(vec![rows("r", &merge)]).unwrap();
    let packages = packages(&pipeline, &report);
    assert_eq!(last_values(&packages), [Value::Null, Value::Null, json!(7)]);
    assert_eq!(counts(&packages, "r"), [4, 4, 0]);
}

#[test]
fn a_position_goes_along_if_its_producer_says_that_it_counts() {
    for (resume, expected, positions) in [
        (Resume::AtEachPage, vec![4, 4, 2], vec![json!(2), json!(4), Value::Null]),
        (Resume::NearEachPage, vec![10], vec![Value::Null]),
        (Resume::AtEnd, vec![10], vec![Value::Null]),
    ] {
        let mut pipeline = small_packages();
        let endpoint = Endpoint { resume, ..Endpoint::new(5, 2) };
        let report = pipeline.run(vec![resource("r", json!({}), endpoint)]).unwrap();
        let packages = packages(&pipeline, &report);
        let found: Vec<Value> = packages.iter().map(|package| remembered(package)["page"].clone()).collect();
        assert_eq!((counts(&packages, "r"), found), (expected, positions), "{resume:?}");
    }
}

#[test]
fn what_starts_over_at_its_end_is_not_repeated_after_a_crash() {
    let keyed = json!({"write_disposition": "merge", "primary_key": "id"});
    for (hints, expected) in [(json!({}), [true, true, false]), (keyed, [true, true, true])] {
        let mut pipeline = small_packages();
        let report = pipeline.run(vec![resource("r", hints, Endpoint::new(5, 2))]).unwrap();
        let packages = packages(&pipeline, &report);
        let found: Vec<bool> =
            packages.iter().map(|package| package.0.manifest().resources[0].resumable).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_replaced_table_is_replaced_once() {
    let mut pipeline = small_packages();
    let replace = json!({"write_disposition": "replace"});
    let report = pipeline.run(vec![rows("r", &replace)]).unwrap();
    let first = packages(&pipeline, &report);
    assert!(first[0].settings().continues.is_empty());
    assert_eq!(first[1].settings().continues, ["r".to_owned()].into());

    // Also if the last package has no rows of it: no empty file may empty the table again.
    pipeline.schema.tables.get_mut("r").unwrap().set_seen_data();
    pipeline.settings.next_item_mode = NextItemMode::Fifo;
    let other = rows("other", &with_cursor(json!({}), "asc"));
    let report = pipeline.run(vec![rows("r", &replace), other]).unwrap();
    let second = packages(&pipeline, &report);
    assert_eq!((counts(&second, "r"), counts(&second, "other")), (vec![4, 4, 0, 0], vec![0, 0, 4, 4]));
    assert!(second[3].files("r").is_empty());
    assert!(second[0].settings().continues.is_empty());
}

#[test]
fn a_refresh_is_done_by_the_first_package() {
    let mut pipeline = small_packages();
    let hints = with_cursor(json!({}), "asc");
    pipeline.run(vec![rows("r", &hints)]).unwrap();
    pipeline.schema.tables.get_mut("r").unwrap().set_seen_data();
    let column = cartage_schema::Column::typed("id", cartage_schema::DataType::Bigint, true);
    pipeline.schema.tables.get_mut("r").unwrap().columns.insert("id".to_owned(), column);
    pipeline.settings.refresh = Some(Refresh::DropData);
    let report = pipeline.run(vec![rows("r", &hints)]).unwrap();
    let packages = packages(&pipeline, &report);
    assert_eq!(counts(&packages, "r"), [4, 4]);
    assert_eq!(packages[0].settings().refresh.as_ref().unwrap().truncate_tables, ["r"]);
    assert_eq!(packages[1].settings().refresh, None);
}

#[test]
fn a_resource_that_cannot_be_cut_holds_the_package_open_until_it_has_ended() {
    let mut pipeline = small_packages();
    let report = pipeline.run(vec![
        values("plain", json!({}), vec![vec![json!({"id": 1})], vec![json!({"id": 2})]]),
        rows("r", &with_cursor(json!({}), "asc")),
    ]);
    let packages = packages(&pipeline, &report.unwrap());
    assert_eq!((counts(&packages, "plain"), counts(&packages, "r")), (vec![2, 0], vec![4, 4]));
    let resources: Vec<Vec<&str>> = packages
        .iter()
        .map(|package| package.0.manifest().resources.iter().map(|resource| &*resource.name).collect())
        .collect();
    assert_eq!(resources, [vec!["plain", "r"], vec!["r"]], "a resource is named where something of it is");
}

#[test]
fn a_table_that_changes_at_once_has_the_rows_of_all_its_resources_in_one_package() {
    let mut pipeline = small_packages();
    pipeline.settings.next_item_mode = NextItemMode::Fifo;
    pipeline.replace_strategy = ReplaceStrategy::InsertFromStaging;
    let hints = json!({"write_disposition": "replace", "table_name": "items"});
    let report = pipeline.run(vec![rows("a", &hints), rows("b", &hints)]).unwrap();
    assert_eq!(counts(&packages(&pipeline, &report), "items"), [16]);
}

#[test]
fn after_an_error_the_packages_stay_and_the_next_run_goes_on_behind_them() {
    let mut pipeline = small_packages();
    let pages = |last: Result<Page, SourceError>| {
        let page = |rows: Vec<Value>| cartage_source_api::JsonPage::from_rows(rows).map(Page::Json);
        let good = (0..3).map(move |n| page(vec![row(2 * n), row(2 * n + 1)]));
        resource("r", with_cursor(json!({}), "asc"), Pages(good.chain([last])))
    };
    let error = pipeline.run(vec![pages(Err(SourceError::Config("the line is dead".to_owned())))]);
    assert!(error.is_err());
    assert!(pipeline.is_staging_empty());
    let published = pipeline.temp.store.list(Folder::Extracted).unwrap();
    let [first] = &published[..] else { panic!("one package was full: {published:?}") };
    let first = pipeline.open(first);
    assert_eq!(first.rows("r").len(), 4);

    pipeline.schema = cartage_schema::Schema::from_json(&first.0.schema_json().unwrap()).unwrap();
    pipeline.state =
        cartage_state::PipelineState::from_json(&first.0.state_json().unwrap().unwrap()).unwrap();
    let last = cartage_source_api::JsonPage::from_rows([row(6)]).map(Page::Json);
    let report = pipeline.run(vec![pages(last)]).unwrap();
    let rest: Vec<String> =
        packages(&pipeline, &report).iter().flat_map(|package| package.rows("r")).collect();
    assert_eq!(rest, [4, 5, 6].map(|n| row(n).to_string()));
}

#[test]
fn a_limit_counts_over_all_packages() {
    let mut pipeline = small_packages();
    pipeline.settings.limit.rows = Some(5);
    let report = pipeline.run(vec![rows("r", &with_cursor(json!({}), "asc"))]).unwrap();
    assert_eq!(counts(&packages(&pipeline, &report), "r"), [4, 1]);
    assert_eq!(report.resources[0].rows, 5);
}

/// Each look takes a second.
#[derive(Debug)]
struct Slow(AtomicI64);

impl Clock for Slow {
    fn unix_micros(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

#[test]
fn bytes_and_seconds_fill_a_package_too() {
    let cursor = with_cursor(json!({}), "asc");
    let mut pipeline = Pipeline::new();
    pipeline.settings.package.max_bytes = NonZeroU64::new(row(1).to_string().len() as u64 * 2);
    let report = pipeline.run(vec![rows("r", &cursor)]).unwrap();
    assert_eq!(counts(&packages(&pipeline, &report), "r"), [2, 2, 2, 2]);

    let mut pipeline = Pipeline::new();
    pipeline.runtime.clock = Arc::new(Slow(AtomicI64::new(1_795_163_558_000_000)));
    pipeline.settings.package.max_seconds = NonZeroU64::new(2);
    let report = pipeline.run(vec![rows("r", &cursor)]).unwrap();
    assert_eq!(counts(&packages(&pipeline, &report), "r"), [4, 4]);
}

#[test]
fn a_halt_ends_the_run_behind_the_package() {
    let mut pipeline = small_packages();
    pipeline.halt.cancel();
    let report = pipeline.run(vec![rows("r", &with_cursor(json!({}), "asc"))]).unwrap();
    assert_eq!(counts(&packages(&pipeline, &report), "r"), [4]);
}
