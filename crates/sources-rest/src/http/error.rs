//! What can go wrong between us and an API, in words that say what to do.

use cartage_source_api::SourceError;
use reqwest::StatusCode;

/// A request that has failed for good.
#[derive(Clone, Debug)]
pub(crate) struct RestError {
    /// Method and address, without secrets.
    pub(crate) request: String,
    pub(crate) reason: String,
}

impl From<RestError> for SourceError {
    fn from(error: RestError) -> Self {
        Self::Unusable { input: error.request, reason: error.reason }
    }
}

/// How much of an answer a message shows.
const SHOWN_CHARS: usize = 300;

/// What the status of an answer means. `body` is the begin of the answer, without secrets.
pub(crate) fn of_status(status: StatusCode, body: &str, attempts: u32, has_auth: bool) -> String {
    let remedy = match status.as_u16() {
        401 if has_auth => {
            "the credentials under `client.auth` are not accepted; check them in secrets.toml or the environment"
        }
        401 => "the API requires credentials; set `client.auth`",
        403 => "these credentials may not read this; ask for the permission, or check `path`",
        404 => {
            "there is nothing at this address; check `base_url` and `path`, or ignore it with `response_actions = [{ status_code = 404, action = \"ignore\" }]`"
        }
        405 => "the API does not take this method here; set `method`",
        400 | 422 => "the API does not understand the request; check `params`, `json` and `path`",
        429 => "the API limits the rate of requests; set `client.session.requests_per_second`",
        500..=599 => "the API has an internal error; run again later",
        300..=399 => "the redirect has no usable address",
        _ => "check `path`, `params` and `headers`",
    };
    let tries = if attempts > 1 { format!(" after {attempts} tries") } else { String::new() };
    let said = shown(body);
    let said = if said.is_empty() { said } else { format!("; it said: {said}") };
    let name = status.canonical_reason().unwrap_or_default();
    format!("status {} {name}{tries}: {remedy}{said}", status.as_u16()).replace("  ", " ")
}

/// The begin of an answer on one line.
pub(crate) fn shown(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// Why an answer that should be JSON is none.
pub(crate) fn of_document(body: &[u8], content_type: Option<&str>, problem: &str) -> String {
    let start = body.trim_ascii_start();
    let looks_like_html = start.starts_with(b"<");
    let kind = content_type.map(|kind| format!(" (its content type is {kind})")).unwrap_or_default();
    if looks_like_html {
        let what = if start.starts_with(b"<?xml") { "XML" } else { "HTML" };
        return format!(
            "the answer is {what}, not JSON{kind}; check `base_url` and `path`: it may be the page of a login or \
             of a proxy"
        );
    }
    if start.is_empty() {
        return format!("the answer is empty{kind}; check `path` and `method`");
    }
    format!("the answer is not JSON{kind}: {problem}")
}
