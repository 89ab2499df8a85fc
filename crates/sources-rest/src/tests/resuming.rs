//! `resume = true`: what the state remembers behind each page, and that a later run goes on there.

use cartage_source_api::{Producer, Resume, StateChange};
use serde_json::{Value, json};

use super::api::{Answer, Api, Asked};
use super::run::{Memory, ids, message, page, resource, rows, rows_with, says};
use crate::RestProducer;

const TOTAL: usize = 9;

/// A list in pages of two with every way to the next one.
fn numbers(asked: &Asked) -> Answer {
    let cursor = asked.param("cursor").map(|text| text.trim_start_matches("c-").parse().unwrap());
    let first = cursor.unwrap_or_else(|| asked.number("offset", asked.number("page", 0) * 2));
    let mut body =
        json!({"items": page(first, TOTAL.saturating_sub(first).min(2)), "total": TOTAL, "pages": 5});
    let behind = first + 2;
    if behind >= TOTAL {
        return Answer::json(&body);
    }
    let link = format!("https://api.example/v1/items?offset={behind}");
    body["link"] = link.clone().into();
    body["cursors"] = json!({"next": format!("c-{behind}")});
    Answer::json(&body).header("Link", &format!("<{link}>; rel=next")).header("next", &format!("c-{behind}"))
}

fn resuming(api: &Api, endpoint: &Value) -> RestProducer {
    resource(api, &json!({}), &json!({"endpoint": endpoint, "resume": true})).unwrap().producer
}

/// All ways of paging that have a place to go on from.
fn paginators() -> Vec<Value> {
    vec![
        json!("header_link"),
        json!({"type": "json_link", "next_url_path": "link"}),
        json!("cursor"),
        json!("header_cursor"),
        json!({"type": "offset", "limit": 2}),
        json!({"type": "page_number", "total_path": "pages"}),
        json!({"type": "page_number", "total_path": null}),
    ]
}

#[test]
fn runs_in_portions_take_each_row_once_with_every_paginator() {
    for paginator in paginators() {
        for portion in 1..=5 {
            let api = Api::new(numbers);
            let mut memory = Memory::default();
            let mut found = Vec::new();
            let mut runs = 0;
            loop {
                let mut producer = resuming(&api, &json!({"data_selector": "items", "paginator": paginator}));
                let (rows, at_end) = memory.take_pages(&mut producer, portion).unwrap();
                found.extend(ids(&rows));
                runs += 1;
                assert!(runs < 12, "{paginator} in portions of {portion}: {}", memory.text());
                if at_end {
                    break;
                }
                assert!(memory.text().contains("rest_position"), "{paginator}: {}", memory.text());
            }
            assert_eq!(found, (0..TOTAL as u64).collect::<Vec<_>>(), "{paginator} in portions of {portion}");
            assert!(memory.is_empty(), "what has come to its end is forgotten: {}", memory.text());
        }
    }
}

#[test]
fn a_run_that_goes_on_asks_only_for_what_is_missing() {
    for paginator in paginators() {
        let api = Api::new(numbers);
        let endpoint = json!({"data_selector": "items", "paginator": paginator});
        let mut memory = Memory::default();
        memory.take_pages(&mut resuming(&api, &endpoint), 3).unwrap();
        let again = Api::new(numbers);
        let (rows, _) = memory.take_pages(&mut resuming(&again, &endpoint), 99).unwrap();
        assert_eq!(ids(&rows), [6, 7, 8], "{paginator}");
        assert!(
            again.targets().iter().all(|target| target.contains('6')
                || target.contains('8')
                || target.contains("page=3")
                || target.contains("page=4")
                || target.contains("page=5")
                || target.contains("page=6")
                || target.contains("page=7")),
            "{paginator}: {:?}",
            again.targets()
        );
    }
}

