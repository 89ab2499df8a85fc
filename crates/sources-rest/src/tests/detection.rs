//! What is detected: where the rows are, and how the next page is asked for.

use cartage_source_api::Producer;
use serde_json::{Value, json};

use super::api::{Answer, Api, Asked};
use super::run::{fetched, ids, in_turn, message, resource, rows, says};

/// What a resource found out, as `source check` shows it.
fn found(api: &Api) -> (Vec<Value>, String, String) {
    let mut producer = in_turn(api, &json!({}));
    let rows = rows(&mut producer).unwrap();
    let findings = producer.findings();
    assert!(findings.iter().all(|finding| finding.is_found), "{findings:?}");
    (rows, findings[0].value.clone(), findings[1].value.clone())
}

/// Three pages of one row; `around` makes the answer of it.
fn three_pages(around: impl Fn(usize, Value) -> Answer + Send + Sync + 'static) -> Api {
    Api::new(move |asked: &Asked| {
        let page = asked.number("page", asked.number("cursor", 0));
        around(page, json!([{"id": page}]))
    })
}

#[test]
fn the_first_answer_shows_the_paginator_and_all_pages_are_fetched_with_it() {
    let link = |page: usize| (page < 2).then(|| format!("/v1/items?page={}", page + 1));
    let cases: Vec<(Api, &str, &str)> = vec![
        (
            three_pages(move |page, rows| match link(page) {
                Some(link) => Answer::json(&rows).header("link", &format!("<{link}>; rel=next")),
                None => Answer::json(&rows),
            }),
            "header_link, relation `next`",
            "$",
        ),
        (
            three_pages(move |page, rows| {
                Answer::json(&json!({"data": rows, "links": {"next": link(page)}}))
            }),
            "json_link at `links.next`",
            "data",
        ),
        (
            three_pages(move |page, rows| {
                Answer::json(&json!({"next": {"href": link(page)}, "entries": rows}))
            }),
            "json_link at `next.href`",
            "entries",
        ),
        (
            three_pages(move |page, rows| {
                Answer::json(&json!({"value": rows, "@odata.nextLink": link(page)}))
            }),
            "json_link at `['@odata.nextLink']`",
            "value",
        ),
        (
            three_pages(|_, rows| Answer::json(&json!({"meta": {"total_pages": 3}, "result": rows}))),
            "page_number in the parameter `page`, total at `meta.total_pages`",
            "result",
        ),
        (
            three_pages(|page, rows| {
                let next = (page < 2).then(|| (page + 1).to_string());
                Answer::json(&json!({"page": {"next_token": next}, "records": rows}))
            }),
            "cursor from `page.next_token` into the parameter `cursor`",
            "records",
        ),
    ];
    for (api, paginator, selector) in cases {
        let (rows, chosen, place) = found(&api);
        assert_eq!((chosen.as_str(), place.as_str()), (paginator, selector));
        assert_eq!(ids(&rows), [0, 1, 2], "{paginator}");
        assert_eq!(api.asked().len(), 3, "{paginator}");
    }
}

#[test]
fn an_answer_without_a_sign_of_more_is_the_only_page() {
    for (body, selector, rows_there) in [
        (json!([{"id": 1}, {"id": 2}]), "$", 2),
        (json!({"id": 1, "name": "only"}), "$", 1),
        (json!({"items": [{"id": 1}], "next": null}), "items", 1),
        (json!({"deep": {"er": {"rows": [{"id": 1}]}}}), "deep.er.rows", 1),
        (json!({"odd key": [{"id": 1}]}), "['odd key']", 1),
        (json!({"links": [], "data": [{"id": 1}]}), "data", 1),
        // The first list wins where no name is a usual one.
        (json!({"links": [], "things": [{"id": 1}]}), "links", 0),
        (json!([]), "$", 0),
    ] {
        let answer = body.clone();
        let api = Api::new(move |_| Answer::json(&answer));
        let (rows, paginator, place) = found(&api);
        assert_eq!(
            (paginator.as_str(), place.as_str(), rows.len()),
            ("single_page", selector, rows_there),
            "{body}"
        );
        assert_eq!(api.asked().len(), 1, "{body}");
    }
}

