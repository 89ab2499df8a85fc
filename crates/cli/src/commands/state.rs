//! `state show`, `state set` and `state reset`.

use std::fmt::{self, Write};

use cartage_destinations_api::Connector;
use cartage_pipeline::{PipelineError, StateEdit, StateScope, StateView};
use cartage_state::StatePath;
use serde_json::Value;

use super::pending::Again;
use super::show;
use crate::args::Format;
use crate::config::Start;
use crate::failure::Failure;
use crate::manage_args::{ScopeArgs, StateCommand, StateSetArgs};

pub(super) fn state(
    start: &Start<'_>,
    command: &StateCommand,
    connector: Connector<'_>,
) -> Result<(), Failure> {
    let format = start.global.format;
    match command {
        StateCommand::Show(args) => {
            let view = start.look(&args.file.file)?.state(&scope(&args.scope))?;
            show(format, &view, || text(&view))
        }
        StateCommand::Set(args) => {
            let (path, value) = parse(args)?;
            let project = start.open(start.config(&args.file.file)?)?;
            let change = project.set_state(&scope(&args.scope), &path, value, connector);
            tell(&change.map_err(|error| Again::File(&args.file.file).after(&project, error))?, format)
        }
        StateCommand::Reset(args) => {
            let project = start.open(start.config(&args.file.file)?)?;
            let change = project.reset_state(&scope(&args.scope), connector);
            tell(&change.map_err(|error| Again::File(&args.file.file).after(&project, error))?, format)
        }
    }
}

fn scope(args: &ScopeArgs) -> StateScope {
    StateScope { source: args.source.clone(), resource: args.resource.clone() }
}

fn parse(args: &StateSetArgs) -> Result<(StatePath, Value), PipelineError> {
    let path = args.path.parse().map_err(|error: cartage_state::PathError| PipelineError::Usage {
        message: error.to_string(),
        remedy: "write names with dots between them, as `cartage state show` does".to_owned(),
    })?;
    let value = serde_json::from_str(&args.value).map_err(|error| PipelineError::Usage {
        message: format!("{} is not a JSON value: {error}", args.value),
        remedy: format!("a text needs quotes, which must be protected from the shell: '\"{}\"'", args.value),
    })?;
    Ok((path, value))
}

fn text(view: &StateView) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let Some(version) = view.version else {
        writeln!(out, "pipeline {} has no state yet", view.pipeline)?;
        return Ok(out);
    };
    let hash = view.version_hash.as_deref().unwrap_or_default();
    writeln!(out, "state of pipeline {}, version {version}, hash {hash}", view.pipeline)?;
    if let Some(package) = &view.pending_package {
        writeln!(out, "  from package {package}, which is pending")?;
    }
    let mut lines = Vec::new();
    leaves(&mut Vec::new(), &view.state, &mut lines);
    for (path, value) in lines.iter().filter(|(path, _)| !path.starts_with('_')) {
        writeln!(out, "  {path} = {value}")?;
    }
    Ok(out)
}

/// Every value that is not an object, with its path.
fn leaves(way: &mut Vec<String>, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                way.push(key.clone());
                leaves(way, value, lines);
                way.pop();
            }
        }
        Value::Null => {}
        other => lines.push((StatePath::of(way.iter().map(String::as_str)).to_string(), readable(other))),
    }
}

/// A value without the characters that mark the type of a text.
fn readable(value: &Value) -> String {
    value.to_string().chars().filter(|c| !('\u{f026}'..='\u{f02f}').contains(c)).collect()
}

fn tell(change: &StateEdit, format: Format) -> Result<(), Failure> {
    show(format, change, || {
        let mut out = String::new();
        for value in &change.values {
            let old = value.old.as_ref().map_or_else(|| "nothing".to_owned(), readable);
            match &value.new {
                Some(new) => writeln!(out, "{}: {} (was {old})", value.path, readable(new))?,
                None => writeln!(out, "{}: forgotten (was {old})", value.path)?,
            }
        }
        match (&change.load_id, change.version) {
            (Some(load_id), Some(version)) => writeln!(out, "state version {version}, load {load_id}")?,
            _ => writeln!(out, "the state was already like this")?,
        }
        Ok(out)
    })
}
