//! What a run and each stage alone do with rows and packages.

use std::sync::{Arc, Mutex};

use cartage_package_store::Folder;
use cartage_pipeline::{ExtractOptions, Kind, PackageState, RunOptions};
use cartage_runtime::{Progress, Stage};
use cartage_test_support::files_below;

use crate::bench::{Bench, done, fails, ids, resource, says};

const NESTED: &str = "{\"id\": 1, \"tags\": [{\"t\": 1}, {\"t\": 2}]}\n{\"id\": 2, \"tags\": []}\n";

#[test]
fn a_run_brings_rows_and_nested_rows_to_the_destination_and_says_so() {
    let bench = Bench::items("", NESTED);
    let report = bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2"]);
    assert_eq!(bench.values("items__tags", "t"), ["1", "2"]);
    assert_eq!((report.rows("items"), report.rows("items__tags"), report.rows("nowhere")), (2, 2, 0));
    assert_eq!(report.data_tables().map(|(name, _)| name).collect::<Vec<_>>(), ["items", "items__tags"]);
    let stages: Vec<_> = report.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(stages, ["extract", "normalize", "load"]);
    assert_eq!(report.stages[0].bytes, NESTED.len() as u64);
    let [package] = &report.packages[..] else { panic!("{:?}", report.packages) };
    assert_eq!((package.state, package.was_pending), (PackageState::Loaded, false));
    assert_eq!(package.new_tables, ["items", "items__tags"]);
    assert_eq!(bench.packages(Folder::Loaded), *std::slice::from_ref(&package.load_id));
    let target = report.target.unwrap();
    assert_eq!((target.destination.as_str(), target.dataset.as_str()), ("memory", "data"));
    let [file] = &report.files[..] else { panic!("{:?}", report.files) };
    assert_eq!((file.resource.as_str(), file.rows), ("items", 2));
    assert!(file.path.ends_with("items.jsonl"), "{}", file.path);
}

#[test]
fn three_stages_alone_do_what_a_run_does() {
    let alone = Bench::items("", NESTED);
    let extracted = alone.extract();
    assert_eq!((alone.folders(), alone.count("items")), ([1, 0, 0, 0], 0));
    assert_eq!(extracted.packages[0].state, PackageState::Extracted);
    assert!(extracted.target.is_none(), "nobody was connected to");
    let normalized = alone.normalize();
    assert_eq!((alone.folders(), alone.count("items")), ([0, 1, 0, 0], 0));
    assert!(normalized.packages[0].was_pending);
    let loaded = alone.load();
    assert_eq!(alone.folders(), [0, 0, 1, 0]);
    assert_eq!(loaded.packages[0].load_id, extracted.packages[0].load_id);

    let together = Bench::items("", NESTED);
    together.run();
    for (table, column) in
        [("items", "id"), ("items", "_dlt_load_id"), ("items__tags", "t"), ("items__tags", "_dlt_list_idx")]
    {
        assert_eq!(alone.values(table, column), together.values(table, column), "{table}.{column}");
    }
    let state = |bench: &Bench| bench.project().store.documents().state().unwrap();
    assert_eq!(state(&alone), state(&together), "the same clock and seed leave the same state");
}

#[test]
fn stages_without_work_do_nothing_and_say_so() {
    let bench = Bench::items("", NESTED);
    for report in [bench.normalize(), bench.load()] {
        assert!(report.packages.is_empty());
        assert!(report.to_string().contains("nothing to do: no new rows"), "{report}");
    }
    bench.run();
    let again = bench.load();
    assert!(again.packages.is_empty(), "what is loaded is not loaded again");
    assert_eq!(bench.count("items"), 2);
}

#[test]
fn a_second_append_adds_and_a_replace_puts_its_rows_in_place_of_the_old_ones() {
    for (hint, expected) in
        [("", vec!["1", "2", "2", "3"]), ("write_disposition = \"replace\"", vec!["2", "3"])]
    {
        let bench = Bench::items(hint, &ids([1, 2]));
        bench.run();
        bench.write("items.jsonl", &ids([2, 3]));
        let report = bench.run();
        assert_eq!(bench.values("items", "id"), expected, "{hint}");
        assert_eq!(report.rows("items"), 2);
        assert!(report.packages[0].new_tables.is_empty(), "the table was there");
    }
}

