//! [`WithStaging`]: files are put to a place first, and the destination behind it reads them from there.
//!
//! An engine whose capabilities name the scheme of the place is handed URLs ([`FilePlace::Staged`]). Others are handed
//! local files: those of a place that lies on this machine, else those of the package, which hold the same bytes.
//! Databases in this repository that read URLs are warehouses.
//!
//! The order keeps what is needed: files come before the job that reads them and go after the commit. What a process
//! that died in between has left goes with the next load of the pipeline.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::capabilities::Capabilities;
use crate::destination::{
    DatasetReader, Description, Destination, Job, JobOutcome, LoadCommit, LoadStatus, PreparedLoad, Preview,
    Staging, StateSync,
};
use crate::error::{Error, Result};
use crate::files::{FilePlace, JobFile, StagedAccess};
use crate::load_key::LoadKey;
use crate::plan::LoadPlan;
use crate::probe::Probe;
use crate::script::SqlScript;
use crate::stored::LoadInFlight;

/// A place for files between packages and a destination, which may be asked for the same thing again after a crash.
///
/// The order of one load is: [`begin`](Self::begin), any number of [`put`](Self::put) concurrently,
/// [`end`](Self::end). Names of files derive from the load and the job and are the same in each attempt.
pub trait StagingPlace: fmt::Debug + Send + Sync {
    /// With what its URLs begin, such as `s3`.
    fn scheme(&self) -> &str;

    /// Where the file of a job is, or will be once it is put there.
    ///
    /// # Errors
    /// Invalid if the file can have no name there.
    fn locate(&self, plan: &LoadPlan, job: &JobFile) -> Result<PlacedFile>;

    /// Begins a load, once the destination has prepared it: loads of the pipeline that it has taken over from are
    /// forgotten, and what they and earlier loads left is removed, unless the place is configured to keep it.
    ///
    /// # Errors
    /// Transient or terminal; a part of it may be done.
    fn begin(&self, plan: &LoadPlan) -> Result<()>;

    /// Puts the file of a job where [`locate`](Self::locate) says. It is there whole or not at all; where it is there
    /// already, of an earlier attempt, nothing happens.
    ///
    /// # Errors
    /// Transient or terminal; a place that replaces no files fails for good where another one has its name.
    fn put(&self, plan: &LoadPlan, job: &JobFile) -> Result<()>;

    /// Ends a load that the destination has recorded as complete: its files are removed, unless the place is
    /// configured to keep them. What cannot be removed now is left to the next load, since this one is complete
    /// already.
    fn end(&self, commit: &LoadCommit);

    /// What a load needs of the place, as for [`Destination::probes`].
    fn probes(&self) -> Vec<Probe<'_>> {
        Vec::new()
    }
}

/// A file at a [`StagingPlace`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlacedFile {
    /// Address with the scheme of the place, such as `s3://bucket/..`.
    pub url: String,
    /// What an engine needs to read it.
    pub access: StagedAccess,
    /// Its path, where the place lies on this machine.
    pub local: Option<PathBuf>,
}

impl PlacedFile {
    /// A file that engines read with `access`.
    pub fn new(url: impl Into<String>, access: StagedAccess) -> Self {
        Self { url: url.into(), access, local: None }
    }

    /// Says where it is on this machine.
    #[must_use]
    pub fn with_local(mut self, path: impl Into<PathBuf>) -> Self {
        self.local = Some(path.into());
        self
    }
}

/// A destination with a staging place in front of it.
#[derive(Debug)]
pub struct WithStaging<'p> {
    destination: Box<dyn Destination + 'p>,
    place: Box<dyn StagingPlace + 'p>,
    /// Whether the engine reads files of the place by itself.
    reads_urls: bool,
    /// Files, by load id and job, of jobs that run at the destination: they are there, so they are not looked for.
    in_use: Mutex<HashMap<(String, String), FilePlace>>,
}

impl<'p> WithStaging<'p> {
    /// Puts `place` in front of `destination`.
    ///
    /// # Errors
    /// Invalid if the destination loads no files of staging places.
    pub fn new(destination: Box<dyn Destination + 'p>, place: Box<dyn StagingPlace + 'p>) -> Result<Self> {
        let known = destination.capabilities();
        if known.files.staging_formats.is_empty() {
            return Err(Error::invalid(format!(
                "{} does not read files of a staging place",
                known.destination
            ))
            .with_remedy("leave 'staging' out of [pipeline]"));
        }
        let reads_urls = known.files.staging_schemes.iter().any(|scheme| scheme == place.scheme());
        Ok(Self { destination, place, reads_urls, in_use: Mutex::default() })
    }

