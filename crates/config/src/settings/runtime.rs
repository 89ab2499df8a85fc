//! `[runtime]`: what is logged and how, and how much memory may be taken.

use serde::Deserialize;

use super::memory::MemorySize;

/// The settings of `[runtime]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuntimeSettings {
    /// The least important messages to show.
    pub log_level: LogLevel,
    /// Text for people or JSON for machines.
    pub log_format: LogFormat,
    /// How much memory a process takes at the most; each part takes what it likes unless it is set.
    pub memory_limit: Option<MemorySize>,
}

/// How important a message is, in dlt's words; lower case works, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum LogLevel {
    /// For those who change the program.
    #[serde(alias = "trace")]
    Trace,
    /// For those who look for a mistake.
    #[serde(alias = "debug")]
    Debug,
    /// The steps of a run.
    #[serde(alias = "info")]
    Info,
    /// Unexpected and handled.
    #[default]
    #[serde(alias = "warning", alias = "WARN", alias = "warn")]
    Warning,
    /// Errors: a person must act.
    #[serde(alias = "error", alias = "CRITICAL", alias = "critical")]
    Error,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// A line of text.
    #[default]
    Text,
    /// A JSON object a line.
    #[serde(alias = "JSON")]
    Json,
}