#[test]
fn a_replace_by_a_file_without_rows_empties_the_table() {
    let bench = Bench::items("write_disposition = \"replace\"", NESTED);
    bench.run();
    bench.write("items.jsonl", "");
    bench.run();
    assert_eq!((bench.count("items"), bench.count("items__tags")), (0, 0));
    assert_eq!(bench.tables(), ["items", "items__tags"], "the tables stay");
}

#[test]
fn a_new_field_becomes_a_column_and_another_type_a_variant() {
    let bench = Bench::items("", &ids([1]));
    bench.run();
    bench.write("items.jsonl", "{\"id\": \"two\", \"color\": \"red\"}\n");
    bench.run();
    assert_eq!(bench.columns("items"), ["color", "id", "id__v_text"]);
    assert_eq!(bench.values("items", "id__v_text"), ["null", "two"]);
    assert_eq!(bench.values("items", "color"), ["null", "red"]);
}

#[test]
fn columns_with_nulls_only_are_told_and_not_created() {
    let bench = Bench::items("", "{\"id\": 1, \"b\": null, \"a\": null}\n");
    let report = bench.run();
    assert_eq!(report.null_columns["items"], ["a", "b"]);
    assert_eq!(bench.columns("items"), ["id"]);
    assert!(report.to_string().contains("only nulls in items, so not created: a, b"), "{report}");
}

fn two() -> Bench {
    let bench = Bench::new(&(resource("items", "") + &resource("others", "")));
    bench.write("items.jsonl", &ids(1..=5));
    bench.write("others.jsonl", &ids(11..=13));
    bench
}

#[test]
fn only_the_resources_that_are_asked_for_take_part_and_a_stranger_is_refused() {
    let bench = two();
    let only = |name: &str| RunOptions {
        extract: ExtractOptions { resources: vec![name.to_owned()], ..ExtractOptions::default() },
        ..RunOptions::default()
    };
    done(bench.try_run(&only("others")));
    assert_eq!((bench.tables(), bench.count("others")), (vec!["others".to_owned()], 3));
    let error = fails(bench.try_run(&only("other")));
    says(&error, Kind::Usage, &["no source has a resource \"other\"", "the resources are items, others"]);
    assert_eq!(bench.folders(), [0, 0, 1, 0]);
}

#[test]
fn a_limit_ends_each_resource_after_so_many_rows() {
    let bench = two();
    for (limit, expected) in [(0, (0, 0)), (2, (2, 2)), (4, (6, 5))] {
        let extract = ExtractOptions { limit: Some(limit), ..ExtractOptions::default() };
        done(bench.try_run(&RunOptions { extract, ..RunOptions::default() }));
        assert_eq!((bench.count("items"), bench.count("others")), expected, "limit {limit}");
    }
}

#[test]
fn several_sources_have_schemas_and_packages_of_their_own() {
    let bench = two();
    let more = "[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"orders\"\npath = \"items.jsonl\"\n";
    bench.pipeline(&(resource("items", "") + more));
    let report = bench.run();
    let schemas: Vec<_> = report.packages.iter().map(|package| package.schema.as_str()).collect();
    assert_eq!(schemas, ["test", "shop"], "in the order of the file");
    assert_eq!((bench.count("items"), bench.count("orders")), (5, 5));
    let project = bench.project();
    assert_eq!(project.store.documents().schema_names().unwrap(), ["shop", "test"]);
    assert!(project.schema(Some("shop")).unwrap().tables.contains_key("orders"));
    assert!(!project.schema(None).unwrap().tables.contains_key("orders"), "the first source is meant");
    let error = fails(project.schema(Some("ship")));
    says(&error, Kind::Usage, &["the pipeline has no schema \"ship\"", "it has shop, test"]);
}

#[test]
fn rows_that_a_cursor_knows_stay_away_and_are_counted() {
    let bench = Bench::items("incremental = { cursor_path = \"id\" }", &ids(1..=3));
    bench.run();
    bench.write("items.jsonl", &ids(1..=5));
    let report = bench.run();
    assert_eq!(bench.values("items", "id"), ["1", "2", "3", "4", "5"]);
    assert_eq!((report.rows("items"), report.held_back["items"]), (2, 3));
    assert!(report.to_string().contains("cursor of items: 3 rows at or before its last value"), "{report}");
    let none = bench.run();
    assert!(none.data_tables().next().is_none(), "{none}");
    assert_eq!(bench.count("items"), 5);
}

