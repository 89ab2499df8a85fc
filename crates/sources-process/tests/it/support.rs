//! A folder with programs, and a run that takes their rows as the stage does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cartage_config::{ConfigError, Section};
use cartage_runtime::CancelToken;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::{OpenContext, Page, Resource, SourceError};
use cartage_sources_process::{ProgramSource, ProgramTable};
use cartage_state::PipelineState;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

pub(crate) type Make = fn(&ProgramTable<'_>) -> Result<ProgramSource, ConfigError>;

/// A folder with programs.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// A folder with a program that is this shell script.
    pub(crate) fn with(script: &str) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("program.sh", script);
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The source that the program is, with these keys besides the command.
    pub(crate) fn source(&self, make: Make, keys: Value, listed: Value) -> Result<ProgramSource, String> {
        let mut settings = json!({"command": ["sh", "program.sh"], "working_dir": self.path()});
        settings.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let section = Section::new(settings.as_object().unwrap().clone()).named("sources.test");
        let listed: Vec<(String, ResourceHints)> = listed
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, hints)| (name.clone(), serde_json::from_value(hints.clone()).unwrap()))
            .collect();
        make(&ProgramTable { name: "test", pipeline: "p", section: &section, listed: &listed })
            .map_err(|error| error.to_string())
    }
}

/// What a run has brought.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Rows by resource.
    pub(crate) rows: BTreeMap<String, Vec<Value>>,
    /// The state after all pages.
    pub(crate) state: Map<String, Value>,
    /// Rows so far at each checkpoint, over all resources, and the state there.
    pub(crate) checkpoints: Vec<(usize, Map<String, Value>)>,
    pub(crate) warnings: Vec<String>,
}

/// Reads the selected resources of a source, whose state is this one.
pub(crate) fn take(source: ProgramSource, state: &Map<String, Value>) -> Result<Taken, String> {
    Run::of(source, state).finish().map_err(|error| error.to_string())
}

/// A run that can be looked at in the middle.
pub(crate) struct Run {
    driver: Resource,
    streams: Vec<Resource>,
    state: PipelineState,
    pub(crate) taken: Taken,
    pub(crate) cancel: CancelToken,
}

impl Run {
    pub(crate) fn of(source: ProgramSource, stored: &Map<String, Value>) -> Self {
        let mut resources = source.resources;
        let driver = resources.remove(0);
        let mut state = PipelineState::new("test");
        *state.source_state_mut("test") = stored.clone().into_iter().collect();
        let streams = resources.into_iter().filter(|resource| resource.selected).collect();
        let mut run =
            Self { driver, streams, state, taken: Taken::default(), cancel: CancelToken::default() };
        let context = run.context("program");
        run.driver.producer.open(&context).unwrap();
        for at in 0..run.streams.len() {
            let context = run.context(&run.streams[at].name.clone());
            run.streams[at].producer.open(&context).unwrap();
        }
        run
    }

    fn context(&self, name: &str) -> OpenContext {
        let state = self.state.source_state("test").cloned().unwrap_or_default();
        let mut context = OpenContext::new(1 << 20, self.cancel.clone()).with_state(name, Arc::new(state));
        context.commits_before_end = true;
        context
    }

    /// Takes the next message. False at the end.
    pub(crate) fn step(&mut self) -> Result<bool, SourceError> {
        let Some(message) = self.driver.producer.next_page()? else {
            let warnings = self.streams.iter().map(|stream| stream.producer.warnings());
            self.taken.warnings = warnings.flatten().collect();
            return Ok(false);
        };
        let mut is_checkpoint = false;
        for stream in &mut self.streams {
            stream.producer.take_parent_page(&message)?;
            while let Some(page) = stream.producer.next_page()? {
                let change = stream.producer.take_state_change();
                is_checkpoint |= change.is_checkpoint();
                change.apply(&mut self.state, "test", &stream.name);
                let table = stream.producer.take_route().and_then(|route| route.table.clone());
                let name = table.unwrap_or_else(|| stream.name.clone());
                let rows = self.taken.rows.entry(name).or_default();
                rows.extend(rows_of_page(&page));
            }
        }
        self.taken.state = self.state.source_state("test").cloned().unwrap_or_default();
        if is_checkpoint {
            let rows = self.taken.rows.values().map(Vec::len).sum();
            self.taken.checkpoints.push((rows, self.taken.state.clone()));
        }
        Ok(true)
    }

    pub(crate) fn finish(mut self) -> Result<Taken, SourceError> {
        while self.step()? {}
        Ok(self.taken)
    }

    /// No more rows of a resource are taken.
    pub(crate) fn close(&mut self, name: &str) {
        let stream = self.streams.iter_mut().find(|stream| stream.name == name).unwrap();
        stream.producer.close();
    }
}

pub(crate) fn rows_of_page(page: &Page) -> Vec<Value> {
    let json = page.to_json().unwrap();
    let lines = json.text().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Reads the only resource of a source to its end.
pub(crate) fn rows_of(mut source: ProgramSource) -> Result<Vec<Value>, String> {
    let mut producer = source.resources.remove(0).producer;
    producer.open(&OpenContext::new(1 << 20, CancelToken::default())).unwrap();
    let mut rows = Vec::new();
    while let Some(page) = producer.next_page().map_err(|error| error.to_string())? {
        rows.extend(rows_of_page(&page));
    }
    Ok(rows)
}
