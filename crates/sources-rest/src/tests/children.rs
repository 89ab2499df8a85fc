//! Resources below others: what a row of the parent puts into requests and rows.

use cartage_source_api::{Page, Producer};
use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{context, ids, message, resource, rows_below, says};
use crate::RestProducer;

/// A child of these keys.
fn child(api: &Api, table: &Value) -> RestProducer {
    resource(api, &json!({}), table).unwrap().producer
}

/// Answers with what was asked.
fn echo() -> Api {
    Api::new(|asked| Answer::json(&json!([{"target": asked.target(), "body": asked.body}])))
}

#[test]
fn a_value_of_the_parent_is_one_segment_of_the_path_or_one_of_the_query() {
    for (value, segment, in_query) in [
        ("ok", "ok", "ok"),
        ("a/b", "a%2Fb", "a%2Fb"),
        ("a?x=1&y", "a%3Fx%3D1%26y", "a%3Fx%3D1%26y"),
        ("c#d", "c%23d", "c%23d"),
        ("50%", "50%25", "50%25"),
        ("../../admin", "..%2F..%2Fadmin", "..%2F..%2Fadmin"),
        ("..\\x", "..%5Cx", "..%5Cx"),
        ("two words", "two%20words", "two+words"),
        ("ключ", "%D0%BA%D0%BB%D1%8E%D1%87", "%D0%BA%D0%BB%D1%8E%D1%87"),
        ("http://b.c/d", "http%3A%2F%2Fb.c%2Fd", "http%3A%2F%2Fb.c%2Fd"),
    ] {
        let api = echo();
        let parent = [json!({"name": value})];
        let table =
            json!({"endpoint": {"path": "named/{resources.parent.name}/x"}, "include_from_parent": ["name"]});
        let rows = rows_below(&mut child(&api, &table), &parent).unwrap();
        assert_eq!(rows[0]["target"], format!("/v1/named/{segment}/x"));
        assert_eq!(rows[0]["_parent_name"], value);
        let table = json!({"endpoint": {"path": "named", "params": {"q": "{resources.parent.name}"}}});
        let rows = rows_below(&mut child(&api, &table), &parent).unwrap();
        assert_eq!(rows[0]["target"], format!("/v1/named?q={in_query}"));
    }
}

#[test]
fn what_can_be_no_segment_is_an_error_that_names_placeholder_and_remedy() {
    for value in ["", ".", ".."] {
        let api = echo();
        let table = json!({"endpoint": {"path": "named/{resources.parent.name}/x"}});
        let error = message(rows_below(&mut child(&api, &table), &[json!({"name": value})]));
        says(&error, &["`path`", "`{resources.parent.name}`", "filter", "`processing_steps`"]);
        assert_eq!(api.asked().len(), 0, "{value:?}");
    }
}

#[test]
fn a_row_may_name_an_address_of_the_api_and_no_other() {
    let table = json!({"endpoint": {"path": "{resources.parent.link}", "paginator": "single_page"}});
    let api = echo();
    rows_below(&mut child(&api, &table), &[json!({"link": "https://api.example/other/place?x=1"})]).unwrap();
    assert_eq!(api.targets(), ["/other/place?x=1"]);
    for link in ["https://elsewhere.example/v1", "https://api.example:8443/v1", "http://api.example/v1"] {
        let error = message(rows_below(&mut child(&api, &table), &[json!({"link": link})]));
        says(&error, &[&format!("`{link}`"), "not one of this API", "`base_url`"]);
    }
    assert_eq!(api.asked().len(), 1, "nobody else was asked");
}

#[test]
fn values_keep_their_type_in_a_body_of_json_and_are_texts_elsewhere() {
    let parent = [json!({"id": 7, "flag": true, "tags": ["a", 1], "name": "n"})];
    for (endpoint, target, body, header) in [
        (
            json!({"method": "POST", "json": {"id": "{resources.parent.id}", "all": ["{resources.parent.tags}"],
                "text": "no. {resources.parent.id}", "{resources.parent.name}": "{{x}}"}}),
            "/v1/items",
            r#"{"id":7,"all":[["a",1]],"text":"no. 7","n":"{x}"}"#,
            None,
        ),
        (
            json!({"method": "POST", "data": {"id": "{resources.parent.id}", "ok": "{resources.parent.flag}"}}),
            "/v1/items",
            "id=7&ok=true",
            None,
        ),
        (json!({"method": "POST", "data": "id {resources.parent.id}"}), "/v1/items", "id 7", None),
        (
            json!({"params": {"a": "{resources.parent.id}", "b": ["x", "{resources.parent.flag}"]}}),
            "/v1/items?a=7&b=x&b=true",
            "",
            None,
        ),
        (
            json!({"headers": {"X-Of": "{resources.parent.id}/{resources.parent.name}"}}),
            "/v1/items",
            "",
            Some("7/n"),
        ),
    ] {
        let api = echo();
        rows_below(&mut child(&api, &json!({"endpoint": endpoint})), &parent).unwrap();
        let asked = &api.asked()[0];
        assert_eq!(
            (asked.target().as_str(), asked.body.as_str(), asked.header("x-of")),
            (target, body, header)
        );
    }
}

