//! Answers that were recorded: what is made of them, and what would be asked for next.

use std::path::Path;

use cartage_source_api::{Producer, SourceError};
use cartage_sources_rest::{
    AuthTable, ClientTable, RecordedAnswer, ReplayedAnswer, ResourceTable, RestProducer, RestSource,
};
use serde_json::{Value, json};

fn producer(table: &Value) -> RestProducer {
    let client = json!({"base_url": "http://api.example/v1", "auth": {"type": "api_key", "name": "key",
        "api_key": "s3cret-value", "location": "query"}});
    let client: ClientTable = serde_json::from_value(client).unwrap();
    let source = RestSource::new(
        client,
        AuthTable::default(),
        Path::new("/"),
        std::sync::Arc::new(cartage_runtime::SystemRandom),
    )
    .unwrap();
    let table: ResourceTable = serde_json::from_value(table.clone()).unwrap();
    source.resource("items", table, &["items"]).unwrap().producer
}

fn answer(header: (&str, &str), body: &str) -> RecordedAnswer {
    RecordedAnswer { headers: vec![(header.0.to_owned(), header.1.into())], body: body.into() }
}

fn text(answer: &ReplayedAnswer) -> String {
    answer.pages.iter().map(|page| String::from_utf8_lossy(page.text())).collect()
}

#[test]
fn recorded_answers_show_rows_the_next_request_and_what_was_found() {
    let producer = producer(&json!({"processing_steps": [{"map": "del(.b)"}]}));
    let link = "</v1/items?after=2&key=s3cret-value>; rel=\"next\"";
    let answers = [
        answer(("Link", link), r#"{"items": [{"a": 1, "b": 2}, {"a": 2}]}"#),
        answer(("content-type", "application/json"), r#"{"items": []}"#),
        answer(("content-type", "application/json"), "nobody asks for this"),
    ];
    let replayed = producer.replay(answers).unwrap();
    assert_eq!(replayed.len(), 2);
    assert_eq!(text(&replayed[0]), "{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(replayed[0].next.as_deref(), Some("GET http://api.example/v1/items?after=2"));
    assert_eq!((text(&replayed[1]).as_str(), &replayed[1].next), ("", &None));
    let findings = producer.findings();
    assert!(findings[0].value.starts_with("header_link"), "{findings:?}");
    assert_eq!(findings[1].value, "items");
}

#[test]
fn a_recorded_answer_that_is_no_json_is_the_error_of_a_run() {
    let error = producer(&json!({})).replay([answer(("content-type", "text/html"), "<!doctype html>")]);
    let error: SourceError = error.unwrap_err();
    assert!(error.to_string().contains("HTML"), "{error}");
}
