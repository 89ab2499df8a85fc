//! What is wrong is named with source, table and remedy, and no secret is shown.

use std::time::Instant;

use cartage_source_api::Producer;
use cartage_sources_sql::SqlSource;
use cartage_test_support::mariadb::Server;
use cartage_test_support::postgres::unique;
use serde_json::{Value, json};

use crate::servers;
use crate::support::{Database, context, resource, rows_of, source};

fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
}

#[test]
fn tables_columns_and_queries_that_are_not_there_are_named() {
    let database = Database::with("CREATE TABLE items (id int, `Name` text)");
    let fails = |name: &str, hints: Value, keys: Value| database.rows(name, &hints, &keys).unwrap_err();
    says(&fails("itms", json!({}), json!({})), &["table `itms`", "source `crm`", "check `table`"]);
    says(&fails("Items", json!({}), json!({})), &["no such table"]);
    let query = json!({"query": "SELEC 1"});
    says(&fails("q", json!({}), query), &["query of resource `q`", "1064", "check the SQL"]);
    says(&fails("items", json!({}), json!({"where": "nope = 1"})), &["table `items`", "nope", "1054"]);
    says(&fails("q", json!({}), json!({"query": "SELECT 1 AS a, 2 AS a"})), &["`q`", "rename"]);
    says(
        &fails("q", json!({}), json!({"query": "SELECT * FROM gone"})),
        &["gone", "check the names of tables"],
    );
    says(&fails("q", json!({}), json!({"query": "SELECT ? AS a"})), &["outside of quotes", "$start"]);
}

#[test]
fn sessions_only_read_and_a_view_that_fails_half_way_is_an_error() {
    let database = Database::with(
        "CREATE TABLE t (a int);\nDELIMITER $$\nCREATE FUNCTION put() RETURNS int MODIFIES SQL DATA \
         BEGIN INSERT INTO t VALUES (1); RETURN 1; END$$\nDELIMITER ;",
    );
    let fails = |query: &str| database.rows("q", &json!({}), &json!({"query": query})).unwrap_err();
    says(&fails("SELECT put() AS a"), &["1792", "sources only read"]);
    database.run("CREATE VIEW broken AS SELECT a FROM t; DROP TABLE t");
    says(
        &database.rows("broken", &json!({}), &json!({})).unwrap_err(),
        &["table `broken`", "1356", "repair"],
    );
    let query = "SELECT IF(seq = 15000, (SELECT 1 UNION SELECT 2), seq) AS n FROM seq_1_to_20000";
    says(&fails(query), &["query of resource `q`", "1242"]);
}

#[test]
fn a_value_that_the_server_makes_null_because_it_is_too_long_is_an_error() {
    let database = Database::with("CREATE TABLE t (v longblob); INSERT INTO t VALUES (repeat('x', 9000000))");
    let hints = json!({"columns": {"v": {"data_type": "text"}}});
    let keys = json!({"where": "v <> ''"});
    says(&database.rows("t", &hints, &keys).unwrap_err(), &["table `t`", "max_allowed_packet"]);
    assert_eq!(database.rows("t", &json!({}), &json!({})).unwrap().len(), 1);
}

/// Reads a little, lets something happen to the session, and reads on until that is an error.
fn interrupted(source: &SqlSource, happens: impl FnOnce()) -> String {
    let query = json!({"query": "SELECT seq AS n, repeat('x', 1000) AS x FROM seq_1_to_1000000"});
    let mut made = resource(source, "q", &json!({}), &query).unwrap();
    let producer: &mut dyn Producer = &mut made.reader;
    producer.open(&context()).unwrap();
    assert!(producer.next_page().unwrap().is_some());
    happens();
    std::iter::from_fn(|| Some(producer.next_page())).find_map(Result::err).unwrap().to_string()
}

#[test]
fn a_killed_query_and_a_killed_connection_are_errors() {
    let database = Database::with("CREATE TABLE t (a int)");
    let session = format!("SELECT id FROM information_schema.processlist WHERE db = '{}'", database.name);
    for what in ["QUERY", "CONNECTION"] {
        let kill = || {
            database.run(&format!("KILL {what} {}", database.server.sql(&session).lines().last().unwrap()));
        };
        let error = interrupted(&database.source(&json!({"chunk_size": 100})), kill);
        says(&error, &["query of resource `q`", "source `crm`", "cannot read", "run again"]);
    }
}

