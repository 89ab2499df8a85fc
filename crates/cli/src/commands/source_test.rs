//! `source test`: whether a program speaks the source protocol.

use std::fmt::{self, Write};

use cartage_pipeline::PipelineError;
use cartage_sources::{ConformanceCheck, check_conformance};
use serde_json::{Value, json};

use super::show;
use crate::config::Start;
use crate::exit;
use crate::failure::Failure;
use crate::source_args::SourceTestArgs;

pub(super) fn test(start: &Start<'_>, args: &SourceTestArgs) -> Result<(), Failure> {
    let config = config(args.config.as_deref())?;
    let checks = check_conformance(&args.command, &config).map_err(PipelineError::from)?;
    show(start.global.format, &checks, || text(&checks))?;
    if checks.iter().all(|check| check.passed) { Ok(()) } else { Err(Failure::Code(exit::FAILURE)) }
}

fn config(argument: Option<&str>) -> Result<Value, PipelineError> {
    let wrong = |message: String| PipelineError::Usage {
        message: format!("--config: {message}"),
        remedy: "write a JSON object, or @FILE with one".to_owned(),
    };
    let text = match argument {
        None => return Ok(json!({})),
        Some(argument) => match argument.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| wrong(format!("cannot read {file}: {error}")))?,
            None => argument.to_owned(),
        },
    };
    let config: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if config.is_object() { Ok(config) } else { Err(wrong("it is not an object".to_owned())) }
}

fn text(checks: &[ConformanceCheck]) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for ConformanceCheck { name, passed, detail } in checks {
        let (mark, detail) = (if *passed { "ok    " } else { "FAILED" }, detail.trim_end());
        let colon = if detail.is_empty() { "" } else { ": " };
        writeln!(out, "{mark}  {name}{colon}{detail}")?;
    }
    Ok(out)
}
