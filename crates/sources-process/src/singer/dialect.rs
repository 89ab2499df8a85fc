//! Reading a tap.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_schema::DataType;
use cartage_source_api::{Route, SourceError, StateChange, StateOf};
use serde_json::{Value, json};

use crate::command::ProgramSettings;
use crate::json_schema;
use crate::message::{Dialect, Message, Refused};
use crate::output::Output;
use crate::private_files::PrivateFiles;
use crate::program::{Arguments, Program};
use crate::request::ReadRequest;
use crate::singer::batch;
use crate::singer::catalog::{Catalog, CatalogStream, hints_of};
use crate::singer::known_state::{self, KnownStream};
use crate::singer::message::Said;

/// The key of the source's state that has the value of the last STATE message.
const STATE: &str = "singer_state";

/// The key of a resource's state that has the version of its rows.
const VERSION: &str = "singer_version";

/// The key of a resource's state that says that the state of the source covers it. It goes when the resource is refreshed.
const COVERED: &str = "singer_covered";

/// Longest line in the file of a batch.
const BATCH_LINE_BYTES: usize = 1 << 30;

/// A tap, and what is known of its streams.
pub(super) struct Tap {
    settings: Arc<ProgramSettings>,
    files: PrivateFiles,
    /// The arguments that name the configuration.
    arguments: Vec<String>,
    /// The catalog, and the argument that names it.
    catalog: Option<(Catalog, String)>,
    streams: Vec<Stream>,
    /// Streams by the names that messages have for them.
    numbers: HashMap<String, usize>,
    /// Names that several streams of the catalog have in messages.
    shared_names: HashMap<String, Vec<usize>>,
}

#[expect(clippy::struct_excessive_bools, reason = "each says something else about a stream")]
struct Stream {
    name: String,
    keys: Option<Vec<String>>,
    /// Columns whose types the catalog has said.
    known_columns: Vec<String>,
    /// Types that came with SCHEMA messages.
    types: HashMap<String, DataType>,
    /// Its names in the catalog.
    names: [String; 2],
    has_schema: bool,
    is_replaced: bool,
    /// Whether the tap reads all of it in each run.
    is_full_table: bool,
    /// Whether the state of the tap covers rows that are loaded.
    is_covered: bool,
    /// Where rows go whose keys came with a SCHEMA message.
    route: Option<Arc<Route>>,
    is_wanted: bool,
    /// Whether the tap remembers nothing of an earlier run, and so brings all rows again.
    is_read_anew: bool,
    stored_version: Option<Value>,
    version: Option<Value>,
}

impl Tap {
    pub(super) fn new(
        settings: Arc<ProgramSettings>,
        files: PrivateFiles,
        arguments: Vec<String>,
        catalog: Option<(Catalog, String)>,
        streams: &[CatalogStream],
        replaced: &[bool],
    ) -> Self {
        let mut numbers = HashMap::new();
        for (number, stream) in streams.iter().enumerate() {
            numbers.insert(stream.names[0].clone(), number);
        }
        let mut shared_names = HashMap::new();
        for (number, stream) in streams.iter().enumerate() {
            shared_names.entry(stream.names[1].clone()).or_insert_with(Vec::new).push(number);
        }
        for (name, of_name) in &shared_names {
            if let [number] = of_name.as_slice() {
                numbers.entry(name.clone()).or_insert(*number);
            }
        }
        shared_names.retain(|_, of_name| of_name.len() > 1);
        let streams = streams.iter().zip(replaced).map(|(stream, is_replaced)| Stream {
            name: stream.described.name.clone(),
            keys: stream.keys.clone(),
            known_columns: stream.columns.clone(),
            types: HashMap::new(),
            names: stream.names.clone(),
            has_schema: false,
            is_replaced: *is_replaced,
            is_full_table: stream.is_full_table,
            is_covered: false,
            route: None,
            is_wanted: false,
            is_read_anew: false,
            stored_version: None,
            version: None,
        });
        Self { settings, files, arguments, catalog, streams: streams.collect(), numbers, shared_names }
    }

    fn stream(&self, said: &Said<'_>) -> Result<usize, Refused> {
        let Some(name) = said.stream.as_deref() else {
            return Err(Refused::line(format!("the message {} names no stream", said.kind)));
        };
        if let Some(of_name) = self.shared_names.get(name) {
            let mut wanted = of_name.iter().filter(|number| self.streams[**number].is_wanted);
            return match (wanted.next(), wanted.next()) {
                (Some(number), None) => Ok(*number),
                _ => Err(Refused::line(format!(
                    "{} streams of the catalog are called `{name}` in messages; take one of them a run, with `streams`",
                    of_name.len()
                ))),
            };
        }
        self.numbers.get(name).copied().ok_or_else(|| {
            let known: Vec<&str> = self.streams.iter().map(|stream| stream.name.as_str()).collect();
            Refused::line(format!(
                "the tap writes to the stream `{name}`, which its catalog does not have: {}",
                known.join(", ")
            ))
        })
    }