#[test]
fn a_paginator_and_a_selector_that_were_found_go_on_as_what_they_were() {
    type Hide = fn(&mut Value);
    let cases: [(&str, Hide); 3] = [
        ("link", |body| drop(body.as_object_mut().unwrap().shift_remove("link"))),
        ("pages", |body| {
            body.as_object_mut().unwrap().retain(|key, _| key == "items" || key == "pages");
        }),
        ("cursor", |body| {
            let next = body["cursors"]["next"].clone();
            body.as_object_mut().unwrap().retain(|key, _| key == "items");
            body["next_cursor"] = next;
        }),
    ];
    for (name, hide) in cases {
        let api = Api::new(move |asked: &Asked| {
            let first = asked.param("cursor").map_or_else(
                || asked.number("offset", asked.number("page", 0) * 2),
                |text| text.trim_start_matches("c-").parse().unwrap(),
            );
            let mut body = json!({"items": page(first, TOTAL.saturating_sub(first).min(2)), "pages": 5});
            if first + 2 < TOTAL {
                body["cursors"] = json!({"next": format!("c-{}", first + 2)});
                if name == "link" {
                    body["next"] = format!("/v1/items?offset={}", first + 2).into();
                }
            }
            hide(&mut body);
            Answer::json(&body)
        });
        let mut memory = Memory::default();
        let mut found = Vec::new();
        for _ in 0..12 {
            let (rows, at_end) = memory.take_pages(&mut resuming(&api, &json!({})), 2).unwrap();
            found.extend(ids(&rows));
            if at_end {
                break;
            }
            assert!(memory.text().contains("\"data_selector\":\"items\""), "{}", memory.text());
        }
        assert_eq!(found, (0..TOTAL as u64).collect::<Vec<_>>(), "{name}");
    }
}

/// Two answers of five megabytes each, in several pages; the first one has this many rows.
fn large(asked: &Asked, first_has: usize) -> Answer {
    let first = asked.number("from", 0);
    let text = "x".repeat(100_000);
    let count = if first == 0 { first_has } else { 50 };
    let rows: Vec<String> =
        (first..first + count).map(|id| format!("{{\"id\":{id},\"t\":\"{text}\"}}")).collect();
    let next = if first == 0 { "\"/v1/items?from=50\"" } else { "null" };
    Answer::of("application/json", format!("{{\"items\":[{}],\"next\":{next}}}", rows.join(",")))
}

fn large_resuming(first_has: usize) -> RestProducer {
    let endpoint = json!({"data_selector": "items", "paginator": "json_link"});
    resuming(&Api::new(move |asked| large(asked, first_has)), &endpoint)
}

#[test]
fn an_answer_of_many_pages_is_entered_in_its_middle() {
    for portion in [2, 5] {
        let mut memory = Memory::default();
        let mut found = Vec::new();
        let (mut runs, mut inside) = (0, 0);
        loop {
            let (rows, at_end) = memory.take_pages(&mut large_resuming(50), portion).unwrap();
            found.extend(ids(&rows));
            runs += 1;
            inside += u32::from(memory.text().contains("\"rows\":"));
            assert!(runs < 50, "portions of {portion} come to no end: {}", memory.text());
            if at_end {
                break;
            }
        }
        assert_eq!(found, (0..100).collect::<Vec<_>>(), "portions of {portion}");
        assert!(runs > 1 && inside > 0, "{runs} runs, {inside} ended inside an answer");
    }
}

#[test]
fn an_answer_that_has_become_shorter_takes_no_rows_from_the_next_one() {
    // Of the first answer 20 rows or more are taken; then it has fewer, in a body that is kept or streamed.
    for (had, pages, now_has) in [(50, 2, 10), (60, 5, 45)] {
        let mut memory = Memory::default();
        let (before, _) = memory.take_pages(&mut large_resuming(had), pages).unwrap();
        assert!(before.len() > now_has, "{} rows", before.len());
        let (behind, at_end) = memory.take_pages(&mut large_resuming(now_has), 99).unwrap();
        assert_eq!((ids(&behind), at_end), ((50..100).collect::<Vec<_>>(), true));
    }
}

#[test]
fn places_hold_no_credentials() {
    // A link that repeats the key loses it; with one that only sounds like a key there is no place to remember.
    let linked = |param: &'static str| {
        Api::new(move |asked: &Asked| {
            let page = asked.number("page", 0);
            let next = (page < 3).then(|| format!("/v1/items?{param}=s3cret-1&page={}", page + 1));
            Answer::json(&json!({"items": [{"id": page}], "next": next}))
        })
    };
    let client = json!({"auth": {"api_key": "s3cret-1", "name": "key", "location": "query"}});
    let table = json!({"resume": true});
    let mut memory = Memory::default();
    let api = linked("key");
    memory.take_pages(&mut resource(&api, &client, &table).unwrap().producer, 2).unwrap();
    assert!(memory.text().contains("page=2") && !memory.text().contains("s3cret"), "{}", memory.text());
    let (rows, _) = memory.take_pages(&mut resource(&api, &client, &table).unwrap().producer, 99).unwrap();
    assert_eq!(ids(&rows), [2, 3]);
    let keys = api
        .asked()
        .iter()
        .map(|asked| asked.url.query_pairs().filter(|(name, _)| name == "key").count())
        .max();
    assert_eq!(keys, Some(1), "the key is sent once");

    let mut fresh = Memory::default();
    let error = message(
        fresh
            .take_pages(&mut resource(&linked("token"), &json!({}), &table).unwrap().producer, 2)
            .map(|_| ()),
    );
    says(&error, &["holds credentials", "leave `resume` out"]);
    assert!(!error.contains("s3cret") && fresh.is_empty(), "{error} {}", fresh.text());
}

