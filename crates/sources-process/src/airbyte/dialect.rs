//! Reading a connector.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_source_api::{SourceError, StateChange, StateOf};
use serde_json::{Value, json};

use crate::airbyte::catalog::CatalogStream;
use crate::airbyte::message::{Descriptor, Said, Trace};
use crate::airbyte::rewritten_config::RewrittenConfig;
use crate::command::ProgramSettings;
use crate::message::{Dialect, Message, Refused};
use crate::output::Output;
use crate::private_files::PrivateFiles;
use crate::program::{Arguments, Program};
use crate::request::ReadRequest;

/// The key of a resource's state that has its last STATE message, or of the source's with one for all streams.
const STATE: &str = "airbyte_state";

/// The key of a resource's state that says that a state for all streams covers it. It goes when the resource is refreshed.
const COVERED: &str = "airbyte_covered";

/// A connector, and what is known of its streams.
pub(super) struct Connector {
    pub(super) settings: Arc<ProgramSettings>,
    pub(super) files: PrivateFiles,
    /// The arguments that name the configuration.
    pub(super) arguments: Vec<String>,
    /// The configuration of the user, and where that of the connector is kept.
    pub(super) config: Value,
    pub(super) rewritten: RewrittenConfig,
    pub(super) streams: Vec<CatalogStream>,
    pub(super) numbers: HashMap<(String, Option<String>), usize>,
    /// Records of each stream since its last STATE.
    pub(super) records: Vec<u64>,
    pub(super) is_wanted: Vec<bool>,
}

impl Connector {
    fn number(&self, name: &str, namespace: Option<&str>) -> Result<usize, Refused> {
        let exact = self.numbers.get(&(name.to_owned(), namespace.map(str::to_owned)));
        let found = exact.copied().or_else(|| {
            // Some connectors leave the namespace out here and there.
            let mut same = (0..self.streams.len()).filter(|number| self.streams[*number].name == name);
            same.next().filter(|_| same.next().is_none())
        });
        found.ok_or_else(|| {
            let known: Vec<&str> = self.streams.iter().map(|stream| stream.described.name.as_str()).collect();
            Refused::line(format!(
                "there is no stream `{name}` in its catalog, which has {}",
                known.join(", ")
            ))
        })
    }

    fn number_of(&self, descriptor: &Descriptor) -> Result<usize, Refused> {
        self.number(&descriptor.name, descriptor.namespace.as_deref())
    }

    /// A state with what it covers.
    fn state(&mut self, mut state: Value) -> Result<Message<'static>, Refused> {
        let kind = state.get("type").and_then(Value::as_str).unwrap_or("LEGACY").to_owned();
        let told = state.pointer("/sourceStats/recordCount").and_then(Value::as_f64);
        if let Value::Object(map) = &mut state {
            map.retain(|key, _| !matches!(key.as_str(), "sourceStats" | "destinationStats" | "id"));
        }
        let change = StateChange::default();
        if kind != "STREAM" {
            let came: u64 = self.records.iter().sum();
            check_count(told, came, "all streams")?;
            self.records.fill(0);
            let wanted = self.streams.iter().zip(&self.is_wanted).filter(|(_, is_wanted)| **is_wanted);
            let change = wanted.fold(change.set(StateOf::Source, STATE, state), |change, (stream, _)| {
                change.set(StateOf::OtherResource(stream.described.name.clone()), COVERED, true)
            });
            return Ok(Message::Checkpoint(Some((None, change))));
        }
        let descriptor = state.pointer("/stream/stream_descriptor").cloned();
        let descriptor: Option<Descriptor> = descriptor.and_then(|found| serde_json::from_value(found).ok());
        let descriptor = descriptor.ok_or_else(|| Refused::line("a STATE names no stream"))?;
        let number = self.number_of(&descriptor)?;
        let came = std::mem::take(&mut self.records[number]);
        check_count(told, came, &format!("stream `{}`", descriptor.name))?;
        let change = change.set(StateOf::Resource, STATE, state);
        if !self.is_wanted[number] {
            return Ok(Message::Nothing);
        }
        Ok(Message::Checkpoint(Some((Some(number), change))))
    }

    fn trace(&self, trace: Trace) -> Result<Message<'static>, Refused> {
        if let Some(error) = trace.error {
            let resource = error.stream_descriptor.as_ref().and_then(|found| self.number_of(found).ok());
            let resource = resource.filter(|number| self.is_wanted[*number]);
            return Err(Refused::Failed { resource, message: error.text() });
        }
        match trace.stream_status {
            Some(status) if status.status == "INCOMPLETE" => {
                // Its error comes later, or the exit code tells.
                let name = status.stream_descriptor.map(|found| found.name).unwrap_or_default();
                tracing::warn!("stream `{name}` ends incomplete");
            }
            Some(status) => tracing::debug!(status = status.status, "status of a stream"),
            None => tracing::debug!(kind = trace.kind, "a trace of the connector"),
        }
        Ok(Message::Nothing)
    }

    /// The last STATE messages of the streams that take part, as connectors take them. Streams that begin at the beginning,
    /// because their tables are replaced or were emptied, have none.
    fn known_state(&self, request: &ReadRequest) -> Result<Vec<Value>, SourceError> {
        let of_resources = request.state.get("resources");
        let remembered =
            |stream: &CatalogStream, key: &str| of_resources?.get(&stream.described.name)?.get(key).cloned();
        let wanted = || request.resources.iter().map(|requested| &self.streams[requested.number]);
        let global = request.state.get(STATE).cloned();
        let of_all = match global {
            None => None,
            Some(state) => {
                let anew: Vec<&CatalogStream> = wanted()
                    .filter(|stream| !stream.is_incremental || remembered(stream, COVERED).is_none())
                    .collect();
                self.without(state, &anew, wanted().count())?
            }
        };
        let of_streams =
            wanted().filter(|stream| stream.is_incremental).filter_map(|stream| remembered(stream, STATE));
        Ok(of_all.into_iter().chain(of_streams).collect())
    }

    /// A state for all streams without those that begin at the beginning.
    fn without(
        &self,
        mut state: Value,
        anew: &[&CatalogStream],
        wanted: usize,
    ) -> Result<Option<Value>, SourceError> {
        if anew.is_empty() {
            return Ok(Some(state));
        }
        if anew.len() == wanted {
            return Ok(None);
        }
        let is_anew = |entry: &Value| {
            let name = entry.pointer("/stream_descriptor/name").and_then(Value::as_str);
            anew.iter().any(|stream| Some(stream.name.as_str()) == name)
        };
        match state.pointer_mut("/global/stream_states") {
            Some(Value::Array(entries)) => {
                entries.retain(|entry| !is_anew(entry));
                Ok(Some(state))
            }
            _ => Err(SourceError::Unusable {
                input: format!("program `{}`", self.settings.shown),
                reason: format!(
                    "stream `{}` must be read from the beginning, because its table is replaced or was emptied or it is new, \
                     and the connector keeps one state for all streams, which cannot be divided: run with `--refresh \
                     drop_sources` to read all of them again, or make a source of this stream alone",
                    anew[0].name
                ),
            }),
        }
    }
}

