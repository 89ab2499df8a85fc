//! What is refused and what is warned about; the text of the scripts is tested with the dialects.

use cartage_schema::{Column, DataType, MergeStrategy, Table};
use serde_json::json;

use cartage_destinations_api::merge_options::check_merge;

use super::update_by_merge;
use crate::statements::test_dialect::Standard;
use crate::statements::{ChainTable, TableRef, follow_up};
use cartage_destinations_api::FollowUp;

fn orders(keys: &[fn(&mut Column)]) -> Table {
    let mut id = Column::typed("id", DataType::Bigint, false);
    for set in keys {
        set(&mut id);
    }
    Table::root("orders", "orders").with_column(id)
}

fn primary(column: &mut Column) {
    column.primary_key = Some(true);
}

fn merge_key(column: &mut Column) {
    column.merge_key = Some(true);
}

fn script(table: &Table, nested: &Table, strategy: MergeStrategy) -> Result<String, String> {
    let chain = [table, nested].map(|table| {
        ChainTable::new(TableRef::new("raw", &table.name), TableRef::new("raw_staging", &table.name), table)
    });
    let script = follow_up(&Standard, FollowUp::Merge(strategy), &chain, 0, update_by_merge);
    script.map(|script| script.to_string()).map_err(|error| error.to_string())
}

#[test]
fn strategies_that_find_rows_by_key_need_one() {
    for strategy in [MergeStrategy::Upsert, MergeStrategy::InsertOnly, MergeStrategy::Cdc] {
        let error = check_merge(&orders(&[merge_key]), strategy).unwrap_err();
        assert!(error.to_string().contains("needs a primary key"), "{error}");
        check_merge(&orders(&[primary]), strategy).unwrap();
    }
    let error = check_merge(&orders(&[primary]), MergeStrategy::Scd2).unwrap_err();
    assert!(error.to_string().contains("x-valid-from"), "{error}");
}

#[test]
fn a_key_column_that_never_had_data_is_no_key() {
    let table = Table::root("orders", "orders")
        .with_column(Column { primary_key: Some(true), ..Column::new("id") })
        .with_column(Column::typed("v", DataType::Text, true));
    assert!(check_merge(&table, MergeStrategy::Upsert).is_err());
    let warnings = check_merge(&table, MergeStrategy::DeleteInsert).unwrap();
    assert_eq!(warnings, ["it has neither primary key nor merge key, so the rows are appended"]);
}

#[test]
fn what_a_strategy_ignores_is_said() {
    let mut table = orders(&[primary, merge_key]);
    for hint in ["source-filter", "destination-scope", "skip-unchanged-rows"] {
        let value = if hint.starts_with("skip") { json!(true) } else { json!("id > 1") };
        table.other.insert(format!("x-merge-{hint}"), value);
    }
    let count = |strategy| check_merge(&table, strategy).unwrap().len();
    // Merge key, filter, scope and the request to skip.
    assert_eq!(count(MergeStrategy::InsertOnly), 4);
    // Merge key and scope.
    assert_eq!(count(MergeStrategy::Upsert), 2);
    // The request to skip, and the merge key because of the scope.
    assert_eq!(count(MergeStrategy::DeleteInsert), 2);
    assert_eq!(count(MergeStrategy::Cdc), 1);
}

#[test]
fn a_hint_for_one_column_is_refused_at_two() {
    let gone = |name| Column { hard_delete: Some(true), ..Column::typed(name, DataType::Bool, true) };
    let table = orders(&[primary]).with_column(gone("a")).with_column(gone("b"));
    let error = check_merge(&table, MergeStrategy::DeleteInsert).unwrap_err();
    assert_eq!(error.to_string(), "2 columns have the hint hard_delete");
}

#[test]
fn a_nested_table_without_the_key_of_its_root_row_cannot_be_merged() {
    let id = Column { row_key: Some(true), ..Column::typed("_dlt_id", DataType::Text, false) };
    let orders = orders(&[primary]).with_column(id.clone());
    let lines = Table::nested("orders__lines", "orders").with_column(id);
    for strategy in [MergeStrategy::DeleteInsert, MergeStrategy::Upsert, MergeStrategy::Cdc] {
        let error = script(&orders, &lines, strategy).unwrap_err();
        assert!(error.contains("orders__lines has no column with the key of its root row"), "{error}");
    }
    // Inserting what is new needs no such key.
    script(&orders, &lines, MergeStrategy::InsertOnly).unwrap();
}

#[test]
fn a_condition_with_an_unknown_place_names_the_table() {
    let mut table = orders(&[primary]);
    table.other.insert("x-merge-source-filter".to_owned(), json!("day > {start}"));
    let nested = Table::nested("orders__lines", "orders");
    let error = script(&table, &nested, MergeStrategy::DeleteInsert).unwrap_err();
    assert!(error.starts_with("table orders: source_filter"), "{error}");
}
