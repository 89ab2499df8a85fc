//! What can be done with a whole source.

use cartage_extract::NextItemMode;
use cartage_schema::WriteDisposition;
use cartage_sources_rust::{Limit, ResourceBuilder, SourceBuilder, resource, rows, source, transformer};
use serde_json::{Value, json};

use crate::support::{Pipeline, ids};

fn numbers(name: &str) -> ResourceBuilder<Vec<Value>> {
    resource(name, |_| Ok((0..4).map(|id| Ok(vec![json!({ "id": id })]))))
}

fn three() -> SourceBuilder {
    let a = numbers("a");
    let child = &a | transformer("child", |row: Value| Ok(vec![row]));
    source("shop").with(a).with(child).with(numbers("b")).with(numbers("c").selected(false))
}

#[test]
fn resources_are_selected_and_a_wrong_name_says_which_there_are() {
    let mut pipeline = Pipeline::new();
    let report = pipeline.extract_source(three()).unwrap();
    assert_eq!(report.tables.keys().collect::<Vec<_>>(), ["a", "child", "b"]);
    assert_eq!(three().selected_resources(), ["a", "child", "b"]);
    let report = pipeline.extract_source(three().with_resources(["child", "c"])).unwrap();
    assert_eq!(report.tables.keys().collect::<Vec<_>>(), ["child", "c"]);
    let error = three().with_resources(["d"]).build().unwrap_err();
    assert_eq!(error.to_string(), "source `shop` has no resource `d`; it has a, child, b, c");
}

#[test]
fn a_source_and_its_resources_can_be_cloned_renamed_and_run_again() {
    let numbers = numbers("numbers");
    let twice = source("shop").with(numbers.clone()).with(numbers.clone().renamed("again").filter(|_| true));
    let mut pipeline = Pipeline::new();
    for _ in 0..2 {
        let report = pipeline.extract_source(twice.clone()).unwrap();
        assert_eq!((report.tables["numbers"], report.tables["again"]), (4, 4));
    }
    // Clones of one resource are one resource, others of the same name are refused.
    let same = source("shop").with(numbers.clone()).with(numbers.clone());
    assert_eq!(pipeline.extract_source(same).unwrap().tables["numbers"], 4);
    let other = source("shop").with(numbers.clone()).with(numbers.map(|row| row));
    assert!(pipeline.extract_source(other).unwrap_err().to_string().contains("two resources"));

    let once = source("shop").with(rows("once", [json!({"id": 1})]));
    pipeline.extract_source(once.clone()).unwrap();
    let error = pipeline.extract_source(once).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("consumed by an earlier run"), "{cause}");
}

#[test]
fn hints_and_limits_of_a_source_are_laid_over_those_of_its_resources() {
    let mut pipeline = Pipeline::new();
    let hinted = three().write_disposition(WriteDisposition::Merge).primary_key(["id"]).limit(Limit::rows(2));
    let report = pipeline.extract_source(hinted).unwrap();
    assert_eq!(report.tables.values().copied().collect::<Vec<_>>(), [2, 2, 2]);
    for table in ["a", "child", "b"] {
        assert_eq!(pipeline.schema.tables[table].write_disposition, Some(WriteDisposition::Merge));
        assert_eq!(pipeline.schema.tables[table].primary_key(), ["id"]);
    }
}

#[test]
fn what_a_source_says_of_its_schema_is_in_the_package() {
    let mut pipeline = Pipeline::new();
    let frozen = json!({"tables": "evolve", "columns": "freeze"});
    let shop = three().max_nesting_of_schema(2).contract_of_schema(frozen.clone());
    pipeline.extract_source(shop).unwrap();
    assert_eq!(pipeline.schema.normalizers.max_nesting(), 2);
    assert_eq!(pipeline.schema.settings.schema_contract, Some(frozen));
}

#[test]
fn a_source_decomposes_into_parts_that_have_nothing_in_common() {
    let parts = three().decompose();
    let names: Vec<Vec<&str>> = parts.iter().map(SourceBuilder::resource_names).collect();
    assert_eq!(names, [vec!["a", "child"], vec!["b"]]);
    let mut pipeline = Pipeline::new();
    let rows = |pipeline: &mut Pipeline, part: SourceBuilder| {
        pipeline.extract_source(part).unwrap().tables.into_values().sum::<u64>()
    };
    let sums: Vec<u64> = parts.into_iter().map(|part| rows(&mut pipeline, part)).collect();
    assert_eq!(sums, [8, 4]);
}

#[test]
fn resources_take_turns_or_go_one_after_the_other() {
    let order = |mode: NextItemMode| {
        let shared = |name: &str, first: i64| {
            resource(name, move |_| Ok((first..first + 2).map(|id| Ok(vec![json!({ "id": id })]))))
                .table_name("shared")
        };
        let mut pipeline = Pipeline::new();
        pipeline.settings.next_item_mode = mode;
        pipeline.extract_source(source("shop").with(shared("a", 0)).with(shared("b", 10))).unwrap();
        ids(&pipeline.rows("shared"))
    };
    assert_eq!(order(NextItemMode::RoundRobin), [0, 10, 1, 11]);
    assert_eq!(order(NextItemMode::Fifo), [0, 1, 10, 11]);
}

#[test]
fn resources_share_the_state_of_their_source() {
    let counts = |name: &str| {
        let key = name.to_owned();
        resource(name, move |run| {
            let state = run.source_state();
            let before: i64 = state.get(&key).unwrap_or(0);
            let key = key.clone();
            Ok(std::iter::once_with(move || {
                state.set(&key, before + 1);
                Ok(vec![json!({"id": before})])
            }))
        })
    };
    let mut pipeline = Pipeline::new();
    for _ in 0..2 {
        pipeline.extract_source(source("shop").with(counts("x")).with(counts("y"))).unwrap();
    }
    let state = pipeline.state.source_state("shop").unwrap();
    assert_eq!((&state["x"], &state["y"]), (&json!(2), &json!(2)));
}
