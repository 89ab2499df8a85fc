//! What a run publishes: rows in order, files that rotate, empty tables, state, limits.

use std::num::{NonZeroU64, NonZeroUsize};

use cartage_extract::NextItemMode;
use cartage_runtime::OnBadRow;
use cartage_source_api::{JsonPage, Page, Pages, RejectedRow, SchemaSettings};
use cartage_test_support::files_below;
use serde_json::{Value, json};

use crate::support::{Pipeline, numbered, resource, source, values};

fn shared_table(name: &str) -> cartage_source_api::Resource {
    let pages = (0..3).map(|page| vec![json!(format!("{name}{page}"))]).collect();
    values(name, json!({"table_name": "items"}), pages)
}

#[test]
fn rows_arrive_in_order_with_schema_state_and_manifest() {
    let mut pipeline = Pipeline::new();
    let orders = values(
        "Orders",
        json!({"primary_key": "id", "write_disposition": "merge", "columns": {"amount": {"data_type": "decimal"}}}),
        vec![vec![json!({"id": 1}), json!({"id": 2, "t": "a\nb"})], vec![json!({"id": 3})]],
    );
    let report = pipeline.run(vec![orders]).unwrap();
    assert_eq!((report.rows(), report.tables["orders"], report.packages[0].files), (3, 3, 2));
    let package = pipeline.package(&report);
    assert_eq!(package.rows("orders"), [r#"{"id":1}"#, r#"{"id":2,"t":"a\nb"}"#, r#"{"id":3}"#]);
    let manifest = package.0.manifest();
    assert_eq!(manifest.settings.on_bad_row, Some(OnBadRow::Fail));
    assert_eq!(manifest.settings.refresh, None);
    let resource = &manifest.resources[0];
    assert_eq!(
        (&*resource.name, &*resource.table, &*resource.write_disposition),
        ("Orders", "orders", "merge")
    );
    assert!(resource.resumable);
    let schema: Value = serde_json::from_str(&package.0.schema_json().unwrap()).unwrap();
    assert_eq!(schema["version"], 1);
    assert_eq!(schema["tables"]["orders"]["columns"]["id"]["primary_key"], true);
    assert_eq!(schema["tables"]["orders"]["columns"]["amount"]["data_type"], "decimal");
    assert_eq!(schema["tables"]["orders"]["resource"], "Orders");
}

#[test]
fn the_state_goes_into_a_package_only_when_it_changed() {
    let mut pipeline = Pipeline::new();
    let orders = || vec![values("orders", json!({}), vec![vec![json!({"id": 1})]])];
    let first = pipeline.run(orders()).unwrap();
    assert!(first.state_extracted);
    let rows = pipeline.package(&first).rows("_dlt_pipeline_state");
    let row: Value = serde_json::from_str(&rows[0]).unwrap();
    assert_eq!((&row["version"], &row["pipeline_name"]), (&json!(0), &json!("test")));
    assert_eq!(row["_dlt_load_id"], first.packages[0].load_id.as_str());
    assert_eq!(row["created_at"], "2026-11-20T05:32:38.208462+00:00");

    let second = pipeline.run(orders()).unwrap();
    assert!(!second.state_extracted);
    assert!(pipeline.package(&second).files("_dlt_pipeline_state").is_empty());
    assert!(first.packages[0].load_id < second.packages[0].load_id);

    pipeline.state.resource_state_mut("shop", "orders").insert("seen".to_owned(), json!(7));
    assert!(pipeline.run(orders()).unwrap().state_extracted);
}

#[test]
fn without_rows_and_changes_there_is_no_package() {
    let mut pipeline = Pipeline::new();
    pipeline.run(vec![values("orders", json!({}), vec![])]).unwrap();
    let before = pipeline.packages();
    let silent = vec![values("orders", json!({}), vec![vec![]]), values("a", json!({}), vec![])];
    let report = pipeline.run(silent).unwrap();
    assert!(report.packages.is_empty());
    assert_eq!(pipeline.packages(), before);
    assert!(pipeline.is_staging_empty());
}

#[test]
fn a_replaced_table_that_gets_no_rows_gets_an_empty_file_once_it_has_data() {
    let replace = json!({"write_disposition": "replace"});
    let mut pipeline = Pipeline::new();
    let report = pipeline.run(vec![values("orders", replace.clone(), vec![])]).unwrap();
    assert!(pipeline.package(&report).files("orders").is_empty());

    pipeline.run(vec![values("orders", replace.clone(), vec![vec![json!({"id": 1})]])]).unwrap();
    pipeline.schema.tables.get_mut("orders").unwrap().set_seen_data();
    let report = pipeline.run(vec![values("orders", replace, vec![vec![]])]).unwrap();
    let files = pipeline.package(&report).files("orders");
    assert_eq!(files.iter().map(|file| (file.rows, file.bytes)).collect::<Vec<_>>(), [(0, 0)]);
}

#[test]
fn a_replaced_resource_forgets_its_state() {
    let mut pipeline = Pipeline::new();
    pipeline.state.resource_state_mut("shop", "orders").insert("cursor".to_owned(), json!(7));
    pipeline.state.resource_state_mut("shop", "other").insert("cursor".to_owned(), json!(8));
    let orders = values("orders", json!({"write_disposition": "replace"}), vec![vec![json!(1)]]);
    let report = pipeline.run(vec![orders, values("other", json!({}), vec![])]).unwrap();
    assert!(report.state.resource_state("shop", "orders").is_none());
    assert!(report.state.resource_state("shop", "other").is_some());
}

#[test]
fn resources_take_turns_or_come_one_after_the_other() {
    let rows = |mode| {
        let mut pipeline = Pipeline::new();
        pipeline.settings.next_item_mode = mode;
        let report = pipeline.run(vec![shared_table("a"), shared_table("b"), shared_table("c")]).unwrap();
        pipeline.package(&report).rows("items").join(" ").replace('"', "")
    };
    assert_eq!(rows(NextItemMode::RoundRobin), "a0 b0 c0 a1 b1 c1 a2 b2 c2");
    assert_eq!(rows(NextItemMode::Fifo), "a0 a1 a2 b0 b1 b2 c0 c1 c2");
}

#[test]
fn only_the_asked_for_resources_take_part() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.resources = Some(vec!["b".to_owned()]);
    let report = pipeline.run(vec![shared_table("a"), shared_table("b")]).unwrap();
    assert_eq!(report.resources.len(), 1);
    assert_eq!(report.tables["items"], 3);
}

#[test]
fn limits_count_pages_or_rows_of_each_resource() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.limit.pages = Some(2);
    let report = pipeline.run(vec![numbered("a", 5, 10, 1), numbered("b", 1, 10, 1)]).unwrap();
    assert_eq!((report.tables["a"], report.tables["b"]), (20, 10));
    pipeline.settings.limit.pages = None;
    pipeline.settings.limit.rows = Some(13);
    let report = pipeline.run(vec![numbered("a", 5, 10, 1), numbered("b", 1, 10, 1)]).unwrap();
    assert_eq!((report.tables["a"], report.tables["b"]), (13, 10));
    assert_eq!(pipeline.package(&report).rows("a").len(), 13);
    pipeline.settings.limit.rows = Some(0);
    assert_eq!(pipeline.run(vec![numbered("a", 5, 10, 1)]).unwrap().rows(), 0);
}

