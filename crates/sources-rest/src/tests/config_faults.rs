//! Mistakes in the tables: each is told with its key and what would be right, before anything is asked.

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{resource, says, source};
use crate::{ClientTable, ResourceTable};

fn api() -> Api {
    Api::new(|_| panic!("nothing is asked"))
}

/// The key and the reason of a mistake in a resource.
fn mistake(table: &Value) -> (String, String) {
    let fault = resource(&api(), &json!({}), table).expect_err(&format!("{table} is a mistake"));
    (fault.key, fault.reason)
}

#[test]
fn mistakes_in_a_paginator_name_key_and_remedy() {
    for (paginator, key, words) in [
        (json!("ofset"), "type", &["`ofset` is not known", "offset", "page_number", "single_page"][..]),
        (json!("offset"), "limit", &["needs `limit`", "1 or more"]),
        (json!({"type": "offset", "limit": 0}), "limit", &["needs `limit`"]),
        (json!({"type": "cursor", "limit": 3}), "", &["`limit` belongs to offset, not to cursor"]),
        (
            json!({"type": "single_page", "total_path": "x"}),
            "",
            &["`total_path` belongs to offset and page_number"],
        ),
        (json!({"type": "json_link", "cursor_path": "x"}), "", &["`cursor_path` belongs to cursor"]),
        (json!({"type": "header_link", "next_url_path": "x"}), "", &["`next_url_path` belongs to json_link"]),
        (json!({"maximum_page": 3}), "", &["`maximum_page` belongs to page_number, not to auto"]),
        (
            json!({"type": "cursor", "cursor_param": "a", "cursor_body_path": "b"}),
            "",
            &["`cursor_param` or `cursor_body_path`, not both"],
        ),
        (
            json!({"type": "offset", "limit": 1, "offset_param": "a", "offset_body_path": "b"}),
            "",
            &["`offset_param` or `offset_body_path`, not both"],
        ),
        (
            json!({"type": "page_number", "total_path": null, "stop_after_empty_page": false}),
            "",
            &["nothing says where the pages end", "has_more_path", "stop_after_empty_page = true"],
        ),
        (json!({"type": "cursor", "cursor_path": "a[?(@.b)]"}), "cursor_path", &["a[?(@.b)]"]),
        (json!({"type": "json_link", "next_url_path": "a["}), "next_url_path", &["a["]),
        (json!({"type": "offset", "limit": 1, "has_more_path": "a..["}), "has_more_path", &["a..["]),
    ] {
        let (found, reason) = mistake(&json!({"endpoint": {"paginator": paginator}}));
        let expected = if key.is_empty() {
            "endpoint.paginator".to_owned()
        } else {
            format!("endpoint.paginator.{key}")
        };
        assert_eq!(found, expected, "{paginator}");
        says(&reason, words);
        let of_client = source(&api(), &json!({"paginator": paginator})).expect_err("the same below client");
        assert_eq!(of_client.key, expected.trim_start_matches("endpoint."));
    }
}

#[test]
fn mistakes_in_auth_name_key_and_remedy() {
    for (auth, key, words) in [
        (json!("bearer"), "auth", &["`bearer` needs `token`", "secrets.toml or the environment"][..]),
        (json!({}), "auth", &["`bearer` needs `token`"]),
        (json!("api_key"), "auth", &["`api_key` needs `api_key`"]),
        (json!({"type": "http_basic", "username": "u"}), "auth", &["needs `password`"]),
        (json!({"type": "http_basic", "password": "p"}), "auth", &["needs `username`"]),
        (json!({"client_id": "me"}), "auth", &["`oauth2_client_credentials` needs `access_token_url`"]),
        (
            json!({"type": "oauth2_client_credentials", "access_token_url": "https://x.example", "client_id": "me"}),
            "auth",
            &["needs `client_secret`"],
        ),
        (json!("digest"), "auth.type", &["`digest` is not known", "http_basic"]),
        (
            json!({"api_key": "k", "location": "body"}),
            "auth.location",
            &["`body` is not known; known are header, query, param, cookie"],
        ),
        (
            json!({"type": "bearer", "token": "t", "api_key": "k"}),
            "auth",
            &["`api_key` belongs to `api_key`, not to `bearer`"],
        ),
        (json!({"type": "api_key", "api_key": "k", "token": "t"}), "auth", &["`token` belongs to `bearer`"]),
        (
            json!({"type": "bearer", "token": "t", "access_token_request_data": {}}),
            "auth",
            &["`access_token_request_data` belongs to `oauth2_client_credentials`"],
        ),
    ] {
        let fault = source(&api(), &json!({"auth": auth})).expect_err("a mistake");
        assert_eq!(fault.key, key, "{auth}");
        says(&fault.reason, words);
        let (found, _) = mistake(&json!({"endpoint": {"auth": auth}}));
        assert_eq!(found, format!("endpoint.{key}"));
    }
}

