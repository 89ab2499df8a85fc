//! The opening: who the program is, and which resources it has.

use std::io;
use std::sync::Arc;

use cartage_runtime::CancelToken;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::{Resume, RouteScope, SourceError};
use serde_json::Value;

use crate::command::ProgramSettings;
use crate::described::{Described, DescribedSchema};
use crate::program::{Arguments, Program};
use crate::protocol::dialect::Protocol;
use crate::protocol::frame::{Frame, PROTOCOL, Told, failure, hints_of, log};

/// Longest message of the opening.
const LINE_BYTES: usize = 16 << 20;

/// What a program is told first.
pub(crate) struct Opening<'a> {
    pub(crate) pipeline: &'a str,
    pub(crate) source: &'a str,
    pub(crate) config: &'a Value,
    pub(crate) arguments: &'a Arguments,
}

/// A program that has said what it has, and waits to be read.
pub(crate) struct Opened {
    pub(crate) resources: Vec<Described>,
    pub(crate) schema: DescribedSchema,
    pub(crate) protocol: Protocol,
}

/// Starts a program and asks what it has.
///
/// # Errors
/// If it cannot be started, says something wrong, or nothing in time.
pub(crate) fn open(settings: &Arc<ProgramSettings>, opening: &Opening<'_>) -> Result<Opened, SourceError> {
    let (mut program, mut output) = Program::start(settings, opening.arguments, &CancelToken::default())?;
    output.set_idle_timeout(Some(settings.start_timeout));
    let start = Told::Start {
        protocol: PROTOCOL,
        cartage: env!("CARGO_PKG_VERSION"),
        pipeline: opening.pipeline,
        source: opening.source,
        config: opening.config,
    };
    program.send(&start.line())?;
    let mut said =
        Said { schema: DescribedSchema { inherits: true, ..DescribedSchema::default() }, ..Said::default() };
    let mut line = Vec::new();
    let mut number = 0;
    while !said.is_ready {
        number += 1;
        match output.line(&mut line, LINE_BYTES) {
            Ok(true) => {}
            Ok(false) => {
                return Err(program
                    .stopped_short("before the message `ready`, with which it says that it can be read"));
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(program.unusable(
                    "it has not said which resources it has; raise `start_timeout` if it needs longer, and check that \
                     it speaks the source protocol",
                ));
            }
            Err(error) => return Err(program.unusable(&format!("its output cannot be read: {error}"))),
        }
        if let Err(reason) = said.take(&line) {
            let place =
                if said.has_failed { String::new() } else { format!("line {number} of its output: ") };
            return Err(program.unusable(&format!("{place}{reason}")));
        }
    }
    output.set_idle_timeout(settings.idle_timeout);
    let names = said.resources.iter().map(|resource| resource.name.clone()).collect();
    let scopes = said.resources.iter().map(|resource| resource.scope).collect();
    tracing::debug!(program = said.program, resources = said.resources.len(), "the program is ready");
    let protocol = Protocol::new(program, output, names, scopes);
    Ok(Opened { resources: said.resources, schema: said.schema, protocol })
}

/// What a program has said so far.
#[derive(Default)]
struct Said {
    program: Option<String>,
    schema: DescribedSchema,
    resources: Vec<Described>,
    is_ready: bool,
    has_failed: bool,
}

impl Said {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let frame = Frame::parse(line)?;
        match &*frame.kind {
            "error" => {
                self.has_failed = true;
                return Err(failure(&frame));
            }
            "log" => log(&frame),
            "hello" => {
                let version = frame.need("protocol", frame.protocol)?;
                if version != PROTOCOL {
                    return Err(format!(
                        "it speaks version {version} of the source protocol, and this Cartage version {PROTOCOL}"
                    ));
                }
                self.program = Some(frame.program.as_deref().unwrap_or_default().to_owned());
            }
            other if self.program.is_none() => {
                return Err(format!("the first message is `{other}` instead of `hello`"));
            }
            "source" => {
                self.schema = DescribedSchema {
                    inherits: false,
                    schema: frame.schema,
                    max_table_nesting: frame.max_table_nesting,
                    root_key: frame.root_key,
                    schema_contract: frame.schema_contract,
                };
            }
            "resource" => {
                let resource = described(&frame)?;
                if self.resources.iter().any(|known| known.name == resource.name) {
                    return Err(format!("two resources are called `{}`", resource.name));
                }
                self.resources.push(resource);
            }
            "ready" => self.is_ready = true,
            other => return Err(format!("the message `{other}` cannot come before `ready`")),
        }
        Ok(())
    }
}

fn described(frame: &Frame<'_>) -> Result<Described, String> {
    let name = frame.need("name", frame.name.as_deref())?.to_owned();
    let hints = match frame.hints {
        None => ResourceHints::default(),
        Some(hints) => {
            hints_of(hints.get()).map_err(|error| format!("hints of resource `{name}`: {error}"))?
        }
    };
    let scope = match frame.routes.as_deref() {
        None | Some("own_table") => RouteScope::OwnTable,
        Some("other_tables") => RouteScope::OtherTables,
        Some("other_hints") => RouteScope::OtherHints,
        Some(other) => {
            return Err(format!(
                "`routes` of resource `{name}` is `{other}`; it can be `own_table`, `other_tables` or `other_hints`"
            ));
        }
    };
    let resume = match frame.resume.as_deref() {
        None | Some("never") => Resume::Never,
        Some("at_end") => Resume::AtEnd,
        Some("near_checkpoints") => Resume::NearEachPage,
        Some("at_checkpoints") => Resume::AtEachPage,
        Some(other) => {
            return Err(format!(
                "`resume` of resource `{name}` is `{other}`; it can be `never`, `at_end`, `near_checkpoints` or \
                 `at_checkpoints`"
            ));
        }
    };
    Ok(Described { name, hints, selected: frame.selected.unwrap_or(true), scope, resume })
}