#[test]
fn files_rotate_at_rows_and_at_bytes() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.file_max_items = NonZeroU64::new(25).unwrap();
    let report = pipeline.run(vec![numbered("a", 6, 10, 1)]).unwrap();
    let package = pipeline.package(&report);
    assert_eq!(package.files("a").iter().map(|file| file.rows).collect::<Vec<_>>(), [25, 25, 10]);
    let numbers: Vec<u64> = package
        .rows("a")
        .iter()
        .map(|row| serde_json::from_str::<Value>(row).unwrap()["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());

    pipeline.settings.file_max_items = NonZeroU64::new(1_000_000).unwrap();
    pipeline.settings.file_max_bytes = NonZeroU64::new(10_000).unwrap();
    let report = pipeline.run(vec![numbered("a", 6, 10, 1_000)]).unwrap();
    let sizes: Vec<u64> =
        pipeline.package(&report).files("a").iter().map(|file| file.uncompressed_bytes).collect();
    let (last, full) = sizes.split_last().unwrap();
    assert!(full.iter().all(|size| (10_000..12_000).contains(size)) && *last < 12_000, "{sizes:?}");
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let extract = |workers, compression, parallel| {
        let mut pipeline = Pipeline::new();
        pipeline.settings.workers = NonZeroUsize::new(workers).unwrap();
        pipeline.settings.compression_threads = NonZeroUsize::new(compression);
        pipeline.settings.max_parallel_items = NonZeroUsize::new(parallel).unwrap();
        pipeline.settings.file_max_bytes = NonZeroU64::new(9 << 20).unwrap();
        let resources =
            (0..7).map(|n| numbered(&format!("r{}", n % 3 + n), 9, 60, 7_000 + 100 * n)).collect();
        pipeline.run(resources).unwrap();
        files_below(&pipeline.temp.store.dir().join("packages/extracted"))
    };
    let one = extract(1, 1, 1);
    assert!(one.len() > 8);
    assert_eq!(one, extract(5, 4, 20));
    assert_eq!(one, extract(3, 2, 2));
}

#[test]
fn plain_files_hold_the_same_rows() {
    let rows = |disable| {
        let mut pipeline = Pipeline::new();
        pipeline.settings.disable_compression = disable;
        let report = pipeline.run(vec![numbered("a", 5, 100, 20_000)]).unwrap();
        let package = pipeline.package(&report);
        assert_eq!(package.files("a")[0].codec.is_none(), disable);
        package.rows("a")
    };
    assert!(rows(true) == rows(false));
}

#[test]
fn many_resources_in_turn_take_little_memory_and_lose_nothing() {
    let mut pipeline = Pipeline::new();
    let resources = (0..60).map(|n| numbered(&format!("r{n}"), 3, 10, 60_000)).collect();
    let report = pipeline.run(resources).unwrap();
    assert_eq!((report.tables.len(), report.rows()), (60, 1_800));
    let package = pipeline.package(&report);
    assert_eq!(package.rows("r0").len() + package.rows("r59").len(), 60);
}

#[test]
fn origins_tell_where_rows_of_each_file_stand() {
    let source_name = "a.jsonl".into();
    let mut page = JsonPage::default();
    for line in [1, 2, 5, 6, 7] {
        page.push_row(&source_name, line, b"{}");
    }
    let mut pipeline = Pipeline::new();
    pipeline.settings.file_max_items = NonZeroU64::new(3).unwrap();
    let report =
        pipeline.run(vec![resource("a", json!({}), Pages([Ok(Page::Json(page))].into_iter()))]).unwrap();
    let origins: Vec<Vec<(u64, u64, u64)>> = pipeline
        .package(&report)
        .files("a")
        .iter()
        .map(|file| file.origins.iter().map(|o| (o.first_line, o.first_row, o.rows)).collect())
        .collect();
    assert_eq!(origins, [vec![(1, 0, 2), (5, 2, 1)], vec![(6, 0, 2)]]);
}

#[test]
fn rejected_rows_are_kept_in_the_package() {
    let mut page = JsonPage::from_rows([json!({"id": 1})]).unwrap();
    let (source_name, reason) = ("a.csv".into(), "too short".to_owned());
    page.reject(RejectedRow { source: source_name, line: 3, text: "1,2".to_owned(), reason });
    let mut pipeline = Pipeline::new();
    let rows = resource("a", json!({}), Pages([Ok(Page::Json(page))].into_iter()));
    let mut with_quarantine = source(vec![rows]);
    with_quarantine.on_bad_row = OnBadRow::Quarantine;
    let report = pipeline.run_source(with_quarantine).unwrap();
    assert_eq!((report.resources[0].rows, report.resources[0].rejected), (1, 1));
    let package = pipeline.package(&report);
    assert_eq!(package.settings().on_bad_row, Some(OnBadRow::Quarantine));
    let entry = &package.0.manifest().quarantine[0];
    assert_eq!((&*entry.table, entry.rows), ("a", 1));
    let text = std::fs::read_to_string(package.0.quarantine_path(&entry.name)).unwrap();
    assert_eq!(text, "{\"source\":\"a.csv\",\"line\":3,\"reason\":\"too short\",\"row\":\"1,2\"}\n");
}

#[test]
fn settings_of_the_source_reach_the_schema_and_names_fit_the_destination() {
    let mut pipeline = Pipeline::new();
    let long = "a_very_long_name_of_a_table_that_is_cut";
    let mut with_settings = source(vec![values(long, json!({}), vec![vec![json!(1)]])]);
    with_settings.schema =
        SchemaSettings { max_table_nesting: Some(2), root_key: Some(true), ..SchemaSettings::default() };
    let report = pipeline.run_source(with_settings).unwrap();
    assert_eq!(report.schema.normalizers.max_nesting(), 2);
    assert_eq!(report.schema.normalizers.root_key_propagation(), Some(true));
    let table = &report.resources[0].table;
    assert_eq!(table.chars().count(), 30);
    assert!(report.schema.tables.contains_key(table) && report.tables.contains_key(table));
}

#[test]
fn a_source_that_says_nothing_keeps_the_contract_that_the_schema_has() {
    let mut pipeline = Pipeline::new();
    let contract = Some(json!({"columns": "discard_value"}));
    for (inherits, said, kept) in
        [(false, contract.clone(), contract.clone()), (true, None, contract.clone()), (false, None, None)]
    {
        let mut source = source(vec![values("a", json!({}), vec![vec![json!({"id": 1})]])]);
        source.schema = SchemaSettings { inherits, schema_contract: said, ..SchemaSettings::default() };
        assert_eq!(pipeline.run_source(source).unwrap().schema.settings.schema_contract, kept);
    }
}