#[test]
fn credentials_that_stand_elsewhere_fill_those_that_are_missing() {
    let api = Api::new(|_| Answer::json(&json!([{"id": 1}])));
    let client: ClientTable =
        serde_json::from_value(json!({"base_url": "https://api.example/v1", "auth": "bearer"})).unwrap();
    let elsewhere = serde_json::from_value(json!({"token": "from-elsewhere", "api_key": "unused"})).unwrap();
    let random = std::sync::Arc::new(cartage_runtime::SeededRandom::new(1));
    let network = std::sync::Arc::new(api.clone());
    let source =
        crate::RestSource::over(network, client, elsewhere, std::path::Path::new("/"), random).unwrap();
    let mut producer = source.resource("items", ResourceTable::default(), &["items"]).unwrap().producer;
    super::run::rows(&mut producer).unwrap();
    assert_eq!(api.asked()[0].header("authorization"), Some("Bearer from-elsewhere"));
}

#[test]
fn mistakes_in_an_endpoint_name_key_and_remedy() {
    for (endpoint, key, words) in [
        (
            json!({"method": "BREW"}),
            "endpoint.method",
            &["`BREW` is not known; known are GET, POST, PUT, PATCH"][..],
        ),
        (json!({"json": {}, "data": "x"}), "endpoint.data", &["`json` or `data`, not both"]),
        (json!({"data_selector": "a[?(@.b)]"}), "endpoint.data_selector", &["a[?(@.b)]"]),
        (
            json!({"path": "a/{b}"}),
            "endpoint.path",
            &["`{b}` is not known", "resources.<parent>.<field>", "double braces"],
        ),
        (json!({"path": "a/{b"}), "endpoint.path", &["single brace"]),
        (json!({"path": "a/{b:02}", "params": {"b": 1}}), "endpoint.path", &["has a format"]),
        (
            json!({"path": "a/{b}", "params": {"b": {"type": "incremental", "cursor_path": "x"}}}),
            "endpoint.path",
            &["needs a parameter of type resolve"],
        ),
        (
            json!({"path": "a/{incremental.start_value}"}),
            "endpoint.path",
            &["`{incremental.start_value}` is not known"],
        ),
        (json!({"params": {"q": "{x}"}}), "endpoint.params", &["`{x}` is not known"]),
        (json!({"headers": {"q": "{x}"}}), "endpoint.headers", &["`{x}` is not known"]),
        (json!({"json": [{"{x}": 1}]}), "endpoint.json", &["`{x}` is not known"]),
        (json!({"data": "{"}), "endpoint.data", &["single brace"]),
        (
            json!({"params": {"q": {"type": "resolved"}}}),
            "endpoint.params.q",
            &["`resolved` is not known; known are resolve, incremental"],
        ),
        (
            json!({"params": {"q": {"type": "resolve", "resource": "parent", "field": "id"}}}),
            "endpoint.params.q",
            &["the path has no `{q}`", "q = \"{resources.<parent>.<field>}\""],
        ),
        (
            json!({"path": "a/{q}", "params": {"q": {"type": "resolve", "resource": "parent"}}}),
            "endpoint.params.q",
            &["needs `field`"],
        ),
        (
            json!({"path": "a/{q}", "params": {"q": {"type": "resolve", "field": "id"}}}),
            "endpoint.params.q",
            &["needs `resource`"],
        ),
        (
            json!({"path": "a/{resources.other.id}"}),
            "endpoint",
            &["`other` is not another resource", "there are parent, items"],
        ),
        (json!({"path": "a/{resources.items.id}"}), "endpoint", &["`items` is not another resource"]),
        (json!({"path": "a/{resources.parent}"}), "endpoint", &["should be `{resources.<parent>.<field>}`"]),
        (
            json!({"path": "a/{resources.parent.id}/{resources.other.id}"}),
            "endpoint",
            &["cannot both be the parent"],
        ),
        (json!({"path": "a/{resources.parent.[}"}), "endpoint", &["["]),
        (
            json!({"response_actions": [{"status_code": 404, "action": "panic"}]}),
            "endpoint.response_actions",
            &["`panic` is not known; known is ignore"],
        ),
        (
            json!({"incremental": {"cursor_path": "x", "convert": "nope("}}),
            "endpoint.incremental.convert",
            &["`nope(`"],
        ),
        (
            json!({"incremental": {"cursor_path": "x"}, "params": {"q": {"type": "incremental", "cursor_path": "y"}}}),
            "endpoint.params.q",
            &["one cursor; this is the second"],
        ),
        (
            json!({"params": {"q": {"type": "incremental", "cursor_path": "y", "end_value": 3}}}),
            "endpoint.params.q",
            &["belong in `endpoint.incremental`"],
        ),
    ] {
        let (found, reason) = mistake(&json!({"endpoint": endpoint}));
        assert_eq!(found, key, "{endpoint}: {reason}");
        says(&reason, words);
    }
}

