//! The routes that work: one for each way of paging, parents and children, a cursor in time.

use serde_json::{Value, json};

use super::auth::auth;
use super::failing::failing;
use super::github::github;
use super::repository::repository;
use super::server::{Answer, Seen};

/// Rows of every paged route, in pages of ten.
const ROWS: usize = 25;
const PAGE: usize = 10;

pub(super) fn route(seen: &Seen) -> Answer {
    let parts: Vec<&str> = seen.path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["offset"] => offset(seen, json!({ "total": ROWS })),
        ["offset_without_total"] => offset(seen, json!({})),
        ["pages"] => pages(seen),
        ["pages_from_zero"] => {
            let page = seen.number("page", 0);
            Answer::json(&json!({ "items": rows(page * PAGE, PAGE), "total_pages": 3 }))
        }
        ["has_more"] => has_more(seen),
        ["header_link"] => header_link(seen),
        ["json_link"] => json_link(seen),
        ["cursor"] => cursor(seen),
        ["cursor_in_body"] => cursor_in_body(seen),
        ["header_cursor"] => header_cursor(seen),
        ["single"] => Answer::json(&json!({ "id": 1, "name": "only", "nested": { "a": 1, "b": [1, 2] } })),
        ["empty"] => Answer::json(&json!([])),
        ["empty_items"] => Answer::json(&json!({ "items": [], "total": 0 })),
        ["unicode"] => Answer::json(&json!([
            { "id": 1, "text": "Grüße, Ω ≈ ç √, 日本語, 🦀" },
            { "id": 2, "text": "line\nbreak \"quoted\" \\ end" },
        ])),
        ["posts"] => Answer::json(&Value::Array((1..=5).map(post).collect())),
        ["posts", id] => Answer::json(&post(id.parse().unwrap_or_default())),
        ["posts", id, "comments"] => comments(id.parse().unwrap_or_default(), seen),
        ["search"] => search(seen),
        ["events"] => events(seen),
        ["echo"] => echo(seen),
        ["many"] => many(seen),
        ["numbers"] => numbers(seen),
        ["github", rest @ ..] => github(seen, rest),
        ["auth", ..] | ["token"] => auth(seen, &parts),
        ["repos", _, _, list] => repository(seen, list),
        _ => failing(seen, &parts),
    }
}

fn row(id: usize) -> Value {
    json!({ "id": id, "name": format!("row {id}"), "price": id as f64 / 4.0, "tags": [id % 3, "x"] })
}

fn rows(first: usize, count: usize) -> Vec<Value> {
    (first..(first + count).min(ROWS)).map(|id| row(id + 1)).collect()
}

fn offset(seen: &Seen, mut around: Value) -> Answer {
    around["results"] = rows(seen.number("offset", 0), seen.number("limit", PAGE)).into();
    Answer::json(&around)
}

fn pages(seen: &Seen) -> Answer {
    let page = seen.number("page", 1);
    Answer::json(&json!({ "meta": { "tags": [] }, "data": rows((page - 1) * PAGE, PAGE), "total": 3 }))
}

/// The number of the page in the body, or in a parameter.
fn has_more(seen: &Seen) -> Answer {
    let body = seen.json()["paging"]["page"].as_u64().map(|page| page as usize);
    let page = body.unwrap_or_else(|| seen.number("page", 0));
    Answer::json(&json!({ "items": rows(page * PAGE, PAGE), "has_more": (page + 1) * PAGE < ROWS }))
}

fn header_link(seen: &Seen) -> Answer {
    let page = seen.number("page", 1);
    let answer = Answer::json(&Value::Array(rows((page - 1) * PAGE, PAGE)));
    if page * PAGE >= ROWS {
        return answer;
    }
    let (base, next) = (&seen.base, page + 1);
    answer.header(
        "link",
        format!("<{base}/header_link?page=1>; rel=\"first\", <{base}/header_link?page={next}>; rel=\"next\""),
    )
}

fn json_link(seen: &Seen) -> Answer {
    let page = seen.number("page", 1);
    let next = (page * PAGE < ROWS).then(|| format!("/json_link?page={}", page + 1));
    Answer::json(&json!({ "items": rows((page - 1) * PAGE, PAGE), "links": { "next": next } }))
}

fn cursor(seen: &Seen) -> Answer {
    let start = seen.param("cursor").and_then(|text| text.strip_prefix("c-")?.parse().ok()).unwrap_or(0);
    let next = (start + PAGE < ROWS).then(|| format!("c-{}", start + PAGE));
    Answer::json(&json!({ "rows": rows(start, PAGE), "cursors": { "next": next } }))
}

fn cursor_in_body(seen: &Seen) -> Answer {
    let start = seen.json()["after"].as_u64().unwrap_or(0) as usize;
    let page = rows(start, PAGE);
    Answer::json(
        &json!({ "rows": page, "after": start + page.len(), "more": (start + PAGE < ROWS).to_string() }),
    )
}