    /// What the tap is told of its state; nothing in a run from the beginning.
    fn known_state(&self, state: &Value) -> Result<Option<Value>, SourceError> {
        let wanted = self.streams.iter().filter(|stream| stream.is_wanted);
        let wanted: Vec<KnownStream<'_>> = wanted
            .map(|stream| KnownStream {
                names: &stream.names,
                starts_over: stream.is_replaced || !stream.is_covered,
                is_full_table: stream.is_full_table,
            })
            .collect();
        known_state::for_run(state, &wanted).map_err(|reason| SourceError::Unusable {
            input: format!("program `{}`", self.settings.shown),
            reason,
        })
    }

    fn take_schema(&mut self, number: usize, said: Said<'_>) -> Result<(), Refused> {
        let stream = &mut self.streams[number];
        let schema = said.schema.unwrap_or_default();
        stream.has_schema = true;
        for (name, data_type) in json_schema::types_of(&schema) {
            if !stream.known_columns.contains(&name) {
                stream.types.insert(name, data_type);
            }
        }
        let keys = said.key_properties.unwrap_or_default();
        match &stream.keys {
            Some(known) if *known == keys || keys.is_empty() => {}
            Some(known) => {
                return Err(Refused::line(format!(
                    "stream `{}` has the key {keys:?} here, and its catalog says {known:?}; write the catalog anew, or \
                     set `catalog` to a file that is right",
                    stream.name
                )));
            }
            None => {
                let columns = json_schema::columns_of(&schema);
                let hints = hints_of(Some(&keys), None, &columns);
                let hints =
                    hints.map_err(|error| Refused::line(format!("stream `{}`: {error}", stream.name)))?;
                stream.route = Some(Arc::new(Route { table: None, hints: Some(hints) }));
                stream.keys = Some(keys);
            }
        }
        Ok(())
    }

    /// What to say of a stream whose rows come again and do not replace those that are there.
    fn doubled(&mut self, number: usize) -> Option<String> {
        let stream = &mut self.streams[number];
        let is_appended = !stream.is_replaced && stream.keys.as_ref().is_none_or(Vec::is_empty);
        let is_doubled = std::mem::take(&mut stream.is_read_anew) && stream.is_wanted && is_appended;
        is_doubled.then(|| {
            format!(
                "stream `{}` has no key, and the tap remembers nothing of it: if all its rows come again in each run, as they \
                 do with the method FULL_TABLE, they are there several times; set `write_disposition = \"replace\"` on the \
                 resource",
                stream.name
            )
        })
    }

    /// A new version means that all rows of earlier ones are gone, and so does every run of a table that is replaced.
    fn take_version(&mut self, number: usize, version: Option<Value>) -> Result<(), Refused> {
        let stream = &mut self.streams[number];
        let Some(version) = version.filter(|version| !version.is_null()) else { return Ok(()) };
        if stream.version.as_ref().is_some_and(|known| *known != version) {
            return Err(Refused::line(format!(
                "stream `{}` changes its version in the middle of a run, from {} to {version}; run again",
                stream.name,
                stream.version.as_ref().unwrap_or(&Value::Null)
            )));
        }
        if !stream.is_replaced && stream.stored_version.as_ref().is_some_and(|stored| *stored != version) {
            return Err(Refused::line(format!(
                "the tap has begun stream `{0}` anew (version {version}), so that its earlier rows are no more: run with \
                 `--refresh drop_resources --resource {0}`, or set `write_disposition = \"replace\"` on the resource",
                stream.name
            )));
        }
        stream.version = Some(version);
        Ok(())
    }
}

