//! Messages of taps as JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Any message: which keys it has depends on its type.
#[derive(Deserialize)]
pub(super) struct Said<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) stream: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) record: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) schema: Option<Value>,
    #[serde(default)]
    pub(super) key_properties: Option<Vec<String>>,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) version: Option<Value>,
    #[serde(default)]
    pub(super) encoding: Option<Encoding>,
    #[serde(default)]
    pub(super) manifest: Vec<String>,
}

/// How the files of a batch are written.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Encoding {
    #[serde(default)]
    pub(super) format: String,
    #[serde(default)]
    pub(super) compression: Option<String>,
}