fn header_cursor(seen: &Seen) -> Answer {
    let start = seen.number("cursor", 0);
    let answer = Answer::json(&Value::Array(rows(start, PAGE)));
    if start + PAGE < ROWS { answer.header("next", (start + PAGE).to_string()) } else { answer }
}

fn post(id: usize) -> Value {
    json!({ "id": id, "title": format!("post {id}"), "author": { "name": format!("author {}", id % 2) } })
}

/// As many comments as the number of the post says, less one, two on a page.
fn comments(post: usize, seen: &Seen) -> Answer {
    let page = seen.number("page", 1);
    let count = post - 1;
    let rows = ((page - 1) * 2..(page * 2).min(count))
        .map(|n| json!({ "id": post * 100 + n, "body": format!("b{n}") }));
    let rows: Vec<Value> = rows.collect();
    let next = (page * 2 < count).then(|| format!("/posts/{post}/comments?page={}", page + 1));
    Answer::json(&json!({ "comments": rows, "next": next }))
}

/// Tells what was asked: for the values that placeholders got.
fn search(seen: &Seen) -> Answer {
    let header = seen.header("x-author").unwrap_or_default();
    Answer::json(&json!([{ "asked": seen.json(), "q": seen.param("q"), "header": header, "id": 1 }]))
}

fn echo(seen: &Seen) -> Answer {
    let query: Vec<String> = seen.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = String::from_utf8_lossy(&seen.body).into_owned();
    Answer::json(&json!([{ "method": seen.method, "query": query.join(";"), "body": body }]))
}

/// Twelve hours of events, from `since` on, not in order.
fn events(seen: &Seen) -> Answer {
    let since = seen.param("since").unwrap_or_default();
    let event = |hour: usize| json!({ "id": hour, "updated_at": format!("2024-05-01T{hour:02}:00:00Z") });
    let events = [3, 1, 2, 5, 4, 6, 7, 8, 9, 11, 10].map(event);
    let fits = |event: &&Value| event["updated_at"].as_str().is_some_and(|at| at >= since);
    Answer::json(&Value::Array(events.iter().filter(fits).cloned().collect()))
}

/// For measurements: `pages` pages of `rows` rows, each after `delay` milliseconds.
fn many(seen: &Seen) -> Answer {
    let (page, pages) = (seen.number("page", 0), seen.number("pages", 500));
    let count = if page < pages { seen.number("rows", 100) } else { 0 };
    let row = |n: usize| {
        let id = page * count + n;
        json!({ "id": id, "name": format!("customer {id}"), "email": format!("c{id}@example.com"), "amount": id as f64 * 1.25,
                "active": id.is_multiple_of(2), "created_at": "2024-05-01T10:00:00Z" })
    };
    let rows: Vec<Value> = (0..count).map(row).collect();
    let next = (page + 1 < pages).then(|| page + 1);
    let mut answer = Answer::json(&json!({ "items": rows, "total": pages, "cursors": { "next": next } }));
    answer.delay = std::time::Duration::from_millis(seen.number("delay", 0) as u64);
    answer
}

/// `total` rows in portions of `limit`, each after `delay` milliseconds and with `text` bytes in a row. The
/// place is an offset, a number of the page or a cursor, and the answer has every way to the next one.
fn numbers(seen: &Seen) -> Answer {
    let (total, limit) = (seen.number("total", 100), seen.number("limit", PAGE));
    let cursor = seen.param("cursor").and_then(|text| text.strip_prefix("c-")?.parse().ok());
    let first = cursor.unwrap_or_else(|| seen.number("offset", seen.number("page", 0) * limit));
    let text = "x".repeat(seen.number("text", 10));
    let rows: Vec<Value> = (first..(first + limit).min(total))
        .map(|id| json!({ "id": id, "text": text, "list": [id] }))
        .collect();
    let behind = first + limit;
    let mut answer = json!({ "items": rows, "total": total, "pages": total.div_ceil(limit) });
    if behind < total {
        let kept =
            seen.query.iter().filter(|(name, _)| !["offset", "page", "cursor", "api_key"].contains(&&**name));
        let kept: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        // As some APIs do, the link repeats all parameters of the request, the credentials among them.
        let key = seen.param("api_key").map(|key| format!("&api_key={key}")).unwrap_or_default();
        answer["next"] = format!("{}/numbers?{}&offset={behind}{key}", seen.base, kept.join("&")).into();
        answer["cursors"] = json!({ "next": format!("c-{behind}") });
    }
    let link = answer["next"].as_str().map(|next| format!("<{next}>; rel=\"next\""));
    let mut answer = Answer::json(&answer);
    answer.delay = std::time::Duration::from_millis(seen.number("delay", 0) as u64);
    match link {
        Some(link) => answer.header("link", link).header("next", format!("c-{behind}")),
        None => answer,
    }
}
