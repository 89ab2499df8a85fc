//! Routes that fail, for good or only at first.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::server::{Answer, Seen};

pub(super) fn failing(seen: &Seen, parts: &[&str]) -> Answer {
    let good = Answer::json(&json!([{ "id": 1 }, { "id": 2 }]));
    let at_first = |bad: Answer, times: usize| if seen.before < times { bad } else { good.clone() };
    match parts {
        ["fail", "busy"] => {
            at_first(Answer::text("text/plain", "slow down").status(429).header("retry-after", "1"), 1)
        }
        ["fail", "flaky"] => at_first(Answer::text("text/plain", "oops").status(503), 2),
        ["fail", "dropped"] => at_first(good.clone().status(0), 2),
        ["fail", "truncated"] => at_first(Answer { cut: Some(9), ..good.clone() }, 1),
        ["fail", "always_truncated"] => Answer { cut: Some(9), ..good },
        ["fail", "slow"] => Answer { delay: Duration::from_secs(3), ..good },
        // Longer than a client waits for one byte, in pieces that each come in time.
        ["fail", "dripping"] => Answer { pieces: (5, Duration::from_millis(400)), ..good },
        ["fail", "stalled"] => Answer { pieces: (2, Duration::from_secs(3)), ..good },
        ["fail", "round_and_round"] => {
            Answer::text("text/plain", "").status(302).header("location", "/fail/round_and_round")
        }
        ["fail", "moved"] => Answer::text("text/plain", "").status(301).header("location", "../fail/gzip"),
        ["fail", "always_down"] => Answer::text("text/plain", "down").status(500),
        ["fail", "forbidden"] => {
            Answer::json(&json!({ "error": "not yours", "token": "secret-token" })).status(403)
        }
        ["fail", "html"] => {
            Answer::text("text/html", "<!doctype html><html><body>Please log in</body></html>")
        }
        ["fail", "wrong_json"] => Answer::text("application/json", "[{\"id\": 1}, {\"id\": ]"),
        ["fail", "half_json"] => Answer::text("application/json", "[{\"id\": 1}, {\"id\": 2"),
        ["fail", "wrong_type"] => {
            Answer { headers: vec![("content-type".to_owned(), "text/plain".to_owned())], ..good }
        }
        ["fail", "no_content"] => Answer::text("application/json", "").status(204),
        ["fail", "same_page"] => Answer::json(&json!({ "items": [{ "id": 1 }], "next": "/fail/same_page" })),
        ["fail", "deaf"] => Answer::json(&json!({ "items": [{ "id": 1 }] })),
        ["fail", "gone_for_some", id] if *id == "3" => Answer::json(&json!({ "error": "gone" })).status(404),
        ["fail", "gone_for_some", id] => Answer::json(&json!([{ "post": id }])),
        ["fail", "gzip"] => gzip(&json!([{ "id": 1, "text": "x".repeat(1000) }])),
        ["fail", "large"] => large(seen),
        _ => Answer::json(&json!({ "error": "no such thing" })).status(404),
    }
}

fn gzip(value: &Value) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(value.to_string().as_bytes()).and_then(|()| encoder.finish());
    Answer::text("application/json", written.unwrap_or_default()).header("content-encoding", "gzip")
}

/// One answer of many rows, with a cursor behind them.
fn large(seen: &Seen) -> Answer {
    let first = seen.number("cursor", 0);
    let rows = seen.number("rows", 100_000);
    let mut text = String::from("{\"meta\": {\"n\": 1}, \"rows\": [");
    for n in 0..rows {
        let comma = if n == 0 { "" } else { "," };
        text.push_str(&format!(
            "{comma}\n{{\"id\": {}, \"text\": \"some text that takes up room in the answer\"}}",
            first + n
        ));
    }
    let next = if first == 0 { rows.to_string() } else { "null".to_owned() };
    text.push_str(&format!("], \"cursors\": {{\"next\": {next}}}}}"));
    Answer::text("application/json", text)
}
