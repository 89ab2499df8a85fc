//! What a project makes of its configuration: names, layers, limits, and settings that are refused.

use cartage_config::ConfigError;
use cartage_package_store::Wait;
use cartage_pipeline::{ExtractOptions, Kind, PipelineError, Project, RunOptions};
use cartage_test_support::files_below;

use crate::bench::{Bench, fails, ids, resource, says};

fn opens(bench: &Bench) -> Result<(), PipelineError> {
    bench.open().map(|_| ())
}

#[test]
fn a_key_that_nobody_knows_is_refused_with_the_one_that_is_meant() {
    for (set, words) in [
        ("load.wokers=3", vec!["load.wokers", "did you mean `workers`"]),
        ("pipeline.datset_name=x", vec!["pipeline.datset_name", "dataset_name"]),
        ("normalize.data_writer.file_max_itms=3", vec!["file_max_itms", "did you mean `file_max_items`"]),
        ("extract.package_max_row=3", vec!["package_max_row", "package_max_rows"]),
        ("runtime.memory_limits=1GB", vec!["memory_limits", "memory_limit"]),
        ("load.workers=many", vec!["load.workers", "many"]),
        ("load.workers=0", vec!["load.workers"]),
        ("pipeline.refresh=drop_all", vec!["pipeline.refresh", "drop_all"]),
    ] {
        let bench = Bench::items("", &ids([1])).set(set);
        says(&fails(opens(&bench)), Kind::Usage, &words);
        assert!(!bench.path().join("data").exists(), "{set}: nothing is made");
    }
}

#[test]
fn keys_of_sources_and_resources_are_checked_before_anything_is_read() {
    for (source, words) in [
        (resource("items", "primary_kye = \"id\""), vec!["primary_kye", "primary_key", "pipeline.toml"]),
        (format!("on_bad_rows = \"fail\"\n{}", resource("items", "")), vec!["on_bad_rows", "on_bad_row"]),
        (resource("items", "write_disposition = \"upsurt\""), vec!["upsurt"]),
        (resource("items", "") + &resource("items", ""), vec!["resource `items`", "defined twice"]),
    ] {
        let bench = Bench::new(&source);
        bench.write("items.jsonl", &ids([1]));
        says(&bench.run_fails(), Kind::Usage, &words);
        assert!(bench.tables().is_empty());
    }
}

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_the_file() {
    let bench = || {
        let bench = Bench::items("", "{\"a\": {\"b\": {\"c\": [1]}}}\n");
        bench.pipeline(&format!("max_table_nesting = 0\n{}", resource("items", "")));
        bench
    };
    let name = "SOURCES__TEST__MAX_TABLE_NESTING";
    for (bench, tables) in [
        (bench(), 1),
        (bench().variable(name, "5"), 2),
        (bench().variable(name, "5").set("sources.test.max_table_nesting=0"), 1),
    ] {
        bench.run();
        assert_eq!(bench.tables().len(), tables, "{:?}", bench.sets);
    }
}

#[test]
fn the_settings_of_a_run_are_kept_with_where_they_are_from() {
    let bench = Bench::items("", &ids([1])).set("load.workers=3");
    bench.run();
    let values = bench.traces()[0]["resolved_config_values"].to_string();
    assert!(values.contains("load.workers") && values.contains("--set"), "{values}");
}

#[test]
fn a_resource_has_its_own_longest_row_and_not_its_own_packages() {
    let bench = Bench::new(&(resource("items", "") + &resource("others", "")));
    bench.write("items.jsonl", &format!("{{\"text\": \"{}\"}}\n", "x".repeat(3_000)));
    bench.write("others.jsonl", &ids([1]));
    let bench = bench.set("sources.test.items.extract.max_row_bytes=2KB");
    says(&bench.run_fails(), Kind::Failure, &["items.jsonl", "line 1", "max_row_bytes"]);
    let bench = bench
        .set("sources.test.items.extract.max_row_bytes=4KB")
        .set("sources.test.others.extract.max_row_bytes=1KB");
    bench.run();
    assert_eq!((bench.count("items"), bench.count("others")), (1, 1));
    let bench = bench.set("sources.test.items.extract.package_max_rows=5");
    says(
        &fails(opens(&bench)),
        Kind::Usage,
        &[
            "sources.test.items.extract: only workers, max_parallel_items and max_row_bytes",
            "[sources.test.extract]",
        ],
    );
}

#[test]
fn a_memory_limit_is_kept_or_refused() {
    for (sets, words) in [
        (
            vec!["runtime.memory_limit=100MB"],
            vec!["runtime.memory_limit is 100 MB, and a run needs 256", "256MB"],
        ),
        (vec!["runtime.memory_limit=some"], vec!["runtime.memory_limit", "some"]),
    ] {
        let bench = sets.iter().fold(Bench::items("", &ids([1])), |bench, set| bench.set(set));
        says(&fails(opens(&bench)), Kind::Usage, &words);
    }
    let bench = Bench::items("", &ids([1])).set("runtime.memory_limit=256MB");
    bench.run();
    assert_eq!(bench.count("items"), 1);
    let bench = bench.set("extract.max_row_bytes=200MB");
    says(&bench.run_fails(), Kind::Usage, &["extract.max_row_bytes is 200 MB", "raise runtime.memory_limit"]);
}

