//! What is sent again and what is not, and what errors say.

use cartage_destinations_api::{ErrorKind, Result, Statement};
use cartage_destinations_sql::{SqlEngine as _, SqlSession as _, SqlValue};
use cartage_destinations_warehouse::bigquery;
use cartage_runtime::CancelToken;
use cartage_test_support::{Answer, RestServer};
use serde_json::{Value, json};

use super::util::{connect_to, job, refusal, request};

const JOBS: &str = "/bigquery/v2/projects/p/jobs";

fn update() -> Statement {
    Statement::new("set the price", "UPDATE t SET price = 1 WHERE TRUE")
}

/// Runs a statement at a service that answers like that.
fn run(service: &RestServer) -> Result<u64> {
    let destination = connect_to(service, &json!({}));
    let session = destination.engine().session()?;
    session.execute(&update())
}

fn id_of(body: &Value) -> String {
    body["jobReference"]["jobId"].as_str().unwrap_or_default().to_owned()
}

fn three_rows() -> Value {
    json!({"query": {"numDmlAffectedRows": "3"}})
}

#[test]
fn what_passes_is_asked_again() {
    let service = RestServer::answering(|seen| match seen.before {
        0 => refusal(429, "rateLimitExceeded", "slow down"),
        1 => refusal(503, "backendError", "try again"),
        2 => Answer::text("text/plain", "").status(0),
        _ => Answer::json(&json!({"datasetReference": {}})),
    });
    let destination = connect_to(&service, &json!({}));
    assert!(destination.engine().session().unwrap().has_dataset("raw").unwrap());
    assert_eq!(service.seen().len(), 4);
}

#[test]
fn what_goes_on_for_too_long_is_transient() {
    let service = RestServer::answering(|_| refusal(503, "backendError", "the cellar is flooded"));
    let destination = connect_to(&service, &json!({"retry_deadline": 1}));
    let error = destination.engine().session().unwrap().has_dataset("raw").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("cellar") && service.seen().len() > 1, "{error}");
}

#[test]
fn a_job_whose_answer_was_lost_is_found_by_its_id_and_not_run_twice() {
    let service = RestServer::answering(|seen| match (seen.method.as_str(), seen.before) {
        ("POST", 0) => Answer::text("text/plain", "").status(0),
        ("POST", _) => refusal(409, "duplicate", "Already Exists: Job"),
        _ => job(seen.path.rsplit('/').next().unwrap(), "DONE", None, &three_rows()),
    });
    assert_eq!(run(&service).unwrap(), 3);
    let submitted: Vec<String> = service.seen_at(JOBS).iter().map(|seen| id_of(&seen.json())).collect();
    assert_eq!(submitted.len(), 2);
    assert!(submitted[0] == submitted[1] && submitted[0].starts_with("cartage_"), "{submitted:?}");
    assert_eq!(service.seen_at(&format!("{JOBS}/{}", submitted[0])).len(), 1);
}

#[test]
fn a_job_that_fails_late_says_why() {
    for (reason, message, kind) in [
        ("invalidQuery", "Required field id cannot be null", ErrorKind::Terminal),
        ("jobBackendError", "The job encountered an error", ErrorKind::Transient),
        (
            "invalidQuery",
            "Transaction is aborted due to concurrent update against table",
            ErrorKind::Transient,
        ),
    ] {
        let service = RestServer::answering(move |seen| match (seen.method.as_str(), seen.before) {
            ("POST", _) => job(&id_of(&seen.json()), "PENDING", None, &json!({})),
            (_, 0) => job("x", "RUNNING", None, &json!({})),
            _ => job("x", "DONE", Some((reason, message)), &json!({})),
        });
        let error = run(&service).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with("set the price: ") && error.to_string().contains(message));
        assert_eq!(service.seen_at(JOBS).len(), 1, "it is not submitted again");
    }
}

#[test]
fn refusals_name_what_to_do() {
    for (status, reason, message, kind, remedy) in [
        (401, "authError", "Invalid Credentials", ErrorKind::Invalid, "credentials"),
        (403, "accessDenied", "Access Denied: Dataset p:raw", ErrorKind::Terminal, "BigQuery Data Editor"),
        (403, "accessNotConfigured", "API has not been used", ErrorKind::Invalid, "enable the BigQuery API"),
        (403, "billingNotEnabled", "Billing has not been enabled", ErrorKind::Invalid, "billing account"),
        (
            403,
            "quotaExceeded",
            "Quota exceeded: too many loads",
            ErrorKind::Terminal,
            "fewer and larger files",
        ),
        (404, "notFound", "Not found: Project nowhere", ErrorKind::Invalid, "project_id"),
        (
            404,
            "notFound",
            "Not found: Dataset p:raw was not found in location US",
            ErrorKind::Terminal,
            "'location'",
        ),
        (400, "invalidQuery", "Not found: Dataset p:raw", ErrorKind::Terminal, "name of the dataset"),
    ] {
        let service = RestServer::answering(move |_| refusal(status, reason, message));
        let error = run(&service).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.remedy().is_some_and(|text| text.contains(remedy)), "{error:?}");
        assert_eq!(service.seen().len(), 1, "{reason} is not asked again");
    }
}

