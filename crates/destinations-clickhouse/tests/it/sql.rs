//! The text of all statements, which a parser of the dialect understands.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cartage_destinations_api::{
    Chain, ColumnRef, Destination as _, FileFormat, FollowUp, JobFile, LoadKey, LoadPlan, MergeStrategy,
    ReplaceStrategy, TablePlan,
};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table, WriteDisposition};
use cartage_test_support::dlt_python;
use serde_json::json;

use crate::util::Named;

fn schema() -> Schema {
    let text = |name: &str, nullable| Column::typed(name, DataType::Text, nullable);
    let row_key = || Column { row_key: Some(true), unique: Some(true), ..text("_dlt_id", false) };
    let hinted = |name: &str, hint: &str| {
        let mut column = Column::typed(name, DataType::Timestamp, true);
        column.other.insert(hint.to_owned(), json!(true));
        column
    };
    let mut items = Table::root("items", "items")
        .with_column(Column { primary_key: Some(true), ..Column::typed("id", DataType::Bigint, false) })
        .with_column(text("it's `odd`", true))
        .with_column(Column { precision: Some(3), ..Column::typed("at", DataType::Timestamp, true) })
        .with_column(Column {
            precision: Some(60),
            scale: Some(2),
            ..Column::typed("sum", DataType::Decimal, true)
        })
        .with_column(Column { hard_delete: Some(true), ..Column::typed("gone", DataType::Bool, true) })
        .with_column(text("_dlt_load_id", false))
        .with_column(row_key());
    items.other.insert("x-clickhouse-partition".to_owned(), json!("toYYYYMM(at)"));
    items.other.insert("x-clickhouse-settings".to_owned(), json!({"index_granularity": 4096}));
    let tags = Table::nested("items__tags", "items")
        .with_column(text("value", true))
        .with_column(Column { root_key: Some(true), ..text("_dlt_root_id", false) })
        .with_column(row_key());
    let version = {
        let mut column = text("_dlt_id", false);
        column.other.insert("x-row-version".to_owned(), json!(true));
        column
    };
    let history = Table::root("history", "history")
        .with_column(hinted("_dlt_valid_from", "x-valid-from"))
        .with_column(hinted("_dlt_valid_to", "x-valid-to"))
        .with_column(text("name", true))
        .with_column(version);
    let mut log = Table::root("log", "log")
        .with_column(Column { sort: Some(true), ..Column::typed("day", DataType::Date, true) })
        .with_column(text("_dlt_load_id", false));
    log.write_disposition = Some(WriteDisposition::Append);
    log.other.insert("x-table-engine-type".to_owned(), json!("replacing_merge_tree"));
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    for table in [items, tags, history, log] {
        schema.tables.insert(table.name.clone(), table);
    }
    schema.bump();
    schema
}

fn plan(change: impl FnOnce(&mut LoadPlan)) -> LoadPlan {
    let schema = schema();
    let [pipeline, name, load_id] = ["shop", "shop", "1700000000.5"].map(str::to_owned);
    let document = Arc::from(schema.to_json());
    let key = LoadKey { pipeline, schema: name, load_id };
    let mut plan = LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000);
    change(&mut plan);
    plan
}

fn sql(plan: &LoadPlan, jobs: &[JobFile]) -> String {
    let clickhouse = cartage_destinations_clickhouse::connect(&Named("raw").request(&json!({
        "credentials": "clickhouse://loader:hush@ch.example.com/shop",
    })))
    .unwrap();
    clickhouse.preview().unwrap().statements(plan, jobs).unwrap().to_string()
}

/// Fails where a parser of ClickHouse's SQL does not understand a statement.
fn is_understood(sql: &str) {
    let script = "import sys, sqlglot\n\
                  from sqlglot import exp\n\
                  for statement in sqlglot.parse(sys.stdin.read(), dialect='clickhouse', error_level='raise'):\n\
                  \x20   assert statement is not None\n";
    let mut python = Command::new(dlt_python())
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let done = python.wait_with_output().unwrap();
    assert!(done.status.success(), "{}\n{sql}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_statements_of_loads_are_as_they_were_and_are_understood() {
    let names = ["items", "items__tags"].map(str::to_owned).to_vec();
    let staged = |names: &[String]| -> Vec<TablePlan> { names.iter().map(TablePlan::staged).collect() };
    let chain = |follow_up| {
        let (names, tables) = (names.clone(), staged(&names));
        plan(|plan| {
            plan.tables = tables;
            plan.chains = vec![Chain::new("items", names, follow_up)];
        })
    };
    let file = JobFile::new("log.1.parquet", "log", "log.1.parquet", FileFormat::Parquet);
    let append = plan(|plan| {
        plan.tables = vec![TablePlan::direct("log"), TablePlan::direct("items")];
        plan.jobs = vec!["log.1.parquet".to_owned()];
        plan.truncate = vec!["log".to_owned()];
        plan.drop = vec!["old".to_owned()];
        plan.widen = vec![ColumnRef { table: "items".to_owned(), column: "id".to_owned() }];
    });
    let history = plan(|plan| {
        plan.tables = vec![TablePlan::staged("history")];
        let follow_up = FollowUp::Merge(MergeStrategy::Scd2);
        plan.chains = vec![Chain::new("history", vec!["history".to_owned()], follow_up)];
    });
    for (name, text) in [
        ("append", sql(&append, &[file])),
        ("delete-insert", sql(&chain(FollowUp::Merge(MergeStrategy::DeleteInsert)), &[])),
        ("insert-only", sql(&chain(FollowUp::Merge(MergeStrategy::InsertOnly)), &[])),
        ("scd2", sql(&history, &[])),
        ("insert-from-staging", sql(&chain(FollowUp::Replace(ReplaceStrategy::InsertFromStaging)), &[])),
        ("staging-optimized", sql(&chain(FollowUp::Replace(ReplaceStrategy::StagingOptimized)), &[])),
    ] {
        is_understood(&text);
        insta::assert_snapshot!(name, text);
    }
}
