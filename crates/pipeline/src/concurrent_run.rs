//! The three stages running at the same time, each on another package.
//!
//! They hand over nothing but load ids: what one has published wakes the next one up, which opens it on disk.
//! The order of packages is kept. When one stage fails, the others end after the package they are working on; what is
//! published by then stays pending, and the error that came first is that of the run. A package whose data can never
//! be normalized is set aside at the end.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use cartage_destinations_api::Destination;
use cartage_extract::ExtractError;
use cartage_package_store::{LoadId, StageLock};
use cartage_runtime::CancelToken;
use cartage_runtime::threads::start_scoped;

use crate::error::PipelineError;
use crate::extraction::{self, Extraction};
use crate::project::Project;
use crate::report::RunReport;
use crate::set_aside::{self, Aside};
use crate::stages;

/// The right to work as each stage.
pub(crate) struct Locks {
    pub(crate) extract: StageLock,
    pub(crate) normalize: StageLock,
    pub(crate) load: StageLock,
}

/// A run from sources to destination.
pub(crate) struct ConcurrentRun<'a> {
    pub(crate) project: &'a Project,
    pub(crate) locks: &'a Locks,
    pub(crate) destination: &'a dyn Destination,
    /// Set when a stage has failed.
    halt: CancelToken,
    first_error: Mutex<Option<PipelineError>>,
    /// The package that could not be normalized.
    stuck: Mutex<Option<LoadId>>,
}

impl<'a> ConcurrentRun<'a> {
    pub(crate) fn new(project: &'a Project, locks: &'a Locks, destination: &'a dyn Destination) -> Self {
        Self {
            project,
            locks,
            destination,
            halt: CancelToken::default(),
            first_error: Mutex::default(),
            stuck: Mutex::default(),
        }
    }

    /// Extracts, and normalizes and loads what is extracted.
    pub(crate) fn execute(
        self,
        extraction: Extraction<'_>,
        report: &mut RunReport,
    ) -> Result<(), PipelineError> {
        let (published, to_normalize) = channel();
        let (normalized, to_load) = channel();
        let parts = thread::scope(|scope| {
            // When the second is refused, the first hears that there are no packages.
            let normalize = start_scoped(scope, "normalize", || self.normalize(to_normalize, normalized))?;
            let load = start_scoped(scope, "load", || self.load(to_load))?;
            // The other end hears that there are no more packages when `published` is dropped.
            let extraction = extraction.beside_others(published, self.halt.clone());
            let extracted =
                self.part(|part| extraction::extract(self.project, &self.locks.extract, extraction, part));
            Ok::<_, PipelineError>([extracted, join(normalize), join(load)])
        })?;
        for part in parts {
            report.absorb(part);
        }
        let Self { project, first_error, stuck, .. } = self;
        let Some(error) = first_error.into_inner().unwrap_or_else(PoisonError::into_inner) else {
            return Ok(());
        };
        // Only now does nobody extract any more what builds on the package.
        Err(match stuck.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(load_id) => set_aside::if_hopeless(project, Aside::HoldsLock, &load_id, error),
            None => error,
        })
    }

    fn normalize(&self, extracted: Receiver<LoadId>, normalized: Sender<LoadId>) -> RunReport {
        // Moved, so that load hears when there are no more packages.
        self.part(move |part| {
            for load_id in extracted {
                if !self.goes_on()? {
                    break;
                }
                let done = stages::normalize_one(self.project, &self.locks.normalize, &load_id, part);
                if done.is_err() {
                    *self.stuck.lock().unwrap_or_else(PoisonError::into_inner) = Some(load_id.clone());
                }
                if done? {
                    // If nobody listens, load has failed.
                    drop(normalized.send(load_id));
                }
            }
            Ok(())
        })
    }

    fn load(&self, normalized: Receiver<LoadId>) -> RunReport {
        self.part(|part| {
            for load_id in normalized {
                if !self.goes_on()? {
                    break;
                }
                stages::load_one(self.project, &self.locks.load, self.destination, &load_id, part)?;
            }
            Ok(())
        })
    }

    /// Does the work of a stage; what it did counts even if it failed.
    fn part(&self, work: impl FnOnce(&mut RunReport) -> Result<(), PipelineError>) -> RunReport {
        let mut part = RunReport::default();
        if let Err(error) = work(&mut part) {
            let mut first = self.first_error.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error);
            self.halt.cancel();
        }
        part
    }

    /// Whether another package may be begun. Where the user has asked to stop there is one left to do, and the run
    /// must not count as done.
    fn goes_on(&self) -> Result<bool, PipelineError> {
        if self.project.runtime.cancel.is_cancelled() {
            return Err(ExtractError::Cancelled.into());
        }
        Ok(!self.halt.is_cancelled())
    }
}

fn join(stage: ScopedJoinHandle<'_, RunReport>) -> RunReport {
    stage.join().unwrap_or_else(|panic| resume_unwind(panic))
}
