//! A repository as GitHub's API shows it: lists in pages, with links in a header.

use serde_json::{Value, json};

use super::server::{Answer, Seen};

/// Rows on a page, whatever is asked for.
const PAGE: usize = 10;

/// `/repos/<owner>/<name>/<list>`: issues and pull requests since a moment, and stargazers.
pub(super) fn repository(seen: &Seen, list: &str) -> Answer {
    let rows: Vec<Value> = match list {
        "issues" => (1..=25).map(|id| issue(id, "issue")).filter(|issue| is_since(seen, issue)).collect(),
        "pulls" => (1..=12).map(|id| issue(100 + id, "pull")).collect(),
        "stargazers" => (1..=30).map(user).collect(),
        _ => return Answer::json(&json!([])),
    };
    let page = seen.number("page", 1);
    let from = ((page - 1) * PAGE).min(rows.len());
    let answer = Answer::json(&Value::from(rows[from..(from + PAGE).min(rows.len())].to_vec()));
    if page * PAGE >= rows.len() {
        return answer;
    }
    let (base, path, next) = (&seen.base, &seen.path, page + 1);
    let since = seen.param("since").map(|since| format!("&since={since}")).unwrap_or_default();
    answer.header("link", format!("<{base}{path}?page={next}{since}>; rel=\"next\""))
}

fn issue(id: usize, kind: &str) -> Value {
    json!({
        "id": id,
        "title": format!("{kind} {id}"),
        "user": user(id % 4),
        "labels": [{ "name": "bug" }, { "name": format!("area {}", id % 3) }],
        "updated_at": format!("2024-05-{:02}T10:00:00Z", id % 28 + 1),
    })
}

fn user(id: usize) -> Value {
    json!({ "id": id, "login": format!("user{id}") })
}

fn is_since(seen: &Seen, issue: &Value) -> bool {
    let since = seen.param("since").unwrap_or_default();
    issue["updated_at"].as_str().is_some_and(|at| at >= since)
}