#[test]
fn what_is_written_is_not_looked_for() {
    let api = Api::new(|_| {
        Answer::json(&json!({"data": [{"id": 1}], "mine": [{"id": 2}, {"id": 3}], "next": "/v1/x"}))
    });
    let mut producer = in_turn(&api, &json!({"data_selector": "mine", "paginator": "single_page"}));
    assert_eq!(ids(&rows(&mut producer).unwrap()), [2, 3]);
    let findings = producer.findings();
    assert!(findings.iter().all(|finding| !finding.is_found), "{findings:?}");
    assert_eq!(findings[1].value, "mine");
}

#[test]
fn selectors_lead_through_keys_positions_and_all_items() {
    let body = json!({
        "data": {"list": [{"id": 1}, {"id": 2}]},
        "groups": [{"items": [{"id": 3}]}, {"items": [{"id": 4}, {"id": 5}]}],
        "one": {"id": 6},
        "a.b": [{"id": 7}],
    });
    for (selector, expected) in [
        ("data.list", vec![1, 2]),
        ("$.data.list", vec![1, 2]),
        ("data.list[*]", vec![1, 2]),
        ("groups[*].items", vec![3, 4, 5]),
        ("groups[1].items", vec![4, 5]),
        ("one", vec![6]),
        ("['a.b']", vec![7]),
    ] {
        let answer = body.clone();
        let api = Api::new(move |_| Answer::json(&answer));
        let endpoint = json!({"data_selector": selector, "paginator": "single_page"});
        assert_eq!(ids(&fetched(&api, &endpoint).unwrap()), expected, "{selector}");
    }
}

#[test]
fn a_selector_that_leads_nowhere_is_an_error_at_first_and_a_warning_later() {
    let api = Api::new(|_| Answer::json(&json!({"meta": 1, "data": [{"id": 1}]})));
    let error = message(fetched(&api, &json!({"data_selector": "rows", "paginator": "single_page"})));
    says(&error, &["`rows` finds nothing", "its keys are meta, data"]);

    let list = Api::new(|_| Answer::json(&json!([1])));
    let error = message(fetched(&list, &json!({"data_selector": "rows", "paginator": "single_page"})));
    says(&error, &["`rows` finds nothing", "it is not an object"]);

    // Once there were rows, an answer without them is an empty page.
    let some = Api::new(|asked| {
        Answer::json(&if asked.before == 0 {
            json!({"rows": [{"id": 1}], "next": "/v1/items?page=2"})
        } else {
            json!({"n": 1})
        })
    });
    let endpoint = json!({"data_selector": "rows", "paginator": "json_link"});
    assert_eq!(ids(&fetched(&some, &endpoint).unwrap()), [1]);

    // For children each parent may have none, so only the end shows it.
    let child = json!({"endpoint": {"path": "of/{resources.parent.id}/all", "data_selector": "rows"}});
    let mut producer = resource(&api, &json!({}), &child).unwrap().producer;
    assert_eq!(super::run::rows_below(&mut producer, &[json!({"id": 1})]).unwrap().len(), 0);
    let warnings = producer.warnings();
    says(&warnings[0], &["`rows`", "found nothing in any answer"]);
}

#[test]
fn answers_with_nothing_in_them_are_no_mistake_of_the_selector() {
    for body in ["{}", "[]", " null ", "{\"rows\": []}"] {
        let api = Api::new(move |_| Answer::of("application/json", body));
        let mut producer = in_turn(&api, &json!({"data_selector": "rows", "paginator": "single_page"}));
        assert_eq!(rows(&mut producer).unwrap().len(), 0, "{body}");
        assert_eq!(producer.warnings(), [""; 0], "{body}");
    }
}