#[test]
fn fields_are_found_deep_in_the_row_and_by_parameters_of_type_resolve() {
    let parent = [json!({"id": 7, "owner": {"name": "o", "keys": ["k0", "k1"]}})];
    let resolve = json!({"type": "resolve", "resource": "parent", "field": "owner.name"});
    for (endpoint, target) in [
        (json!({"path": "of/{resources.parent.owner.name}"}), "/v1/of/o"),
        (json!({"path": "of/{resources.parent.owner.keys[1]}"}), "/v1/of/k1"),
        (json!({"path": "of/{who}/all", "params": {"who": resolve, "size": 3}}), "/v1/of/o/all?size=3"),
        (json!({"path": "of/{fixed}/{resources.parent.id}", "params": {"fixed": "f/g"}}), "/v1/of/f/g/7"),
    ] {
        let api = echo();
        rows_below(&mut child(&api, &json!({"endpoint": endpoint})), &parent).unwrap();
        assert_eq!(api.targets(), [target], "{endpoint}");
    }
}

#[test]
fn fields_that_are_missing_or_null_are_named_with_those_that_are_there() {
    let path = json!({"endpoint": {"path": "of/{resources.parent.key}"}});
    let param = json!({"endpoint": {"params": {"k": "{resources.parent.key}"}}});
    let included = json!({"endpoint": {"path": "of/{resources.parent.id}"}, "include_from_parent": ["key"]});
    let missing = json!({"id": 1, "name": "x"});
    for table in [&path, &param, &included] {
        let error = message(rows_below(&mut child(&echo(), table), std::slice::from_ref(&missing)));
        says(&error, &["a row of the parent `parent` has no field `key`", "it has id, name"]);
    }
    let null = json!({"id": 1, "key": null});
    let error = message(rows_below(&mut child(&echo(), &path), std::slice::from_ref(&null)));
    says(&error, &["`path`", "`{resources.parent.key}` is null"]);
    // A parameter without a value is left out.
    let api = echo();
    rows_below(&mut child(&api, &param), std::slice::from_ref(&null)).unwrap();
    rows_below(&mut child(&api, &included), std::slice::from_ref(&null)).unwrap();
    assert_eq!(api.targets(), ["/v1/items", "/v1/of/1"]);
}

#[test]
fn included_fields_are_in_every_row_as_they_were_in_the_parents() {
    let api = Api::new(|asked| {
        Answer::of("application/json", if asked.before == 0 { "[{\"id\": 1}, {}, { }]" } else { "[]" })
    });
    let table = json!({"endpoint": {"path": "of/{resources.parent.id}"}, "include_from_parent": ["id", "at", "odd \"key"]});
    let mut producer = child(&api, &table);
    producer.open(&context()).unwrap();
    let mut parent = cartage_source_api::JsonPage::default();
    let row = br#"{"id":12345678901234567890123,"at":{"x":1.10},"odd \"key":[null]}"#;
    parent.push_row(&"parents".into(), 1, row);
    producer.take_parent_page(&Page::Json(parent)).unwrap();
    let page = producer.next_page().unwrap().unwrap().to_json().unwrap();
    let added = r#""_parent_id":12345678901234567890123,"_parent_at":{"x":1.10},"_parent_odd \"key":[null]}"#;
    let expected = format!("{{\"id\": 1,{added}\n{{{added}\n{{ {added}\n");
    assert_eq!(std::str::from_utf8(page.text()).unwrap(), expected);
    assert_eq!(api.targets(), ["/v1/of/12345678901234567890123"], "no digit is lost in the address either");
}