#[test]
fn a_pipeline_without_sources_or_destination_says_what_to_add() {
    let bench = Bench::new("");
    bench.write("pipeline.toml", "[pipeline]\nname = \"test\"\ndestination = \"memory\"\n");
    says(&bench.run_fails(), Kind::Usage, &["pipeline.toml has no sources", "add a table [sources.NAME]"]);
    bench.write(
        "pipeline.toml",
        &format!("[pipeline]\nname = \"test\"\n[sources.test]\ntype = \"files\"\n{}", resource("items", "")),
    );
    bench.write("items.jsonl", &ids([1]));
    says(
        &bench.run_fails(),
        Kind::Usage,
        &["pipeline.toml names no destination", "destination = \"duckdb\""],
    );
    let extracting = fails(bench.project().extract(&ExtractOptions::default()));
    says(&extracting, Kind::Usage, &["names no destination"]);
    bench.write("pipeline.toml", "[sources.test]\ntype = \"files\"\n");
    let error = bench.config().unwrap_err();
    assert!(matches!(error, ConfigError::Missing { .. }), "{error}");
    std::fs::remove_file(bench.path().join("pipeline.toml")).unwrap();
    says(&fails(opens(&bench)), Kind::Usage, &["no pipeline file", "cartage init"]);
}

#[test]
fn a_type_of_destination_or_source_that_nobody_knows_is_told_with_those_that_are() {
    let bench = Bench::items("", &ids([1])).set("pipeline.destination=duckdv");
    says(
        &bench.run_fails(),
        Kind::Usage,
        &["destination type \"duckdv\" is not known", "did you mean 'duckdb'?"],
    );
    let bench = Bench::items("", &ids([1])).set("sources.test.type=fils");
    says(&bench.run_fails(), Kind::Usage, &["fils", "files"]);
}

#[test]
fn the_dataset_is_named_by_layout_and_naming_convention() {
    for (sets, expected) in [
        (vec![], "data"),
        (vec!["pipeline.dataset_name=My Data"], "my_data"),
        (
            vec![
                "pipeline.dataset_name=My Data",
                "destination.memory.enable_dataset_name_normalization=false",
            ],
            "My Data",
        ),
        (vec!["pipeline.dataset_name_layout=dev_%s_x"], "dev_data_x"),
        (vec!["pipeline.dataset_name_layout=fixed"], "fixed"),
    ] {
        let bench = sets.iter().fold(Bench::items("", ""), |bench, set| bench.set(set));
        assert_eq!(bench.project().dataset().unwrap(), expected, "{sets:?}");
    }
}

#[test]
fn a_file_format_that_the_destination_does_not_take_is_refused() {
    let bench = Bench::items("", &ids([1])).set("pipeline.loader_file_format=parquet");
    let error = bench.run_fails();
    says(&error, Kind::Usage, &["parquet", "jsonl"]);
    assert_eq!(bench.folders(), [0, 0, 0, 0]);
    let known = Bench::items("", "").set("pipeline.destination=null");
    let capabilities = known.set("pipeline.loader_file_format=csv").project().capabilities().unwrap();
    assert_eq!(capabilities.files.preferred_format.to_string(), "csv");
}

#[test]
fn a_name_that_is_no_name_of_a_folder_is_refused() {
    for name in ["te/st", "..", ""] {
        let bench = Bench::new("");
        bench.write("pipeline.toml", &format!("[pipeline]\nname = \"{name}\"\ndestination = \"memory\"\n"));
        assert_eq!(fails(opens(&bench)).kind(), Kind::Usage, "{name:?}");
    }
}

#[test]
fn looking_at_a_pipeline_that_never_ran_is_refused_and_makes_no_folder() {
    let bench = Bench::items("", &ids([1]));
    let look = || Project::look(bench.config().unwrap(), bench.runtime.clone());
    let error = look().unwrap_err();
    says(&error, Kind::Usage, &["test"]);
    assert!(!bench.path().join("data").exists());
    bench.extract();
    assert_eq!(look().unwrap().pending().unwrap().len(), 1);
}

#[test]
fn a_folder_of_another_pipeline_is_refused() {
    let bench = Bench::items("", &ids([1]));
    bench.run();
    for (name, bytes) in files_below(&bench.data()) {
        let copy = bench.path().join("data/pipelines/other").join(name);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::write(copy, bytes).unwrap();
    }
    let bench = bench.set("pipeline.name=other");
    let error =
        Project::open(bench.config().unwrap(), cartage_runtime::Runtime::system(), Wait::Fail).unwrap_err();
    says(&error, Kind::Usage, &["other", "test"]);
}

#[test]
fn jobs_may_be_deleted_once_they_are_loaded() {
    for (set, files) in [("false", true), ("true", false)] {
        let bench = Bench::items("", &ids([1])).set(&format!("load.delete_completed_jobs={set}"));
        let report = bench.run();
        let folder = bench.data().join("packages/loaded").join(&report.packages[0].load_id);
        let jobs = files_below(&folder);
        let has_jobs = jobs.iter().any(|(name, _)| name.contains(".jsonl"));
        assert_eq!(has_jobs, files, "{set}: {:?}", jobs.iter().map(|(name, _)| name).collect::<Vec<_>>());
        assert!(bench.try_run(&RunOptions::default()).is_ok());
    }
}
