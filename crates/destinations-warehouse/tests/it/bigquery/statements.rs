//! The text of every statement of loads of all kinds.

use std::sync::Arc;

use cartage_destinations_api::{
    Chain, ColumnRef, Destination as _, FileFormat, FollowUp, JobFile, LoadKey, LoadPlan, MergeStrategy,
    ReplaceStrategy, TablePlan,
};
use cartage_destinations_warehouse::bigquery;
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use serde_json::{Value, json};

use super::util::request;

fn hinted(name: &str, data_type: DataType, hint: impl FnOnce(&mut Column)) -> Column {
    let mut column = Column::typed(name, data_type, true);
    hint(&mut column);
    column
}

fn sized(name: &str, data_type: DataType, precision: u32, scale: Option<u32>) -> Column {
    hinted(name, data_type, |column| (column.precision, column.scale) = (Some(precision), scale))
}

fn id() -> Column {
    hinted("id", DataType::Bigint, |column| {
        column.primary_key = Some(true);
        column.nullable = Some(false);
    })
}

fn row_id() -> Column {
    hinted("_dlt_id", DataType::Text, |column| column.row_key = Some(true))
}

fn own(name: &str, data_type: DataType, hint: &str, value: Value) -> Column {
    hinted(name, data_type, |column| drop(column.other.insert(hint.to_owned(), value)))
}

fn table<const N: usize>(name: &str, columns: [Column; N]) -> Table {
    columns.into_iter().fold(Table::root(name, name), Table::with_column)
}

fn with<const N: usize>(mut table: Table, hints: [(&str, Value); N]) -> Table {
    table.other.extend(hints.map(|(hint, value)| (hint.to_owned(), value)));
    table
}

/// Statements of a load of these tables, the root first, whose file is one of the root.
fn statements(tables: Vec<Table>, follow_up: Option<FollowUp>, change: impl FnOnce(&mut LoadPlan)) -> String {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    schema.tables.clear();
    let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
    for table in tables {
        schema.tables.insert(table.name.clone(), table);
    }
    schema.bump();
    let [pipeline, name, load_id] = ["shop", "shop", "1700000000.5"].map(str::to_owned);
    let document = Arc::from(schema.to_json());
    let key = LoadKey { pipeline, schema: name, load_id };
    let mut plan = LoadPlan::new(key, Arc::new(schema), document, 1_700_000_000_000_000);
    let planned = |name: &String| {
        if follow_up.is_some() { TablePlan::staged(name) } else { TablePlan::direct(name) }
    };
    plan.tables = names.iter().map(planned).collect();
    plan.jobs = vec![format!("{}.1.parquet", names[0])];
    plan.chains = follow_up.map(|todo| Chain::new(&names[0], names.clone(), todo)).into_iter().collect();
    change(&mut plan);
    let job = JobFile::new(plan.jobs[0].as_str(), names[0].as_str(), "/none", FileFormat::Parquet);
    let keys = json!({"url": "http://127.0.0.1:1", "project_id": "my-project", "location": "EU"});
    let destination = bigquery::connect(&request("raw", &keys)).unwrap();
    destination.preview().unwrap().statements(&plan, &[job]).unwrap().to_string()
}

fn lines() -> Table {
    Table::nested("orders__lines", "orders")
        .with_column(Column::typed("sku", DataType::Text, true))
        .with_column(hinted("_dlt_root_id", DataType::Text, |column| column.root_key = Some(true)))
        .with_column(hinted("_dlt_parent_id", DataType::Text, |column| column.parent_key = Some(true)))
        .with_column(row_id())
}

#[test]
fn all_types_and_hints_of_an_appended_table() {
    let columns = [
        id(),
        Column::typed("text", DataType::Text, true),
        sized("short", DataType::Text, 100, None),
        Column::typed("double", DataType::Double, true),
        own("flag", DataType::Bool, "x-bigquery-cluster", json!(true)),
        hinted("day", DataType::Date, |column| column.partition = Some(true)),
        Column::typed("hour", DataType::Time, true),
        sized("moment", DataType::Timestamp, 3, None),
        Column::typed("amount", DataType::Decimal, true),
        sized("whole", DataType::Decimal, 38, Some(0)),
        sized("wide", DataType::Decimal, 76, Some(38)),
        Column::typed("wei", DataType::Wei, true),
        sized("bytes", DataType::Binary, 16, None),
        Column::typed("document", DataType::Json, true),
        own("rounded", DataType::Decimal, "x-bigquery-round-half-even", json!(true)),
    ];
    let hints = [
        ("x-bigquery-table-description", json!("what it's about")),
        ("x-bigquery-table-expiration", json!("2030-01-01T00:00:00+00:00")),
        ("x-bigquery-partition-expiration-days", json!(90)),
    ];
    insta::assert_snapshot!(statements(vec![with(table("events", columns), hints)], None, |_| {}));
}