#[test]
fn fields_cannot_be_included_into_what_is_no_object() {
    let api = Api::new(|_| Answer::json(&json!({"data": [[1, 2]]})));
    let table = json!({"endpoint": {"path": "of/{resources.parent.id}/x", "data_selector": "data"}, "include_from_parent": ["id"]});
    let error = message(rows_below(&mut child(&api, &table), &[json!({"id": 1})]));
    says(
        &error,
        &["GET https://api.example/v1/of/1/x row 1", "`include_from_parent` needs rows that are objects"],
    );
}

/// Two pages of two rows for each parent.
fn two_pages() -> Api {
    Api::new(|asked| {
        let parent: u64 = asked.path().rsplit('/').nth(1).unwrap().parse().unwrap();
        let page = asked.number("page", 0) as u64;
        let rows = [json!({"id": parent * 100 + page * 10}), json!({"id": parent * 100 + page * 10 + 1})];
        let next = (page == 0).then(|| format!("{}?page=1", asked.path()));
        Answer::json(&json!({"rows": rows, "next": next}))
    })
}

#[test]
fn rows_come_in_the_order_of_the_parents_rows_however_many_run_side_by_side() {
    for parallel in [1, 3, 10] {
        let api = two_pages();
        let client = json!({"session": {"parallel_requests": parallel}});
        let table = json!({"endpoint": {"path": "of/{resources.parent.id}/all"}});
        let mut producer = resource(&api, &client, &table).unwrap().producer;
        let parents: Vec<Value> = (1..=7).map(|id| json!({"id": id})).collect();
        let expected: Vec<u64> = (1..=7).flat_map(|id| [0, 1, 10, 11].map(|n| id * 100 + n)).collect();
        assert_eq!(ids(&rows_below(&mut producer, &parents).unwrap()), expected, "{parallel} side by side");
        assert_eq!(api.asked().len(), 14);
    }
}

#[test]
fn pages_of_the_parent_come_one_after_the_other_and_each_is_worked_off() {
    let api = two_pages();
    let mut producer = child(&api, &json!({"endpoint": {"path": "of/{resources.parent.id}/all"}}));
    producer.open(&context()).unwrap();
    assert!(producer.next_page().unwrap().is_none(), "without a row of the parent there is nothing to ask");
    for id in [1, 2] {
        let page = cartage_source_api::JsonPage::from_rows([json!({"id": id})]).unwrap();
        producer.take_parent_page(&Page::Json(page)).unwrap();
        let mut count = 0;
        while let Some(page) = producer.next_page().unwrap() {
            count += page.rows();
        }
        assert_eq!(count, 4, "of parent {id}");
    }
    let empty = Page::Json(cartage_source_api::JsonPage::default());
    producer.take_parent_page(&empty).unwrap();
    assert!(producer.next_page().unwrap().is_none());
}

#[test]
fn a_path_that_ends_with_a_value_means_one_object() {
    let api = Api::new(|_| Answer::json(&json!({"id": 1, "list": [{"id": 2}], "next": "/v1/x"})));
    let table = json!({"endpoint": {"path": "of/{resources.parent.id}/"}});
    let rows = rows_below(&mut child(&api, &table), &[json!({"id": 7})]).unwrap();
    assert_eq!(ids(&rows), [1]);
    assert_eq!(api.targets(), ["/v1/of/7/"]);
    // A value in the query says nothing about how many rows there are.
    let table = json!({"endpoint": {"path": "of?q={resources.parent.id}", "paginator": "single_page"}});
    assert_eq!(ids(&rows_below(&mut child(&api, &table), &[json!({"id": 7})]).unwrap()), [2]);
}

#[test]
fn a_parent_that_answers_nothing_for_one_row_leaves_the_others() {
    let api = Api::new(|asked| match asked.path() {
        "/v1/of/2/all" => Answer::status(404, "gone"),
        path => Answer::json(&json!([{"id": path.len()}])),
    });
    let parents = [json!({"id": 1}), json!({"id": 2}), json!({"id": 3})];
    let mut table = json!({"endpoint": {"path": "of/{resources.parent.id}/all"}});
    says(&message(rows_below(&mut child(&api, &table), &parents)), &["status 404", "/of/2/all"]);
    table["endpoint"]["response_actions"] = json!([{"status_code": 404, "action": "ignore"}]);
    assert_eq!(rows_below(&mut child(&api, &table), &parents).unwrap().len(), 2);
}
