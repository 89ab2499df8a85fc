//! Answers that fail: what is tried again and when, and what the message says if it does not pass.

use cartage_source_api::Producer;
use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{ids, message, resource, rows, says};
use crate::http::Reason;

/// A session whose waits are easy to see: one second, doubled, less a random half at most.
fn run(api: &Api, session: &Value, endpoint: &Value) -> Result<Vec<Value>, cartage_source_api::SourceError> {
    let mut endpoint = endpoint.clone();
    endpoint["paginator"] = "single_page".into();
    let client = json!({"session": session});
    rows(&mut resource(api, &client, &json!({"endpoint": endpoint})).unwrap().producer)
}

/// An API that fails so often before it works.
fn failing(times: usize, answer: Answer) -> Api {
    Api::new(
        move |asked| {
            if asked.before < times { answer.clone() } else { Answer::json(&json!([{"id": 1}, {"id": 2}])) }
        },
    )
}

#[test]
fn what_may_pass_is_tried_again_until_it_does() {
    for answer in [
        Answer::status(429, "slow down"),
        Answer::status(500, "oops"),
        Answer::status(502, ""),
        Answer::status(503, "busy"),
        Answer::status(504, ""),
        Answer::lost(Reason::Timeout),
        Answer::lost(Reason::ConnectionRefused),
        Answer::lost(Reason::ConnectionBroken),
        Answer::lost(Reason::Unreachable),
        Answer::json(&json!([{"id": 7}])).breaking_off(),
    ] {
        let api = failing(3, answer.clone());
        assert_eq!(ids(&run(&api, &json!({}), &json!({})).unwrap()), [1, 2], "{answer:?}");
        assert_eq!(api.asked().len(), 4, "{answer:?}");
        let given_up = failing(5, answer.clone());
        assert!(run(&given_up, &json!({}), &json!({})).is_err(), "{answer:?}");
        assert_eq!(given_up.asked().len(), 5, "{answer:?}");
        let at_once = failing(1, answer.clone());
        assert!(run(&at_once, &json!({"request_max_attempts": 1}), &json!({})).is_err(), "{answer:?}");
        assert_eq!(at_once.asked().len(), 1, "{answer:?}");
    }
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    for (answer, tries) in [
        (Answer::status(400, ""), 1),
        (Answer::status(403, ""), 1),
        (Answer::status(404, ""), 1),
        (Answer::status(418, ""), 1),
        (Answer::of("application/json", "{\"a\": tru}"), 1),
        (Answer::lost(Reason::CertificateExpired), 1),
        (Answer::lost(Reason::CertificateOfAnotherHost), 1),
        (Answer::lost(Reason::CertificateNotTrusted), 1),
        // A resolver that starts up finds it the second time.
        (Answer::lost(Reason::UnknownHost), 2),
    ] {
        let api = failing(9, answer.clone());
        assert!(run(&api, &json!({}), &json!({})).is_err());
        assert_eq!(api.asked().len(), tries, "{answer:?}");
    }
}

#[test]
fn waits_double_up_to_the_most_and_are_less_by_a_random_part() {
    let api = failing(5, Answer::status(503, ""));
    let session =
        json!({"request_backoff_factor": 2, "request_max_retry_delay": 10, "request_max_attempts": 6});
    run(&api, &session, &json!({})).unwrap();
    let moments = api.moments();
    let waits: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, most) in waits.iter().zip([2.0, 4.0, 8.0, 10.0, 10.0]) {
        assert!((most / 2.0..=most).contains(wait), "{waits:?}");
    }
    assert_eq!(waits.len(), 5);
    assert!((waits[3] - waits[4]).abs() > 1e-9, "the random part differs: {waits:?}");
}

