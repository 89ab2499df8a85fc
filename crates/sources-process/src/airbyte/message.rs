//! Messages of connectors as JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Any message.
#[derive(Deserialize)]
pub(super) struct Said<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) record: Option<Record<'a>>,
    #[serde(default)]
    pub(super) state: Option<Value>,
    #[serde(default)]
    pub(super) trace: Option<Trace>,
    #[serde(default)]
    pub(super) log: Option<Log>,
    #[serde(default)]
    pub(super) control: Option<Control>,
    #[serde(default)]
    pub(super) catalog: Option<Value>,
    #[serde(rename = "connectionStatus", default)]
    pub(super) connection_status: Option<ConnectionStatus>,
}

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) stream: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

#[derive(Deserialize)]
pub(super) struct Trace {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) error: Option<TraceError>,
    #[serde(default)]
    pub(super) stream_status: Option<StreamStatus>,
}

#[derive(Deserialize)]
pub(super) struct TraceError {
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) internal_message: Option<String>,
    #[serde(default)]
    pub(super) stack_trace: Option<String>,
    #[serde(default)]
    pub(super) failure_type: Option<String>,
    #[serde(default)]
    pub(super) stream_descriptor: Option<Descriptor>,
}

#[derive(Deserialize)]
pub(super) struct StreamStatus {
    #[serde(default)]
    pub(super) stream_descriptor: Option<Descriptor>,
    #[serde(default)]
    pub(super) status: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Descriptor {
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Log {
    #[serde(default)]
    pub(super) level: String,
    #[serde(default)]
    pub(super) message: String,
}

#[derive(Deserialize)]
pub(super) struct Control {
    #[serde(rename = "connectorConfig", default)]
    pub(super) connector_config: Option<ConnectorConfig>,
}

#[derive(Deserialize)]
pub(super) struct ConnectorConfig {
    #[serde(default)]
    pub(super) config: Value,
}

#[derive(Deserialize)]
pub(super) struct ConnectionStatus {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) message: String,
}

impl TraceError {
    /// What a person should read.
    pub(super) fn text(&self) -> String {
        let kind = match self.failure_type.as_deref() {
            Some("config_error") => " (its configuration is wrong)",
            Some("transient_error") => " (another run may help)",
            _ => "",
        };
        let internal =
            self.internal_message.as_deref().filter(|text| !text.is_empty() && *text != self.message);
        let internal = internal.map(|text| format!("\n{text}")).unwrap_or_default();
        let trace = self.stack_trace.as_deref().map(|trace| {
            let lines: Vec<&str> = trace.trim_end().lines().collect();
            format!("\n{}", lines[lines.len().saturating_sub(10)..].join("\n"))
        });
        format!("{}{kind}{internal}{}", self.message, trace.unwrap_or_default())
    }
}

impl Log {
    /// Passes it on to the log.
    pub(super) fn pass_on(&self) {
        match self.level.as_str() {
            "FATAL" | "ERROR" => tracing::error!("{}", self.message),
            "WARN" => tracing::warn!("{}", self.message),
            "DEBUG" | "TRACE" => tracing::debug!("{}", self.message),
            _ => tracing::info!("{}", self.message),
        }
    }
}
