//! Paginators: which requests go out, in which order, and which rows come back.

use serde_json::{Value, json};

use super::api::{Answer, Api, Asked};
use super::run::{fetched, ids, in_turn, page, resource, rows};

/// Rows of every list here, in pages of two.
const TOTAL: usize = 5;

fn slice(first: usize) -> Value {
    page(first, TOTAL.saturating_sub(first).min(2))
}

/// An API that hands out its rows in every way there is.
fn library(asked: &Asked) -> Answer {
    let by_page = asked.number("page", 0) * 2;
    let behind = |first: usize| first + 2 < TOTAL;
    match asked.path() {
        "/v1/headers" => {
            let next = asked.number("page", 0) + 1;
            let answer = Answer::json(&slice(by_page));
            let links = format!(
                "<https://api.example/v1/headers?page=0>; rel=\"first\", </v1/headers?page={next}>; rel=\"next\""
            );
            if behind(by_page) { answer.header("Link", &links) } else { answer }
        }
        "/v1/links" => {
            let next = behind(by_page).then(|| format!("links?page={}", asked.number("page", 0) + 1));
            Answer::json(&json!({"rows": slice(by_page), "go": {"on": next}}))
        }
        "/v1/cursors" => {
            let first = asked.number("after", 0);
            let next = if behind(first) { json!(first + 2) } else { json!("") };
            Answer::json(&json!({"rows": slice(first), "cursors": {"next": next}, "more": behind(first)}))
        }
        "/v1/bodies" => {
            let first = asked.json()["page"]["from"].as_u64().unwrap_or_default() as usize;
            let next = behind(first).then_some(first + 2);
            Answer::json(&json!({"rows": slice(first), "cursors": {"next": next}, "total": TOTAL}))
        }
        "/v1/header_cursors" => {
            let first = asked.number("from", 0);
            let answer = Answer::json(&slice(first));
            if behind(first) { answer.header("X-Next", &(first + 2).to_string()) } else { answer }
        }
        "/v1/offsets" => {
            let first = asked.number("skip", asked.number("offset", 0));
            Answer::json(&json!({"rows": slice(first), "total": TOTAL, "count": "5", "more": behind(first)}))
        }
        "/v1/pages" => {
            let first = (asked.number("page", 0) - asked.number("base", 0)) * 2;
            Answer::json(
                &json!({"rows": slice(first), "total": 3, "more": if behind(first) {"yes"} else {"no"}}),
            )
        }
        other => Answer::status(404, other),
    }
}

#[test]
fn every_paginator_asks_for_each_page_once_and_stops_at_the_last() {
    let cases: &[(Value, &[&str], usize)] = &[
        (
            json!({"path": "headers", "paginator": "header_link", "params": {"q": "a b"}}),
            &["headers?q=a+b", "headers?page=1", "headers?page=2"],
            5,
        ),
        (
            json!({"path": "headers", "paginator": {"type": "header_link", "links_next_key": "last"}}),
            &["headers"],
            2,
        ),
        (
            json!({"path": "links", "paginator": {"type": "json_link", "next_url_path": "go.on"}, "params": {"q": 1}}),
            &["links?q=1", "links?page=1", "links?page=2"],
            5,
        ),
        (
            json!({"path": "links", "paginator": {"type": "json_response", "next_url_path": "go.on"}}),
            &["links", "links?page=1", "links?page=2"],
            5,
        ),
        (
            json!({"path": "cursors", "paginator": {"type": "cursor", "cursor_param": "after"}, "params": {"q": 1}}),
            &["cursors?q=1", "cursors?q=1&after=2", "cursors?q=1&after=4"],
            5,
        ),
        (
            json!({"path": "header_cursors",
                "paginator": {"type": "header_cursor", "cursor_key": "X-Next", "cursor_param": "from"}}),
            &["header_cursors", "header_cursors?from=2", "header_cursors?from=4"],
            5,
        ),
        (
            json!({"path": "offsets", "paginator": {"type": "offset", "limit": 2}}),
            &["offsets?offset=0&limit=2", "offsets?offset=2&limit=2", "offsets?offset=4&limit=2"],
            5,
        ),
        (
            json!({"path": "offsets", "paginator": {"type": "offset", "limit": 2, "offset": 2, "offset_param": "skip",
                "limit_param": "top"}}),
            &["offsets?skip=2&top=2", "offsets?skip=4&top=2"],
            3,
        ),
        (
            json!({"path": "pages", "paginator": "page_number"}),
            &["pages?page=0", "pages?page=1", "pages?page=2"],
            5,
        ),
        (
            json!({"path": "pages?base=1", "paginator": {"type": "page_number", "base_page": 1}}),
            &["pages?base=1&page=1", "pages?base=1&page=2", "pages?base=1&page=3"],
            5,
        ),
        (
            json!({"path": "pages?base=1", "paginator": {"type": "page_number", "base_page": 1, "page": 3}}),
            &["pages?base=1&page=3"],
            1,
        ),
        (json!({"path": "links", "paginator": "single_page"}), &["links"], 2),
    ];
    for (endpoint, asked, count) in cases {
        let api = Api::new(library);
        let rows = fetched(&api, endpoint).unwrap();
        let asked: Vec<String> = asked.iter().map(|target| format!("/v1/{target}")).collect();
        assert_eq!(api.targets(), asked, "{endpoint}");
        let found = ids(&rows);
        let first = TOTAL - count.min(&TOTAL);
        let first = if asked.len() == 1 && *count == 2 { 0 } else { first as u64 };
        assert_eq!(found, (first..first + *count as u64).collect::<Vec<_>>(), "{endpoint}");
    }
}

