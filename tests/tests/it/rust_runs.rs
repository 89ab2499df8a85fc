//! Pipelines in Rust in one process: what a run reports, several at once, and what is done after one that broke off.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cartage::{
    BoxError, ExtractOptions, Pipeline, PipelineBuilder, Refresh, ResourceBuilder, RunOptions, To,
    WriteDisposition, pipeline, resource, rows, source, transformer,
};
use serde_json::{Value, json};
use tempfile::TempDir;

fn opened(folder: &Path, name: &str) -> PipelineBuilder {
    let database = folder.join("out.duckdb");
    pipeline(name)
        .folder(folder)
        .pipelines_dir(folder.join("pipelines"))
        .destination(To::duckdb(database.to_str().unwrap()))
        .dataset("data")
}

struct Bench {
    folder: TempDir,
    pipeline: Pipeline,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { pipeline: opened(folder.path(), "test").open().unwrap(), folder }
    }

    fn number(&self, sql: &str) -> i64 {
        number(self.folder.path(), sql)
    }
}

fn number(folder: &Path, sql: &str) -> i64 {
    let database = duckdb::Connection::open(folder.join("out.duckdb")).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn numbers(name: &str, count: i64) -> ResourceBuilder<Vec<Value>> {
    resource(name, move |_| Ok((0..count).map(|id| Ok(vec![json!({"id": id, "list": [id, id]})]))))
}

#[test]
fn a_run_goes_through_all_stages_and_says_what_it_did() {
    let bench = Bench::new();
    let report = bench.pipeline.run(source("shop").with(numbers("orders", 7).primary_key("id"))).unwrap();
    assert_eq!((report.tables["orders"], report.tables["orders__list"]), (7, 14));
    let stages: Vec<&str> = report.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(stages, ["extract", "normalize", "load"]);
    let text = report.to_string();
    assert!(text.contains("new tables: orders, orders__list") && text.contains("out.duckdb"), "{text}");
    assert_eq!(bench.number("SELECT count(*) FROM data.orders__list"), 14);
    assert!(bench.pipeline.status().unwrap().schemas.iter().any(|schema| schema.name == "shop"));
}

#[test]
fn stages_can_be_taken_one_by_one() {
    let bench = Bench::new();
    bench.pipeline.extract(numbers("orders", 3)).unwrap();
    bench.pipeline.normalize().unwrap();
    let report = bench.pipeline.load().unwrap();
    assert_eq!(report.tables["orders"], 3);
    // A resource alone is in a source with the name of the pipeline.
    assert_eq!(report.packages[0].schema, "test");
}

#[test]
fn resources_limits_and_refreshes_are_options_of_a_run() {
    let bench = Bench::new();
    let shop = || {
        let hidden = numbers("hidden", 5).selected(false);
        source("shop").with(numbers("orders", 5)).with(numbers("users", 5)).with(hidden)
    };
    let options = |resources: &[&str], limit, refresh| RunOptions {
        extract: ExtractOptions {
            resources: resources.iter().map(|name| (*name).to_owned()).collect(),
            limit,
            refresh,
        },
        ..RunOptions::default()
    };
    let report = bench.pipeline.run_with(shop(), &options(&["orders"], Some(2), None)).unwrap();
    assert_eq!(report.tables.get("users"), None);
    assert_eq!(report.tables["orders"], 2);
    bench.pipeline.run_with(shop(), &options(&[], None, Some(Refresh::DropSources))).unwrap();
    assert_eq!(bench.number("SELECT count(*) FROM data.orders"), 5);
    let hidden = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'hidden'";
    assert_eq!(bench.number(hidden), 0, "what is not selected takes no part");
    let error = bench.pipeline.run_with(shop(), &options(&["oders"], None, None)).unwrap_err();
    assert_eq!(error.to_string(), "no source has a resource \"oders\"");
}

#[test]
fn a_run_that_broke_off_is_finished_and_its_plain_appends_are_not_doubled() {
    let bench = Bench::new();
    let breaks = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&breaks);
    // The plain append has ended, and is in a package, when the second source breaks.
    let fragile = resource("fragile", move |_| {
        if flag.load(Ordering::SeqCst) {
            return Err(BoxError::from("the service is gone"));
        }
        Ok([Ok(vec![json!({"id": 1})])])
    });
    let sources = || {
        vec![
            source("first")
                .with(numbers("plain", 4))
                .with(numbers("merged", 4).write_disposition(WriteDisposition::Merge).primary_key("id")),
            source("second").with(fragile.clone()),
        ]
    };
    let error = bench.pipeline.run(sources()).unwrap_err();
    assert!(error.to_string().contains("`second`, resource `fragile`"), "{error}");
    breaks.store(false, Ordering::SeqCst);
    let report = bench.pipeline.run(sources()).unwrap();
    assert_eq!(report.skipped.len(), 1);
    assert_eq!((report.skipped[0].source.as_str(), report.skipped[0].resource.as_str()), ("first", "plain"));
    for (table, rows) in [("plain", 4), ("merged", 4), ("fragile", 1)] {
        assert_eq!(bench.number(&format!("SELECT count(*) FROM data.{table}")), rows, "{table}");
    }
    // The next run is a new one.
    bench.pipeline.run(sources()).unwrap();
    assert_eq!(bench.number("SELECT count(*) FROM data.plain"), 8);
}

