//! The conformance kit of the source protocol: runs a program through it and says what does not hold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use cartage_config::{ConfigError, Section};
use cartage_runtime::CancelToken;
use cartage_source_api::{Page, Resume, SourceError, StateChange};
use cartage_state::PipelineState;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::command::ProgramSettings;
use crate::described::Described;
use crate::message::{Dialect, Message, Refused};
use crate::program::Arguments;
use crate::protocol::{Opened, Opening, open};
use crate::request::{ReadRequest, RequestedResource};
use crate::secret_values::secret_values;

/// The name of the source that programs are told.
const SOURCE: &str = "conformance";

/// Checkpoints from which the program is read again.
const CHECKPOINTS: usize = 5;

/// Longest line that is read.
const LINE_BYTES: usize = 64 << 20;

/// Something that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct ConformanceCheck {
    /// What should hold.
    pub name: String,
    /// Whether it does.
    pub passed: bool,
    /// What was seen.
    pub detail: String,
}

/// Runs a program that speaks the source protocol through it: the opening, a full read, a read from some checkpoints, and
/// the ways to stop it. `command` is the program with its arguments, `config` what it is told.
///
/// # Errors
/// If the command is empty. All that the program does wrong is part of the result.
pub fn check_conformance(command: &[String], config: &Value) -> Result<Vec<ConformanceCheck>, ConfigError> {
    let settings: Map<String, Value> = [("command".to_owned(), command.into())].into_iter().collect();
    let secrets = secret_values(config);
    let settings = ProgramSettings::read(&Section::new(settings).named(SOURCE), None, &secrets)?;
    let kit = Kit { settings: Arc::new(settings), config };
    let mut report = Report::default();
    kit.check(&mut report);
    Ok(report.0)
}

#[derive(Default)]
struct Report(Vec<ConformanceCheck>);

impl Report {
    fn add(&mut self, name: &str, outcome: Result<String, String>) -> bool {
        let passed = outcome.is_ok();
        let detail = outcome.unwrap_or_else(|problem| problem);
        self.0.push(ConformanceCheck { name: name.to_owned(), passed, detail });
        passed
    }
}

struct Kit<'a> {
    settings: Arc<ProgramSettings>,
    config: &'a Value,
}

/// What a read has brought.
#[derive(Default)]
struct Seen {
    /// Rows in their order, with the number of their resource.
    rows: Vec<(usize, String)>,
    /// For each checkpoint the number of rows before it, and the state there.
    checkpoints: Vec<(usize, Map<String, Value>)>,
    state: Map<String, Value>,
}

impl Kit<'_> {
    fn check(&self, report: &mut Report) {
        let opened = match self.open() {
            Ok(opened) => opened,
            Err(error) => {
                report.add("says which resources it has", Err(error.to_string()));
                return;
            }
        };
        let resources = opened.resources.clone();
        let names: Vec<&str> = resources.iter().map(|resource| resource.name.as_str()).collect();
        report.add("says which resources it has", Ok(names.join(", ")));
        report.add("ends when its standard input is closed", Self::ends_unread(opened));
        let first = match self.read(&Map::new()) {
            Ok(seen) => seen,
            Err(problem) => {
                report.add("can be read to its end", Err(problem));
                return;
            }
        };
        let counts = format!("{} rows, {} checkpoints", first.rows.len(), first.checkpoints.len());
        report.add("can be read to its end", Ok(counts));
        self.check_checkpoints(report, &resources, &first);
        report.add(
            "can be read with the state of its end",
            self.read(&first.state).and_then(|again| compare_end(&resources, &first.rows, &again.rows)),
        );
        report.add("ends when it is asked to stop", self.stops());
    }

    fn open(&self) -> Result<Opened, SourceError> {
        let opening = Opening {
            pipeline: SOURCE,
            source: SOURCE,
            config: self.config,
            arguments: &Arguments::default(),
        };
        open(&self.settings, &opening)
    }

    fn ends_unread(opened: Opened) -> Result<String, String> {
        let mut protocol = opened.protocol;
        if protocol.close_unread() {
            Ok(String::new())
        } else {
            Err("it had to be killed; end when reading standard input gives its end".to_owned())
        }
    }

    /// Reads all selected resources from a state on.
    fn read(&self, state: &Map<String, Value>) -> Result<Seen, String> {
        let opened = self.open().map_err(|error| error.to_string())?;
        let mut protocol = opened.protocol;
        let request = request(&opened.resources, state);
        let (mut program, mut output) = protocol.begin(&request).map_err(|error| error.to_string())?;
        let mut current = PipelineState::new(SOURCE);
        current.source_state_mut(SOURCE).clone_from(state);
        let mut seen = Seen::default();
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            number += 1;
            let at = |problem: String| format!("line {number} of its output: {problem}");
            match output.line(&mut line, LINE_BYTES) {
                Ok(true) => {}
                Ok(false) => return Err(program.stopped_short("without the message `end`").to_string()),
                Err(error) => return Err(at(error.to_string())),
            }
            let apply = |change: StateChange, current: &mut PipelineState| change.apply(current, SOURCE, "");
            match protocol.message(&line, &mut output) {
                Ok(Message::Row { resource, row, .. }) => {
                    seen.rows.push((resource, String::from_utf8_lossy(row).into_owned()));
                }
                Ok(Message::Pages { resource, pages, .. }) => {
                    for page in &pages {
                        seen.add(resource, page).map_err(at)?;
                    }
                }
                Ok(Message::State { change, .. }) => apply(change, &mut current),
                Ok(Message::Checkpoint(_)) => {
                    let state = current.source_state(SOURCE).cloned().unwrap_or_default();
                    seen.checkpoints.push((seen.rows.len(), state));
                }
                Ok(Message::Warning(_) | Message::Nothing) => {}
                Ok(Message::End) => break,
                Err(Refused::Line(problem)) => return Err(at(problem)),
                Err(Refused::Failed { message, .. }) => return Err(message),
                Err(Refused::Output(error)) => return Err(at(error.to_string())),
            }
        }
        program.finish().map_err(|error| error.to_string())?;
        seen.state = current.source_state(SOURCE).cloned().unwrap_or_default();
        Ok(seen)
    }

    fn check_checkpoints(&self, report: &mut Report, resources: &[Described], first: &Seen) {
        let step = first.checkpoints.len().div_ceil(CHECKPOINTS).max(1);
        for (number, (before, state)) in first.checkpoints.iter().enumerate().step_by(step) {
            let name = format!("goes on from checkpoint {}", number + 1);
            let outcome =
                self.read(state).and_then(|again| compare(resources, &first.rows[*before..], &again.rows));
            if !report.add(&name, outcome) {
                return;
            }
        }
    }

    fn stops(&self) -> Result<String, String> {
        let opened = self.open().map_err(|error| error.to_string())?;
        let mut protocol = opened.protocol;
        let request = request(&opened.resources, &Map::new());
        let (mut program, mut output) = protocol.begin(&request).map_err(|error| error.to_string())?;
        let mut line = Vec::new();
        output.line(&mut line, LINE_BYTES).map_err(|error| error.to_string())?;
        let begun = Instant::now();
        // It may be stopped while it writes, and nobody reads any more.
        drop(output);
        if program.stop() {
            Ok(format!("after {:.1} s", begun.elapsed().as_secs_f64()))
        } else {
            Err("it had to be killed; end when `stop` comes, or when writing to standard output fails"
                .to_owned())
        }
    }
}

