//! Pages that would never end, and totals, links and cursors that are no such thing.

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{fetched, ids, message, says};

/// Always the same answer.
fn always(body: Value) -> Api {
    Api::new(move |_| Answer::json(&body))
}

#[test]
fn a_walk_that_would_go_on_for_ever_is_stopped_and_the_cause_named() {
    let cases = [
        (json!({"rows": [{"id": 1}], "next": "/v1/items"}), json!("json_link"), "leads back", 2),
        (json!({"rows": [{"id": 1}], "cursors": {"next": "c"}}), json!("cursor"), "leads back", 2),
        (
            json!({"rows": [{"id": 1}]}),
            json!({"type": "page_number", "total_path": null}),
            "it ignores the parameter of the paginator",
            3,
        ),
        (
            json!({"rows": [{"id": 1}]}),
            json!({"type": "offset", "limit": 1, "total_path": null}),
            "it ignores the parameter of the paginator",
            3,
        ),
    ];
    for (body, paginator, reason, requests) in cases {
        let api = always(body);
        let endpoint = json!({"data_selector": "rows", "paginator": paginator});
        says(
            &message(fetched(&api, &endpoint)),
            &["https://api.example/v1/items", "forever", reason, "check"],
        );
        assert_eq!(api.asked().len(), requests, "{paginator}");
    }
}

#[test]
fn the_same_link_with_other_rows_is_progress() {
    // A queue: each answer takes what it gives from it.
    let api = Api::new(|asked| {
        let rows = if asked.before < 4 { json!([{"id": asked.before}]) } else { json!([]) };
        let next = (asked.before < 4).then_some("/v1/items");
        Answer::json(&json!({"rows": rows, "next": next}))
    });
    let rows = fetched(&api, &json!({"data_selector": "rows", "paginator": "json_link"})).unwrap();
    assert_eq!(ids(&rows), [0, 1, 2, 3]);
}

#[test]
fn a_maximum_ends_pages_that_never_change() {
    let api = always(json!({"rows": [{"id": 1}]}));
    let paginator = json!({"type": "page_number", "total_path": null, "maximum_page": 7});
    let rows = fetched(&api, &json!({"data_selector": "rows", "paginator": paginator})).unwrap();
    assert_eq!((rows.len(), api.asked().len()), (7, 7));
}

#[test]
fn what_is_no_total_link_or_boolean_is_an_error_that_names_the_key() {
    let offset = |more: &str, path: &str| json!({"type": "offset", "limit": 1, more: path});
    for (around, paginator, words) in [
        (json!({}), offset("total_path", "total"), &["no total at `total`", "total_path = \"\""][..]),
        (json!({"total": null}), offset("total_path", "total"), &["no total at `total`"]),
        (
            json!({"total": "many"}),
            offset("total_path", "total"),
            &["\"many\", not a whole number", "`total_path`"],
        ),
        (json!({"total": [1]}), offset("total_path", "total"), &["[1], not a whole number"]),
        (json!({"total": 9}), offset("has_more_path", "more"), &["`has_more_path` leads to nothing"]),
        (json!({"total": 9, "more": "perhaps"}), offset("has_more_path", "more"), &["leads to \"perhaps\""]),
        (
            json!({"total": 9, "more": 1}),
            offset("has_more_path", "more"),
            &["leads to 1, not to true or false"],
        ),
        (json!({"next": 17}), json!("json_link"), &["is 17, not a text", "`next_url_path`"]),
        (json!({"next": "ftp://api.example/x"}), json!("json_link"), &["is not a URL"]),
        (json!({"next": "http://["}), json!("json_link"), &["is not a URL"]),
    ] {
        let mut body = json!({"rows": [{"id": 1}]});
        body.as_object_mut().unwrap().extend(around.as_object().unwrap().clone());
        let api = always(body.clone());
        let error = message(fetched(&api, &json!({"data_selector": "rows", "paginator": paginator})));
        says(&error, words);
        says(&error, &["GET https://api.example/v1/items"]);
        assert_eq!(api.asked().len(), 1, "{body}");
    }
}

#[test]
fn cursors_that_python_calls_false_end_the_pages() {
    for end in [json!(null), json!(""), json!(0), json!(0.0), json!(false), json!([]), json!({})] {
        let api = always(json!({"rows": [{"id": 1}], "cursors": {"next": end}}));
        assert_eq!(
            fetched(&api, &json!({"data_selector": "rows", "paginator": "cursor"})).unwrap().len(),
            1,
            "{end}"
        );
    }
}

#[test]
fn an_empty_page_ends_a_cursor_only_where_that_is_said() {
    let api = || {
        Api::new(|asked| {
            let rows = if asked.before == 1 { json!([]) } else { json!([{"id": asked.before}]) };
            let next = (asked.before < 3).then_some(asked.before + 1);
            Answer::json(&json!({"rows": rows, "cursors": {"next": next}}))
        })
    };
    for (stops, expected) in [(false, vec![0, 2, 3]), (true, vec![0])] {
        let paginator = json!({"type": "cursor", "stop_after_empty_page": stops});
        let rows = fetched(&api(), &json!({"data_selector": "rows", "paginator": paginator})).unwrap();
        assert_eq!(ids(&rows), expected, "stop_after_empty_page = {stops}");
    }
}

#[test]
fn links_lead_to_where_the_standard_says() {
    for (link, asked) in [
        ("https://api.example/v2/x?y=1", "/v2/x?y=1"),
        ("/v2/x", "/v2/x"),
        ("x", "/v1/x"),
        ("?page=2", "/v1/items?page=2"),
        ("../x?a=%2F", "/x?a=%2F"),
        ("//api.example/y", "/y"),
    ] {
        let api = Api::new(move |asked| {
            let next = (asked.target() == "/v1/items").then_some(link);
            Answer::json(&json!({"rows": [{"id": 1}], "next": next}))
        });
        fetched(&api, &json!({"data_selector": "rows", "paginator": "json_link"})).unwrap();
        assert_eq!(api.targets(), ["/v1/items", asked], "{link}");
    }
}