#[test]
fn errors_in_answers_that_claim_success_are_errors() {
    let errors = json!([{"reason": "invalidQuery", "message": "Unrecognized name: pric"}]);
    let answer = json!({"jobComplete": true, "schema": {"fields": []}, "errors": errors});
    let service = RestServer::answering(move |_| Answer::json(&answer));
    let destination = connect_to(&service, &json!({}));
    let session = destination.engine().session().unwrap();
    let error = session.query(&Statement::new("ask", "SELECT pric FROM t")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal);
    assert!(error.to_string().contains("Unrecognized name"), "{error}");
}

#[test]
fn rows_of_all_pages_come_once_the_query_has_ended() {
    let page = |rows: [&str; 2], token: Option<&str>| {
        let rows: Vec<Value> = rows.iter().map(|value| json!({"f": [{"v": value}]})).collect();
        json!({
            "jobComplete": true, "pageToken": token, "rows": rows,
            "jobReference": {"jobId": "q", "location": "EU"},
            "schema": {"fields": [{"name": "n", "type": "INTEGER"}]},
        })
    };
    let service = RestServer::answering(move |seen| {
        Answer::json(&match (seen.method.as_str(), seen.param("pageToken")) {
            ("POST", _) => {
                json!({"jobComplete": false, "jobReference": {"jobId": "q", "location": "EU"}})
            }
            (_, None) => page(["1", "2"], Some("next")),
            (_, Some(_)) => page(["3", "4"], None),
        })
    });
    let destination = connect_to(&service, &json!({}));
    let session = destination.engine().session().unwrap();
    let rows = session.query(&Statement::new("ask", "SELECT n FROM t")).unwrap();
    let numbers: Vec<SqlValue> = rows.into_iter().flat_map(|row| row.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4].map(SqlValue::Int));
    assert!(service.seen()[1..].iter().all(|seen| seen.param("location") == Some("EU")));
}

#[test]
fn a_wish_to_stop_cancels_the_job() {
    let service = RestServer::answering(|seen| match (seen.method.as_str(), seen.before) {
        ("POST", _) if seen.path.ends_with("/cancel") => Answer::json(&json!({})),
        ("POST", _) | (_, 0) => job("x", "RUNNING", None, &json!({})),
        _ => job("x", "DONE", Some(("stopped", "Job execution was cancelled")), &json!({})),
    });
    let cancel = CancelToken::default();
    let keys = json!({"url": service.url(), "project_id": "p"});
    let destination = bigquery::connect(&request("raw", &keys).cancelled_by(cancel.clone())).unwrap();
    cancel.cancel();
    let error = destination.engine().session().unwrap().execute(&update()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert_eq!(service.seen_at(&format!("{JOBS}/x/cancel")).len(), 1);
}

#[test]
fn a_transaction_is_one_of_a_session_and_ends_with_it() {
    let service = RestServer::answering(|seen| {
        let session = json!({"sessionInfo": {"sessionId": "s1"}});
        job(&id_of(&seen.json()), "DONE", None, &session)
    });
    let destination = connect_to(&service, &json!({}));
    let session = destination.engine().session().unwrap();
    session.transaction(|| session.execute(&update())).unwrap();
    session.transaction(|| session.execute(&update())).unwrap();
    session.undone(|| session.execute(&update()).map(drop)).unwrap();
    drop(session);
    drop(destination);
    let sent: Vec<(String, bool, bool)> = service
        .seen()
        .iter()
        .map(|seen| {
            let query = seen.json()["configuration"]["query"].clone();
            let session = query["connectionProperties"][0]["value"] == "s1";
            let word = query["query"].as_str().unwrap().split(' ').next().unwrap().to_owned();
            (word, query["createSession"] == true, session)
        })
        .collect();
    let own = |word: &str| (word.to_owned(), false, true);
    let once = [own("UPDATE"), own("COMMIT")];
    let mut expected = vec![("BEGIN".to_owned(), true, false)];
    expected.extend(once.clone());
    expected.push(own("BEGIN"));
    expected.extend(once);
    expected.extend(["BEGIN", "UPDATE", "ROLLBACK", "CALL"].map(own));
    assert_eq!(sent, expected);
}
