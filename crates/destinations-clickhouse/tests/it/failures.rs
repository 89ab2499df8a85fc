//! Servers that refuse, break off and forget: the kind of the error, its remedy, and the rows afterwards.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use cartage_destinations_api::{
    Destination, ErrorKind, FileFormat, JobFile, LoadCommit, LoadPlan, LoadStatus, Result,
};
use cartage_destinations_clickhouse::ClickHouse;
use cartage_destinations_sql::SqlEngine;
use cartage_destinations_sql::statements::TableRef;
use cartage_destinations_sql::testing::write_parquet;
use cartage_schema::{Column, DataType};
use cartage_test_support::{HttpProxy, Refusal, clickhouse};
use serde_json::json;
use tempfile::TempDir;

use crate::util::{Dataset, connect, items_load, plan};

fn at(dataset: &Dataset, url: &str) -> ClickHouse {
    connect(dataset, &json!({ "credentials": url }))
}

fn columns() -> [Column; 2] {
    [
        Column::typed("c", DataType::Bigint, true),
        Column { precision: None, ..Column::typed("_dlt_load_id", DataType::Text, false) },
    ]
}

fn numbers(numbers: &[i64]) -> Vec<(&'static str, ArrayRef)> {
    let loads = vec!["1700000000.5"; numbers.len()];
    vec![
        ("c", Arc::new(Int64Array::from(numbers.to_vec()))),
        ("_dlt_load_id", Arc::new(StringArray::from(loads))),
    ]
}

#[test]
fn wrong_credentials_and_missing_databases_are_told_at_once_with_the_remedy_and_no_password() {
    let dataset = Dataset::new("any");
    let url = clickhouse::url();
    for (url, kind, remedy) in [
        (url.replace(clickhouse::PASSWORD, "not-that-one"), ErrorKind::Invalid, "username and password"),
        (url.replace("/default", "/no_such_database"), ErrorKind::Invalid, "CREATE DATABASE"),
        (url.replace("secure=0", "secure=1"), ErrorKind::Invalid, "secure = 0"),
        (url.replace("18123", "1"), ErrorKind::Transient, "http_port"),
    ] {
        let error = at(&dataset, &url).reader().unwrap().tables().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.remedy().unwrap().contains(remedy), "{error:?}");
        let shown = format!("{error:?}");
        assert!(!shown.contains("not-that-one") && !shown.contains(clickhouse::PASSWORD), "{shown}");
    }
    assert!(!format!("{:?}", at(&dataset, &url)).contains(clickhouse::PASSWORD));
}

/// Runs a load until it is through, as a pipeline does it.
fn run(clickhouse: &ClickHouse, plan: &LoadPlan, folder: &TempDir) -> Result<()> {
    if clickhouse.load_status(&plan.key)? == LoadStatus::Complete {
        return Ok(());
    }
    clickhouse.prepare_load(plan)?;
    for name in ["1", "2"] {
        let job = JobFile::new(name, "items", folder.path().join(name), FileFormat::Parquet);
        clickhouse.open_job(plan, &job)?.run()?;
    }
    clickhouse.complete_load(&LoadCommit::of(plan, 5))
}

