//! Connections that break, servers that know less, objects that change.

use serde_json::json;

use super::server::{Faults, Server};

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |text, number| text + &format!("{{\"id\":{number:08}}}\n"))
}

#[test]
fn a_connection_that_breaks_goes_on_at_the_byte_where_it_broke() {
    let server = Server::new();
    for (key, count) in [("small.jsonl", 1_000), ("large.jsonl", 1_200_000)] {
        let text = lines(count);
        server.put(key, text.clone());
        server.misbehave(Faults { cuts: vec![1_000, 7_000, 3_333], ..Faults::default() });
        let read = server.read(&json!({"path": format!("s3://bucket/{key}")})).unwrap();
        assert!(read.text() == text.as_bytes(), "{key} arrived as it was");
        let asked = server.requests();
        let goes_on = |request: &String| {
            let (_, range) = request.split_once("bytes=")?;
            let start: u64 = range.split('-').next()?.parse().ok()?;
            Some(!start.is_multiple_of(8 << 20))
        };
        assert_eq!(asked.iter().filter(|request| goes_on(request) == Some(true)).count(), 3, "{asked:?}");
    }
}

#[test]
fn an_object_that_ends_too_early_again_and_again_is_an_error() {
    let server = Server::new();
    server.put("x.jsonl", lines(100));
    server.misbehave(Faults { cuts: vec![0; 1_000], ..Faults::default() });
    let error = server.error("s3://bucket/x.jsonl");
    assert!(error.contains("s3://bucket/x.jsonl") && error.contains("0 of 1600 bytes"), "{error}");
}

#[test]
fn an_object_that_changes_while_it_is_read_is_an_error() {
    let server = Server::new();
    for no_conditions in [false, true] {
        for (key, count, after) in [("small.jsonl", 100, 0), ("large.jsonl", 1_200_000, 1)] {
            server.put(key, lines(count));
            server.misbehave(Faults { changes_after: Some(after), no_conditions, ..Faults::default() });
            let error = server.error(&format!("s3://bucket/{key}"));
            assert!(error.contains(key) && error.contains("was changed while it was read"), "{error}");
        }
    }
}

#[test]
fn servers_without_parts_send_all_of_an_object() {
    let server = Server::new();
    let text = lines(1_200_000);
    server.put("large.jsonl", text.clone());
    server.misbehave(Faults { no_ranges: true, ..Faults::default() });
    let read = server.read(&json!({"path": format!("{}/large.jsonl", server.url)})).unwrap();
    assert!(read.text() == text.as_bytes());
    server.misbehave(Faults { no_ranges: true, cuts: vec![5_000_000; 20], ..Faults::default() });
    let error = server.error(&format!("{}/large.jsonl", server.url));
    assert!(error.contains("sends no parts of objects"), "{error}");
}

#[test]
fn addresses_that_are_good_for_reading_only_are_read() {
    let server = Server::new();
    server.put("x.jsonl", "1\n");
    server.misbehave(Faults { no_heads: true, ..Faults::default() });
    assert_eq!(server.rows(&format!("{}/x.jsonl", server.url)), "1");
}