impl Dialect for Tap {
    fn begin(&mut self, request: &ReadRequest) -> Result<(Program, Output), SourceError> {
        let of_resources = request.state.get("resources");
        let bookmarks = request.state.get(STATE).and_then(|state| state.get("bookmarks"));
        for requested in &request.resources {
            let stream = &mut self.streams[requested.number];
            stream.is_wanted = true;
            let bookmark = bookmarks.and_then(|all| all.get(&stream.name)?.as_object());
            stream.is_read_anew = bookmark.is_some_and(serde_json::Map::is_empty);
            let remembered = of_resources.and_then(|all| all.get(&stream.name));
            stream.stored_version = remembered.and_then(|state| state.get(VERSION)).cloned();
            stream.is_covered = remembered.is_some_and(|state| state.get(COVERED).is_some());
        }
        let mut words = self.arguments.clone();
        let wanted: Vec<&str> = self
            .streams
            .iter()
            .filter(|stream| stream.is_wanted)
            .map(|stream| stream.name.as_str())
            .collect();
        if let Some((catalog, argument)) = &mut self.catalog {
            catalog.select(&wanted);
            let path = self.files.write("catalog.json", catalog.document())?;
            words.extend([argument.clone(), path.to_string_lossy().into_owned()]);
        }
        let known = request.state.get(STATE).map(|state| self.known_state(state)).transpose()?.flatten();
        if let Some(state) = known {
            let path = self.files.write("state.json", &state)?;
            words.extend(["--state".to_owned(), path.to_string_lossy().into_owned()]);
        }
        let arguments = Arguments { words, files: Some(self.files.folder()) };
        let (mut program, output) = Program::start(&self.settings, &arguments, &request.cancel)?;
        program.close_input();
        Ok((program, output))
    }

    fn message<'a>(&mut self, line: &'a [u8], _: &mut Output) -> Result<Message<'a>, Refused> {
        if line.trim_ascii().is_empty() {
            return Ok(Message::Nothing);
        }
        let said: Said<'a> = serde_json::from_slice(line).map_err(|error| {
            let text: String = String::from_utf8_lossy(line).chars().take(200).collect();
            Refused::line(format!(
                "this is not a message of the Singer specification ({error}): {text}\nA tap must print nothing else on \
                 its standard output"
            ))
        })?;
        match &*said.kind {
            "RECORD" => {
                let resource = self.stream(&said)?;
                let stream = &self.streams[resource];
                if !stream.has_schema {
                    return Err(Refused::line(format!(
                        "a RECORD of stream `{}` comes before its SCHEMA",
                        stream.name
                    )));
                }
                if !stream.is_wanted {
                    return Ok(Message::Nothing);
                }
                let Some(record) = said.record else {
                    return Err(Refused::line(format!(
                        "a RECORD of stream `{}` has no `record`",
                        stream.name
                    )));
                };
                let route = stream.route.clone();
                if said.version.is_some() {
                    self.take_version(resource, said.version)?;
                }
                Ok(Message::Row { resource, row: record.get().as_bytes(), route })
            }
            "SCHEMA" => {
                let number = self.stream(&said)?;
                self.take_schema(number, said)?;
                Ok(self.doubled(number).map_or(Message::Nothing, Message::Warning))
            }
            "STATE" => {
                let value = said.value.map(|value| serde_json::from_str(value.get())).transpose();
                let value: Option<Value> = value.map_err(|error| Refused::line(error.to_string()))?;
                let change = StateChange::default().set(StateOf::Source, STATE, value.unwrap_or(json!({})));
                let wanted = self.streams.iter().filter(|stream| stream.is_wanted);
                let change = wanted.fold(change, |change, stream| {
                    change.set(StateOf::OtherResource(stream.name.clone()), COVERED, true)
                });
                Ok(Message::Checkpoint(Some((None, change))))
            }
            "ACTIVATE_VERSION" => {
                let number = self.stream(&said)?;
                self.take_version(number, said.version)?;
                let stream = &self.streams[number];
                let Some(version) = stream.version.clone().filter(|_| stream.is_wanted) else {
                    return Ok(Message::Nothing);
                };
                let change = StateChange::default().set(StateOf::Resource, VERSION, version);
                Ok(Message::State { resource: Some(number), change })
            }
            "BATCH" => {
                let resource = self.stream(&said)?;
                let stream = &self.streams[resource];
                let encoding = said.encoding.unwrap_or_default();
                let mut pages = Vec::new();
                for address in &said.manifest {
                    pages.extend(batch::read(address, &encoding, BATCH_LINE_BYTES).map_err(Refused::Line)?);
                }
                if stream.is_wanted {
                    Ok(Message::Pages { resource, pages, route: stream.route.clone() })
                } else {
                    Ok(Message::Nothing)
                }
            }
            other => {
                tracing::debug!(kind = other, "a message of the tap is passed over");
                Ok(Message::Nothing)
            }
        }
    }

    fn column_types(&self, resource: usize) -> Vec<(String, DataType)> {
        let types = self.streams[resource].types.iter();
        types.map(|(name, data_type)| (name.clone(), *data_type)).collect()
    }
}