#[test]
fn a_statement_that_nobody_waits_for_any_more_ends_at_the_server() {
    let database = Database::with("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let query = json!({"query": "SELECT SLEEP(60) AS a FROM t"});
    let mut made = database.resource("q", &json!({}), &query);
    let context = context();
    made.reader.open(&context).unwrap();
    let sessions = format!(
        "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE '%SLEEP%'",
        database.name
    );
    let cancel = context.cancel.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while database.server.sql(&sessions) == "0" {}
            cancel.cancel();
        });
        assert!(made.reader.next_page().unwrap_err().to_string().contains("cancelled"));
    });
    made.reader.close();
    let begun = Instant::now();
    while database.server.sql(&sessions) != "0" {
        assert!(begun.elapsed().as_secs() < 20, "it still sleeps");
    }
}

#[test]
fn a_server_that_cannot_be_reached_fails_each_table_and_shows_no_password() {
    servers::fails_each_table_and_shows_no_password("mysql+pymysql://me:hush@127.0.0.1:1/db");
}

#[test]
fn wrong_logins_and_databases_and_missing_rights_name_the_remedy() {
    let database = Database::with("CREATE TABLE t (a int); CREATE TABLE u (a int)");
    let fails = |url: &str| {
        let source = source(&json!({"credentials": url}), None);
        let error = source.resources(Vec::new()).unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
        error
    };
    let port = database.server.state().port;
    says(&fails(&format!("mysql://nobody:hush@127.0.0.1:{port}/mysql")), &["1045", "username and password"]);
    let (authority, _) =
        database.url().rsplit_once('/').map(|(left, right)| (left.to_owned(), right.len())).unwrap();
    says(&fails(&format!("{authority}/nowhere")), &["nowhere", "1049", "check the database"]);
    let user = unique("u");
    database.run(&format!(
        "CREATE USER {user} IDENTIFIED BY 'hush'; GRANT SELECT ON {}.t TO {user}; GRANT INSERT ON {}.u TO {user}",
        database.name, database.name
    ));
    let url = format!("mysql://{user}:hush@127.0.0.1:{port}/{}?ssl_mode=DISABLED", database.name);
    let mut made =
        resource(&source(&json!({"credentials": url}), None), "u", &json!({}), &json!({})).unwrap();
    let error = rows_of(&mut made.reader, None).unwrap_err().to_string();
    database.run(&format!("DROP USER {user}"));
    says(&error, &["table `u`", "1142", "GRANT SELECT"]);
    assert!(!error.contains("hush"));
}

#[test]
fn encryption_is_as_the_credentials_say() {
    let database = Database::with("CREATE TABLE t (a int)");
    let url = |options: &str| database.url().replace("ssl_mode=DISABLED", options);
    let certificate = database.server.state().folder.join("server.crt");
    assert!(source(&json!({"credentials": url("ssl_mode=REQUIRED")}), None).resources(Vec::new()).is_ok());
    let untrusted = source(&json!({"credentials": url("ssl_mode=VERIFY_IDENTITY")}), None);
    says(&untrusted.resources(Vec::new()).unwrap_err().to_string(), &["certificate", "ssl_ca"]);
    let trusted = format!("ssl_mode=VERIFY_IDENTITY&ssl_ca={}", certificate.display());
    let trusted = url(&trusted).replace("127.0.0.1", "localhost");
    assert!(source(&json!({"credentials": trusted}), None).resources(Vec::new()).is_ok());
}

#[test]
fn a_server_that_dies_half_way_is_an_error() {
    if !cartage_test_support::mariadb::is_installed() {
        return;
    }
    let server = Server::private(&[]);
    let url = format!("{}?ssl_mode=DISABLED", server.url());
    let source = source(&json!({"credentials": url, "chunk_size": 100}), None);
    let error = interrupted(&source, || server.stop().unwrap());
    says(&error, &["query of resource `q`", "cannot read", "run again"]);
}
