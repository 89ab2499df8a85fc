//! Two users of one file.

use cartage_destinations_api::{ConnectRequest, Destination, LoadCommit, LoadStatus};
use cartage_destinations_duckdb::DuckDb;
use cartage_schema::{Column, DataType};
use serde_json::json;

use crate::util::{Fixture, request};

#[test]
fn two_values_for_one_file_share_the_database() {
    let fixture = Fixture::new([Column::typed("id", DataType::Bigint, true)], &json!({}));
    let keys = json!({"path": fixture.folder.path().join(".").join("shop.duckdb").to_str().unwrap()});
    let second = DuckDb::connect(&request(fixture.folder.path(), &keys)).unwrap();
    assert_eq!(second.load_status(&fixture.plan.key).unwrap(), LoadStatus::Started);
    fixture.commit();
    assert_eq!(second.load_status(&fixture.plan.key).unwrap(), LoadStatus::Complete);
}

#[test]
fn a_load_keeps_the_ledger_of_another_one_in_flight() {
    let fixture = Fixture::new([Column::typed("id", DataType::Bigint, true)], &json!({}));
    let mut other = fixture.plan.clone();
    other.key.pipeline = "other".to_owned();
    fixture.duckdb.prepare_load(&other).unwrap();
    fixture.commit();
    assert_eq!(fixture.duckdb.load_status(&other.key).unwrap(), LoadStatus::Started);

    let looking = ConnectRequest::new("duckdb", "shop", "data_staging").in_folder(fixture.folder.path());
    let staging = DuckDb::connect(&looking).unwrap();
    assert_eq!(staging.reader().unwrap().tables().unwrap(), ["_cartage_ledger"]);
    fixture.duckdb.complete_load(&LoadCommit::of(&other, 6)).unwrap();
    assert_eq!(staging.reader().unwrap().tables().unwrap(), Vec::<String>::new());
}