/// Rows that were lost on the way would be passed over by the next run.
fn check_count(told: Option<f64>, came: u64, what: &str) -> Result<(), Refused> {
    match told {
        Some(told) if (told - came as f64).abs() > 0.5 => Err(Refused::line(format!(
            "a STATE says that {told} records of {what} came since the one before it, and there were {came}"
        ))),
        _ => Ok(()),
    }
}

impl Dialect for Connector {
    fn begin(&mut self, request: &ReadRequest) -> Result<(Program, Output), SourceError> {
        for requested in &request.resources {
            self.is_wanted[requested.number] = true;
        }
        let wanted = request.resources.iter().map(|requested| self.streams[requested.number].configured());
        let catalog = json!({"streams": wanted.collect::<Vec<_>>()});
        let catalog = self.files.write("catalog.json", &catalog)?;
        let mut words = vec!["read".to_owned()];
        words.extend(self.arguments.iter().cloned());
        words.extend(["--catalog".to_owned(), catalog.to_string_lossy().into_owned()]);
        let state = self.known_state(request)?;
        if !state.is_empty() {
            let path = self.files.write("state.json", &Value::Array(state))?;
            words.extend(["--state".to_owned(), path.to_string_lossy().into_owned()]);
        }
        let arguments = Arguments { words, files: Some(self.files.folder()) };
        let (mut program, output) = Program::start(&self.settings, &arguments, &request.cancel)?;
        program.close_input();
        Ok((program, output))
    }

    fn message<'a>(&mut self, line: &'a [u8], _: &mut Output) -> Result<Message<'a>, Refused> {
        let said: Said<'a> = match serde_json::from_slice(line) {
            Ok(said) => said,
            Err(error) if line.starts_with(b"{\"type\"") => {
                return Err(Refused::line(format!("a message of the connector cannot be read: {error}")));
            }
            // Lines of a log, which some connectors print here.
            Err(_) => {
                tracing::info!("{}", String::from_utf8_lossy(line));
                return Ok(Message::Nothing);
            }
        };
        let kind = said.kind.clone();
        match (&*kind, said) {
            ("RECORD", Said { record: Some(record), .. }) => {
                let resource = self.number(&record.stream, record.namespace.as_deref())?;
                self.records[resource] += 1;
                if !self.is_wanted[resource] {
                    return Ok(Message::Nothing);
                }
                Ok(Message::Row { resource, row: record.data.get().as_bytes(), route: None })
            }
            ("STATE", Said { state: Some(state), .. }) => self.state(state),
            ("TRACE", Said { trace: Some(trace), .. }) => self.trace(trace),
            ("LOG", Said { log: Some(log), .. }) => {
                log.pass_on();
                Ok(Message::Nothing)
            }
            ("CONTROL", Said { control: Some(control), .. }) => {
                if let Some(config) = control.connector_config {
                    self.rewritten.store(&self.config, config.config).map_err(|error| {
                        Refused::line(format!(
                            "the connector has rewritten its configuration, which cannot be kept: {error}"
                        ))
                    })?;
                }
                Ok(Message::Nothing)
            }
            (other, _) => {
                tracing::debug!(kind = other, "a message of the connector is passed over");
                Ok(Message::Nothing)
            }
        }
    }
}
