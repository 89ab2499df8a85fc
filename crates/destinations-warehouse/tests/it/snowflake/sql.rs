//! The text of all statements.

use cartage_destinations_api::{
    Chain, ConnectRequest, Destination, FileFormat, FollowUp, JobFile, LoadKey, MergeStrategy,
    ReplaceStrategy, SqlScript, TablePlan,
};
use cartage_destinations_sql::SqlEngine as _;
use cartage_destinations_sql::statements::ledger::{self, EntryState};
use cartage_destinations_sql::statements::system_rows::{WhichSchema, newest_state, stored_schema};
use cartage_destinations_sql::statements::{ChainTable, TableRef, follow_up};
use cartage_destinations_warehouse::snowflake::{Snowflake, SnowflakeDialect, connect};
use cartage_schema::{Column, DataType, SortOrder, Table};
use serde_json::{Value, json};

use super::util::plan;

/// Half a second after 2023-11-14 22:13:20.
const CREATED: i64 = 1_700_000_000_500_000;
const DIALECT: fn() -> SnowflakeDialect = || SnowflakeDialect::new(true);

fn snowflake() -> Snowflake {
    let keys = json!({"credentials": "snowflake://loader:hush@org-acct/SHOP"});
    let settings = cartage_destinations_api::Settings::new(keys.as_object().unwrap().clone());
    connect(&ConnectRequest::new("snowflake", "shop", "raw").with_settings(settings)).unwrap()
}

fn hinted(name: &str, data_type: DataType, hint: impl FnOnce(&mut Column)) -> Column {
    let mut column = Column::typed(name, data_type, true);
    hint(&mut column);
    column
}

fn own(name: &str, data_type: DataType, hint: &str, value: Value) -> Column {
    hinted(name, data_type, |column| drop(column.other.insert(hint.to_owned(), value)))
}

fn orders() -> Table {
    Table::root("orders", "orders")
        .with_column(hinted("id", DataType::Bigint, |column| column.primary_key = Some(true)))
        .with_column(hinted("day", DataType::Date, |column| column.merge_key = Some(true)))
        .with_column(hinted("seen_at", DataType::Timestamp, |column| {
            column.dedup_sort = Some(SortOrder::Desc);
        }))
        .with_column(hinted("gone", DataType::Bool, |column| column.hard_delete = Some(true)))
        .with_column(Column::typed("name", DataType::Text, false))
        .with_column(hinted("_dlt_id", DataType::Text, |column| column.row_key = Some(true)))
}

fn lines() -> Table {
    Table::nested("orders__lines", "orders")
        .with_column(Column::typed("sku", DataType::Text, true))
        .with_column(hinted("_dlt_root_id", DataType::Text, |column| column.root_key = Some(true)))
        .with_column(hinted("_dlt_parent_id", DataType::Text, |column| column.parent_key = Some(true)))
        .with_column(hinted("_dlt_id", DataType::Text, |column| column.row_key = Some(true)))
}

fn merge(strategy: MergeStrategy, tables: &[Table]) -> String {
    let chain: Vec<ChainTable<'_>> = tables
        .iter()
        .map(|table| {
            ChainTable::new(
                TableRef::new("raw", &table.name),
                TableRef::new("raw_staging", format!("{}__tag", table.name)),
                table,
            )
        })
        .collect();
    let update = snowflake().into_engine().update_rows(None, &chain).unwrap();
    follow_up(&DIALECT(), FollowUp::Merge(strategy), &chain, CREATED, update).unwrap().to_string()
}

#[test]
fn tables_of_every_type_are_made_and_filled_out_of_files() {
    let all = [
        DataType::Text,
        DataType::Double,
        DataType::Bool,
        DataType::Bigint,
        DataType::Decimal,
        DataType::Wei,
        DataType::Timestamp,
        DataType::Date,
        DataType::Time,
        DataType::Binary,
        DataType::Json,
    ];
    let columns =
        all.map(|data_type| Column::typed(format!("c_{data_type:?}").to_lowercase(), data_type, true));
    let mut plan = plan(columns.into_iter().chain([
        Column {
            timezone: Some(false),
            precision: Some(9),
            ..Column::typed("naive", DataType::Timestamp, false)
        },
        Column::typed("it's \"odd\"", DataType::Text, true),
    ]));
    plan.tables.retain(|table| table.name == "items");
    let job = JobFile::new("1", "items", "/any/1.parquet", FileFormat::Parquet);
    insta::assert_snapshot!(snowflake().preview().unwrap().statements(&plan, &[job]).unwrap().to_string());
}

#[test]
fn tables_are_replaced_by_copies_of_staged_ones_or_by_their_rows() {
    let mut text = String::new();
    for strategy in [ReplaceStrategy::StagingOptimized, ReplaceStrategy::InsertFromStaging] {
        let mut plan = plan([Column::typed("c", DataType::Bigint, true)]);
        plan.tables = vec![TablePlan::staged("items")];
        plan.chains = vec![Chain::new("items", vec!["items".to_owned()], FollowUp::Replace(strategy))];
        let script = snowflake().preview().unwrap().statements(&plan, &[]).unwrap();
        text.push_str(&format!("{strategy}\n{script}\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn delete_insert_with_nested_tables() {
    insta::assert_snapshot!(merge(MergeStrategy::DeleteInsert, &[orders(), lines()]));
}

#[test]
fn delete_insert_of_a_flat_table() {
    insta::assert_snapshot!(merge(MergeStrategy::DeleteInsert, &[orders()]));
}

#[test]
fn upsert_with_nested_tables() {
    insta::assert_snapshot!(merge(MergeStrategy::Upsert, &[orders(), lines()]));
}

#[test]
fn insert_only_with_nested_tables() {
    insta::assert_snapshot!(merge(MergeStrategy::InsertOnly, &[orders(), lines()]));
}

#[test]
fn cdc_with_nested_tables() {
    insta::assert_snapshot!(merge(MergeStrategy::Cdc, &[orders(), lines()]));
}

#[test]
fn scd2_with_nested_tables() {
    let history = Table::root("orders", "orders")
        .with_column(own("_dlt_valid_from", DataType::Timestamp, "x-valid-from", json!(true)))
        .with_column(own("_dlt_valid_to", DataType::Timestamp, "x-valid-to", json!(true)))
        .with_column(Column::typed("name", DataType::Text, true))
        .with_column(hinted("_dlt_id", DataType::Text, |column| {
            column.row_key = Some(true);
            column.other.insert("x-row-version".to_owned(), json!(true));
        }));
    insta::assert_snapshot!(merge(MergeStrategy::Scd2, &[history, lines()]));
}

#[test]
fn what_is_kept_about_loads() {
    let load = LoadKey { pipeline: "shop".to_owned(), schema: "shop".to_owned(), load_id: "1.5".to_owned() };
    let (dialect, staging) = (DIALECT(), "raw_staging");
    let mut script = SqlScript::default();
    script.extend(ledger::create(&dialect, staging).unwrap().into());
    script.extend(ledger::plan(&dialect, staging, &load, &[("job:1", EntryState::Planned)], CREATED));
    script.extend(ledger::claim(&dialect, staging, &load, "job:1", CREATED).into());
    script.extend(ledger::entries(&dialect, staging, &load).into());
    script.extend(ledger::forget(&dialect, staging, &load).into());
    script.extend(ledger::drop(&dialect, staging).into());
    script.extend(newest_state(&dialect, "raw", "shop").into());
    script.extend(stored_schema(&dialect, "raw", WhichSchema::Newest("shop")).into());
    insta::assert_snapshot!(script.to_string());
}
