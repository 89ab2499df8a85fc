//! How a request is put together from what the tables say, and what a resource tells about itself.

use cartage_source_api::Producer;
use serde_json::{Value, json};

use super::api::{Answer, Api, Asked};
use super::run::{resource, rows, source};

/// The one request of a resource.
fn asked(client: &Value, endpoint: &Value) -> Asked {
    let api = Api::new(|_| Answer::json(&json!([{"id": 1}])));
    let table = json!({"endpoint": endpoint});
    rows(&mut resource(&api, client, &table).unwrap().producer).unwrap();
    api.asked().remove(0)
}

#[test]
fn paths_are_joined_to_the_base_by_one_slash() {
    for (base, path, url) in [
        ("https://a.example/v1", "x", "https://a.example/v1/x"),
        ("https://a.example/v1/", "/x/", "https://a.example/v1/x/"),
        ("https://a.example", "x?y=1", "https://a.example/x?y=1"),
        ("https://a.example:8443/v1", "a b/ü", "https://a.example:8443/v1/a%20b/%C3%BC"),
        ("https://a.example/v1", "", "https://a.example/v1"),
        ("https://a.example/v1", "https://b.example/z", "https://b.example/z"),
        ("", "https://b.example/z", "https://b.example/z"),
    ] {
        let client = json!({"base_url": base});
        assert_eq!(asked(&client, &json!({"path": path})).url.as_str(), url, "{base} {path}");
    }
    assert_eq!(
        asked(&json!({}), &json!({})).target(),
        "/v1/items",
        "without a path it is the name of the resource"
    );
}

#[test]
fn parameters_are_encoded_as_forms_are() {
    for (params, query) in [
        (json!({"q": "a b&c=d", "n": 1, "t": true, "f": 1.5}), "q=a+b%26c%3Dd&n=1&t=true&f=1.5"),
        (json!({"l": ["x", 1, null, "y z"]}), "l=x&l=1&l=y+z"),
        (json!({"filter[a]": "ü", "k.k": ""}), "filter%5Ba%5D=%C3%BC&k.k="),
        (json!({"brace": "{{x}}"}), "brace=%7Bx%7D"),
    ] {
        assert_eq!(asked(&json!({}), &json!({"params": params})).url.query(), Some(query), "{params}");
    }
    let both = asked(&json!({}), &json!({"path": "x?a=1", "params": {"b": 2}}));
    assert_eq!(both.target(), "/v1/x?a=1&b=2");
}

#[test]
fn headers_of_the_endpoint_come_over_those_of_the_client() {
    let client =
        json!({"headers": {"X-One": "client", "X-Two": "client", "Content-Type": "application/vnd.own"}});
    let endpoint =
        json!({"method": "POST", "json": {"a": 1}, "headers": {"x-two": "endpoint", "X-Three": 3}});
    let asked = asked(&client, &endpoint);
    assert_eq!(asked.header("x-one"), Some("client"));
    assert_eq!(asked.header("x-two"), Some("endpoint"));
    assert_eq!(asked.header("x-three"), Some("3"));
    assert_eq!(asked.header("content-type"), Some("application/vnd.own"), "the type of the body may be said");
}

#[test]
fn bodies_are_json_forms_or_texts_by_any_method() {
    for (endpoint, method, kind, body) in [
        (json!({}), "GET", None, ""),
        (
            json!({"method": "post", "json": {"a": [1, null]}}),
            "POST",
            Some("application/json"),
            r#"{"a":[1,null]}"#,
        ),
        (json!({"method": "PUT", "json": [1]}), "PUT", Some("application/json"), "[1]"),
        (
            json!({"method": "PATCH", "data": {"a": "x y", "b": [1, 2], "c": null}}),
            "PATCH",
            Some("application/x-www-form-urlencoded"),
            "a=x+y&b=1&b=2",
        ),
        (json!({"method": "POST", "data": "<q>1</q>"}), "POST", None, "<q>1</q>"),
        (json!({"json": {"a": 1}}), "GET", Some("application/json"), r#"{"a":1}"#),
    ] {
        let asked = asked(&json!({}), &endpoint);
        assert_eq!(
            (asked.method.as_str(), asked.header("content-type"), asked.body.as_str()),
            (method, kind, body)
        );
    }
}

#[test]
fn a_header_that_cannot_be_is_named() {
    let api = Api::new(|_| Answer::json(&json!([])));
    for (headers, word) in [(json!({"a b": "x"}), "`a b`"), (json!({"X-A": "line\nend"}), "`X-A`")] {
        let mut producer = resource(&api, &json!({"headers": headers}), &json!({})).unwrap().producer;
        super::run::says(&super::run::message(rows(&mut producer)), &[word, "header"]);
    }
    assert_eq!(api.asked().len(), 0);
}

#[test]
fn resources_tell_their_parent_and_whether_they_take_part() {
    let api = Api::new(|_| Answer::json(&json!([])));
    let made = resource(&api, &json!({}), &json!({"selected": false})).unwrap();
    assert_eq!((made.parent, made.selected), (None, false));
    let table = json!({"endpoint": {"path": "of/{resources.parent.id}"}, "parallelized": true});
    let made = resource(&api, &json!({}), &table).unwrap();
    assert_eq!((made.parent.as_deref(), made.selected), (Some("parent"), true));
}

#[test]
fn the_paginator_of_the_client_is_for_all_that_have_none() {
    let api = Api::new(|asked| {
        let page = asked.number("p", 0);
        Answer::json(&json!({"items": [{"id": page}], "total": 2, "next": "/v1/never"}))
    });
    let client =
        json!({"paginator": {"type": "page_number", "page_param": "p"}, "session": {"parallel_requests": 1}});
    let source = source(&api, &client).unwrap();
    for (endpoint, expected) in [
        (json!({"path": "a"}), vec!["/v1/a?p=0", "/v1/a?p=1"]),
        (json!({"path": "b", "paginator": "single_page"}), vec!["/v1/b"]),
    ] {
        let before = api.asked().len();
        let table = serde_json::from_value(json!({"endpoint": endpoint})).unwrap();
        rows(&mut source.resource("items", table, &["items"]).unwrap().producer).unwrap();
        assert_eq!(api.targets()[before..], expected);
    }
}

#[test]
fn addresses_in_reports_have_no_secrets() {
    let api = Api::new(|_| Answer::json(&json!([{"id": 1}])));
    let client = json!({"base_url": "https://me:s3cret-1@api.example/v1", "auth": {"token": "s3cret-2"}});
    let table = json!({"endpoint": {"path": "with/s3cret-2/x"}});
    let mut producer = resource(&api, &client, &table).unwrap().producer;
    rows(&mut producer).unwrap();
    assert_eq!(producer.inputs()[0].name, "GET https://api.example/v1/with/***/x");
}
