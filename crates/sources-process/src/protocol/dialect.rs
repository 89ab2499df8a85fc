//! Reading a program that speaks the source protocol.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_source_api::{CursorRange, JsonPage, Page, Route, RouteScope, SourceError, StateChange, StateOf};
use serde_json::{Map, json};

use crate::message::{Dialect, Message, Refused};
use crate::output::Output;
use crate::private_files::PrivateFiles;
use crate::program::Program;
use crate::protocol::columns;
use crate::protocol::frame::{Frame, Limit, Told, failure, hints_of, log};
use crate::protocol::typed_rows;
use crate::request::ReadRequest;

/// A program that was opened.
pub(crate) struct Protocol {
    running: Option<(Program, Output)>,
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    scopes: Vec<RouteScope>,
    /// How messages name the rows of each resource, and how many there were.
    rows: Vec<(Arc<str>, u64)>,
    /// Routes by what the program wrote: most rows go where the last ones did.
    routes: HashMap<(Option<String>, Option<String>), Arc<Route>>,
    max_row_bytes: usize,
    is_at_end: bool,
}

impl Protocol {
    pub(crate) fn new(program: Program, output: Output, names: Vec<String>, scopes: Vec<RouteScope>) -> Self {
        let rows = names.iter().map(|name| (format!("rows of `{name}`").into(), 0)).collect();
        let numbers = names.iter().enumerate().map(|(number, name)| (name.clone(), number)).collect();
        Self {
            running: Some((program, output)),
            names,
            numbers,
            scopes,
            rows,
            routes: HashMap::new(),
            max_row_bytes: usize::MAX,
            is_at_end: false,
        }
    }

    /// Keeps files that the program may read until it has ended.
    pub(crate) fn keep(&mut self, files: PrivateFiles) {
        if let Some((program, _)) = &mut self.running {
            program.keep(files);
        }
    }

    /// Ends a program that is not read. False if it had to be killed.
    pub(crate) fn close_unread(&mut self) -> bool {
        self.running.as_mut().is_none_or(|(program, _)| program.close())
    }

    fn number(&self, frame: &Frame<'_>) -> Result<usize, Refused> {
        let name = frame.need("resource", frame.resource.as_deref()).map_err(Refused::Line)?;
        self.numbers.get(name).copied().ok_or_else(|| {
            Refused::line(format!("there is no resource `{name}`; it has {}", self.names.join(", ")))
        })
    }

    fn route(&mut self, resource: usize, frame: &Frame<'_>) -> Result<Option<Arc<Route>>, Refused> {
        let needed = match (&frame.table, &frame.hints) {
            (None, None) => return Ok(None),
            (Some(_), None) => RouteScope::OtherTables,
            (_, Some(_)) => RouteScope::OtherHints,
        };
        let name = &self.names[resource];
        if self.scopes[resource] < needed {
            let (what, routes) = match needed {
                RouteScope::OtherHints => ("hints", "other_hints"),
                _ => ("a table", "other_tables"),
            };
            return Err(Refused::line(format!(
                "rows of resource `{name}` bring {what}, which it has not announced; say `\"routes\": \"{routes}\"` in its \
                 `resource` message"
            )));
        }
        let key =
            (frame.table.as_deref().map(str::to_owned), frame.hints.map(|hints| hints.get().to_owned()));
        if let Some(route) = self.routes.get(&key) {
            return Ok(Some(Arc::clone(route)));
        }
        let hints = frame.hints.map(|hints| hints_of(hints.get())).transpose();
        let hints = hints.map_err(|error| Refused::line(format!("hints of rows of `{name}`: {error}")))?;
        let route = Arc::new(Route { table: key.0.clone(), hints });
        self.routes.insert(key, Arc::clone(&route));
        Ok(Some(route))
    }

    /// The pages of a `rows` message.
    fn pages(
        &mut self,
        resource: usize,
        frame: &Frame<'_>,
        output: &mut Output,
    ) -> Result<Vec<Page>, Refused> {
        let bytes = frame.need("bytes", frame.bytes).map_err(Refused::Line)?;
        let payload = typed_rows::payload(output, bytes).map_err(Refused::Output)?;
        match frame.format.as_deref() {
            None | Some("jsonl") => self.page(resource, payload),
            Some("columns") => {
                let lines = columns::lines(&payload, typed_rows::PAYLOAD_BYTES).map_err(Refused::line)?;
                self.page(resource, lines)
            }
            Some("arrow") if bytes == 0 => Ok(vec![Page::Json(JsonPage::default())]),
            Some("arrow") => typed_rows::arrow(&payload).map_err(Refused::Line),
            Some(other) => Err(Refused::line(format!(
                "rows have the format `{other}`; it can be `jsonl`, `columns` or `arrow`"
            ))),
        }
    }