#[test]
fn a_request_that_is_refused_or_whose_answer_is_lost_leaves_the_rows_of_one_load() {
    let folder = TempDir::new().unwrap();
    write_parquet(&folder.path().join("1"), numbers(&[1, 2, 3]));
    write_parquet(&folder.path().join("2"), numbers(&[4]));
    for forgets in [false, true] {
        for status in [429, 503] {
            let first = if status == 429 { 1 } else { 3 };
            for nth in (first..).step_by(13) {
                let dataset = Dataset::new("lost");
                let plan = plan(columns());
                let rule = move |_: &str, _: &str, number: usize| {
                    (number == nth).then_some(Refusal { status, code: "Busy" })
                };
                let proxy = if forgets {
                    HttpProxy::forgetful(clickhouse::ADDRESS, rule)
                } else {
                    HttpProxy::start(clickhouse::ADDRESS, rule)
                };
                let far = connect(&dataset, &json!({ "url": proxy.url() }));
                let first = run(&far, &plan, &folder);
                let refused = proxy.refused();
                if let Err(error) = &first {
                    assert_eq!(error.kind(), ErrorKind::Transient, "request {nth}: {error:?}");
                    run(&far, &plan, &folder).unwrap();
                }
                let near = connect(&dataset, &json!({}));
                let mut rows = near.reader().unwrap().rows("items").unwrap();
                rows.sort();
                let found: Vec<_> = rows.iter().map(|row| row[0].as_deref().unwrap()).collect();
                assert_eq!(found, ["1", "2", "3", "4"], "request {nth}, forgets: {forgets}");
                let loads = near.reader().unwrap().count("_dlt_loads").unwrap();
                assert_eq!(loads, 1, "request {nth}, forgets: {forgets}");
                if refused == 0 {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_file_that_is_cut_on_its_way_leaves_no_rows() {
    let fixture = items_load(columns(), &json!({}));
    let path = fixture.parquet("1", numbers(&(0..50_000).collect::<Vec<_>>()));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = fixture.load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    std::fs::write(&path, &whole).unwrap();
    fixture.load(&path).unwrap();
    fixture.commit();
    assert_eq!(fixture.rows().len(), 50_000);
}

#[test]
fn rows_move_between_tables_once_whatever_their_partitions_are_and_whatever_columns_came_meanwhile() {
    let fixture = items_load(columns(), &json!({}));
    let (dataset, staging) = (&fixture.dataset.name, format!("{}_staging", fixture.dataset.name));
    clickhouse::sql(&format!(
        "CREATE TABLE `{dataset}___parts` (c Int64, d String) ENGINE = MergeTree PARTITION BY d ORDER BY c"
    ));
    clickhouse::sql(&format!("CREATE TABLE `{staging}___parts` AS `{dataset}___parts`"));
    clickhouse::sql(&format!("INSERT INTO `{staging}___parts` VALUES (1, 'a'), (2, 'it''s b'), (3, '')"));
    let engine = fixture.destination.engine();
    let session = engine.session().unwrap();
    let (from, to) = (TableRef::new(&staging, "parts"), TableRef::new(dataset, "parts"));
    for _ in 0..2 {
        engine.move_rows(&session, &from, &to).unwrap();
        let rows = clickhouse::sql(&format!("SELECT c, d FROM `{dataset}___parts` ORDER BY c"));
        assert_eq!(rows, "1\ta\n2\tit\\'s b\n3\t\n");
    }
    clickhouse::sql(&format!("INSERT INTO `{staging}___parts` VALUES (4, 'a')"));
    clickhouse::sql(&format!("ALTER TABLE `{dataset}___parts` ADD COLUMN e Nullable(String)"));
    for _ in 0..2 {
        engine.move_rows(&session, &from, &to).unwrap();
        assert_eq!(clickhouse::sql(&format!("SELECT count() FROM `{dataset}___parts`")), "4\n");
    }
    drop(session);
    clickhouse::sql(&format!("DROP TABLE `{staging}___parts`"));
    fixture.commit();
}

#[test]
fn one_process_loads_at_a_time_and_the_lock_of_one_that_is_gone_is_taken_away() {
    let fixture = items_load(columns(), &json!({}));
    let other = at(&fixture.dataset, &clickhouse::url());
    let error = other.prepare_load(&fixture.plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
    let process = std::process::id().to_string();
    assert!(error.to_string().contains(&process), "{error}");

    // As if the process had ended and another one had its number.
    let locks = format!(
        "SELECT name, comment FROM system.tables WHERE startsWith(name, '_cartage_lock_') AND comment LIKE '%-{process}-%'"
    );
    for line in clickhouse::sql(&locks).lines() {
        let (name, comment) = line.split_once('\t').unwrap();
        let mut parts: Vec<&str> = comment.split('-').collect();
        parts[3] = "1";
        clickhouse::sql(&format!("ALTER TABLE `{name}` MODIFY COMMENT '{}'", parts.join("-")));
    }
    other.prepare_load(&fixture.plan).unwrap();
    let path = fixture.parquet("1", numbers(&[1]));
    let error = fixture.load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
    other.complete_load(&LoadCommit::of(&fixture.plan, 5)).unwrap();
}