#[test]
fn the_server_says_how_long_to_wait_and_the_settings_how_long_at_most() {
    let date = "Wed, 01 May 2024 10:00:00 GMT";
    for (after, most, waited) in [
        ("7", 300, 7.0),
        ("0", 300, 0.0),
        ("500", 30, 30.0),
        ("Wed, 01 May 2024 10:01:30 GMT", 300, 90.0),
        ("Wed, 01 May 2024 10:01:30 GMT", 60, 60.0),
    ] {
        for status in [429, 503] {
            let answer = Answer::status(status, "").header("Retry-After", after).header("Date", date);
            let api = failing(1, answer);
            run(&api, &json!({"request_max_retry_delay": most}), &json!({})).unwrap();
            assert_eq!(api.moments(), [0.0, waited], "{status} Retry-After: {after}");
        }
    }
    // What cannot be understood, or has passed, says nothing.
    for after in ["soon", "-3", "Wed, 01 May 2024 09:00:00 GMT", "1.5"] {
        let answer = Answer::status(429, "").header("Retry-After", after).header("Date", date);
        let api = failing(1, answer);
        run(&api, &json!({"request_backoff_factor": 4}), &json!({})).unwrap();
        assert!((2.0..=4.0).contains(&api.moments()[1]), "{after}: {:?}", api.moments());
    }
}

#[test]
fn requests_keep_to_the_rate_of_the_source_and_tries_count() {
    let api = Api::new(|asked| {
        if asked.before == 1 {
            return Answer::status(503, "").header("Retry-After", "0");
        }
        Answer::json(&json!({"items": [{"id": asked.before}], "total": 4}))
    });
    let client = json!({"session": {"requests_per_second": 4, "parallel_requests": 1}});
    let table = json!({"endpoint": {"paginator": "page_number"}});
    let source = super::run::source(&api, &client).unwrap();
    let resource = |name: &str| {
        let table = serde_json::from_value(table.clone()).unwrap();
        source.resource(name, table, &["a", "b"]).unwrap().producer
    };
    // Two resources of one source share the rate.
    rows(&mut resource("a")).unwrap();
    rows(&mut resource("b")).unwrap();
    let expected: Vec<f64> = (0..api.asked().len()).map(|nth| nth as f64 * 0.25).collect();
    assert_eq!(api.moments(), expected);
    assert_eq!(expected.len(), 10, "four pages and one more try each");
}

#[test]
fn a_status_is_said_with_its_remedy_and_the_begin_of_what_the_api_said() {
    for (status, words) in [
        (400, &["status 400 Bad Request", "check `params`, `json` and `path`"][..]),
        (403, &["status 403 Forbidden", "ask for the permission"]),
        (404, &["status 404 Not Found", "check `base_url` and `path`", "action = \"ignore\""]),
        (405, &["status 405", "set `method`"]),
        (409, &["status 409", "check `path`, `params` and `headers`"]),
        (422, &["status 422", "does not understand the request"]),
        (304, &["status 304", "the redirect has no usable address"]),
        (302, &["status 302", "the redirect has no usable address"]),
        (429, &["status 429", "after 5 tries", "`client.session.requests_per_second`"]),
        (500, &["status 500", "after 5 tries", "run again later"]),
        (599, &["status 599 after 5 tries:", "run again later"]),
    ] {
        let api = failing(9, Answer::status(status, "first line\n\n   second line"));
        let error = message(run(&api, &json!({}), &json!({"path": "a/b", "params": {"q": "x y"}})));
        says(&error, words);
        says(&error, &["GET https://api.example/v1/a/b?q=x+y: ", "it said: first line second line"]);
    }
    let api = failing(9, Answer::status(400, &"ä".repeat(5000)));
    let error = message(run(&api, &json!({}), &json!({})));
    assert!(error.chars().count() < 600 && error.ends_with("ää..."), "{error}");
    let api = failing(9, Answer::status(400, " \n"));
    assert!(!message(run(&api, &json!({}), &json!({}))).contains("it said"));
}

