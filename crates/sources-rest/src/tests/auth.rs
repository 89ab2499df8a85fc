//! Authentication: what goes out with requests, tokens that are got again, and secrets that nobody sees.

use serde_json::{Value, json};

use super::api::{Answer, Api, Asked};
use super::run::{message, resource, rows, says};

/// Runs a resource of these keys of `client`; the API answers with one row unless it wants credentials.
fn run(api: &Api, client: &Value, endpoint: &Value) -> Result<usize, cartage_source_api::SourceError> {
    rows(&mut resource(api, client, &json!({"endpoint": endpoint})).unwrap().producer).map(|rows| rows.len())
}

fn one_row(_: &Asked) -> Answer {
    Answer::json(&json!([{"id": 1}]))
}

fn refusing(body: &'static str) -> Api {
    Api::new(move |_| Answer::status(401, body))
}

#[test]
fn credentials_go_where_their_type_says() {
    for (auth, header, target) in [
        (json!({"token": "t0ken-x"}), Some(("authorization", "Bearer t0ken-x")), "/v1/items"),
        (
            json!({"type": "bearer", "token": "t0ken-x"}),
            Some(("authorization", "Bearer t0ken-x")),
            "/v1/items",
        ),
        (
            json!({"username": "user", "password": "password123"}),
            Some(("authorization", "Basic dXNlcjpwYXNzd29yZDEyMw==")),
            "/v1/items",
        ),
        (json!({"api_key": "k-123"}), Some(("authorization", "k-123")), "/v1/items"),
        (
            json!({"type": "api_key", "api_key": "k-123", "name": "X-Key"}),
            Some(("x-key", "k-123")),
            "/v1/items",
        ),
        (
            json!({"api_key": "k-123", "name": "session", "location": "cookie"}),
            Some(("cookie", "session=k-123")),
            "/v1/items",
        ),
        (json!({"api_key": "k 1&2", "name": "key", "location": "query"}), None, "/v1/items?key=k+1%262"),
        (json!({"api_key": "k-123", "name": "key", "location": "param"}), None, "/v1/items?key=k-123"),
    ] {
        let api = Api::new(one_row);
        assert_eq!(run(&api, &json!({"auth": auth}), &json!({})).unwrap(), 1, "{auth}");
        let asked = &api.asked()[0];
        assert_eq!(asked.target(), target, "{auth}");
        match header {
            Some((name, value)) => assert_eq!(asked.header(name), Some(value), "{auth}"),
            None => assert_eq!(asked.header("authorization"), None, "{auth}"),
        }
    }
}

#[test]
fn the_endpoints_own_credentials_come_before_those_of_the_client() {
    let api = Api::new(one_row);
    run(&api, &json!({"auth": {"token": "of-the-client"}}), &json!({"auth": {"token": "of-the-endpoint"}}))
        .unwrap();
    assert_eq!(api.asked()[0].header("authorization"), Some("Bearer of-the-endpoint"));
}

#[test]
fn a_key_in_the_address_is_sent_once_however_links_repeat_it() {
    let api = Api::new(|asked| {
        let page = asked.number("page", 0);
        // The link repeats all parameters of the request, the credentials among them.
        let next = (page < 2).then(|| format!("/v1/items?key=k-123&page={}", page + 1));
        Answer::json(&json!({"items": [{"id": page}], "next": next}))
    });
    let client = json!({"auth": {"api_key": "k-123", "name": "key", "location": "query"}});
    assert_eq!(run(&api, &client, &json!({})).unwrap(), 3);
    assert_eq!(
        api.targets(),
        ["/v1/items?key=k-123", "/v1/items?page=1&key=k-123", "/v1/items?page=2&key=k-123"]
    );
}

/// An API whose tokens live for so long, and that refuses those that `refuses` names.
fn with_tokens(lifetime: Value, refuses: &'static [&'static str]) -> Api {
    Api::new(move |asked| {
        if asked.path() == "/token" {
            let token = format!("granted-{}", asked.before);
            return Answer::json(&json!({"access_token": token, "expires_in": lifetime}));
        }
        let token = asked.header("authorization").unwrap_or_default();
        if refuses.iter().any(|refused| token == format!("Bearer {refused}")) {
            return Answer::status(401, "who are you");
        }
        let page = asked.number("page", 0);
        Answer::json(&json!({"items": [{"id": page}], "total": 3}))
    })
}

fn oauth(more: &Value) -> Value {
    let mut auth = json!({
        "type": "oauth2_client_credentials", "access_token_url": "https://login.example/token",
        "client_id": "me-myself", "client_secret": "hush & hush",
    });
    auth.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"auth": auth, "session": {"parallel_requests": 1, "requests_per_second": 0.01}})
}

fn tokens(api: &Api) -> Vec<String> {
    let asked = api.asked();
    let sent = asked
        .iter()
        .filter(|asked| asked.path() != "/token")
        .filter_map(|asked| asked.header("authorization"));
    sent.map(|header| header.trim_start_matches("Bearer granted-").to_owned()).collect()
}

#[test]
fn a_token_is_got_for_id_and_secret_and_used_until_it_expires() {
    let pages = json!({"paginator": {"type": "page_number"}});
    // Requests come 100 seconds apart.
    for (lifetime, more, expected) in [
        (json!(3600), json!({}), ["0", "0", "0"]),
        (json!(150), json!({}), ["0", "0", "1"]),
        (json!("50"), json!({}), ["0", "1", "2"]),
        (json!(50.5), json!({}), ["0", "1", "2"]),
        (json!(null), json!({}), ["0", "0", "0"]),
        (json!(null), json!({"default_token_expiration": 150}), ["0", "0", "1"]),
    ] {
        let api = with_tokens(lifetime.clone(), &[]);
        assert_eq!(run(&api, &oauth(&more), &pages).unwrap(), 3);
        assert_eq!(tokens(&api), expected, "{lifetime} {more}");
        let first = &api.asked()[0];
        assert_eq!((first.method.as_str(), first.url.as_str()), ("POST", "https://login.example/token"));
        assert_eq!(
            first.body,
            "client_id=me-myself&client_secret=hush+%26+hush&grant_type=client_credentials"
        );
    }
}