    /// The file as the destination is handed it.
    fn staged(&self, plan: &LoadPlan, job: &JobFile) -> Result<FilePlace> {
        let placed = self.place.locate(plan, job)?;
        Ok(match placed.local {
            _ if self.reads_urls => FilePlace::Staged { url: placed.url, access: placed.access },
            Some(path) => FilePlace::Local(path),
            None => job.place.clone(),
        })
    }

    fn check_format(&self, job: &JobFile) -> Result<()> {
        let known = self.destination.capabilities();
        let formats = &known.files.staging_formats;
        if formats.contains(&job.format) {
            return Ok(());
        }
        let named: Vec<&str> = formats.iter().map(|format| format.as_str()).collect();
        Err(Error::invalid(format!(
            "{} does not load {} files from a staging place",
            known.destination, job.format
        ))
        .with_remedy(format!("use one of {}, or leave 'staging' out of [pipeline]", named.join(", "))))
    }

    /// The place of a file that a job is using at the destination; it is forgotten here.
    fn take_in_use(&self, plan: &LoadPlan, job: &JobFile) -> Option<FilePlace> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.remove(&(plan.key.load_id.clone(), job.id.clone()))
    }

    fn keep_in_use(&self, plan: &LoadPlan, job: &JobFile, place: FilePlace) {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.insert((plan.key.load_id.clone(), job.id.clone()), place);
    }
}

impl Destination for WithStaging<'_> {
    fn description(&self) -> Description {
        self.destination.description()
    }

    fn capabilities(&self) -> &Capabilities {
        self.destination.capabilities()
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        self.destination.load_status(load)
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let prepared = self.destination.prepare_load(plan)?;
        self.place.begin(plan)?;
        Ok(prepared)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.check_format(job)?;
        // Refuses what the destination refuses before anything is put anywhere.
        drop(self.destination.open_job(plan, &job.clone().at(self.staged(plan, job)?))?);
        Ok(Box::new(StagedJob { staging: self, plan, job }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.destination.complete_load(commit)?;
        self.place.end(commit);
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        let place = self.place.probes().into_iter().map(|probe| probe.of("staging"));
        self.destination.probes().into_iter().chain(place).collect()
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        self.destination.loads_in_flight()
    }

    fn staging(&self) -> Option<&dyn Staging> {
        self.destination.staging()
    }

    fn preview(&self) -> Option<&dyn Preview> {
        let preview = self.destination.preview()?;
        Some(if self.reads_urls { self } else { preview })
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        self.destination.state_sync()
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        self.destination.reader()
    }
}

impl WithStaging<'_> {
    /// Lets `show` see the statements of a load with the addresses that its files will have.
    fn previewed<T>(
        &self,
        plan: &LoadPlan,
        jobs: &[JobFile],
        show: impl FnOnce(&dyn Preview, &[JobFile]) -> Result<T>,
    ) -> Result<T> {
        let preview = self.destination.preview().ok_or_else(|| {
            Error::invalid(format!("{} shows no statements", self.capabilities().destination))
        })?;
        let staged = jobs.iter().map(|job| Ok(job.clone().at(self.staged(plan, job)?)));
        show(preview, &staged.collect::<Result<Vec<_>>>()?)
    }
}

impl Preview for WithStaging<'_> {
    fn statements(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        self.previewed(plan, jobs, |preview, jobs| preview.statements(plan, jobs))
    }

    fn compares(&self) -> bool {
        self.destination.preview().is_some_and(Preview::compares)
    }

    fn statements_now(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        self.previewed(plan, jobs, |preview, jobs| preview.statements_now(plan, jobs))
    }
}

/// A file that goes to the staging place and from there into the destination.
struct StagedJob<'a> {
    staging: &'a WithStaging<'a>,
    plan: &'a LoadPlan,
    job: &'a JobFile,
}

impl Job for StagedJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { staging, plan, job } = *self;
        let place = if let Some(place) = staging.take_in_use(plan, job) {
            place
        } else {
            staging.place.put(plan, job)?;
            staging.staged(plan, job)?
        };
        let staged = job.clone().at(place);
        let outcome = staging.destination.open_job(plan, &staged)?.run()?;
        if matches!(outcome, JobOutcome::Running(_)) {
            staging.keep_in_use(plan, job, staged.place);
        }
        Ok(outcome)
    }
}
