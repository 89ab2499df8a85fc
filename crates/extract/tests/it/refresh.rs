//! What a refresh drops, and what it resets.

use cartage_package_store::{Refresh, RefreshTables};
use cartage_schema::{Column, DataType, Table};
use serde_json::{Value, json};

use crate::support::{Pipeline, values};

/// A pipeline with two resources and a nested table, as if two runs had been loaded.
fn loaded() -> Pipeline {
    let mut pipeline = Pipeline::new();
    let rows = |name| values(name, json!({}), vec![vec![json!({"id": 1})]]);
    pipeline.run(vec![rows("a"), rows("b")]).unwrap();
    for table in ["a", "b"] {
        let column = Column::typed("id", DataType::Bigint, true);
        pipeline.schema.tables.get_mut(table).unwrap().columns.insert("id".to_owned(), column.clone());
        let nested = Table::nested(format!("{table}__l"), table).with_column(column);
        pipeline.schema.tables.insert(nested.name.clone(), nested);
        pipeline.state.resource_state_mut("shop", table).insert("cursor".to_owned(), json!(1));
    }
    pipeline.state.source_state_mut("shop").insert("mine".to_owned(), json!(1));
    pipeline.schema.bump();
    pipeline
}

/// Runs `a` with the refresh; what the package says of it, and the pipeline behind it.
fn refreshed(mode: Refresh) -> (RefreshTables, Pipeline) {
    let mut pipeline = loaded();
    pipeline.settings.refresh = Some(mode);
    let report = pipeline.run(vec![values("a", json!({}), vec![vec![json!({"id": 2})]])]).unwrap();
    (pipeline.package(&report).settings().refresh.clone().unwrap(), pipeline)
}

#[test]
fn drop_data_empties_the_tables_of_the_resources_and_forgets_their_state() {
    let (commands, pipeline) = refreshed(Refresh::DropData);
    assert_eq!((commands.mode, commands.drop_tables), (Refresh::DropData, Vec::new()));
    assert_eq!(commands.truncate_tables, ["a", "a__l"]);
    assert!(pipeline.schema.tables.contains_key("a__l"));
    assert!(pipeline.state.resource_state("shop", "a").is_none());
    assert!(pipeline.state.resource_state("shop", "b").is_some());
}

#[test]
fn drop_resources_drops_their_tables_and_keeps_the_others() {
    let (commands, pipeline) = refreshed(Refresh::DropResources);
    assert_eq!(commands.drop_tables, ["a__l", "a"]);
    let tables: Vec<&str> = pipeline.schema.data_tables().map(|table| &*table.name).collect();
    assert_eq!(tables, ["b", "b__l", "a"]);
    assert!(pipeline.schema.tables["a"].is_new());
    assert!(pipeline.state.resource_state("shop", "a").is_none());
    assert!(pipeline.state.source_state("shop").unwrap().contains_key("mine"));
}

#[test]
fn drop_sources_starts_with_a_fresh_schema_and_no_state() {
    let (commands, pipeline) = refreshed(Refresh::DropSources);
    assert_eq!(commands.drop_tables, ["b__l", "a__l", "b", "a"]);
    let tables: Vec<&str> = pipeline.schema.data_tables().map(|table| &*table.name).collect();
    assert_eq!((tables, pipeline.schema.version), (vec!["a"], 1));
    // As in dlt, the source stays known.
    assert_eq!(Value::from(pipeline.state.source_state("shop").unwrap().clone()), json!({"resources": {}}));
    let system: Vec<&str> = pipeline.schema.dlt_tables().map(|table| &*table.name).collect();
    assert_eq!(system, ["_dlt_version", "_dlt_loads", "_dlt_pipeline_state"], "the state is written again");
}

#[test]
fn the_first_run_of_a_source_drops_nothing() {
    let mut pipeline = Pipeline::new();
    pipeline.settings.refresh = Some(Refresh::DropSources);
    let report = pipeline.run(vec![values("a", json!({}), vec![vec![json!(1)]])]).unwrap();
    assert_eq!(pipeline.package(&report).settings().refresh, None);
}

#[test]
fn a_refresh_without_rows_is_still_a_package() {
    let mut pipeline = loaded();
    pipeline.run(vec![values("a", json!({}), vec![])]).unwrap();
    pipeline.state.reset_resource("shop", "a");
    pipeline.run(vec![values("a", json!({}), vec![])]).unwrap();
    pipeline.settings.refresh = Some(Refresh::DropData);
    let report = pipeline.run(vec![values("a", json!({}), vec![])]).unwrap();
    assert!(report.packages.len() == 1 && report.packages[0].files == 0);
}
