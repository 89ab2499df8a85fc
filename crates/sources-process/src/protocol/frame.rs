//! The messages as JSON.

use std::borrow::Cow;

use cartage_schema::hints::ResourceHints;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The version that is spoken.
pub(crate) const PROTOCOL: u32 = 1;

/// Any message of a program: which keys it has depends on its type.
#[derive(Deserialize)]
pub(crate) struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) resource: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) row: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) table: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) hints: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) format: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) bytes: Option<u64>,
    #[serde(default)]
    pub(crate) set: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) remove: Option<Vec<String>>,
    #[serde(borrow, default)]
    pub(crate) level: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) message: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "kind")]
    pub(crate) error_kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) details: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) protocol: Option<u32>,
    #[serde(borrow, default)]
    pub(crate) program: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) selected: Option<bool>,
    #[serde(borrow, default)]
    pub(crate) routes: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) resume: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) max_table_nesting: Option<u32>,
    #[serde(default)]
    pub(crate) root_key: Option<bool>,
    #[serde(default)]
    pub(crate) schema_contract: Option<Value>,
    #[serde(default)]
    pub(crate) schema: Option<Value>,
}

impl<'a> Frame<'a> {
    /// Reads a line.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| {
            let text: String = String::from_utf8_lossy(line).chars().take(200).collect();
            format!(
                "this is not a message of the source protocol ({error}): {text}\nA program must print nothing else on \
                 its standard output; text for people goes to standard error"
            )
        })
    }

    /// A key without which a message makes no sense.
    pub(crate) fn need<T>(&self, key: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("the message `{}` has no `{key}`", self.kind))
    }
}

/// The messages to a program.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Told<'a> {
    Start { protocol: u32, cartage: &'static str, pipeline: &'a str, source: &'a str, config: &'a Value },
    Read { resources: Vec<&'a str>, state: &'a Map<String, Value>, cursors: Map<String, Value>, limit: Limit },
}

/// How much of each resource is taken. A program need not know.
#[derive(Serialize, Default)]
pub(crate) struct Limit {
    rows: Option<u64>,
    pages: Option<u64>,
}

impl Told<'_> {
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(self).expect("messages are JSON")
    }
}

/// Hints as JSON, with the names of `pipeline.toml`.
pub(crate) fn hints_of(json: &str) -> Result<ResourceHints, serde_json::Error> {
    serde_json::from_str(json)
}

/// What an error message of a program says.
pub(crate) fn failure(frame: &Frame<'_>) -> String {
    let message = frame.message.as_deref().unwrap_or("it failed without a message");
    let remedy = match frame.error_kind.as_deref() {
        Some("config") => " (its configuration is wrong)",
        Some("transient") => " (another run may help)",
        _ => "",
    };
    let details = frame.details.as_deref().map(|details| format!("\n{details}")).unwrap_or_default();
    format!("{message}{remedy}{details}")
}

/// Passes a line on to the log.
pub(crate) fn log(frame: &Frame<'_>) {
    let message = frame.message.as_deref().unwrap_or_default();
    match frame.level.as_deref() {
        Some("error") => tracing::error!("{message}"),
        Some("warning") => tracing::warn!("{message}"),
        Some("debug") => tracing::debug!("{message}"),
        _ => tracing::info!("{message}"),
    }
}