#[test]
fn what_a_token_is_asked_for_with_may_be_more_or_other() {
    let api = with_tokens(json!(60), &[]);
    let more = json!({"access_token_request_data": {"scope": "read all", "grant_type": "custom"}});
    run(&api, &oauth(&more), &json!({})).unwrap();
    let body = &api.asked()[0].body;
    says(body, &["scope=read+all", "grant_type=custom", "client_id=me-myself"]);
    assert!(!body.contains("client_credentials"), "{body}");
}

#[test]
fn a_token_that_is_refused_is_got_again_once_for_each_request() {
    let api = with_tokens(json!(3600), &["granted-0"]);
    assert_eq!(run(&api, &oauth(&json!({})), &json!({"paginator": "single_page"})).unwrap(), 1);
    assert_eq!(tokens(&api), ["0", "1"]);

    let api = with_tokens(json!(3600), &["granted-0", "granted-1", "granted-2"]);
    let error = message(run(&api, &oauth(&json!({})), &json!({"paginator": "single_page"})));
    says(&error, &["status 401", "`client.auth` are not accepted"]);
    assert_eq!(tokens(&api), ["0", "1"], "no more than one other token is tried");

    // A token that was given is used first; what follows is got.
    let api = with_tokens(json!(3600), &["too-old"]);
    run(&api, &oauth(&json!({"access_token": "too-old"})), &json!({"paginator": "single_page"})).unwrap();
    assert_eq!(tokens(&api), ["Bearer too-old", "0"]);
}

#[test]
fn a_token_is_got_once_for_all_requests_side_by_side() {
    let api = with_tokens(json!(3600), &[]);
    let mut client = oauth(&json!({}));
    client["session"] = json!({"parallel_requests": 3});
    run(&api, &client, &json!({"paginator": "page_number"})).unwrap();
    assert_eq!(api.asked().iter().filter(|asked| asked.path() == "/token").count(), 1);
}

#[test]
fn why_there_is_no_token_is_said_without_the_secret() {
    let cases: [(Answer, &[&str]); 4] = [
        (
            Answer::status(400, "no such hush & hush"),
            &["status 400", "client_id and client_secret", "it said: no such ***"],
        ),
        (Answer::of("text/html", "<html>"), &["the answer is not JSON"]),
        (Answer::json(&json!({"token": "x"})), &["has no `access_token`"]),
        (Answer::lost(crate::http::Reason::ConnectionRefused), &["nothing listens at this address"]),
    ];
    for (answer, words) in cases {
        let api = Api::new(move |_| answer.clone());
        let error = message(run(&api, &oauth(&json!({})), &json!({})));
        says(&error, words);
        says(
            &error,
            &["cannot get a token from https://login.example/token", "GET https://api.example/v1/items"],
        );
        assert!(!error.contains("hush &"), "{error}");
    }
}

#[test]
fn a_refusal_tells_missing_credentials_from_wrong_ones() {
    let error = message(run(&refusing("nobody"), &json!({}), &json!({})));
    says(&error, &["status 401", "set `client.auth`", "it said: nobody"]);
    let error = message(run(&refusing(""), &json!({"auth": {"token": "t0ken-x"}}), &json!({})));
    says(&error, &["`client.auth` are not accepted", "secrets.toml"]);
}

#[test]
fn secrets_are_in_no_message_even_where_the_api_repeats_them() {
    for (client, endpoint, body) in [
        (json!({"auth": {"token": "s3cret-1"}}), json!({}), "bad token s3cret-1"),
        (
            json!({"auth": {"username": "u", "password": "s3cret-1"}}),
            json!({}),
            "bad dTpzM2NyZXQtMQ== of s3cret-1",
        ),
        (
            json!({"auth": {"api_key": "s3cret-1", "name": "odd", "location": "query"}}),
            json!({}),
            "bad odd=s3cret-1",
        ),
        (json!({"headers": {"X-Api-Key": "s3cret-1"}}), json!({}), "bad key s3cret-1"),
        (json!({}), json!({"path": "items?token=s3cret-1"}), ""),
        (json!({}), json!({"params": {"password": "s3cret-1"}}), ""),
        (json!({"base_url": "https://me:s3cret-1@api.example/v1"}), json!({}), ""),
    ] {
        let api = refusing(body);
        let error = message(run(&api, &client, &endpoint));
        says(&error, &["status 401", "https://api.example/v1/items"]);
        assert!(!error.contains("s3cret") && !error.contains("dTpz"), "{error}");
        if !body.is_empty() {
            says(&error, &["***"]);
        }
    }
}

#[test]
fn credentials_that_no_header_can_carry_are_refused_without_being_shown() {
    for auth in [json!({"token": "s3cret\nline"}), json!({"api_key": "s3cret\nline"})] {
        let api = Api::new(one_row);
        let error = message(run(&api, &json!({"auth": auth}), &json!({})));
        says(&error, &["characters that are not allowed in a header"]);
        assert!(!error.contains("s3cret"), "{error}");
        assert_eq!(api.asked().len(), 0, "{auth}");
    }
    let api = Api::new(one_row);
    let error = message(run(&api, &json!({"auth": {"api_key": "k-123", "name": "a b"}}), &json!({})));
    says(&error, &["`auth.name` is `a b`", "not a valid name of a header"]);
}
