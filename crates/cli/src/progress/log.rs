//! Lines on standard error where there is no terminal: one when a stage ends, and one every few seconds.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cartage_pipeline::size;
use cartage_runtime::{Progress, Stage};

use super::counters::Counters;
use super::machine::Machine;

/// Time between two lines of a stage.
const EVERY: Duration = Duration::from_secs(5);

/// The log of a run.
#[derive(Debug)]
pub(super) struct Lines {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    stages: BTreeMap<Stage, Running>,
    machine: Machine,
}

#[derive(Debug)]
struct Running {
    counters: Counters,
    started: Instant,
    told: Instant,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { inner: Mutex::new(Inner { stages: BTreeMap::new(), machine: Machine::new() }) }
    }
}

impl Inner {
    fn tell(&mut self, stage: Stage, load_id: Option<&str>) {
        let usage = self.machine.usage();
        let Some(running) = self.stages.get_mut(&stage) else { return };
        running.told = Instant::now();
        let elapsed = running.started.elapsed();
        let mut line =
            format!("{stage}: {}, {:.1} s", running.counters.describe(elapsed), elapsed.as_secs_f64());
        if let Some(total) = running.counters.total.filter(|total| *total > 0) {
            line += &format!(", {}%", (running.counters.done * 100 / total).min(100));
        }
        if let Some((cpu, memory)) = usage {
            line += &format!(", CPU {cpu:.0}%, memory {}", size(memory));
        }
        if let Some(load_id) = load_id {
            line += &format!(", package {load_id} done");
        }
        eprintln!("{line}");
    }
}

impl Progress for Lines {
    fn begin(&self, stage: Stage, _load_id: &str, total: Option<u64>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let running =
            Running { counters: Counters { total, ..Counters::default() }, started: now, told: now };
        inner.stages.insert(stage, running);
    }

    fn advance(&self, stage: Stage, _table: &str, rows: u64, bytes: u64, done: u64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = inner.stages.get_mut(&stage) else { return };
        running.counters.add(rows, bytes, done);
        if running.told.elapsed() >= EVERY {
            inner.tell(stage, None);
        }
    }

    fn end(&self, stage: Stage, load_id: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.tell(stage, Some(load_id));
        inner.stages.remove(&stage);
    }
}