#[test]
fn mistakes_in_a_resource_name_key_and_remedy() {
    for (table, key, words) in [
        (
            json!({"include_from_parent": ["id"]}),
            "include_from_parent",
            &["there is no parent", "{resources.<parent>.<field>}"][..],
        ),
        (
            json!({"processing_steps": [{"map": "."}, {"filter": ".id >"}]}),
            "processing_steps.1.filter",
            &["`.id >`", "cannot be parsed"],
        ),
        (
            json!({"processing_steps": [{"yield_map": "nothing_like_it(.)"}]}),
            "processing_steps.0.yield_map",
            &["`nothing_like_it`", "is not known"],
        ),
        (json!({"processing_steps": [{"map": "env"}]}), "processing_steps.0.map", &["`env` is not known"]),
    ] {
        let (found, reason) = mistake(&table);
        assert_eq!(found, key, "{table}");
        says(&reason, words);
    }
}

#[test]
fn mistakes_in_a_client_name_key_and_remedy() {
    for (client, key, words) in [
        (
            json!({"session": {"verify": "nowhere.pem"}}),
            "session.verify",
            &["nowhere.pem", "cannot read certificates"][..],
        ),
        (json!({"session": {"proxy": "http://["}}), "session.proxy", &["not a URL of a proxy"]),
    ] {
        let fault = source(&api(), &client).expect_err("a mistake");
        assert_eq!(fault.key, key, "{client}");
        says(&fault.reason, words);
    }
    let made = source(&api(), &json!({"base_url": "ftp://api.example/v1"})).unwrap();
    let fault = made.resource("items", ResourceTable::default(), &["items"]).expect_err("no such scheme");
    says(&fault.reason, &["ftp://api.example/v1/items", "must begin with https:// or http://"]);
    let made = source(&api(), &json!({"base_url": "api.example/v1"})).unwrap();
    let fault = made.resource("items", ResourceTable::default(), &["items"]).expect_err("not a URL");
    assert_eq!(fault.key, "endpoint.path");
    says(&fault.reason, &["`api.example/v1/items` is not a URL", "set `base_url`", "https://"]);
}

#[test]
fn keys_that_nobody_knows_are_refused_with_those_that_are_known() {
    for (table, words) in [
        (json!({"endpoint": {"paginater": "auto"}}), &["paginater", "paginator"][..]),
        (json!({"endpoint": {"paginator": {"type": "offset", "limt": 3}}}), &["limt", "limit"]),
        (json!({"endpoint": {"auth": {"tokn": "x"}}}), &["tokn", "token"]),
        (
            json!({"endpoint": {"response_actions": [{"status": 404, "action": "ignore"}]}}),
            &["status", "status_code"],
        ),
        (json!({"processing_steps": [{"filtr": "."}]}), &["filtr", "filter"]),
        (json!({"resumes": true}), &["resumes", "resume"]),
    ] {
        let error = serde_json::from_value::<ResourceTable>(table).expect_err("an unknown key").to_string();
        says(&error, words);
    }
    let session = json!({"session": {"request_timout": 3}});
    let error = serde_json::from_value::<ClientTable>(session).expect_err("an unknown key").to_string();
    says(&error, &["request_timout", "request_timeout"]);
}
