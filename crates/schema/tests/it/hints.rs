//! Tables from hints against dlt.

use cartage_schema::hints::{HintsError, ResourceHints};
use cartage_schema::{Naming, NamingKind};
use serde_json::{Value, json};

use crate::vectors::{Differences, rows};

fn hints(value: Value) -> ResourceHints {
    serde_json::from_value(value).unwrap()
}

fn snake_case() -> Naming {
    Naming::new(NamingKind::SnakeCase, None)
}

#[test]
fn hints_become_the_tables_that_dlt_makes_of_them() {
    let mut differences = Differences::default();
    for row in rows("hints") {
        let kind: NamingKind = row[0].as_str().unwrap().parse().unwrap();
        let naming = Naming::new(kind, row[1].as_u64().map(|limit| limit as usize));
        let tables = hints(row[3].clone()).to_tables(row[2].as_str().unwrap(), &naming).unwrap();
        let orders: Vec<Vec<&String>> = tables.iter().map(|table| table.columns.keys().collect()).collect();
        differences.check(&(&row[0], &row[1], &row[3]), &json!(tables), &row[4]);
        differences.check(&(&row[0], &row[1], &row[3]), &json!(orders), &row[5]);
    }
}

#[test]
fn an_unknown_hint_is_refused_by_name() {
    let error = serde_json::from_value::<ResourceHints>(json!({"primary_keys": "id"})).unwrap_err();
    assert!(error.to_string().contains("unknown key `primary_keys`"), "{error}");
    let error =
        serde_json::from_value::<ResourceHints>(json!({"columns": {"a": {"typ": "text"}}})).unwrap_err();
    assert!(error.to_string().contains("column `a`: unknown key `typ`"), "{error}");
}

#[test]
fn an_option_of_another_merge_strategy_is_refused() {
    let disposition = json!({"disposition": "merge", "strategy": "upsert", "destination_scope": "x = 1"});
    let error = hints(json!({"write_disposition": disposition})).to_tables("r", &snake_case()).unwrap_err();
    assert!(matches!(error, HintsError::OptionOfOtherStrategy { option: "destination_scope", .. }));
}

#[test]
fn a_strategy_that_does_not_exist_is_refused_with_those_that_do() {
    let disposition = json!({"disposition": "merge", "strategy": "upsrt"});
    let error = hints(json!({"write_disposition": disposition})).to_tables("r", &snake_case()).unwrap_err();
    assert!(error.to_string().contains("upsert"), "{error}");
}

#[test]
fn scd2_timestamps_must_be_timestamps() {
    let disposition = json!({"disposition": "merge", "strategy": "scd2", "active_record_timestamp": "never"});
    let error = hints(json!({"write_disposition": disposition})).to_tables("r", &snake_case()).unwrap_err();
    assert!(matches!(error, HintsError::Timestamp { option: "active_record_timestamp", .. }));
}

#[test]
fn a_blank_key_is_refused() {
    let error = hints(json!({"primary_key": [" "]})).to_tables("r", &snake_case()).unwrap_err();
    assert!(matches!(error, HintsError::Blank { what: "key column", .. }));
}

#[test]
fn a_wrong_contract_is_refused() {
    let error =
        hints(json!({"schema_contract": {"column": "freeze"}})).to_tables("r", &snake_case()).unwrap_err();
    assert!(error.to_string().contains("`column`"), "{error}");
}
