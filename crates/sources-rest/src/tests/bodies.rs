//! Bodies of answers: encodings, documents that are broken, sizes, and values that must not change on their way.

use cartage_source_api::{Page, Producer};
use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::run::{context, fetched, ids, in_turn, message, resource, rows, rows_with, says};

/// An API with one answer.
fn saying(answer: Answer) -> Api {
    Api::new(move |_| answer.clone())
}

/// The text of the rows as they are handed on.
fn text(api: &Api, endpoint: &Value) -> String {
    let mut producer = in_turn(api, endpoint);
    producer.open(&context()).unwrap();
    let mut text = String::new();
    while let Some(Page::Json(page)) = producer.next_page().unwrap() {
        text.push_str(std::str::from_utf8(page.text()).unwrap());
    }
    text
}

#[test]
fn texts_arrive_whole_in_every_encoding_that_is_named() {
    let body = "[{\"id\": 1, \"name\": \"Zo\u{eb} \u{20ac}\"}]";
    let utf_16 = |order: fn(u16) -> [u8; 2]| body.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let western: Vec<u8> = body
        .chars()
        .map(|c| if c == '\u{20ac}' { 0x80 } else { u8::try_from(u32::from(c)).unwrap() })
        .collect();
    for (kind, bytes) in [
        ("application/json", body.as_bytes().to_vec()),
        ("application/json", [b"\xef\xbb\xbf", body.as_bytes()].concat()),
        ("text/plain", body.as_bytes().to_vec()),
        ("application/json; charset=windows-1252", western.clone()),
        ("application/json; charset=\"ISO-8859-1\"", western),
        ("application/json; charset=utf-16", utf_16(u16::to_le_bytes)),
        ("application/json; charset=utf-16be", utf_16(u16::to_be_bytes)),
        ("application/json; charset=latin1", [b"\xff\xfe".to_vec(), utf_16(u16::to_le_bytes)].concat()),
    ] {
        let rows = fetched(&saying(Answer::of(kind, bytes)), &json!({})).unwrap();
        assert_eq!(rows, [json!({"id": 1, "name": "Zo\u{eb} \u{20ac}"})], "{kind}");
    }
}

#[test]
fn what_is_no_json_is_said_with_address_and_cause() {
    let html = "<!doctype html><html><body>Please log in</body></html>";
    for (kind, body, words) in [
        (
            "text/html",
            html.as_bytes(),
            &["HTML, not JSON (its content type is text/html)", "page of a login"][..],
        ),
        ("text/xml", b"<?xml version=\"1.0\"?><a/>", &["XML, not JSON"]),
        (
            "application/json",
            b"",
            &["the answer is empty (its content type is application/json)", "`method`"],
        ),
        ("application/json", b" \n ", &["the answer is empty"]),
        ("application/json", b"[{\"id\": 1}, {\"id\": ]", &["is not JSON", "line 1 column 20"]),
        ("application/json", b"[{\"id\": 1}, {\"id\": 2", &["it ends early", "line 1 column 20"]),
        ("application/json", b"OK", &["is not JSON"]),
        ("application/json", b"[\"\xff\"]", &["not UTF-8 from byte 3 on"]),
        ("application/json; charset=x-own", b"[]", &["charset is `x-own`, which is not known"]),
        ("application/json; charset=shift_jis", b"[\"\x81\x30\"]", &["not Shift_JIS"]),
    ] {
        let api = saying(Answer::of(kind, body));
        let error = message(fetched(&api, &json!({})));
        says(&error, words);
        says(&error, &["GET https://api.example/v1/items: "]);
        assert_eq!(api.asked().len(), 1, "it is not asked for again: {error}");
    }
}

#[test]
fn numbers_and_texts_pass_as_they_are_written() {
    let row = r#"{"big":123456789012345678901234567890,"price":1.10,"tiny":1e-400,"huge":1e400,"e":1E5,"u":"\u00e9\ud83e\udd80","s":"a\/b"}"#;
    for selector in [json!(null), json!("data"), json!("data[*]")] {
        let api = saying(Answer::of("application/json", format!("{{\"data\": [{row}]}}")));
        assert_eq!(text(&api, &json!({"data_selector": selector})), format!("{row}\n"), "{selector}");
    }
}

#[test]
fn rows_over_several_lines_become_one_line_each() {
    let api = saying(Answer::of(
        "application/json",
        "[\n  {\n    \"id\": 1,\n    \"t\": \"a\\nb\"\n  },\r\n  {\"id\": 2}\n]\n",
    ));
    let text = text(&api, &json!({}));
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(ids(&fetched(&api, &json!({})).unwrap()), [1, 2]);
}

#[test]
fn several_documents_one_a_line_are_rows() {
    let api = saying(Answer::of("application/x-ndjson", "{\"id\": 1}\n{\"id\": 2}\n"));
    assert_eq!(ids(&fetched(&api, &json!({})).unwrap()), [1, 2]);
}

#[test]
fn an_answer_without_content_is_an_empty_last_page() {
    let api = Api::new(|asked| match asked.before {
        0 => Answer::json(&json!({"items": [{"id": 1}], "next": "/v1/items?page=1"})),
        _ => Answer::status(204, ""),
    });
    assert_eq!(ids(&fetched(&api, &json!({})).unwrap()), [1]);
    assert_eq!(api.asked().len(), 2);
    let mut producer = in_turn(&saying(Answer::status(204, "")), &json!({"data_selector": "rows"}));
    assert_eq!(rows(&mut producer).unwrap().len(), 0);
    assert_eq!(producer.warnings(), [""; 0]);
}

