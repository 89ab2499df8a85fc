//! Redirects: where they lead, with which method, and who is told who we are.

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{fetched, message, resource, rows, says};

/// An API at which `/v1/items` leads elsewhere and everything else is a list of one row.
fn moved(status: u16, location: &'static str) -> Api {
    Api::new(move |asked| {
        if asked.url.host_str() == Some("api.example") && asked.path() == "/v1/items" {
            return Answer::status(status, "moved").header("Location", location);
        }
        Answer::json(&json!([{"id": 1}]))
    })
}

fn run(api: &Api, client: &Value, endpoint: &Value) -> usize {
    rows(&mut resource(api, client, &json!({"endpoint": endpoint})).unwrap().producer).unwrap().len()
}

#[test]
fn a_redirect_keeps_or_changes_the_method_as_its_status_says() {
    for (status, method, body) in [
        (301, "GET", ""),
        (302, "GET", ""),
        (303, "GET", ""),
        (307, "POST", "{\"a\":1}"),
        (308, "POST", "{\"a\":1}"),
    ] {
        let api = moved(status, "/v2/there");
        assert_eq!(run(&api, &json!({}), &json!({"method": "POST", "json": {"a": 1}})), 1, "{status}");
        let last = &api.asked()[1];
        assert_eq!(
            (last.method.as_str(), last.body.as_str(), last.path()),
            (method, body, "/v2/there"),
            "{status}"
        );
    }
}

#[test]
fn addresses_of_redirects_are_relative_to_what_was_asked() {
    for (location, asked) in [
        ("there", "https://api.example/v1/there"),
        ("?x=1", "https://api.example/v1/items?x=1"),
        ("../v2/there?a=b%20c", "https://api.example/v2/there?a=b%20c"),
        ("//other.example/x", "https://other.example/x"),
        ("http://api.example:81/x", "http://api.example:81/x"),
    ] {
        // `?x=1` comes to the same path, which answers then.
        let api = Api::new(move |asked| match asked.before {
            0 if asked.url.as_str() == "https://api.example/v1/items?q=1" => {
                Answer::status(302, "").header("Location", location)
            }
            _ => Answer::json(&json!([{"id": 1}])),
        });
        run(&api, &json!({}), &json!({"params": {"q": 1}}));
        assert_eq!(api.asked()[1].url.as_str(), asked, "{location}");
    }
}

#[test]
fn credentials_and_headers_go_to_the_api_only() {
    let clients = [
        json!({"auth": {"token": "s3cret-1"}, "headers": {"X-Own": "s3cret-2"}}),
        json!({"auth": {"username": "u", "password": "s3cret-1"}, "headers": {"X-Own": "s3cret-2"}}),
        json!({"auth": {"api_key": "s3cret-1", "name": "key", "location": "query"}, "headers": {"X-Own": "s3cret-2"}}),
    ];
    for client in clients {
        let is_query = client["auth"]["location"] == "query";
        for (location, is_home) in [
            ("https://api.example/v2/x", true),
            ("/v2/x", true),
            ("https://elsewhere.example/x", false),
            ("https://sub.api.example/x", false),
            ("https://api.example:8443/x", false),
            ("http://api.example/x", false),
        ] {
            let api = moved(307, location);
            run(&api, &client, &json!({"headers": {"X-More": "m"}}));
            let last = &api.asked()[1];
            let is_told =
                if is_query { last.param("key").is_some() } else { last.header("authorization").is_some() };
            assert_eq!(is_told, is_home, "{client} {location}");
            assert_eq!(last.header("x-own").is_some(), is_home, "{client} {location}");
            assert_eq!(last.header("x-more").is_some(), is_home, "{client} {location}");
            if is_query && is_home {
                assert_eq!(last.url.query_pairs().filter(|(name, _)| name == "key").count(), 1);
            }
        }
    }
}

#[test]
fn an_api_that_answers_by_https_where_it_was_asked_by_http_is_the_same_one() {
    for (base, location, is_home) in [
        ("http://api.example/v1", "https://api.example/v2", true),
        ("http://api.example:8080/v1", "https://api.example/v2", false),
        ("http://api.example/v1", "https://api.example:8443/v2", false),
        ("http://api.example/v1", "https://other.example/v2", false),
    ] {
        let api = moved(301, location);
        run(&api, &json!({"base_url": base, "auth": {"token": "s3cret-1"}}), &json!({}));
        assert_eq!(api.asked()[1].header("authorization").is_some(), is_home, "{base} {location}");
    }
}

#[test]
fn links_to_other_hosts_are_followed_without_credentials() {
    let api = Api::new(|asked| {
        let next = (asked.path() == "/v1/items").then_some("https://elsewhere.example/x");
        Answer::json(&json!({"items": [{"id": 1}], "next": next}))
    });
    assert_eq!(run(&api, &json!({"auth": {"token": "s3cret-1"}}), &json!({})), 2);
    let asked = api.asked();
    assert_eq!(asked[0].header("authorization"), Some("Bearer s3cret-1"));
    assert_eq!(
        (asked[1].url.as_str(), asked[1].header("authorization")),
        ("https://elsewhere.example/x", None)
    );
}

#[test]
fn redirects_without_end_or_address_are_errors() {
    let round = Api::new(|_| Answer::status(302, "").header("Location", "/v1/items"));
    let error = message(fetched(&round, &json!({})));
    says(&error, &["redirected more than 30 times", "check `base_url` and `path`"]);
    assert_eq!(round.asked().len(), 31);
    for location in ["ftp://api.example/x", "http://[", "javascript:1"] {
        let error = message(fetched(&moved(302, location), &json!({})));
        says(&error, &["status 302", "the redirect has no usable address"]);
    }
}
