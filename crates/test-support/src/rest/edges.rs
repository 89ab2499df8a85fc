//! Routes for what breaks addresses and texts: rows with odd names and a place for each, links of standards, charsets.

use serde_json::{Value, json};

use super::server::{Answer, Seen, decode};

/// Names that mean something in an address if they are not encoded.
const NAMES: [&str; 9] =
    ["ok", "a/b", "a?x=1", "c#d", "50%", "../../admin", "two words", "ключ", "http://b.c/d"];

pub(super) fn edges(seen: &Seen, parts: &[&str]) -> Option<Answer> {
    // What was asked, with the borders between segments: `%2F` is none.
    let target = seen.target.split('?').next().unwrap_or_default();
    let asked: Vec<String> = target.trim_matches('/').split('/').map(decode).collect();
    Some(match parts {
        ["names"] => {
            let link = format!("{}/single", seen.base);
            Answer::json(&NAMES.iter().map(|name| json!({ "name": name, "link": link })).collect())
        }
        ["dots"] => Answer::json(&json!([{ "name": ".." }])),
        ["elsewhere"] => Answer::json(&json!([{ "link": "http://localhost:1/single" }])),
        ["named", ..] => Answer::json(&json!([{ "asked": asked }])),
        ["found"] => found(seen),
        ["odata"] => odata(seen),
        ["charset", label] => charset(label),
        _ => return None,
    })
}

/// Three pages for each word that is looked for.
fn found(seen: &Seen) -> Answer {
    let (word, page) = (seen.param("q").unwrap_or_default(), seen.number("page", 1));
    let next = (page < 3).then(|| {
        let query: Vec<String> = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("/found?q={}&page={}", query.concat(), page + 1)
    });
    Answer::json(&json!({ "items": [{ "word": word, "page": page }], "next": next }))
}

fn odata(seen: &Seen) -> Answer {
    let skip = seen.number("$skiptoken", 0);
    let rows: Vec<Value> = (skip..skip + 2).map(|id| json!({ "id": format!("u{id}") })).collect();
    let mut body = json!({ "@odata.context": format!("{}/$metadata#users", seen.base), "value": rows });
    if skip < 4 {
        // OData allows links that are relative to the one that was asked.
        body["@odata.nextLink"] = format!("odata?$skiptoken={}", skip + 2).into();
    }
    Answer::json(&body)
}

fn charset(label: &str) -> Answer {
    let kind = format!("application/json; charset={label}");
    let text = "[{\"id\": 1, \"name\": \"Zoë\"}]";
    let bytes: Vec<u8> = match label {
        "utf-16" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        // Wrong on purpose where it says UTF-8.
        _ => text.chars().map(|c| c as u8).collect(),
    };
    Answer::text(&kind, bytes)
}
