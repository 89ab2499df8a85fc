//! The range of a cursor in requests, and the hint that is made of it.

use cartage_source_api::Producer;
use serde_json::{Value, json};

use super::api::{Answer, Api, Asked};
use super::run::{context, cursor_from, message, resource, rows, rows_with, says};

fn api() -> Api {
    Api::new(|_| Answer::json(&json!([{"id": 1}])))
}

/// The one request of an endpoint whose cursor has this range.
fn asked(endpoint: &Value, start: &Value, end: &Value) -> Asked {
    let api = api();
    let mut producer = resource(&api, &json!({}), &json!({"endpoint": endpoint})).unwrap().producer;
    let context = cursor_from(context(), start.clone(), end.clone());
    rows_with(&mut producer, &context).unwrap();
    api.asked().remove(0)
}

fn cursor() -> Value {
    json!({"cursor_path": "at"})
}

#[test]
fn the_range_goes_into_all_parts_of_a_request() {
    let (start, end) = (json!("2024-05-01T10:00:00Z"), json!("2024-06-01"));
    let placeholder = "{incremental.start_value}";
    for (endpoint, target) in [
        (json!({"params": {"since": placeholder}}), "?since=2024-05-01T10%3A00%3A00Z"),
        (json!({"params": {"since": "{incremental.last_value}"}}), "?since=2024-05-01T10%3A00%3A00Z"),
        (json!({"params": {"first": "{incremental.initial_value}"}}), "?first=2024-05-01T10%3A00%3A00Z"),
        (
            json!({"params": {"range": "{incremental.start_value}..{incremental.end_value}"}}),
            "?range=2024-05-01T10%3A00%3A00Z..2024-06-01",
        ),
        (json!({"path": "since/{incremental.start_value}/x"}), "since/2024-05-01T10%3A00%3A00Z/x"),
    ] {
        let mut endpoint = endpoint;
        endpoint["incremental"] = cursor();
        let wanted = target
            .strip_prefix('?')
            .map_or_else(|| format!("/v1/{target}"), |query| format!("/v1/items?{query}"));
        assert_eq!(asked(&endpoint, &start, &end).target(), wanted, "{endpoint}");
    }
    let body = json!({"method": "POST", "json": {"from": placeholder}, "incremental": cursor()});
    assert_eq!(asked(&body, &json!(17), &end).json(), json!({"from": 17}));
    let form = json!({"method": "POST", "data": {"from": placeholder}, "incremental": cursor()});
    assert_eq!(asked(&form, &json!(17), &end).body, "from=17");
    let header = json!({"headers": {"If-Modified-Since": placeholder}, "incremental": cursor()});
    assert_eq!(asked(&header, &start, &end).header("if-modified-since"), start.as_str());
}

#[test]
fn where_the_range_has_no_end_its_parameter_is_left_out() {
    let incremental = json!({"cursor_path": "at", "start_param": "from", "end_param": "to"});
    let endpoint =
        json!({"params": {"q": 1, "until": "{incremental.end_value}"}, "incremental": incremental});
    let headers = json!({"headers": {"X-To": "{incremental.end_value}"}, "incremental": cursor()});
    assert_eq!(asked(&endpoint, &json!(null), &json!(null)).target(), "/v1/items?q=1");
    assert_eq!(asked(&endpoint, &json!(5), &json!(null)).target(), "/v1/items?q=1&from=5");
    assert_eq!(asked(&endpoint, &json!(5), &json!(9)).target(), "/v1/items?q=1&until=9&from=5&to=9");
    assert_eq!(asked(&headers, &json!(5), &json!(null)).header("x-to"), None);
}