#[test]
fn a_place_is_of_no_use_to_another_endpoint() {
    let api = Api::new(numbers);
    let paginator = json!({"type": "offset", "limit": 2});
    let endpoint = json!({"data_selector": "items", "paginator": paginator, "params": {"q": "a"}});
    let mut memory = Memory::default();
    memory.take_pages(&mut resuming(&api, &endpoint), 2).unwrap();
    for change in [
        json!({"params": {"q": "b"}}),
        json!({"path": "others"}),
        json!({"method": "POST"}),
        json!({"json": {"a": 1}}),
        json!({"paginator": "cursor"}),
        json!({"paginator": "single_page"}),
    ] {
        let mut changed = endpoint.clone();
        changed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let mut producer = resuming(&api, &changed);
        let error = message(rows_with(&mut producer, &memory.context()));
        says(&error, &["its endpoint has changed", "--state-only", "undo the change"]);
    }
    // What does not change the answers may change.
    let mut same = endpoint.clone();
    same["headers"] = json!({"X-More": "x"});
    assert_eq!(ids(&rows_with(&mut resuming(&api, &same), &memory.context()).unwrap()), [4, 5, 6, 7, 8]);
}

#[test]
fn a_place_that_cannot_be_understood_is_named_with_the_way_to_forget_it() {
    for position in
        [json!("nonsense"), json!({"request": "x"}), json!({"request": "x", "at": "start", "more": 1})]
    {
        let memory = Memory::of(&json!({"rest_position": position}));
        let error = message(rows_with(&mut resuming(&Api::new(numbers), &json!({})), &memory.context()));
        says(&error, &["cannot be understood", "`cartage drop items --state-only`"]);
    }
}

#[test]
fn who_does_not_resume_begins_at_the_first_page_and_remembers_nothing() {
    let api = Api::new(numbers);
    let endpoint = json!({"data_selector": "items", "paginator": {"type": "offset", "limit": 2}});
    let mut memory = Memory::default();
    memory.take_pages(&mut resuming(&api, &endpoint), 2).unwrap();

    let mut hidden = memory.context();
    hidden.is_hidden = true;
    assert_eq!(
        rows_with(&mut resuming(&api, &endpoint), &hidden).unwrap().len(),
        TOTAL,
        "only others want its rows"
    );

    let plain = |table: &Value| resource(&api, &json!({}), table).unwrap().producer;
    let mut producer = plain(&json!({"endpoint": endpoint}));
    assert_eq!((producer.resume(), producer.starts_over()), (Resume::Never, false));
    assert_eq!(rows_with(&mut producer, &memory.context()).unwrap().len(), TOTAL);
    assert_eq!(producer.take_state_change(), StateChange::default());

    let producer = resuming(&api, &endpoint);
    assert_eq!((producer.resume(), producer.starts_over()), (Resume::AtEachPage, true));
    // Children go on with their parents.
    let child = json!({"endpoint": {"path": "of/{resources.parent.id}/x"}, "resume": true});
    assert_eq!(plain(&child).resume(), Resume::Never);
}

#[test]
fn the_last_page_is_remembered_as_the_end_until_the_end_is_taken() {
    let api = Api::new(numbers);
    let endpoint = json!({"data_selector": "items", "paginator": {"type": "offset", "limit": 2}});
    let mut memory = Memory::default();
    let (rows_found, at_end) = memory.take_pages(&mut resuming(&api, &endpoint), 5).unwrap();
    assert_eq!((rows_found.len(), at_end), (TOTAL, false));
    assert!(memory.text().contains("\"at\":\"end\""), "{}", memory.text());
    let again = Api::new(numbers);
    let (rows_found, at_end) = memory.take_pages(&mut resuming(&again, &endpoint), 9).unwrap();
    assert_eq!((rows_found.len(), at_end, again.asked().len()), (0, true, 0), "nothing is asked again");
    assert!(memory.is_empty());
    assert_eq!(
        rows(&mut resuming(&again, &endpoint)).unwrap().len(),
        TOTAL,
        "the next run begins at the beginning"
    );
}