impl Seen {
    fn add(&mut self, resource: usize, page: &Page) -> Result<(), String> {
        let json = page.to_json().map_err(|error| error.to_string())?;
        let rows = json.text().split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        for row in rows {
            let row = String::from_utf8(row.to_vec()).map_err(|_| "rows that are not UTF-8".to_owned())?;
            serde_json::from_str::<Map<String, Value>>(&row)
                .map_err(|error| format!("a row that is not a JSON object ({error}): {row}"))?;
            self.rows.push((resource, row));
        }
        Ok(())
    }
}

fn request(resources: &[Described], state: &Map<String, Value>) -> ReadRequest {
    let selected = resources.iter().enumerate().filter(|(_, resource)| resource.selected);
    ReadRequest {
        resources: selected.map(|(number, _)| RequestedResource { number, cursor: None }).collect(),
        state: state.clone(),
        max_row_bytes: LINE_BYTES,
        cancel: CancelToken::default(),
    }
}

/// Whether a read with the state of the end brought no row of the first one again, as most resources with a state promise.
fn compare_end(
    resources: &[Described],
    first: &[(usize, String)],
    again: &[(usize, String)],
) -> Result<String, String> {
    let known: HashSet<&(usize, String)> = first.iter().collect();
    let promises = |number: usize| matches!(resources[number].resume, Resume::AtEnd | Resume::AtEachPage);
    match again.iter().find(|row| promises(row.0) && known.contains(row)) {
        None => Ok(format!("{} rows", again.len())),
        Some((number, row)) => Err(format!(
            "resource `{}` brings this row again, which it promises not to do with the state of its end: {row}",
            resources[*number].name
        )),
    }
}

/// Whether a read from a checkpoint brought the rows that followed it in the first read, as each resource promises.
fn compare(
    resources: &[Described],
    after: &[(usize, String)],
    again: &[(usize, String)],
) -> Result<String, String> {
    for (number, resource) in resources.iter().enumerate() {
        if resource.resume < Resume::NearEachPage {
            continue;
        }
        let mut missing: HashMap<&str, i64> = HashMap::new();
        for (_, row) in after.iter().filter(|(of, _)| *of == number) {
            *missing.entry(row).or_default() += 1;
        }
        for (_, row) in again.iter().filter(|(of, _)| *of == number) {
            *missing.entry(row).or_default() -= 1;
        }
        let name = &resource.name;
        if let Some((row, _)) = missing.iter().find(|(_, count)| **count > 0) {
            return Err(format!(
                "resource `{name}` does not bring this row again, which followed the checkpoint: {row}"
            ));
        }
        if resource.resume == Resume::AtEachPage
            && let Some((row, _)) = missing.iter().find(|(_, count)| **count < 0)
        {
            return Err(format!(
                "resource `{name}` promises `at_checkpoints` and brings this row again, which came before the checkpoint: {row}"
            ));
        }
    }
    Ok(format!("{} rows", again.len()))
}
