//! Routes in the manner of GitHub, for the examples of the documentation.

use serde_json::{Value, json};

use super::server::{Answer, Seen};

/// Issues there are, and how many are on a page.
const ISSUES: usize = 5;
const PAGE: usize = 2;

/// Issues in pages with links, and their comments. A token is needed as soon as one is shown: a wrong one is
/// refused, as GitHub does.
pub(super) fn github(seen: &Seen, parts: &[&str]) -> Answer {
    if seen.header("authorization").is_some_and(|value| value != "Bearer secret-token") {
        return Answer::json(&json!({ "message": "Bad credentials" })).status(401);
    }
    match parts {
        ["issues"] => page(seen, "issues", &(1..=ISSUES).map(issue).collect::<Vec<_>>()),
        ["issues", number, "comments"] => {
            let number: usize = number.parse().unwrap_or_default();
            let comments: Vec<Value> = (1..number).map(|nth| comment(number, nth)).collect();
            page(seen, &format!("issues/{number}/comments"), &comments)
        }
        _ => Answer::json(&json!({ "message": "Not Found" })).status(404),
    }
}

fn page(seen: &Seen, path: &str, all: &[Value]) -> Answer {
    let since = seen.param("since").unwrap_or_default();
    let is_new = |item: &&Value| item["updated_at"].as_str().is_some_and(|at| at >= since);
    let fitting: Vec<&Value> = all.iter().filter(is_new).collect();
    let number = seen.number("page", 1);
    let first = (number - 1) * PAGE;
    let rows: Vec<Value> = fitting.iter().skip(first).take(PAGE).map(|item| (*item).clone()).collect();
    let answer = Answer::json(&Value::Array(rows));
    if first + PAGE >= fitting.len() {
        return answer;
    }
    let next = format!("{}/github/{path}?page={}&since={since}", seen.base, number + 1);
    answer.header("link", format!("<{next}>; rel=\"next\""))
}

fn issue(number: usize) -> Value {
    json!({
        "id": 1000 + number, "number": number, "title": format!("Issue {number}"), "state": "open",
        "user": { "login": format!("user{}", number % 3), "id": number % 3 },
        "labels": [{ "name": "bug" }], "updated_at": format!("2024-03-{number:02}T08:00:00Z"),
    })
}

fn comment(issue: usize, nth: usize) -> Value {
    json!({
        "id": 10_000 * issue + nth, "body": format!("Comment {nth}"),
        "user": { "login": format!("user{}", nth % 3), "id": nth % 3 },
        "updated_at": format!("2024-04-{nth:02}T09:00:00Z"),
    })
}
