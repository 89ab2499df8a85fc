//! All stages in one process, and each stage alone.

use std::time::Instant;

use cartage_destinations_api::{Connector, Destination};
use cartage_package_store::{Folder, Package};
use cartage_runtime::Stage;
use cartage_source_api::Source;

use crate::concurrent_run::{ConcurrentRun, Locks};
use crate::dev_mode;
use crate::error::PipelineError;
use crate::extract_options::ExtractOptions;
use crate::extraction::{self, Extraction};
use crate::interrupted_run::{self, Interrupted};
use crate::project::Project;
use crate::report::{RunReport, Target};
use crate::restore;
use crate::set_aside::Aside;
use crate::source_input::SourceInput;
use crate::stages;
use crate::trace;

/// What a user says on the command line about a run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// What is said about the extract stage.
    pub extract: ExtractOptions,
    /// Whether plain appends that an interrupted run had extracted are extracted again.
    pub extract_again: bool,
}

impl Project {
    /// Extracts, normalizes and loads.
    ///
    /// Pending packages are finished first. Then every resource is extracted that cannot double: a plain
    /// append that an interrupted run had already extracted is left out and reported. What is extracted is
    /// normalized and loaded while more is extracted.
    ///
    /// # Errors
    /// The first error of a stage. Whatever was published stays, and the next run continues from there; but a package
    /// whose data can never be normalized is set aside ([`PipelineError::SetAside`]).
    pub fn run(&self, options: &RunOptions, connector: Connector<'_>) -> Result<RunReport, PipelineError> {
        self.run_offers(|| SourceInput::configured(&self.config), options, connector)
    }

    /// Does the same with sources that a program hands over, instead of those of the configuration.
    ///
    /// # Errors
    /// As for [`Project::run`].
    pub fn run_sources(
        &self,
        sources: Vec<Source>,
        options: &RunOptions,
        connector: Connector<'_>,
    ) -> Result<RunReport, PipelineError> {
        self.run_offers(|| Ok(SourceInput::handed(sources)), options, connector)
    }

    fn run_offers<'a>(
        &'a self,
        inputs: impl FnOnce() -> Result<Vec<SourceInput<'a>>, PipelineError>,
        options: &RunOptions,
        connector: Connector<'_>,
    ) -> Result<RunReport, PipelineError> {
        dev_mode::begin(self)?;
        let _run = self.store.lock_run(self.wait)?;
        let locks = Locks {
            extract: stages::lock(self, Stage::Extract)?,
            normalize: stages::lock(self, Stage::Normalize)?,
            load: stages::lock(self, Stage::Load)?,
        };
        let report = self.traced(|run_id, report| {
            let destination = self.connect(connector)?;
            report.target = Some(target(&*destination));
            report.warnings.extend(restore::from_destination(self, &*destination)?);
            self.note_pending(report)?;
            let refresh = extraction::refresh(self, &options.extract);
            let earlier = if options.extract_again {
                Interrupted::default()
            } else {
                interrupted_run::interrupted(self, &options.extract, refresh)?
            };
            interrupted_run::begin(self, run_id, &earlier, &options.extract, refresh)?;
            stages::normalize(self, &locks.normalize, Aside::HoldsLock, report)?;
            stages::load(self, &locks.load, &*destination, report)?;
            let extraction = Extraction::new(inputs()?, &options.extract, &earlier, run_id);
            ConcurrentRun::new(self, &locks, &*destination).execute(extraction, report)
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
        self.extract_offers(|| SourceInput::configured(&self.config), options)
    }

    /// Extracts sources that a program hands over.
    ///
    /// # Errors
    /// As for [`Project::extract`].
    pub fn extract_sources(
        &self,
        sources: Vec<Source>,
        options: &ExtractOptions,
    ) -> Result<RunReport, PipelineError> {
        self.extract_offers(|| Ok(SourceInput::handed(sources)), options)
    }

    fn extract_offers<'a>(
        &'a self,
        inputs: impl FnOnce() -> Result<Vec<SourceInput<'a>>, PipelineError>,
        options: &ExtractOptions,
    ) -> Result<RunReport, PipelineError> {
        dev_mode::begin(self)?;
        let lock = stages::lock(self, Stage::Extract)?;
        self.traced(|run_id, report| {
            let earlier = Interrupted::default();
            let extraction = Extraction::new(inputs()?, options, &earlier, run_id);
            extraction::extract(self, &lock, extraction, report)
        })
    }

    /// Normalizes all extracted packages.
    ///
    /// # Errors
    /// That of the stage. The package stays extracted, unless its data can never be normalized: then it is set aside.
    pub fn normalize(&self) -> Result<RunReport, PipelineError> {
        dev_mode::leave(self)?;
        let lock = stages::lock(self, Stage::Normalize)?;
        self.traced(|_, report| {
            self.note_pending(report)?;
            stages::normalize(self, &lock, Aside::TakesLock, report)
        })
    }

    /// Loads all normalized packages.
    ///
    /// # Errors
    /// That of the stage; the package stays pending.
    pub fn load(&self, connector: Connector<'_>) -> Result<RunReport, PipelineError> {
        dev_mode::leave(self)?;
        let lock = stages::lock(self, Stage::Load)?;
        self.traced(|_, report| {
            let destination = self.connect(connector)?;
            report.target = Some(target(&*destination));
            self.note_pending(report)?;
            stages::load(self, &lock, &*destination, report)
        })
    }

    /// Does the work with a new run id, and keeps a trace of it, also of a failure.
    pub(crate) fn traced(
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
        if let Err(PipelineError::SetAside(aside)) = &done {
            aside.note(&mut report);
        }
        trace::keep(self, &report, started_at, begin.elapsed(), done.as_ref().err());
        done.map(|()| report)
    }

    /// Notes the packages that earlier runs left.
    fn note_pending(&self, report: &mut RunReport) -> Result<(), PipelineError> {
        for folder in [Folder::Normalized, Folder::Extracted] {
            for load_id in self.store.list(folder)? {
                let read = |package: &Package| Ok(package.manifest().schema_name.clone());
                let Some(schema) = self.read_pending(folder, &load_id, read)? else { continue };
                report.package(load_id.as_str(), &schema, folder).was_pending = true;
            }
        }
        Ok(())
    }
}

pub(crate) fn target(destination: &dyn Destination) -> Target {
    let description = destination.description();
    Target {
        destination: description.destination_type,
        location: description.location,
        dataset: description.dataset,
        look: description.look,
    }
}
