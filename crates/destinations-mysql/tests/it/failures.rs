//! Servers that refuse, break off and come back: the kind of the error, its remedy, and the rows afterwards.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use cartage_destinations_api::{
    Destination, ErrorKind, FileFormat, JobFile, JobOutcome, LoadCommit, LoadStatus, Outcome,
    check_connection,
};
use cartage_destinations_mysql::Mysql;
use cartage_schema::{Column, DataType};
use cartage_test_support::TcpProxy;
use cartage_test_support::mariadb::{Server, shared};
use cartage_test_support::postgres::unique;
use serde_json::json;

use crate::util::{Dataset, Fixture, connect, items_load, plan};

fn at(dataset: &Dataset, url: &str) -> Mysql {
    connect(dataset, &json!({"credentials": url, "connections": 2}))
}

fn columns() -> [Column; 1] {
    [Column::typed("c", DataType::Bigint, true)]
}

fn numbers(count: i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..count))
}

#[test]
fn wrong_credentials_and_missing_databases_are_told_at_once_with_the_remedy_and_no_password() {
    let dataset = Dataset::new("any");
    let password = &dataset.server.state().password;
    for (url, remedy) in [
        (dataset.server.url().replace(password.as_str(), "hush-hush"), "username, password"),
        (dataset.server.url().replace("/mysql", "/no_such_database"), "database"),
        (dataset.server.url() + "?ssl_mode=VERIFY_IDENTITY", "ssl_ca"),
    ] {
        let error = at(&dataset, &url).reader().unwrap().tables().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.remedy().unwrap().contains(remedy), "{error:?}");
        let shown = format!("{error:?}");
        assert!(!shown.contains("hush-hush") && !shown.contains(password.as_str()), "{shown}");
    }
    let nobody = at(&dataset, "mysql://u:hush-hush@127.0.0.1:1/d");
    let error = nobody.reader().unwrap().tables().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(!format!("{error:?} {nobody:?}").contains("hush-hush"));
}

#[test]
fn encryption_is_as_asked_for() {
    let dataset = Dataset::new("tls");
    let server = &dataset.server;
    let certificate = server.state().folder.join("server.crt");
    let trusted = format!("VERIFY_IDENTITY&ssl_ca={}", certificate.display());
    for (mode, encrypted) in [("DISABLED", false), ("PREFERRED", true), ("REQUIRED", true), (&trusted, true)]
    {
        let user = unique("tls");
        server.sql(&format!("CREATE USER {user} IDENTIFIED BY 'hush'; GRANT ALL ON *.* TO {user}"));
        let url = format!("mysql://{user}:hush@localhost:{}/mysql?ssl_mode={mode}", server.state().port);
        let mysql = at(&dataset, &url);
        assert_eq!(mysql.reader().unwrap().tables().unwrap(), Vec::<String>::new());
        server.sql(&format!("ALTER USER {user} REQUIRE SSL"));
        // A new connection.
        let answer = at(&dataset, &url).reader().unwrap().tables();
        assert_eq!(answer.is_ok(), encrypted, "{mode}: {answer:?}");
        drop(mysql);
        server.sql(&format!("DROP USER {user}"));
    }
}

#[test]
fn what_a_user_may_not_do_is_terminal_and_what_is_granted_is_enough() {
    let dataset = Dataset::new("rights");
    let user = unique("user");
    let sql = |sql: &str| dataset.server.sql(&sql.replace("USER_", &user).replace("DATASET", &dataset.name));
    sql("CREATE USER USER_ IDENTIFIED BY 'hush'; GRANT SELECT ON mysql.* TO USER_");
    let url = format!("mysql://{user}:hush@127.0.0.1:{}/mysql", dataset.server.state().port);
    let error = at(&dataset, &url).prepare_load(&plan(columns())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.remedy().unwrap().contains("GRANT"), "{error:?}");

    // Databases that others have made stay, since their user could not make them again.
    sql("CREATE DATABASE `DATASET`; CREATE DATABASE `DATASET_staging`");
    sql("GRANT ALL ON `DATASET`.* TO USER_; GRANT ALL ON `DATASET_staging`.* TO USER_");
    let mysql = at(&dataset, &url);
    mysql.prepare_load(&plan(columns())).unwrap();
    mysql.complete_load(&LoadCommit::of(&plan(columns()), 5)).unwrap();
    assert_eq!(sql("SHOW DATABASES LIKE 'DATASET%'").lines().count(), 2);
    sql("DROP USER USER_");
}