#[test]
fn several_pipelines_are_at_work_in_one_process_and_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = |nth: i64| {
        let pipeline = opened(folder.path(), &format!("pipeline_{nth}")).open().unwrap();
        for _ in 0..3 {
            let parent = numbers(&format!("rows_{nth}"), 30 + nth);
            let child = &parent
                | transformer(&format!("of_{nth}"), |row: Value| Ok(vec![json!({"id": row["id"]})]))
                    .workers(3);
            pipeline.run(source(&format!("source_{nth}")).with(parent).with(child)).unwrap();
        }
    };
    thread::scope(|scope| (0..4).for_each(|nth| drop(scope.spawn(move || run(nth)))));
    for nth in 0..4 {
        for table in ["rows", "of"] {
            let sql = format!("SELECT count(*) FROM data.{table}_{nth}");
            assert_eq!(number(folder.path(), &sql), 3 * (30 + nth), "{sql}");
        }
    }
    assert_eq!(number(folder.path(), "SELECT count(*) FROM data._dlt_loads WHERE status = 0"), 12);
}

#[test]
fn one_pipeline_is_not_run_twice_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let outer = opened(folder.path(), "test").open().unwrap();
    let inner = resource("inner", move |_| {
        let error = opened(&path, "test").open()?.run(rows("other", [json!({"id": 1})])).unwrap_err();
        Ok([Ok(vec![json!({"id": 1, "said": error.to_string()})])])
    });
    outer.run(inner).unwrap();
    let said = "SELECT count(*) FROM data.inner WHERE said LIKE '%of this pipeline is in progress%'";
    assert_eq!(number(folder.path(), said), 1);
}

#[test]
fn mistakes_are_told_before_anything_is_done() {
    let bench = Bench::new();
    let wrong = rows("wrong", [json!({"id": 1})]).hint("write_disposition", "upsurt");
    let error = bench.pipeline.run(wrong).unwrap_err();
    assert!(error.to_string().contains("`wrong`"), "{error}");
    let error = pipeline("test")
        .folder(bench.folder.path())
        .environment([("HOME", "/nowhere")].into_iter().collect());
    let error = error.open().unwrap_err();
    assert_eq!(error.to_string(), "pipeline `test` names no destination");
    let error =
        opened(bench.folder.path(), "test").destination("duckdv").open().unwrap().run(numbers("n", 1));
    assert!(error.unwrap_err().to_string().contains("duckdv"));
    let error = opened(bench.folder.path(), "te/st").open().unwrap_err();
    assert!(error.to_string().contains("slashes"), "{error}");
    let error = opened(bench.folder.path(), "test").set("load.wokers", 3).open().unwrap_err();
    assert!(error.to_string().contains("load.wokers") && error.to_string().contains("workers"), "{error}");
}

#[test]
fn values_come_from_the_environment_and_from_secrets_and_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".cartage")).unwrap();
    let secrets = "[sources.github]\naccess_token = \"s3cret\"\n";
    std::fs::write(folder.path().join(".cartage/secrets.toml"), secrets).unwrap();
    let environment = [("SOURCES__GITHUB__PAGES", "7"), ("SOURCES__PER_PAGE", "50")].into_iter().collect();
    let pipeline = opened(folder.path(), "test").environment(environment).open().unwrap();
    let token: cartage::config::Secret = pipeline.value("sources.github.access_token").unwrap();
    assert!(!format!("{token:?}").contains("s3cret"));
    assert_eq!(pipeline.value::<u32>("sources.github.pages").unwrap(), 7);
    // More general tables are asked, too.
    assert_eq!(pipeline.find::<u32>("sources.github.per_page").unwrap(), Some(50));
    assert_eq!(pipeline.find::<u32>("sources.github.nothing").unwrap(), None);
    let error = pipeline.value::<u32>("sources.github.nothing").unwrap_err();
    assert!(error.hint().unwrap().contains("SOURCES__GITHUB__NOTHING"), "{error}");
    let error = pipeline.value::<u32>("sources.github.access_token").unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}
