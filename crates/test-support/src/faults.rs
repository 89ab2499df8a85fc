//! When a file system stops to work: the plan, and the count of the steps so far.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is to go wrong. Only operations that change something are steps; they count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// No step fails.
    #[default]
    Undisturbed,
    /// This many steps work; then the process is dead, and nothing works any more.
    CutAfter(usize),
    /// The step of this number fails with this error; everything else works.
    FailAt(usize, io::ErrorKind),
    /// From the step of this number on there is no space for anything new.
    FullFrom(usize),
}

/// What kind of change a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It needs space.
    Grow,
    /// It needs none.
    Other,
}

/// A plan on its way.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    plan: Plan,
    steps: AtomicUsize,
}

impl Faults {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan, steps: AtomicUsize::new(0) }
    }

    /// Number of steps that were tried.
    pub(crate) fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }

    /// To be asked before each change.
    pub(crate) fn step(&self, change: Change) -> io::Result<()> {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        match self.plan {
            Plan::CutAfter(steps) if step >= steps => Err(dead()),
            Plan::FailAt(at, kind) if step == at => Err(io::Error::new(kind, "injected")),
            Plan::FullFrom(from) if step >= from && change == Change::Grow => {
                Err(io::Error::new(io::ErrorKind::StorageFull, "injected"))
            }
            _ => Ok(()),
        }
    }

    /// To be asked before each look: the dead see nothing.
    pub(crate) fn look(&self) -> io::Result<()> {
        match self.plan {
            Plan::CutAfter(steps) if self.steps() > steps => Err(dead()),
            _ => Ok(()),
        }
    }
}

fn dead() -> io::Error {
    io::Error::other("injected: the process has ended")
}