#[test]
fn a_row_that_is_longer_than_allowed_is_named() {
    let api = saying(Answer::json(&json!([{"id": 1}, {"id": 2, "text": "x".repeat(500)}])));
    let context = cartage_source_api::OpenContext::new(100, cartage_runtime::CancelToken::default());
    let error = message(rows_with(&mut in_turn(&api, &json!({})), &context));
    says(&error, &["https://api.example/v1/items", "100"]);
}

/// `count` rows of about 100,000 bytes, with what comes behind them.
fn large(first: usize, count: usize, behind: &str) -> String {
    let text = "x".repeat(100_000);
    let rows: Vec<String> =
        (first..first + count).map(|id| format!("{{\"id\":{id},\"t\":\"{text}\"}}")).collect();
    format!("{{\"meta\": {{\"n\": 1}}, \"rows\": [{}]{behind}}}", rows.join(","))
}

#[test]
fn a_body_too_large_to_keep_streams_by_and_what_is_around_its_rows_is_found() {
    let api = Api::new(|asked| {
        let first = asked.number("cursor", 0);
        let behind =
            if first == 0 { ", \"cursors\": {\"next\": 60}, \"more\": true" } else { ", \"more\": false" };
        Answer::of("application/json", large(first, 60, behind)).in_pieces(100_000)
    });
    for (selector, paginator) in [
        (json!("rows"), json!({"type": "cursor"})),
        (json!("rows"), json!({"type": "cursor", "has_more_path": "more"})),
        (json!(null), json!({"type": "cursor"})),
    ] {
        let rows = fetched(&api, &json!({"data_selector": selector, "paginator": paginator})).unwrap();
        assert_eq!(ids(&rows), (0..120).collect::<Vec<_>>(), "{selector} {paginator}");
    }
    assert_eq!(api.asked().len(), 6);
}

#[test]
fn a_large_body_that_breaks_off_is_an_error_behind_its_rows() {
    let mut body = large(0, 60, "");
    body.truncate(5_000_000);
    let broken = Answer::of("application/json", body).in_pieces(100_000).breaking_off();
    let endpoint = json!({"data_selector": "rows", "paginator": "single_page"});
    let mut producer = in_turn(&saying(broken), &endpoint);
    producer.open(&context()).unwrap();
    let mut count = 0;
    let error = loop {
        match producer.next_page() {
            Ok(Some(page)) => count += page.rows(),
            Ok(None) => panic!("the end of half a body is not an end"),
            Err(error) => break error.to_string(),
        }
    };
    says(&error, &["https://api.example/v1/items", "ended early", "run again"]);
    assert!((40..50).contains(&count), "{count} rows came before");
}

#[test]
fn a_large_body_that_is_no_document_is_told_by_its_begin() {
    let page = format!("<!doctype html>{}", " ".repeat(5 << 20));
    let endpoint = json!({"data_selector": "rows", "paginator": "single_page"});
    let error = message(fetched(&saying(Answer::of("text/html", page).in_pieces(1 << 20)), &endpoint));
    says(&error, &["HTML, not JSON"]);
    let number = "1".repeat(5 << 20);
    let error =
        message(fetched(&saying(Answer::of("application/json", number).in_pieces(1 << 20)), &endpoint));
    says(&error, &["it is neither an object nor a list"]);
}

#[test]
fn answers_are_refused_that_are_larger_than_allowed() {
    let most = |most: usize, kept: bool| {
        let session = json!({"session": {"max_response_bytes": most, "parallel_requests": 1}});
        let endpoint = json!({"data_selector": "rows", "paginator": "single_page"});
        let count = if kept { 1 } else { 60 };
        let api = saying(Answer::of("application/json", large(0, count, "")).in_pieces(1000));
        let outcome = rows(&mut resource(&api, &session, &json!({"endpoint": endpoint})).unwrap().producer);
        assert_eq!(api.asked().len(), 1);
        outcome
    };
    assert_eq!(most(1 << 20, true).unwrap().len(), 1);
    says(&message(most(90_000, true)), &["larger than 90000 bytes", "`client.session.max_response_bytes`"]);
    says(&message(most(5 << 20, false)), &["larger than `client.session.max_response_bytes`"]);
}

#[test]
fn the_report_counts_bytes_and_rows_of_all_answers() {
    let api = Api::new(|asked| {
        let page = asked.number("page", 0);
        Answer::json(&json!({"items": [{"id": page}, {"id": page}], "total": 2}))
    });
    let mut producer = in_turn(&api, &json!({"path": "a/b", "paginator": "page_number"}));
    rows(&mut producer).unwrap();
    let inputs = producer.inputs();
    assert_eq!(inputs.len(), 1);
    assert_eq!((inputs[0].name.as_str(), inputs[0].rows), ("GET https://api.example/v1/a/b", 4));
    let one = json!({"items": [{"id": 0}, {"id": 0}], "total": 2}).to_string().len() as u64;
    assert_eq!(inputs[0].bytes, 2 * one);
}
