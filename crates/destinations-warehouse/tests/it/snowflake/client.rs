//! The client against a service that does what a test says: refusals, broken answers, sessions that expire.

use std::sync::Arc;

use cartage_destinations_api::{ConnectRequest, Destination, Error, ErrorKind, Result, Settings};
use cartage_destinations_warehouse::snowflake::connect;
use cartage_runtime::CancelToken;
use cartage_test_support::{Answer, RestServer, Seen};
use serde_json::{Value, json};

pub(super) const LOGIN: &str = "/session/v1/login-request";
const QUERY: &str = "/queries/v1/query-request";
const CLOSE: &str = "/session";

/// A service that lets all users in, and answers all other requests as `route` says.
fn service(route: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> RestServer {
    RestServer::answering(move |seen| match seen.path.as_str() {
        LOGIN => welcome(),
        CLOSE => success(&json!(null)),
        _ => route(seen),
    })
}

pub(super) fn welcome() -> Answer {
    success(
        &json!({"token": "first-token", "masterToken": "master-token", "sessionInfo": {"databaseName": "SHOP"}}),
    )
}

fn success(data: &Value) -> Answer {
    Answer::json(&json!({"success": true, "data": data}))
}

fn refused(code: &str, message: &str) -> Answer {
    Answer::json(&json!({"success": false, "code": code, "message": message, "data": null}))
}

/// The answer to the question for tables.
fn table_names(names: &[&str]) -> Value {
    let rows: Vec<Value> = names.iter().map(|name| json!(["RAW", name])).collect();
    let column = |name: &str| json!({"name": name, "type": "text"});
    json!({"rowtype": [column("TABLE_SCHEMA"), column("TABLE_NAME")], "rowset": rows, "queryResultFormat": "json"})
}

pub(super) fn request(server: &RestServer, credentials: &Value) -> ConnectRequest {
    let mut given = json!({"host": "org-acct", "database": "SHOP", "username": "loader"});
    given.as_object_mut().unwrap().extend(credentials.as_object().unwrap().clone());
    let keys = json!({"credentials": given, "url": server.url()});
    let settings = Settings::new(keys.as_object().unwrap().clone());
    ConnectRequest::new("snowflake", "shop", "raw").with_settings(settings)
}

fn tables(server: &RestServer) -> Result<Vec<String>> {
    let snowflake = connect(&request(server, &json!({"password": "hush-hush"}))).unwrap();
    snowflake.reader().unwrap().tables()
}

fn remedy(error: &Error) -> String {
    let shown = format!("{error:?}");
    for secret in ["hush-hush", "first-token", "master-token"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error.remedy().unwrap_or_default().to_owned()
}

#[test]
fn a_login_that_is_refused_is_told_with_the_remedy_and_no_secret() {
    for (code, message, expected) in [
        ("390100", "Incorrect username or password was specified.", "username and password"),
        ("390144", "JWT token is invalid.", "ALTER USER loader SET RSA_PUBLIC_KEY"),
        (
            "390189",
            "Role 'R' specified in the connect string does not exist or not authorized.",
            "GRANT ROLE",
        ),
        ("390318", "OAuth access token expired.", "new token"),
        (
            "390422",
            "Incoming request with IP/Token 1.2.3.4 is not allowed to access Snowflake.",
            "network policy",
        ),
    ] {
        let server = RestServer::answering(move |_| refused(code, message));
        let error = tables(&server).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(remedy(&error).contains(expected) && error.to_string().contains(message), "{error:?}");
        assert_eq!(server.seen().len(), 1, "another attempt would lock the user out");
    }
}

#[test]
fn an_account_that_is_not_there_is_named() {
    let server = RestServer::answering(|_| Answer::text("text/html", "<html>Forbidden</html>").status(403));
    let error = tables(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(
        error.to_string().contains("org-acct") && remedy(&error).contains("CURRENT_ACCOUNT_NAME"),
        "{error:?}"
    );
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let server = RestServer::answering(|_| {
        success(&json!({"token": "first-token", "sessionInfo": {"databaseName": null}}))
    });
    let error = tables(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(remedy(&error).contains("GRANT USAGE ON DATABASE SHOP"), "{error:?}");
}

#[test]
fn what_a_statement_lacks_is_told_with_the_remedy() {
    for (code, message, expected) in [
        ("000606", "No active warehouse selected in the current session.", "DEFAULT_WAREHOUSE"),
        ("000607", "Warehouse 'WH' cannot be resumed because it is suspended.", "resume the warehouse"),
        (
            "003001",
            "SQL access control error: Insufficient privileges to operate on schema 'RAW'",
            "grant it",
        ),
        ("002003", "Object 'X' does not exist or not authorized.", "role"),
    ] {
        let server = service(move |_| refused(code, message));
        let error = tables(&server).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
        assert!(remedy(&error).contains(expected), "{error:?}");
    }
}

#[test]
fn a_statement_that_is_turned_away_is_sent_again_under_its_id() {
    let server = service(|seen| match seen.before {
        0 => Answer::text("text/plain", "slow down").status(429).header("retry-after", "0"),
        1 => Answer::text("text/plain", "wait").status(503),
        _ => success(&table_names(&["ITEMS"])),
    });
    assert_eq!(tables(&server).unwrap(), ["items"]);
    let asked = server.seen_at(QUERY);
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|seen| seen.param("requestId") == asked[0].param("requestId")));
    let counts: Vec<_> =
        asked.iter().map(|seen| (seen.param("retryCount"), seen.param("retryReason"))).collect();
    assert_eq!(counts, [(None, None), (Some("1"), Some("429")), (Some("2"), Some("503"))]);
    assert_eq!(asked[0].header("authorization"), Some("Snowflake Token=\"first-token\""));
}

#[test]
fn a_statement_whose_answer_is_lost_is_not_sent_again_and_its_session_ends() {
    let answers: [fn() -> Answer; 3] = [
        || Answer { cut: Some(20), ..success(&table_names(&["ITEMS"])) },
        || Answer::json(&json!(null)).status(0),
        || Answer::text("text/html", "<html>bad gateway</html>").status(502),
    ];
    for answer in answers {
        let server = service(move |_| answer());
        let error = tables(&server).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
        assert!(remedy(&error).contains("ledger"), "{error:?}");
        assert_eq!(server.seen_at(QUERY).len(), 1);
        assert_eq!(server.seen_at(CLOSE).len(), 1, "what is open in it is undone");
    }
}

#[test]
fn a_login_whose_answer_is_lost_is_sent_again() {
    let server = RestServer::answering(|seen| match (seen.path.as_str(), seen.before) {
        (LOGIN, 0) => Answer { cut: Some(10), ..welcome() },
        (LOGIN, _) => welcome(),
        _ => success(&table_names(&[])),
    });
    assert_eq!(tables(&server).unwrap(), Vec::<String>::new());
    assert_eq!(server.seen_at(LOGIN).len(), 2);
}

#[test]
fn a_session_that_expired_is_renewed_and_its_statement_sent_again() {
    let server = service(|seen| match (seen.path.as_str(), seen.before) {
        ("/session/token-request", _) => {
            success(&json!({"sessionToken": "second-token", "masterToken": "master-token"}))
        }
        (_, 0) => refused("390112", "Your session has expired. Please login again."),
        _ => success(&table_names(&["ITEMS"])),
    });
    assert_eq!(tables(&server).unwrap(), ["items"]);
    let renewal = &server.seen_at("/session/token-request")[0];
    assert_eq!(renewal.header("authorization"), Some("Snowflake Token=\"master-token\""));
    assert_eq!(renewal.json(), json!({"oldSessionToken": "first-token", "requestType": "RENEW"}));
    assert_eq!(server.seen_at(QUERY)[1].header("authorization"), Some("Snowflake Token=\"second-token\""));
}

#[test]
fn a_session_that_is_gone_is_transient() {
    let server = service(|_| refused("390104", "User must login again to access the service."));
    let error = tables(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert_eq!(server.seen_at(QUERY).len(), 1);
}

#[test]
fn a_long_statement_is_asked_about_until_it_ends() {
    let server = service(|seen| match (seen.path.as_str(), seen.before) {
        (QUERY, _) => Answer::json(
            &json!({"success": true, "code": "333333", "data": {"getResultUrl": "/queries/q-1/result"}}),
        ),
        (_, 0) => Answer::json(
            &json!({"success": true, "code": "333334", "data": {"getResultUrl": "/queries/q-1/result"}}),
        ),
        // Asking again changes nothing, so a lost answer is asked for again.
        (_, 1) => Answer { cut: Some(5), ..success(&table_names(&["ITEMS"])) },
        _ => success(&table_names(&["ITEMS"])),
    });
    assert_eq!(tables(&server).unwrap(), ["items"]);
    assert_eq!((server.seen_at(QUERY).len(), server.seen_at("/queries/q-1/result").len()), (1, 3));
}

#[test]
fn a_wish_to_stop_ends_a_long_statement_at_the_service() {
    let cancel = CancelToken::default();
    let asked = cancel.clone();
    let server = service(move |seen| {
        asked.cancel();
        if seen.path == QUERY {
            return Answer::json(
                &json!({"success": true, "code": "333333", "data": {"getResultUrl": "/queries/q-1/result"}}),
            );
        }
        success(&json!(null))
    });
    let request = request(&server, &json!({"password": "hush-hush"})).cancelled_by(cancel);
    let error = connect(&request).unwrap().reader().unwrap().tables().unwrap_err();
    assert!(error.to_string().contains("stopped"), "{error}");
    let aborted = server.seen_at("/queries/v1/abort-request");
    assert_eq!(aborted[0].json()["requestId"].as_str(), server.seen_at(QUERY)[0].param("requestId"));
}

#[test]
fn parts_of_an_answer_that_are_elsewhere_are_fetched_in_order() {
    let server = service(|seen| match (seen.path.as_str(), seen.before) {
        (QUERY, _) => {
            let mut data = table_names(&["A"]);
            let url = |part: u8| json!({"url": format!("{}/part/{part}", seen.base), "rowCount": 1});
            data["chunks"] = json!([url(1), url(2)]);
            data["chunkHeaders"] = json!({"x-part-key": "open"});
            success(&data)
        }
        ("/part/1", 0) => Answer::text("text/plain", "").status(500),
        (path, _) if seen.header("x-part-key") == Some("open") => {
            let name = if path == "/part/1" { "B" } else { "C" };
            Answer::text("application/octet-stream", format!("[\"RAW\", \"{name}\"]"))
        }
        _ => Answer::text("text/plain", "").status(403),
    });
    assert_eq!(tables(&server).unwrap(), ["a", "b", "c"]);
    assert!(server.seen_at("/part/2").iter().all(|seen| seen.header("authorization").is_none()));
}

#[test]
fn an_answer_that_is_not_the_service_s_is_told_as_such() {
    let server = service(|_| Answer::text("text/html", "<html>Please log in to the proxy</html>"));
    let error = tables(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    assert!(remedy(&error).contains("proxy"), "{error:?}");
}

#[test]
fn parameters_of_sessions_keep_values_as_they_are() {
    let server = service(|_| success(&table_names(&[])));
    tables(&server).unwrap();
    let login = server.seen_at(LOGIN)[0].clone();
    let data = &login.json()["data"];
    assert_eq!(login.param("databaseName"), Some("SHOP"));
    assert_eq!((data["LOGIN_NAME"].as_str(), data["PASSWORD"].as_str()), (Some("loader"), Some("hush-hush")));
    let parameters = &data["SESSION_PARAMETERS"];
    assert_eq!(parameters["TIMEZONE"], "UTC");
    assert_eq!(parameters["QUOTED_IDENTIFIERS_IGNORE_CASE"], false);
    let bindings = &server.seen_at(QUERY)[0].json()["bindings"];
    assert_eq!(*bindings, json!({"1": {"type": "TEXT", "value": "RAW"}}));
    drop(Arc::new(server));
}