    /// Rows of a resource as a page, from lines of JSON.
    fn page(&mut self, resource: usize, lines: Vec<u8>) -> Result<Vec<Page>, Refused> {
        let (source, rows) = &mut self.rows[resource];
        let page = typed_rows::json_lines(lines, source, *rows + 1, self.max_row_bytes);
        let page = page.map_err(Refused::Line)?;
        *rows += page.rows();
        Ok(vec![page])
    }
}

impl Dialect for Protocol {
    fn begin(&mut self, request: &ReadRequest) -> Result<(Program, Output), SourceError> {
        let running = self.running.take();
        let (mut program, mut output) =
            running.ok_or_else(|| SourceError::Config("the program was read already".to_owned()))?;
        output.set_cancel(request.cancel.clone());
        self.max_row_bytes = request.max_row_bytes;
        let mut cursors = Map::new();
        let mut resources = Vec::new();
        for requested in &request.resources {
            let name = self.names[requested.number].as_str();
            resources.push(name);
            if let Some(CursorRange { initial, start, end }) = &requested.cursor {
                cursors.insert(name.to_owned(), json!({"start": start, "initial": initial, "end": end}));
            }
        }
        let read = Told::Read { resources, state: &request.state, cursors, limit: Limit::default() };
        program.send(&read.line())?;
        Ok((program, output))
    }

    fn message<'a>(&mut self, line: &'a [u8], output: &mut Output) -> Result<Message<'a>, Refused> {
        let frame = Frame::parse(line).map_err(Refused::Line)?;
        match &*frame.kind {
            "row" => {
                let resource = self.number(&frame)?;
                let row = frame.need("row", frame.row).map_err(Refused::Line)?.get().as_bytes();
                Ok(Message::Row { resource, row, route: self.route(resource, &frame)? })
            }
            "rows" => {
                let resource = self.number(&frame)?;
                let route = self.route(resource, &frame)?;
                let pages = self.pages(resource, &frame, output)?;
                Ok(Message::Pages { resource, pages, route })
            }
            "state" => {
                let of = match &frame.resource {
                    Some(name) => {
                        self.number(&frame)?;
                        StateOf::OtherResource(name.clone().into_owned())
                    }
                    None => StateOf::Source,
                };
                let set = frame.set.unwrap_or_default();
                if of == StateOf::Source && set.contains_key("resources") {
                    return Err(Refused::line("the state of resources is set with the key `resource`"));
                }
                let set = set.into_iter();
                let change = set
                    .fold(StateChange::default(), |change, (key, value)| change.set(of.clone(), key, value));
                let removed = frame.remove.unwrap_or_default().into_iter();
                let change = removed.fold(change, |change, key| change.remove(of.clone(), key));
                Ok(Message::State { resource: None, change })
            }
            "checkpoint" => Ok(Message::Checkpoint(None)),
            "log" => {
                log(&frame);
                Ok(Message::Nothing)
            }
            "warning" => {
                let text = frame.need("message", frame.message.as_deref()).map_err(Refused::Line)?;
                let of = frame.resource.as_deref().map(|name| format!("resource `{name}`: "));
                Ok(Message::Warning(format!("{}{text}", of.unwrap_or_default())))
            }
            "done" => {
                self.number(&frame)?;
                Ok(Message::Nothing)
            }
            "error" => {
                let resource = frame.resource.as_deref().and_then(|name| self.numbers.get(name).copied());
                Err(Refused::Failed { resource, message: failure(&frame) })
            }
            "end" => {
                self.is_at_end = true;
                Ok(Message::End)
            }
            other => Err(Refused::line(format!("the type of message `{other}` is unknown"))),
        }
    }

    fn end(&mut self) -> Result<(), &'static str> {
        if self.is_at_end { Ok(()) } else { Err("without the message `end`, so rows may be missing") }
    }

    fn can_stop(&self) -> bool {
        true
    }
}
