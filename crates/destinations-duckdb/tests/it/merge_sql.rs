//! The text of merges in DuckDB's dialect.

use cartage_destinations_api::{ConnectRequest, FollowUp, MergeStrategy};
use cartage_destinations_duckdb::{DuckDbDialect, connect};
use cartage_destinations_sql::SqlEngine as _;
use cartage_destinations_sql::statements::{ChainTable, TableRef, follow_up};
use cartage_schema::{Column, DataType, SortOrder, Table};
use serde_json::{Value, json};

/// Half a second after 2023-11-14 22:13:20.
const CREATED: i64 = 1_700_000_000_500_000;

fn hinted(name: &str, data_type: DataType, hint: impl FnOnce(&mut Column)) -> Column {
    let mut column = Column::typed(name, data_type, true);
    hint(&mut column);
    column
}

fn id() -> Column {
    hinted("id", DataType::Bigint, |column| column.primary_key = Some(true))
}

fn day() -> Column {
    hinted("day", DataType::Date, |column| column.merge_key = Some(true))
}

fn gone(data_type: DataType) -> Column {
    hinted("gone", data_type, |column| column.hard_delete = Some(true))
}

fn row_id() -> Column {
    hinted("_dlt_id", DataType::Text, |column| column.row_key = Some(true))
}

fn own(name: &str, data_type: DataType, hint: &str, value: Value) -> Column {
    hinted(name, data_type, |column| drop(column.other.insert(hint.to_owned(), value)))
}

fn orders<const N: usize>(columns: [Column; N]) -> Table {
    columns.into_iter().fold(Table::root("orders", "orders"), Table::with_column)
}

fn with<const N: usize>(mut table: Table, hints: [(&str, Value); N]) -> Table {
    table.other.extend(hints.map(|(hint, value)| (hint.to_owned(), value)));
    table
}

fn lines() -> Table {
    Table::nested("orders__lines", "orders")
        .with_column(Column::typed("sku", DataType::Text, true))
        .with_column(hinted("_dlt_root_id", DataType::Text, |column| column.root_key = Some(true)))
        .with_column(hinted("_dlt_parent_id", DataType::Text, |column| column.parent_key = Some(true)))
        .with_column(row_id())
}

fn sql(strategy: MergeStrategy, tables: &[Table]) -> String {
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
    let duckdb = connect(&ConnectRequest::new("duckdb", "shop", "raw")).unwrap();
    let update = duckdb.engine().update_rows(None, &chain).unwrap();
    follow_up(&DuckDbDialect, FollowUp::Merge(strategy), &chain, CREATED, update).unwrap().to_string()
}

fn history(version: Column, until: Value) -> Table {
    orders([
        own("_dlt_valid_from", DataType::Timestamp, "x-valid-from", json!(true)),
        hinted("_dlt_valid_to", DataType::Timestamp, |column| {
            column.other.insert("x-valid-to".to_owned(), json!(true));
            column.other.insert("x-active-record-timestamp".to_owned(), until);
        }),
        Column::typed("name", DataType::Text, true),
        version,
    ])
}

#[test]
fn delete_insert_of_a_flat_table_needs_no_row_keys() {
    insta::assert_snapshot!(sql(MergeStrategy::DeleteInsert, &[orders([id(), day()])]));
}

#[test]
fn delete_insert_without_keys_appends() {
    let table = orders([Column::typed("v", DataType::Text, true), row_id()]);
    insta::assert_snapshot!(sql(MergeStrategy::DeleteInsert, &[table, lines()]));
}

#[test]
fn delete_insert_of_a_chain_follows_the_root_rows() {
    let version = hinted("version", DataType::Bigint, |column| column.dedup_sort = Some(SortOrder::Desc));
    let table = orders([id(), version, gone(DataType::Timestamp), row_id()]);
    let table = with(table, [("x-merge-source-filter", json!("id > 0"))]);
    insta::assert_snapshot!(sql(MergeStrategy::DeleteInsert, &[table, lines()]));
}

#[test]
fn delete_insert_with_a_scope_deletes_what_is_in_it() {
    let table = with(
        orders([id(), day(), row_id()]),
        [
            ("x-merge-destination-scope", json!("{table}.day >= (SELECT min(day) FROM {staging_table})")),
            ("x-stage-data-deduplicated", json!(true)),
        ],
    );
    insta::assert_snapshot!(sql(MergeStrategy::DeleteInsert, &[table, lines()]));
}

#[test]
fn upsert_of_a_chain_puts_staged_rows_and_lists_in_the_place_of_known_ones() {
    let table = orders([id(), gone(DataType::Bool), row_id()]);
    let table = with(table, [("x-merge-source-filter", json!("id > 0"))]);
    insta::assert_snapshot!(sql(MergeStrategy::Upsert, &[table, lines()]));
}

#[test]
fn upsert_can_leave_rows_alone_that_are_the_same() {
    let skip = [("x-merge-skip-unchanged-rows", json!(true))];
    let load_id = Column::typed("_dlt_load_id", DataType::Text, false);
    let columns = [id(), day(), Column::typed("v", DataType::Json, true), load_id, row_id()];
    let by_value = with(orders(columns), skip.clone());
    let version = own("version", DataType::Bigint, "x-row-version", json!(true));
    let by_version = with(orders([id(), version, row_id()]), skip);
    let text = sql(MergeStrategy::Upsert, &[by_value]) + &sql(MergeStrategy::Upsert, &[by_version]);
    insta::assert_snapshot!(text);
}

#[test]
fn insert_only_inserts_what_is_new() {
    let table = orders([id(), day(), gone(DataType::Bool), row_id()]);
    insta::assert_snapshot!(sql(MergeStrategy::InsertOnly, &[table, lines()]));
}

#[test]
fn cdc_deletes_what_the_picture_of_a_merge_key_lacks() {
    let second = hinted("region", DataType::Text, |column| column.primary_key = Some(true));
    let table = orders([id(), second, day(), gone(DataType::Bool), row_id()]);
    insta::assert_snapshot!(sql(MergeStrategy::Cdc, &[table, lines()]));
}

#[test]
fn cdc_deletes_in_the_scope_only() {
    let scope = [("x-merge-destination-scope", json!("day >= '2024-01-01'"))];
    insta::assert_snapshot!(sql(MergeStrategy::Cdc, &[with(orders([id(), day()]), scope)]));
}

#[test]
fn scd2_retires_versions_and_inserts_new_ones() {
    let table = history(own("_dlt_id", DataType::Text, "x-row-version", json!(true)), Value::Null);
    insta::assert_snapshot!(sql(MergeStrategy::Scd2, &[table, lines()]));
}

#[test]
fn scd2_takes_moments_keys_and_versions_of_the_user() {
    let version = own("version", DataType::Text, "x-row-version", json!(true));
    let table = history(version, json!("9999-12-31")).with_column(day()).with_column(row_id());
    let table = with(
        table,
        [
            ("x-boundary-timestamp", json!("2024-08-21T00:00:00+02:00")),
            ("x-merge-source-filter", json!("name <> ''")),
        ],
    );
    insta::assert_snapshot!(sql(MergeStrategy::Scd2, &[table, lines()]));
}