#[test]
fn values_may_be_converted_on_their_way_into_requests() {
    let convert =
        |text: &str| json!({"cursor_path": "at", "start_param": "from", "end_param": "to", "convert": text});
    for (text, start, end, target) in [
        ("fromdateiso8601", json!("2024-05-01T10:00:00Z"), json!(null), "?from=1714557600"),
        (
            ".[:10]",
            json!("2024-05-01T10:00:00Z"),
            json!("2024-06-01T00:00:00Z"),
            "?from=2024-05-01&to=2024-06-01",
        ),
        (". + 1", json!(12), json!(null), "?from=13"),
    ] {
        let endpoint = json!({"incremental": convert(text)});
        assert_eq!(asked(&endpoint, &start, &end).target(), format!("/v1/items{target}"), "{text}");
    }
    // dlt calls it `transform` in some places.
    let endpoint = json!({"incremental": {"cursor_path": "at", "start_param": "from", "transform": ". * 2"}});
    assert_eq!(asked(&endpoint, &json!(4), &json!(null)).target(), "/v1/items?from=8");
    for (text, words) in [
        ("fromdateiso8601", &["`fromdateiso8601` failed"][..]),
        ("empty", &["`empty` returns nothing for \"x\""]),
    ] {
        let table = json!({"endpoint": {"incremental": convert(text)}});
        let mut producer = resource(&api(), &json!({}), &table).unwrap().producer;
        let context = cursor_from(context(), json!("x"), json!(null));
        says(&message(rows_with(&mut producer, &context)), words);
    }
}

#[test]
fn a_parameter_may_be_the_cursor() {
    let since = json!({"type": "incremental", "cursor_path": "at", "initial_value": 3, "convert": ". + 1"});
    let endpoint = json!({"params": {"since": since, "q": "x"}});
    assert_eq!(asked(&endpoint, &json!(7), &json!(null)).target(), "/v1/items?q=x&since=8");
    let made = resource(&api(), &json!({}), &json!({"endpoint": endpoint})).unwrap();
    assert_eq!(made.incremental, Some(json!({"cursor_path": "at", "initial_value": 3})));
}

#[test]
fn the_hint_keeps_what_is_not_for_requests() {
    let incremental = json!({
        "cursor_path": "at", "initial_value": "a", "end_value": "z", "lag": 2, "start_param": "from",
        "end_param": "to", "convert": ".", "row_order": "asc",
    });
    let table = json!({"endpoint": {"incremental": incremental}});
    let made = resource(&api(), &json!({}), &table).unwrap();
    let hint =
        json!({"cursor_path": "at", "initial_value": "a", "end_value": "z", "lag": 2, "row_order": "asc"});
    assert_eq!(made.incremental, Some(hint));
    assert_eq!(resource(&api(), &json!({}), &json!({})).unwrap().incremental, None);
}

#[test]
fn the_range_stays_the_same_on_all_pages() {
    let api = Api::new(|asked| {
        let page = asked.number("page", 0);
        Answer::json(&json!({"items": [{"id": page, "at": 100 + page}], "total": 3}))
    });
    let endpoint = json!({
        "params": {"since": "{incremental.start_value}"}, "incremental": cursor(), "paginator": "page_number",
    });
    let client = json!({"session": {"parallel_requests": 1}});
    let mut producer = resource(&api, &client, &json!({"endpoint": endpoint})).unwrap().producer;
    rows_with(&mut producer, &cursor_from(context(), json!(5), json!(null))).unwrap();
    assert_eq!(
        api.targets(),
        ["/v1/items?since=5&page=0", "/v1/items?since=5&page=1", "/v1/items?since=5&page=2"]
    );
}

#[test]
fn children_take_values_of_parent_and_cursor_together() {
    let api = api();
    let endpoint = json!({
        "path": "of/{resources.parent.id}/x",
        "params": {"since": "{incremental.start_value}"},
        "incremental": cursor(),
    });
    let mut producer = resource(&api, &json!({}), &json!({"endpoint": endpoint})).unwrap().producer;
    producer.open(&cursor_from(context(), json!(5), json!(null))).unwrap();
    let parents = cartage_source_api::JsonPage::from_rows([json!({"id": 1}), json!({"id": 2})]).unwrap();
    producer.take_parent_page(&cartage_source_api::Page::Json(parents)).unwrap();
    while producer.next_page().unwrap().is_some() {}
    let mut targets = api.targets();
    targets.sort();
    assert_eq!(targets, ["/v1/of/1/x?since=5", "/v1/of/2/x?since=5"]);
}

#[test]
fn without_a_range_there_is_no_value_and_the_error_says_so() {
    let endpoint = json!({"params": {"since": "{incremental.start_value}"}, "incremental": cursor()});
    let mut producer = resource(&api(), &json!({}), &json!({"endpoint": endpoint})).unwrap().producer;
    says(
        &message(rows(&mut producer)),
        &["`params.since`", "no value for `{incremental.start_value}`", "known are none"],
    );
}
