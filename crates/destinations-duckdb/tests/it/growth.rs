//! A file that small loads go into again and again.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use cartage_destinations_duckdb::connect;
use cartage_schema::{Column, DataType};
use duckdb::Connection;
use serde_json::json;

use crate::util::{Fixture, plan, request};

fn id() -> Column {
    Column::typed("id", DataType::Bigint, true)
}

#[test]
fn small_loads_share_their_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    for nth in 0..20 {
        let duckdb = connect(&request(folder.path(), &json!({"path": "shop.duckdb"}))).unwrap();
        let mut plan = plan([id()]);
        plan.key.load_id = format!("1700000000.{}", nth + 1);
        let load = Fixture::begin(tempfile::tempdir().unwrap(), duckdb, plan);
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![nth]));
        load.load(&load.parquet("items.parquet", vec![("id", ids)])).unwrap();
        load.commit();
    }
    let database = Connection::open(folder.path().join("shop.duckdb")).unwrap();
    for table in ["items", "_dlt_loads"] {
        let sql = format!("SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('data.{table}')");
        let row_groups: i64 = database.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert!(row_groups <= 2, "{table} has {row_groups} row groups");
    }
}