#[test]
fn the_end_is_where_total_maximum_more_or_an_empty_page_says() {
    let offset = |more: Value| {
        let mut paginator = json!({"type": "offset", "limit": 2});
        paginator.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"path": "offsets", "paginator": paginator})
    };
    let page = |more: Value| {
        let mut paginator = json!({"type": "page_number"});
        paginator.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"path": "pages", "paginator": paginator})
    };
    let cases = [
        // A total that is a text.
        (offset(json!({"total_path": "count"})), 3, 5),
        (offset(json!({"maximum_offset": 4})), 2, 4),
        (offset(json!({"maximum_offset": 3})), 2, 4),
        (offset(json!({"total_path": null, "maximum_offset": 100})), 4, 5),
        (offset(json!({"total_path": null})), 4, 5),
        (offset(json!({"total_path": null, "has_more_path": "more"})), 3, 5),
        (offset(json!({"total_path": null, "has_more_path": "more", "stop_after_empty_page": false})), 3, 5),
        (page(json!({"maximum_page": 2})), 2, 4),
        (page(json!({"total_path": null})), 4, 5),
        // "yes" and "no" are booleans as well.
        (page(json!({"total_path": null, "has_more_path": "more"})), 3, 5),
        (
            json!({"path": "cursors", "paginator": {"type": "cursor", "cursor_param": "after", "has_more_path": "more"}}),
            3,
            5,
        ),
    ];
    for (endpoint, requests, count) in cases {
        let api = Api::new(library);
        let rows = fetched(&api, &endpoint).unwrap();
        assert_eq!((api.asked().len(), rows.len()), (requests, count), "{endpoint}");
        assert_eq!(ids(&rows), (0..count as u64).collect::<Vec<_>>(), "{endpoint}");
    }
}

#[test]
fn paginators_put_their_value_into_the_body_beside_what_is_there() {
    for paginator in [
        json!({"type": "cursor", "cursor_body_path": "page.from"}),
        json!({"type": "offset", "limit": 2, "offset_body_path": "page.from", "limit_body_path": "page.size"}),
    ] {
        let api = Api::new(library);
        let is_offset = paginator["type"] == "offset";
        let endpoint = json!({"path": "bodies", "method": "POST", "json": {"q": "x", "page": {"sort": "id"}}, "paginator": paginator});
        assert_eq!(ids(&fetched(&api, &endpoint).unwrap()), [0, 1, 2, 3, 4]);
        for (nth, asked) in api.asked().iter().enumerate() {
            let mut page = json!({"sort": "id"});
            if is_offset {
                page["from"] = json!(nth * 2);
                page["size"] = json!(2);
            } else if nth > 0 {
                page["from"] = json!(nth * 2);
            }
            assert_eq!(asked.json(), json!({"q": "x", "page": page}), "request {nth}");
            assert_eq!((asked.method.as_str(), asked.target().as_str()), ("POST", "/v1/bodies"));
            assert_eq!(asked.header("content-type"), Some("application/json"));
        }
    }
}

#[test]
fn pages_are_asked_for_side_by_side_and_their_rows_come_in_order() {
    // Later pages are answered while the first one still waits for room.
    let api = Api::new(library_of(100));
    let client = json!({"session": {"parallel_requests": 8}});
    let paginator = json!({"type": "offset", "limit": 2});
    let table = json!({"endpoint": {"path": "many", "paginator": paginator}});
    let found = rows(&mut resource(&api, &client, &table).unwrap().producer).unwrap();
    assert_eq!(ids(&found), (0..100).collect::<Vec<_>>());
    let mut offsets: Vec<usize> = api.asked().iter().map(|asked| asked.number("offset", 0)).collect();
    offsets.sort_unstable();
    assert_eq!(
        offsets,
        (0..50).map(|page| page * 2).collect::<Vec<_>>(),
        "each page once, none behind the total"
    );
}

#[test]
fn pages_ahead_of_an_unknown_end_are_few_and_leave_nothing_out() {
    let api = Api::new(library_of(9));
    let client = json!({"session": {"parallel_requests": 4}});
    let paginator = json!({"type": "offset", "limit": 2, "total_path": null});
    let table = json!({"endpoint": {"path": "many", "paginator": paginator}});
    let found = rows(&mut resource(&api, &client, &table).unwrap().producer).unwrap();
    assert_eq!(ids(&found), (0..9).collect::<Vec<_>>());
    let asked = api.asked();
    // Five pages with rows, the empty one, and at most three that were on their way when it came.
    assert!((6..=9).contains(&asked.len()), "{} requests", asked.len());
    assert!(asked.iter().all(|asked| asked.before == 0 || asked.path() == "/v1/many"));
}

fn library_of(total: usize) -> impl Fn(&Asked) -> Answer {
    move |asked| {
        let first = asked.number("offset", 0);
        let count = total.saturating_sub(first).min(asked.number("limit", 2));
        Answer::json(&json!({"rows": page(first, count), "total": total}))
    }
}

#[test]
fn nothing_is_asked_before_the_first_page_is_wanted_and_nothing_after_the_end() {
    let api = Api::new(library);
    let endpoint = json!({"path": "links", "paginator": {"type": "json_link", "next_url_path": "go.on"}});
    let mut producer = in_turn(&api, &endpoint);
    assert_eq!(api.targets(), [""; 0]);
    assert_eq!(rows(&mut producer).unwrap().len(), TOTAL);
    assert_eq!(api.asked().len(), 3);
}
