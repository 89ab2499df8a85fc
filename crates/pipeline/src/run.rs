//! All stages in one process, and each stage alone.

use std::time::Instant;

use cartage_destinations_api::{Connector, Destination};
use cartage_package_store::Folder;
use cartage_runtime::Stage;

use crate::error::PipelineError;
use crate::marker;
use crate::project::Project;
use crate::report::{RunReport, Target};
use crate::restore;
use crate::stages::{self, ExtractOptions};
use crate::trace;

/// What a user says on the command line about a run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// About extracting.
    pub extract: ExtractOptions,
    /// Whether plain appends that an interrupted run had extracted are extracted again.
    pub extract_again: bool,
}

impl Project {
    /// Extracts, normalizes and loads.
    ///
    /// Pending packages are finished first. Then every resource is extracted that cannot double: a plain
    /// append that an interrupted run had already extracted is left out and reported.
    ///
    /// # Errors
    /// The first error of a stage. Whatever was published stays, and the next run goes on from there.
    pub fn run(&self, options: &RunOptions, connector: Connector<'_>) -> Result<RunReport, PipelineError> {
        let _run = self.store.lock_run(self.wait)?;
        let extract = stages::lock(self, Stage::Extract)?;
        let normalize = stages::lock(self, Stage::Normalize)?;
        let load = stages::lock(self, Stage::Load)?;
        let report = self.traced(|run_id, report| {
            let destination = self.connect(connector)?;
            report.target = Some(target(&*destination));
            report.warnings.extend(restore::from_destination(self, &*destination)?);
            self.note_pending(report)?;
            let left_out = if options.extract_again { Vec::new() } else { marker::extracted_already(self)? };
            marker::begin(self, run_id, &left_out)?;
            stages::normalize(self, &normalize, report)?;
            stages::load(self, &load, &*destination, report)?;
            stages::extract(self, &extract, &options.extract, &left_out, run_id, report)?;
            stages::normalize(self, &normalize, report)?;
            stages::load(self, &load, &*destination, report)
        })?;
        // The last act, after the destination is closed and the trace is kept: a process that dies before it
        // is an interrupted run, and one that dies after it has nothing left to do.
        self.store.documents().end_run()?;
        Ok(report)
    }

    /// Extracts all sources into packages.
    ///
    /// # Errors
    /// That of the stage; nothing is published of the source that failed.
    pub fn extract(&self, options: &ExtractOptions) -> Result<RunReport, PipelineError> {
        let lock = stages::lock(self, Stage::Extract)?;
        self.traced(|run_id, report| stages::extract(self, &lock, options, &[], run_id, report))
    }

    /// Normalizes all extracted packages.
    ///
    /// # Errors
    /// That of the stage; the package stays extracted.
    pub fn normalize(&self) -> Result<RunReport, PipelineError> {
        let lock = stages::lock(self, Stage::Normalize)?;
        self.traced(|_, report| {
            self.note_pending(report)?;
            stages::normalize(self, &lock, report)
        })
    }

    /// Loads all normalized packages.
    ///
    /// # Errors
    /// That of the stage; the package stays pending.
    pub fn load(&self, connector: Connector<'_>) -> Result<RunReport, PipelineError> {
        let lock = stages::lock(self, Stage::Load)?;
        self.traced(|_, report| {
            let destination = self.connect(connector)?;
            report.target = Some(target(&*destination));
            self.note_pending(report)?;
            stages::load(self, &lock, &*destination, report)
        })
    }

    /// Does the work with a new run id, and keeps a trace of it, also of a failure.
    fn traced(
        &self,
        work: impl FnOnce(&str, &mut RunReport) -> Result<(), PipelineError>,
    ) -> Result<RunReport, PipelineError> {
        let run_id = format!("{:016x}", self.runtime.random.next_u64());
        let started_at = self.runtime.clock.now();
        let begin = Instant::now();
        let mut report = RunReport {
            pipeline: self.config.pipeline.name.clone(),
            run_id: run_id.clone(),
            ..RunReport::default()
        };
        let done = work(&run_id, &mut report);
        trace::keep(self, &report, started_at, begin.elapsed(), done.as_ref().err());
        done.map(|()| report)
    }

    /// Notes the packages that earlier runs left.
    fn note_pending(&self, report: &mut RunReport) -> Result<(), PipelineError> {
        for folder in [Folder::Normalized, Folder::Extracted] {
            for load_id in self.store.list(folder)? {
                let package = self.store.open_package(folder, &load_id)?;
                let entry = report.package(load_id.as_str(), &package.manifest().schema_name);
                entry.state = folder.to_string();
                entry.was_pending = true;
            }
        }
        Ok(())
    }
}

fn target(destination: &dyn Destination) -> Target {
    let description = destination.description();
    Target {
        destination: description.destination_type,
        location: description.location,
        dataset: description.dataset,
        look: description.look,
    }
}
