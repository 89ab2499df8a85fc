//! A bar a stage on a terminal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cartage_runtime::{Progress, Stage};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::counters::Counters;

/// Time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(120);

/// Bars below each other, in the order in which stages begin.
#[derive(Debug)]
pub(super) struct Bars {
    lines: MultiProgress,
    stages: Mutex<BTreeMap<Stage, Line>>,
}

#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    counters: Counters,
    started: Instant,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { lines: MultiProgress::new(), stages: Mutex::new(BTreeMap::new()) }
    }

    fn line(&self, stage: Stage) -> Line {
        // Prefix and style come before the bar is shown, so that nothing else flashes up.
        let bar = ProgressBar::no_length().with_prefix(stage.to_string());
        let line = Line { bar, counters: Counters::default(), started: Instant::now() };
        line.style();
        self.lines.add(line.bar.clone());
        line.bar.enable_steady_tick(TICK);
        line
    }
}

impl Line {
    fn show(&self) {
        self.bar.set_position(self.counters.done);
        self.bar.set_message(self.counters.describe(self.started.elapsed()));
    }

    fn style(&self) {
        let template = if self.counters.total.is_some() {
            "{prefix:<10} {bar:28} {percent:>3}%  {msg}"
        } else {
            "{prefix:<10} {spinner:28}       {msg}"
        };
        // The templates are constants, so a mistake in them shows in the first run.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        if let Some(total) = self.counters.total {
            self.bar.set_length(total);
        }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, _load_id: &str, total: Option<u64>) {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let line = stages.entry(stage).or_insert_with(|| self.line(stage));
        if let Some(total) = total {
            line.counters.total = Some(line.counters.done + total);
        }
        if line.bar.is_finished() {
            line.bar.reset();
            line.bar.enable_steady_tick(TICK);
        }
        line.style();
        line.show();
    }

    fn advance(&self, stage: Stage, _table: &str, rows: u64, bytes: u64, done: u64) {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = stages.get_mut(&stage) {
            line.counters.add(rows, bytes, done);
            line.show();
        }
    }

    fn end(&self, stage: Stage, _load_id: &str) {
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = stages.get(&stage) {
            line.show();
            let message = line.bar.message();
            line.bar.finish_with_message(message);
        }
    }
}