#[test]
fn a_connection_that_breaks_in_the_middle_leaves_no_rows_and_the_job_can_be_repeated() {
    let fixture = items_load(columns(), &json!({}));
    let path = fixture.parquet("1", vec![("c", numbers(300_000))]);
    let port = shared().state().port;
    let proxy = TcpProxy::start(port, 500_000);
    let url = shared().url().replace(&format!(":{port}/"), &format!(":{}/", proxy.port()));
    // The lock is that of the other connection; this process stands for one machine.
    let Fixture { destination: mysql, plan, dataset, folder } = fixture;
    drop(mysql);
    let far = at(&dataset, &(url + "?ssl_mode=DISABLED"));
    let job = JobFile::new("1", "items", &path, FileFormat::Parquet);
    let error = far.open_job(&plan, &job).unwrap().run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    proxy.set_limit(u64::MAX);
    assert_eq!(far.open_job(&plan, &job).unwrap().run().unwrap(), JobOutcome::Done { rows: 300_000 });
    assert_eq!(far.open_job(&plan, &job).unwrap().run().unwrap(), JobOutcome::DoneBefore);
    far.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
    drop(folder);
    assert_eq!(far.reader().unwrap().count("items").unwrap(), 300_000);
}

#[test]
fn a_server_that_is_killed_in_the_middle_goes_on_where_it_was() {
    let server = Server::private(&[]);
    let fixture = items_load(columns(), &json!({"credentials": server.url()}));
    let file = fixture.parquet("1", vec![("c", numbers(1000))]);
    fixture.load(&file).unwrap();
    server.stop().unwrap();
    let second = fixture.parquet("2", vec![("c", numbers(1000))]);
    let error = fixture.load(&second).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    server.start().unwrap();
    assert_eq!(fixture.destination.load_status(&fixture.plan.key).unwrap(), LoadStatus::Started);
    assert_eq!(fixture.load(&file).unwrap(), JobOutcome::DoneBefore);
    assert_eq!(fixture.load(&second).unwrap(), JobOutcome::Done { rows: 1000 });
    fixture.commit();
    assert_eq!(fixture.destination.reader().unwrap().count("items").unwrap(), 2000);
}

#[test]
fn two_machines_cannot_load_the_same_pipeline_at_once() {
    let fixture = items_load(columns(), &json!({}));
    let other = connect(&fixture.dataset, &json!({}));
    let mut later = fixture.plan.clone();
    later.key.load_id = "1700000001.5".to_owned();
    let error = other.prepare_load(&later).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert!(error.to_string().contains("connection"), "who it is: {error}");

    let mut elsewhere = later.clone();
    elsewhere.key.pipeline = "another".to_owned();
    other.prepare_load(&elsewhere).unwrap();
    other.complete_load(&LoadCommit::of(&elsewhere, 5)).unwrap();

    fixture.commit();
    other.prepare_load(&later).unwrap();
    other.complete_load(&LoadCommit::of(&later, 6)).unwrap();
}

#[test]
fn names_that_are_too_long_are_refused_with_the_remedy() {
    let dataset = Dataset::new("names");
    let long = "\u{20AC}".repeat(64);
    let fits = plan([Column::typed(&long, DataType::Bigint, true)]);
    let mysql = connect(&dataset, &json!({}));
    mysql.prepare_load(&fits).unwrap();
    mysql.complete_load(&LoadCommit::of(&fits, 5)).unwrap();
    let too_long = plan([Column::typed(format!("{long}x"), DataType::Bigint, true)]);
    let error = mysql.prepare_load(&too_long).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(error.remedy().unwrap().contains("max_identifier_length"), "{error:?}");
}

#[test]
fn a_check_up_finds_what_a_load_needs_and_leaves_nothing() {
    let dataset = Dataset::new("check");
    let found = check_connection(&connect(&dataset, &json!({})));
    assert!(
        found.failure.is_none() && found.steps.iter().all(|step| step.outcome == Outcome::Ok),
        "{found:?}"
    );
    assert!(found.steps[0].detail.contains("MariaDB"), "{found:?}");
    let found = dataset.server.sql(&format!("SHOW DATABASES LIKE '{}%'", dataset.name));
    assert_eq!(found, "");
}
