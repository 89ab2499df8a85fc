//! Routes that want to know who is asking.

use serde_json::json;

use super::server::{Answer, Seen, parse_form};

pub(super) fn auth(seen: &Seen, parts: &[&str]) -> Answer {
    let authorization = seen.header("authorization").unwrap_or_default();
    let is_known = match parts {
        ["token"] => return token(seen),
        ["auth", "bearer"] => authorization == "Bearer secret-token",
        ["auth", "basic"] => authorization == "Basic dXNlcjpwYXNzd29yZDEyMw==",
        ["auth", "key_in_header"] => seen.header("x-api-key") == Some("secret-token"),
        ["auth", "key_in_query"] => seen.param("api_key") == Some("secret-token"),
        ["auth", "key_in_cookie"] => seen.header("cookie") == Some("session=secret-token"),
        ["auth", "oauth"] => authorization == "Bearer granted-0",
        // The first token is never accepted: a client has to get another one.
        ["auth", "oauth_again"] => {
            authorization.starts_with("Bearer granted-") && authorization != "Bearer granted-0"
        }
        _ => false,
    };
    if is_known {
        Answer::json(&json!([{ "id": 1, "name": "in" }]))
    } else {
        Answer::json(&json!({ "error": "who are you" })).status(401)
    }
}

fn token(seen: &Seen) -> Answer {
    let form = parse_form(&String::from_utf8_lossy(&seen.body));
    let has = |name: &str, value: &str| form.iter().any(|(n, v)| n == name && v == value);
    if !has("grant_type", "client_credentials")
        || !has("client_id", "me")
        || !has("client_secret", "secret-word")
    {
        return Answer::json(&json!({ "error": "invalid_client" })).status(401);
    }
    let lifetime = form.iter().find(|(name, _)| name == "lifetime").map_or("3600", |(_, value)| value);
    let lifetime: u64 = lifetime.parse().unwrap_or_default();
    Answer::json(&json!({ "access_token": format!("granted-{}", seen.before), "expires_in": lifetime }))
}