#[test]
fn why_there_is_no_answer_is_said_with_its_remedy() {
    for (reason, words) in [
        (Reason::Timeout, &["no answer within 9 seconds, 5 tries", "`client.session.request_timeout`"][..]),
        (Reason::CertificateExpired, &["expired or is not yet valid; tell its owner"]),
        (Reason::CertificateOfAnotherHost, &["that of another host", "`base_url`"]),
        (Reason::CertificateNotTrusted, &["is not trusted", "`client.session.verify`"]),
        (Reason::UnknownHost, &["no host of this name", "`base_url`"]),
        (Reason::ConnectionRefused, &["nothing listens at this address, 5 tries", "host and port"]),
        (Reason::Unreachable, &["cannot be reached, 5 tries", "HTTPS_PROXY"]),
        (Reason::AnswerBroken, &["ended early or cannot be decoded, 5 tries", "run again"]),
        (Reason::ConnectionBroken, &["the connection broke, 5 tries", "run again"]),
    ] {
        let api = failing(9, Answer::lost(reason));
        let error = message(run(&api, &json!({"request_timeout": 9}), &json!({})));
        says(&error, words);
        says(&error, &["GET https://api.example/v1/items: "]);
        if reason != Reason::Timeout {
            says(&error, &["(so says the network)"]);
        }
    }
}

#[test]
fn a_page_that_fails_for_good_ends_the_resource_behind_the_rows_before_it() {
    let api = Api::new(|asked| match asked.number("page", 0) {
        2 => Answer::status(404, "gone"),
        page => Answer::json(&json!({"items": [{"id": page}], "total": 9})),
    });
    let client = json!({"session": {"parallel_requests": 1}});
    let table = json!({"endpoint": {"paginator": "page_number"}});
    let mut producer = resource(&api, &client, &table).unwrap().producer;
    producer.open(&super::run::context()).unwrap();
    for _ in 0..2 {
        assert_eq!(producer.next_page().unwrap().unwrap().rows(), 1);
    }
    says(&message(producer.next_page()), &["status 404", "page=2"]);
}

#[test]
fn response_actions_end_the_pages_without_error() {
    for (action, answer, is_ignored) in [
        (json!({"status_code": 404}), Answer::status(404, ""), true),
        (json!({"status_code": 404}), Answer::status(410, ""), false),
        (json!({"status_code": 503}), Answer::status(503, ""), true),
        (json!({"content": "no such"}), Answer::status(400, "there is no such thing"), true),
        (json!({"content": "no such"}), Answer::status(400, "something else"), false),
        (json!({"status_code": 400, "content": "no such"}), Answer::status(400, "no such thing"), true),
        (json!({"status_code": 400, "content": "no such"}), Answer::status(404, "no such thing"), false),
        // A good answer that says that there is nothing.
        (json!({"content": "\"error\":"}), Answer::json(&json!({"error": "none"})), true),
        (json!({"status_code": 200, "content": "none"}), Answer::json(&json!({"error": "none"})), true),
        // An action that says nothing fits nothing.
        (json!({}), Answer::status(404, ""), false),
    ] {
        let mut action = action;
        action["action"] = "ignore".into();
        let api = failing(9, answer.clone());
        let endpoint = json!({"response_actions": [action]});
        let outcome = run(&api, &json!({}), &endpoint);
        match outcome {
            Ok(rows) => assert!(is_ignored && rows.is_empty(), "{action} {answer:?} {rows:?}"),
            Err(error) => assert!(!is_ignored, "{action} {answer:?} {error}"),
        }
        if is_ignored {
            assert_eq!(api.asked().len(), 1, "{action}");
        }
    }
}

#[test]
fn an_action_in_the_middle_keeps_the_pages_before() {
    let api = Api::new(|asked| match asked.number("page", 0) {
        2 => Answer::status(404, "no more"),
        page => Answer::json(&json!({"items": [{"id": page}]})),
    });
    let actions = json!([{"status_code": 404, "action": "ignore"}]);
    let endpoint =
        json!({"paginator": {"type": "page_number", "total_path": null}, "response_actions": actions});
    assert_eq!(ids(&super::run::fetched(&api, &endpoint).unwrap()), [0, 1]);
}