#[test]
fn what_may_be_said_about_packages_cuts_a_run_into_several() {
    let hints = "incremental = { cursor_path = \"id\", row_order = \"asc\" }";
    let bench =
        Bench::new(&format!("[sources.test.extract]\npackage_max_rows = 1000\n{}", resource("items", hints)));
    let filler = "x".repeat(300);
    let line = |id: u64| format!("{{\"id\": {id}, \"text\": \"{filler}\"}}\n");
    bench.write("items.jsonl", &(0..8_000).map(line).collect::<String>());
    let report = bench.run();
    assert_eq!((bench.count("items"), report.rows("items")), (8_000, 8_000));
    assert!(report.packages.len() > 1, "{}", report.packages.len());
    assert_eq!(bench.folders()[2], report.packages.len());
    assert!(report.to_string().contains(" packages of schema test, "), "{report}");
}

/// Sums of what the stages told.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(Stage, &'static str, u64)>>);

impl Progress for Heard {
    fn begin(&self, stage: Stage, _: &str, _: Option<u64>) {
        self.0.lock().unwrap().push((stage, "begin", 0));
    }
    fn advance(&self, stage: Stage, _: &str, rows: u64, _: u64, _: u64) {
        self.0.lock().unwrap().push((stage, "rows", rows));
    }
    fn end(&self, stage: Stage, _: &str) {
        self.0.lock().unwrap().push((stage, "end", 0));
    }
}

#[test]
fn progress_hears_of_every_row_in_every_stage() {
    let mut bench = Bench::items("", NESTED);
    let heard = Arc::new(Heard::default());
    bench.runtime.progress = Arc::clone(&heard) as Arc<dyn Progress>;
    let report = bench.run();
    let heard = heard.0.lock().unwrap();
    // Extract and normalize count rows of the source, normalize also the one of the state.
    for (stage, expected) in
        [(Stage::Extract, 2), (Stage::Normalize, 3), (Stage::Load, report.tables.values().sum())]
    {
        let of = |what: &str| heard.iter().filter(move |(of, kind, _)| *of == stage && *kind == what).count();
        assert_eq!((of("begin"), of("end")), (1, 1), "{stage}: {heard:?}");
        let rows: u64 = heard.iter().filter(|(of, _, _)| *of == stage).map(|(_, _, rows)| rows).sum();
        assert_eq!(rows, expected, "{stage}: {heard:?}");
    }
}

#[test]
fn a_stage_that_is_asked_to_stop_publishes_nothing_and_the_next_run_does_it_all() {
    for stage in ["extract", "normalize", "load", "run"] {
        let mut bench = Bench::items("", NESTED);
        if matches!(stage, "normalize" | "load") {
            bench.extract();
        }
        if stage == "load" {
            bench.normalize();
        }
        let before = bench.folders();
        bench.runtime.cancel.cancel();
        let options = RunOptions::default();
        let error = match stage {
            "extract" => fails(bench.project().extract(&options.extract)),
            "normalize" => fails(bench.project().normalize()),
            "load" => fails(bench.with(|project, connector| project.load(connector))),
            _ => fails(bench.try_run(&options)),
        };
        assert_eq!(error.kind(), Kind::Cancelled, "{stage}: {error}");
        assert_eq!((bench.folders(), bench.count("items")), (before, 0), "{stage}");
        bench.runtime.cancel = cartage_runtime::CancelToken::default();
        bench.run();
        assert_eq!((bench.count("items"), bench.count("items__tags")), (2, 2), "{stage}");
    }
}

#[test]
fn bad_rows_are_an_error_with_the_line_or_go_to_quarantine() {
    let rows = "{\"id\": 1}\nnonsense\n{\"id\": 3}\n";
    let bench = Bench::items("", rows);
    says(
        &bench.run_fails(),
        Kind::Failure,
        &["items.jsonl, line 2", "quarantine", "drop the package and run again"],
    );
    assert_eq!((bench.folders(), bench.count("items")), ([1, 0, 0, 0], 0));

    let bench = Bench::new(&format!("on_bad_row = \"quarantine\"\n{}", resource("items", "")));
    bench.write("items.jsonl", rows);
    let report = bench.run();
    assert_eq!(
        (bench.values("items", "id"), report.quarantined["items"]),
        (vec!["1".to_owned(), "3".to_owned()], 1)
    );
    let summary = report.to_string();
    assert!(summary.contains("quarantine: 1 rows of items could not be used"), "{summary}");
    let kept = bench.data().join("packages/loaded").join(&report.packages[0].load_id).join("quarantine");
    let [(_, bytes)] = &files_below(&kept)[..] else { panic!("one file is kept") };
    assert!(String::from_utf8_lossy(bytes).contains("nonsense"));
}
