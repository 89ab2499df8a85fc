//! The trace of a run: what it did, with which settings, and how it ended. Kept in the data folder.

use std::error::Error;
use std::time::Duration;

use cartage_config::ResolvedValue;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::error::PipelineError;
use crate::project::Project;
use crate::report::RunReport;

#[derive(Serialize)]
struct Trace<'a> {
    run_id: &'a str,
    pipeline: &'a str,
    producer: String,
    started_at: DateTime<Utc>,
    seconds: f64,
    error: Option<Vec<String>>,
    report: &'a RunReport,
    /// Secrets are masked by the configuration.
    resolved_config_values: Vec<ResolvedValue>,
}

/// Keeps the trace. A trace that cannot be written is worth a warning, not the loss of a good run.
pub(crate) fn keep(
    project: &Project,
    report: &RunReport,
    started_at: DateTime<Utc>,
    took: Duration,
    error: Option<&PipelineError>,
) {
    let trace = Trace {
        run_id: &report.run_id,
        pipeline: &report.pipeline,
        producer: format!("cartage {}", env!("CARGO_PKG_VERSION")),
        started_at,
        seconds: took.as_secs_f64(),
        error: error.map(|error| chain(error)),
        report,
        resolved_config_values: project.config.resolved_values(),
    };
    let text = serde_json::to_string_pretty(&trace).map_err(|error| error.to_string());
    let kept = text.and_then(|text| {
        project.store.documents().replace_trace(&report.run_id, &text).map_err(|error| error.to_string())
    });
    if let Err(reason) = kept {
        tracing::warn!(reason, "the trace of this run could not be kept");
    }
}

/// An error and its causes, the outermost first.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts
}
