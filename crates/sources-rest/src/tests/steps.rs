//! Processing steps: what becomes of rows on their way.

use cartage_source_api::Producer;
use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{message, resource, rows, rows_below, says};

fn api() -> Api {
    Api::new(|_| {
        Answer::json(&json!([
            {"id": 1, "name": "Ann", "tags": ["a", "b"]},
            {"id": 2, "name": "Bob", "tags": []},
            {"id": 3, "name": "Cy", "tags": ["c"]},
        ]))
    })
}

fn stepped(steps: &Value) -> Result<Vec<Value>, cartage_source_api::SourceError> {
    let table = json!({"processing_steps": steps});
    rows(&mut resource(&api(), &json!({}), &table).unwrap().producer)
}

#[test]
fn steps_filter_change_and_unfold_rows_one_after_the_other() {
    let cases = [
        (json!([{"filter": ".id > 1"}, {"map": ".name"}]), json!(["Bob", "Cy"])),
        (json!([{"filter": ".id > 1", "map": ".name"}]), json!(["Bob", "Cy"])),
        (json!([{"map": "{n: .id}"}, {"filter": ".n != 2"}]), json!([{"n": 1}, {"n": 3}])),
        (
            json!([{"yield_map": ".id as $id | .tags[] | {id: $id, tag: .}"}, {"filter": ".tag != \"b\""}]),
            json!([{"id": 1, "tag": "a"}, {"id": 3, "tag": "c"}]),
        ),
        (
            json!([{"yield_map": ".tags[]"}, {"yield_map": "., ascii_upcase"}]),
            json!(["a", "A", "b", "B", "c", "C"]),
        ),
        // A map makes at most one row of one.
        (json!([{"map": ".tags[]"}]), json!(["a", "c"])),
        (json!([{"map": "empty"}]), json!([])),
        (json!([{"filter": "null"}]), json!([])),
        (json!([{"filter": "0"}, {"map": ".id"}]), json!([1, 2, 3])),
        (
            json!([{}]),
            json!([
                {"id": 1, "name": "Ann", "tags": ["a", "b"]},
                {"id": 2, "name": "Bob", "tags": []},
                {"id": 3, "name": "Cy", "tags": ["c"]},
            ]),
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(Value::from(stepped(&steps).unwrap()), expected, "{steps}");
    }
}

#[test]
fn a_step_that_fails_names_row_and_expression() {
    for (steps, row) in [
        (json!([{"map": ".name + 1"}]), "row 1"),
        (json!([{"filter": ".id > 1"}, {"yield_map": ".name[]"}]), "row 2"),
        (json!([{"filter": "if .id == 3 then error(\"no\") else true end"}]), "row 3"),
    ] {
        let error = message(stepped(&steps));
        says(&error, &["GET https://api.example/v1/items", row, "the expression `", "failed"]);
    }
}

#[test]
fn steps_see_what_was_included_from_the_parent_and_page_ends_see_rows_before_steps() {
    let table = json!({
        "endpoint": {"path": "of/{resources.parent.id}/x"},
        "include_from_parent": ["id"],
        "processing_steps": [{"map": "{row: .id, of: ._parent_id}"}, {"filter": ".row == .of"}],
    });
    let mut producer = resource(&api(), &json!({}), &table).unwrap().producer;
    let rows_found = rows_below(&mut producer, &[json!({"id": 3}), json!({"id": 1})]).unwrap();
    assert_eq!(rows_found, [json!({"row": 3, "of": 3}), json!({"row": 1, "of": 1})]);

    // Pages whose rows are all filtered out are not the last one.
    let api = Api::new(|asked| {
        let page = asked.number("page", 0);
        Answer::json(&json!({"items": if page < 3 { vec![json!({"id": page})] } else { Vec::new() }}))
    });
    let table = json!({
        "endpoint": {"paginator": {"type": "page_number", "total_path": null}},
        "processing_steps": [{"filter": ".id == 2"}],
    });
    let rows = rows(&mut resource(&api, &json!({}), &table).unwrap().producer).unwrap();
    assert_eq!(rows, [json!({"id": 2})]);
}

#[test]
fn numbers_keep_their_digits_through_steps() {
    let api = Api::new(|_| {
        Answer::of("application/json", r#"[{"id": 123456789012345678901234567890, "drop": 1}]"#)
    });
    let table = json!({"processing_steps": [{"map": "del(.drop)"}]});
    let mut producer = resource(&api, &json!({}), &table).unwrap().producer;
    producer.open(&super::run::context()).unwrap();
    let page = producer.next_page().unwrap().unwrap().to_json().unwrap();
    assert_eq!(std::str::from_utf8(page.text()).unwrap(), "{\"id\":123456789012345678901234567890}\n");
}
