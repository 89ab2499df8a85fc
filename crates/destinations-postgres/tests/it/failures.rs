//! Servers that refuse, break off and come back: the kind of the error, its remedy, and the rows afterwards.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use cartage_destinations_api::{
    ConnectRequest, Destination, ErrorKind, JobOutcome, LoadCommit, LoadStatus, Settings,
};
use cartage_destinations_postgres::Postgres;
use cartage_schema::{Column, DataType};
use cartage_test_support::TcpProxy;
use cartage_test_support::postgres::{Server, shared, unique};
use serde_json::json;

use crate::util::{Dataset, connect, items_load, plan};

fn at(url: &str, dataset: &str) -> Postgres {
    let keys = json!({"credentials": url, "connections": 2});
    let settings = Settings::new(keys.as_object().unwrap().clone());
    cartage_destinations_postgres::connect(
        &ConnectRequest::new("postgres", "shop", dataset).with_settings(settings),
    )
    .unwrap()
}

fn columns() -> [Column; 1] {
    [Column::typed("c", DataType::Bigint, true)]
}

fn numbers(count: i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..count))
}

/// The shared server, behind a proxy.
fn url_behind(proxy: &TcpProxy) -> String {
    let direct = shared();
    direct.url().replace(&format!(":{}/", direct.state().port), &format!(":{}/", proxy.port()))
        + "?sslmode=disable"
}

#[test]
fn wrong_credentials_and_missing_databases_are_told_at_once_with_the_remedy_and_no_password() {
    let server = shared();
    let password = &server.state().password;
    for (url, remedy) in [
        (server.url().replace(password.as_str(), "hush-hush"), "username and password"),
        (server.url_of("no_such_database"), "createdb no_such_database"),
        (server.url() + "?sslmode=verify-full", "sslrootcert"),
    ] {
        let error = at(&url, "any").reader().unwrap().tables().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.remedy().unwrap().contains(remedy), "{error:?}");
        let shown = format!("{error:?}");
        assert!(!shown.contains("hush-hush") && !shown.contains(password.as_str()), "{shown}");
    }
    let nobody = at("postgresql://u:hush-hush@127.0.0.1:1/d", "any");
    let error = nobody.reader().unwrap().tables().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(!format!("{error:?} {nobody:?}").contains("hush-hush"));
}

#[test]
fn encryption_is_as_asked_for() {
    let dataset = Dataset::new("tls");
    for (mode, encrypted) in [("disable", "false"), ("prefer", "true"), ("require", "true")] {
        let url = format!("{}?sslmode={mode}&application_name={}_{mode}", dataset.server.url(), dataset.name);
        let postgres = at(&url, &dataset.name);
        assert_eq!(postgres.reader().unwrap().tables().unwrap(), Vec::<String>::new());
        let found = dataset.server.psql(&format!(
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = '{}_{mode}'",
            dataset.name
        ));
        assert_eq!(found, if encrypted == "true" { "t" } else { "f" }, "{mode}");
    }
}

#[test]
fn what_a_role_may_not_do_is_terminal_and_a_role_without_connections_left_is_transient() {
    let dataset = Dataset::new("rights");
    let role = unique("role");
    let sql = |sql: &str| dataset.server.psql(&sql.replace("ROLE_", &role));
    sql("CREATE ROLE ROLE_ LOGIN PASSWORD 'hush'");
    let url = format!("postgresql://{role}:hush@127.0.0.1:{}/postgres", dataset.server.state().port);
    let error = at(&url, &dataset.name).prepare_load(&plan(columns())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.remedy().unwrap().contains("GRANT"), "{error:?}");

    sql(
        "GRANT CREATE ON DATABASE postgres TO ROLE_; ALTER ROLE ROLE_ SET default_transaction_read_only = on",
    );
    let error = at(&url, &dataset.name).prepare_load(&plan(columns())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.remedy().unwrap().contains("primary"), "{error:?}");

    sql("ALTER ROLE ROLE_ RESET default_transaction_read_only; ALTER ROLE ROLE_ CONNECTION LIMIT 1");
    let error = at(&url, &dataset.name).prepare_load(&plan(columns())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.remedy().unwrap().contains("max_connections"), "{error:?}");
    sql("DROP OWNED BY ROLE_ CASCADE; DROP ROLE ROLE_");
}