#[test]
fn refreshed_emptied_and_widened_tables() {
    let written = json!({"moment": "TIMESTAMP_TRUNC({column_name}, HOUR)"});
    let hints = [("x-bigquery-partition", written), ("x-bigquery-cluster-columns", json!(["id", "b`x"]))];
    let columns = [id(), Column::typed("moment", DataType::Timestamp, true)];
    insta::assert_snapshot!(statements(vec![with(table("events", columns), hints)], None, |plan| {
        plan.drop = vec!["old".to_owned()];
        plan.truncate = vec!["events".to_owned()];
        plan.widen = vec![ColumnRef { table: "events".to_owned(), column: "id".to_owned() }];
    }));
}

#[test]
fn replaced_chains() {
    let orders = || table("orders", [id(), row_id()]);
    let by = |strategy| statements(vec![orders(), lines()], Some(FollowUp::Replace(strategy)), |_| {});
    insta::assert_snapshot!("inserted_from_staging", by(ReplaceStrategy::InsertFromStaging));
    insta::assert_snapshot!("replaced_by_clones", by(ReplaceStrategy::StagingOptimized));
}

#[test]
fn merged_chains() {
    let gone = hinted("gone", DataType::Timestamp, |column| column.hard_delete = Some(true));
    let day = hinted("day", DataType::Date, |column| column.merge_key = Some(true));
    let document = || Column::typed("document", DataType::Json, true);
    let scope = json!("{table}.day >= (SELECT min(day) FROM {staging_table})");
    let by =
        |strategy, orders: Table| statements(vec![orders, lines()], Some(FollowUp::Merge(strategy)), |_| {});
    let orders = table("orders", [id(), gone, day.clone(), row_id()]);
    insta::assert_snapshot!("delete_insert", by(MergeStrategy::DeleteInsert, orders));
    let orders = with(table("orders", [id(), day, row_id()]), [("x-merge-destination-scope", scope)]);
    insta::assert_snapshot!("delete_insert_in_a_scope", by(MergeStrategy::DeleteInsert, orders));
    let orders =
        with(table("orders", [id(), document(), row_id()]), [("x-merge-skip-unchanged-rows", json!(true))]);
    insta::assert_snapshot!("upsert", by(MergeStrategy::Upsert, orders));
    let orders = table("orders", [id(), document(), row_id()]);
    insta::assert_snapshot!("insert_only", by(MergeStrategy::InsertOnly, orders.clone()));
    insta::assert_snapshot!("cdc", by(MergeStrategy::Cdc, orders));
    let version = hinted("_dlt_id", DataType::Text, |column| {
        column.row_key = Some(true);
        column.other.insert("x-row-version".to_owned(), json!(true));
    });
    let from = own("_dlt_valid_from", DataType::Timestamp, "x-valid-from", json!(true));
    let to = own("_dlt_valid_to", DataType::Timestamp, "x-valid-to", json!(true));
    insta::assert_snapshot!("scd2", by(MergeStrategy::Scd2, table("orders", [from, to, id(), version])));
}

#[test]
fn hints_that_cannot_be_met_are_refused() {
    use cartage_destinations_sql::SqlEngine as _;

    let keys = json!({"url": "http://127.0.0.1:1", "project_id": "p"});
    let destination = bigquery::connect(&request("raw", &keys)).unwrap();
    let day = || hinted("day", DataType::Date, |column| column.partition = Some(true));
    let moment = hinted("moment", DataType::Timestamp, |column| column.partition = Some(true));
    let text = hinted("text", DataType::Text, |column| column.partition = Some(true));
    let clustered = ["a", "b", "c", "d", "e"]
        .map(|name| hinted(name, DataType::Text, |column| column.cluster = Some(true)));
    for table in [
        table("t", [day(), moment]),
        table("t", [text]),
        table("t", clustered),
        with(table("t", [day()]), [("x-bigquery-autodetect-schema", json!(true))]),
    ] {
        let error = destination.engine().dialect().options_of(&table).unwrap_err();
        assert!(error.remedy().is_some(), "{error:?}");
    }
}
