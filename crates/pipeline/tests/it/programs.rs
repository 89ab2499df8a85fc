//! Sources that a program hands over: the same run as with those of the configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cartage_pipeline::{ExtractOptions, Kind, PipelineError, RunOptions, RunReport};
use cartage_sources_rust::{BoxError, IntoSources, ResourceBuilder, SourceBuilder, resource, rows, source};
use serde_json::{Value, json};

use crate::bench::{Bench, done, fails, says};

fn numbers(name: &str, count: i64) -> ResourceBuilder<Vec<Value>> {
    resource(name, move |_| Ok((0..count).map(|id| Ok(vec![json!({"id": id, "list": [id, id]})]))))
}

fn run(bench: &Bench, sources: Vec<SourceBuilder>, options: &RunOptions) -> Result<RunReport, PipelineError> {
    let sources = sources.into_sources("test").unwrap();
    bench.with(|project, connector| project.run_sources(sources, options, connector))
}

#[test]
fn rows_of_a_program_go_through_all_stages() {
    let bench = Bench::new("");
    let report = done(run(&bench, vec![source("shop").with(numbers("orders", 7))], &RunOptions::default()));
    assert_eq!((report.rows("orders"), report.rows("orders__list")), (7, 14));
    assert_eq!((bench.count("orders"), bench.count("orders__list")), (7, 14));
    assert_eq!(report.packages[0].schema, "shop");
    let names: Vec<_> =
        bench.project().status().unwrap().schemas.iter().map(|schema| schema.name.clone()).collect();
    assert_eq!(names, ["shop"]);
}

#[test]
fn the_stages_may_be_taken_one_by_one() {
    let bench = Bench::new("");
    let sources = numbers("orders", 3).into_sources("test").unwrap();
    done(bench.project().extract_sources(sources, &ExtractOptions::default()));
    bench.normalize();
    assert_eq!(bench.load().rows("orders"), 3);
}

#[test]
fn what_is_not_selected_takes_no_part_unless_it_is_asked_for() {
    let bench = Bench::new("");
    let shop = || vec![source("shop").with(numbers("orders", 5)).with(numbers("hidden", 5).selected(false))];
    done(run(&bench, shop(), &RunOptions::default()));
    assert_eq!(bench.tables(), ["orders", "orders__list"]);
    let extract = ExtractOptions { resources: vec!["hidden".to_owned()], limit: Some(2), refresh: None };
    done(run(&bench, shop(), &RunOptions { extract, ..RunOptions::default() }));
    assert_eq!((bench.count("hidden"), bench.count("orders")), (2, 5));
}

#[test]
fn a_run_that_broke_off_is_finished_without_doubling_its_appends() {
    let bench = Bench::new("");
    let breaks = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&breaks);
    let fragile = resource("fragile", move |_| {
        if flag.load(Ordering::SeqCst) {
            return Err(BoxError::from("the service is gone"));
        }
        Ok([Ok(vec![json!({"id": 1})])])
    });
    let sources = || vec![source("first").with(numbers("plain", 4)), source("second").with(fragile.clone())];
    let error = fails(run(&bench, sources(), &RunOptions::default()));
    says(&error, Kind::Failure, &["`second`, resource `fragile`", "the service is gone"]);
    breaks.store(false, Ordering::SeqCst);
    let report = done(run(&bench, sources(), &RunOptions::default()));
    assert_eq!((report.skipped[0].source.as_str(), report.skipped[0].resource.as_str()), ("first", "plain"));
    assert_eq!((bench.count("plain"), bench.count("fragile")), (4, 1));
    done(run(&bench, sources(), &RunOptions::default()));
    assert_eq!((bench.count("plain"), bench.count("fragile")), (8, 2));
}

#[test]
fn a_panic_of_a_source_is_an_error_and_publishes_nothing() {
    let bench = Bench::new("");
    let wild = resource("wild", |_| {
        Ok((0..3).map(|id| if id == 2 { panic!("out of cheese") } else { Ok(vec![json!({"id": id})]) }))
    });
    let error = fails(run(&bench, vec![source("shop").with(wild)], &RunOptions::default()));
    says(&error, Kind::Failure, &["wild", "out of cheese"]);
    assert_eq!((bench.folders(), bench.tables().len()), ([0, 0, 0, 0], 0));
}

#[test]
fn what_a_run_remembers_is_given_to_the_next() {
    let bench = Bench::new("");
    let pages = || {
        resource("pages", |run| {
            let state = run.state();
            let first = state.get::<u64>("next").unwrap_or(0);
            Ok((first..first + 2).map(move |page| {
                state.set("next", page + 1);
                Ok(vec![json!({"page": page})])
            }))
        })
    };
    for _ in 0..2 {
        done(run(&bench, vec![source("test").with(pages())], &RunOptions::default()));
    }
    assert_eq!(bench.values("pages", "page"), ["0", "1", "2", "3"]);
    assert_eq!(bench.remembered()["resources"]["pages"]["next"], 4);
}

#[test]
fn hints_that_make_no_sense_are_told_before_anything_is_done() {
    let bench = Bench::new("");
    let wrong = rows("wrong", [json!({"id": 1})]).hint("write_disposition", "upsurt");
    let error = match vec![source("shop").with(wrong)].into_sources("test") {
        Err(error) => error.to_string(),
        Ok(sources) => {
            let options = RunOptions::default();
            fails(bench.with(|project, connector| project.run_sources(sources, &options, connector)))
                .to_string()
        }
    };
    assert!(error.contains("wrong"), "{error}");
    assert_eq!(bench.folders(), [0, 0, 0, 0]);
}