#[test]
fn a_connection_that_breaks_in_the_middle_leaves_no_rows_and_the_job_can_be_repeated() {
    let fixture = items_load(columns(), &json!({}));
    let path = fixture.parquet("many.parquet", vec![("c", numbers(200_000))]);
    let proxy = TcpProxy::start(shared().state().port, 1_000_000);
    let far = at(&url_behind(&proxy), &fixture.dataset.name);
    // The lock is that of the other connection; this process stands for one machine.
    drop(fixture.destination);
    let job = cartage_destinations_api::JobFile::new(
        "items.1.parquet",
        "items",
        &path,
        cartage_destinations_api::FileFormat::Parquet,
    );
    let error = far.open_job(&fixture.plan, &job).unwrap().run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    let count = format!("SELECT count(*) FROM \"{}\".items", fixture.dataset.name);
    assert_eq!(fixture.dataset.server.psql(&count), "0");
    proxy.set_limit(u64::MAX);
    let outcome = far.open_job(&fixture.plan, &job).unwrap().run().unwrap();
    assert_eq!(outcome, JobOutcome::Done { rows: 200_000 });
    let outcome = far.open_job(&fixture.plan, &job).unwrap().run().unwrap();
    assert_eq!(outcome, JobOutcome::DoneBefore);
    far.complete_load(&LoadCommit::of(&fixture.plan, 5)).unwrap();
    assert_eq!(fixture.dataset.server.psql(&count), "200000");
}

#[test]
fn a_server_that_is_restarted_in_the_middle_goes_on_where_it_was() {
    let server = Server::private();
    let postgres = at(&server.url(), "data");
    let plan = plan(columns());
    postgres.prepare_load(&plan).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.parquet");
    cartage_destinations_sql::testing::write_parquet(&path, vec![("c", numbers(1000))]);
    let file = |id: &str| {
        cartage_destinations_api::JobFile::new(
            id,
            "items",
            &path,
            cartage_destinations_api::FileFormat::Parquet,
        )
    };
    postgres.open_job(&plan, &file("one")).unwrap().run().unwrap();
    server.stop().unwrap();
    let error = postgres.open_job(&plan, &file("two")).unwrap().run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    server.start().unwrap();
    assert_eq!(postgres.load_status(&plan.key).unwrap(), LoadStatus::Started);
    assert_eq!(postgres.open_job(&plan, &file("one")).unwrap().run().unwrap(), JobOutcome::DoneBefore);
    assert_eq!(
        postgres.open_job(&plan, &file("two")).unwrap().run().unwrap(),
        JobOutcome::Done { rows: 1000 }
    );
    postgres.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
    assert_eq!(postgres.reader().unwrap().count("items").unwrap(), 2000);
    assert_eq!(postgres.load_status(&plan.key).unwrap(), LoadStatus::Complete);
}

#[test]
fn two_machines_cannot_load_the_same_pipeline_at_once() {
    let fixture = items_load(columns(), &json!({}));
    let other = connect(&fixture.dataset.name, &json!({}));
    let mut later = fixture.plan.clone();
    later.key.load_id = "1700000001.5".to_owned();
    let error = other.prepare_load(&later).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "who it is: {error}");

    let mut elsewhere = later.clone();
    elsewhere.key.pipeline = "another".to_owned();
    other.prepare_load(&elsewhere).unwrap();
    other.complete_load(&LoadCommit::of(&elsewhere, 5)).unwrap();

    fixture.commit();
    other.prepare_load(&later).unwrap();
    other.complete_load(&LoadCommit::of(&later, 6)).unwrap();
}

#[test]
fn names_that_the_server_would_cut_off_are_refused() {
    let dataset = Dataset::new("names");
    let long = "\u{20AC}".repeat(22);
    let error = connect(&dataset.name, &json!({}))
        .prepare_load(&plan([Column::typed(&long, DataType::Bigint, true)]))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.to_string().contains("66 bytes"), "{error}");
}
