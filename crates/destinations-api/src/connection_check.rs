//! What a destination can be asked before a load: whether it can be reached and written to, and what is there.
//!
//! A destination says what it needs as [`Probe`]s; [`check_connection`] tries them in order, and then lists what is there through
//! the same abilities that loads use.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::destination::{DatasetReader, Destination};
use crate::error::{Error, Result};
use crate::probe::Probe;
use crate::stored::LoadInFlight;
use crate::system::{LOADS_TABLE, STATE_TABLE};

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The attempt succeeded.
    Ok,
    /// The attempt failed.
    Failed,
    /// It was not tried, because one before it failed.
    Skipped,
}

/// One probe that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProbeReport {
    /// What a load needs.
    pub needs: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen, or what went wrong.
    pub detail: String,
    /// What the user can do, where something went wrong.
    pub remedy: Option<String>,
}

/// A load that is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CompleteLoad {
    /// Load id of the load.
    pub load_id: String,
    /// Name of its schema.
    pub schema: String,
    /// When it was recorded, as the destination shows it.
    pub recorded_at: Option<String>,
}

/// A pipeline that keeps its state at the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StoredPipeline {
    /// Name of the pipeline.
    pub name: String,
    /// Version of its newest state.
    pub state_version: u64,
    /// The load that brought it.
    pub load_id: String,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inventory {
    /// Tables of the dataset, dlt's own among them; none where there is no dataset yet.
    pub tables: Vec<String>,
    /// Number of complete loads.
    pub loads: usize,
    /// The last of them.
    pub last_load: Option<CompleteLoad>,
    /// Pipelines with a state, by name.
    pub pipelines: Vec<StoredPipeline>,
    /// Loads that were begun and not completed, of whichever pipeline.
    pub in_flight: Vec<LoadInFlight>,
}

/// What was tried and found.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct ConnectionCheck {
    /// The probes in order.
    pub steps: Vec<ProbeReport>,
    /// What is there; `None` where it cannot be read, or nothing is kept.
    pub found: Option<Inventory>,
    /// The error of the step that failed.
    #[serde(skip)]
    pub failure: Option<Error>,
}

/// Tries what a load needs, and lists what is there.
pub fn check_connection(destination: &dyn Destination) -> ConnectionCheck {
    let mut check = ConnectionCheck { steps: Vec::new(), found: None, failure: None };
    for probe in destination.probes() {
        check.make(probe);
    }
    if let Some(reader) = destination.reader() {
        let mut found = None;
        check.make(Probe::new("read", || {
            let stock = inventory(destination, reader)?;
            let seen = if stock.tables.is_empty() {
                "the dataset is empty or not there yet"
            } else {
                "existing data can be read"
            };
            found = Some(stock);
            Ok(seen.to_owned())
        }));
        check.found = found;
    }
    check
}

impl ConnectionCheck {
    fn make(&mut self, probe: Probe<'_>) {
        let Probe { needs, attempt } = probe;
        if self.failure.is_some() {
            let detail = "not tried, because a step before it failed".to_owned();
            self.steps.push(ProbeReport { needs, outcome: Outcome::Skipped, detail, remedy: None });
            return;
        }
        match attempt() {
            Ok(detail) => self.steps.push(ProbeReport { needs, outcome: Outcome::Ok, detail, remedy: None }),
            Err(error) => {
                let remedy = error.remedy().map(str::to_owned);
                self.steps.push(ProbeReport {
                    needs,
                    outcome: Outcome::Failed,
                    detail: error.to_string(),
                    remedy,
                });
                self.failure = Some(error);
            }
        }
    }
}

fn inventory(destination: &dyn Destination, reader: &dyn DatasetReader) -> Result<Inventory> {
    let mut tables = reader.tables()?;
    tables.sort();
    let mut found = Inventory { tables, in_flight: destination.loads_in_flight()?, ..Inventory::default() };
    found.in_flight.sort();
    for row in rows(reader, &found.tables, LOADS_TABLE)? {
        if row.get("status").is_some_and(|status| status != "0") {
            continue;
        }
        let text = |column: &str| row.get(column).cloned();
        let load = CompleteLoad {
            load_id: text("load_id").unwrap_or_default(),
            schema: text("schema_name").unwrap_or_default(),
            recorded_at: text("inserted_at"),
        };
        found.loads += 1;
        if found.last_load.as_ref().is_none_or(|last| load.load_id > last.load_id) {
            found.last_load = Some(load);
        }
    }
    found.pipelines = pipelines(&rows(reader, &found.tables, STATE_TABLE)?);
    Ok(found)
}

type Row = BTreeMap<String, String>;

/// The rows of a table by column; none where there is no such table.
fn rows(reader: &dyn DatasetReader, tables: &[String], table: &str) -> Result<Vec<Row>> {
    if !tables.iter().any(|name| name == table) {
        return Ok(Vec::new());
    }
    let columns = reader.columns(table)?;
    let named = |cells: Vec<Option<String>>| {
        let cells = columns.iter().zip(cells);
        cells.filter_map(|((name, _), cell)| Some((name.clone(), cell?))).collect()
    };
    Ok(reader.rows(table)?.into_iter().map(named).collect())
}

fn pipelines(states: &[Row]) -> Vec<StoredPipeline> {
    let mut newest: BTreeMap<String, StoredPipeline> = BTreeMap::new();
    for row in states {
        let text = |column: &str| row.get(column).cloned().unwrap_or_default();
        let state = StoredPipeline {
            name: text("pipeline_name"),
            state_version: text("version").parse().unwrap_or_default(),
            load_id: text("_dlt_load_id"),
        };
        let known = newest.entry(state.name.clone()).or_insert_with(|| state.clone());
        if state.state_version > known.state_version {
            *known = state;
        }
    }
    newest.into_values().collect()
}
