//! Two users of one file.

use std::io::Read as _;
use std::process::{Command, Stdio};

use cartage_destinations_api::{ConnectRequest, Destination, ErrorKind, LoadCommit, LoadStatus};
use cartage_destinations_duckdb::connect;
use cartage_schema::{Column, DataType};
use serde_json::json;

use crate::util::{Fixture, plan, request};

#[test]
fn two_values_for_one_file_share_the_database() {
    let fixture = Fixture::new([Column::typed("id", DataType::Bigint, true)], &json!({}));
    let keys = json!({"path": fixture.folder.path().join(".").join("shop.duckdb").to_str().unwrap()});
    let second = connect(&request(fixture.folder.path(), &keys)).unwrap();
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
    let staging = connect(&looking).unwrap();
    assert_eq!(staging.reader().unwrap().tables().unwrap(), ["_cartage_ledger"]);
    fixture.duckdb.complete_load(&LoadCommit::of(&other, 6)).unwrap();
    assert_eq!(staging.reader().unwrap().tables().unwrap(), Vec::<String>::new());
}

/// Tells the child process of the next test which folder it works in.
const HOLDER: &str = "CARTAGE_TEST_HOLD_FOLDER";

/// Does nothing, except in the child process of the next test: there it keeps the file open until it
/// hears the end of its standard input.
#[test]
fn another_process_can_hold_the_file() {
    let Some(folder) = std::env::var_os(HOLDER).map(std::path::PathBuf::from) else { return };
    let duckdb = connect(&request(&folder, &json!({}))).unwrap();
    duckdb.prepare_load(&plan([Column::typed("id", DataType::Bigint, true)])).unwrap();
    std::fs::write(folder.join("ready"), "").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_file_that_another_process_has_open_is_a_transient_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "locks::another_process_can_hold_the_file"])
        .env(HOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !folder.path().join("ready").exists() {
        assert!(holder.try_wait().unwrap().is_none(), "the holder has ended early");
        std::thread::yield_now();
    }
    let waiting = connect(&request(folder.path(), &json!({}))).unwrap();
    let load = plan([Column::typed("id", DataType::Bigint, true)]);
    let error = waiting.load_status(&load.key).unwrap_err();
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert!(error.to_string().contains(&format!("PID {}", holder.id())), "{error}");
    assert!(error.remedy().is_some());
    assert_eq!(waiting.load_status(&load.key).unwrap(), LoadStatus::Started, "once the other has let go");
}
