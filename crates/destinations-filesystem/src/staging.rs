//! [`WithStaging`]: files are put below a folder first, and the database reads them from there.
//!
//! The staging place has the layout of any other dataset, without schemas, states and loads. A file is there once,
//! however often its job is repeated. What complete loads left is removed before the next load of the same tables,
//! or at the end of the own load; files of a load that is in flight, of whichever pipeline, are left alone.
//!
//! None of the databases that are there reads buckets by itself. Where the place is one, they load the file of the
//! package once the bucket has it: `put` has made sure that both hold the same bytes.

use cartage_destinations_api::{
    Capabilities, ConnectRequest, DatasetReader, Description, Destination, Error, Job, JobFile, JobOutcome,
    LoadCommit, LoadInFlight, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Preview, Probe, Result, Staging,
    StateSync,
};

use crate::config::Place;
use crate::file_name::holds;
use crate::filesystem::Filesystem;
use crate::ledger::{BEGUN, InFlight};
use crate::store::step;

/// A database that reads its files from a staging place.
#[derive(Debug)]
pub struct WithStaging {
    database: Box<dyn Destination>,
    files: Filesystem,
}

impl WithStaging {
    /// Puts the staging place of `request` in front of `database`.
    ///
    /// # Errors
    /// Invalid if the settings cannot be, or the database cannot read files from there.
    pub fn connect(request: &ConnectRequest, database: Box<dyn Destination>) -> Result<Self> {
        let files = Filesystem::connect(request)?;
        let known = database.capabilities();
        if known.files.staging_formats.is_empty() {
            return Err(Error::invalid(format!(
                "{} does not read files of a staging place",
                known.destination
            ))
            .with_remedy("leave 'staging' out of [pipeline]"));
        }
        Ok(Self { database, files })
    }

    /// Removes what earlier loads of the same tables left.
    fn clean(&self, plan: &LoadPlan) -> Result<()> {
        let in_flight = InFlight::all(&self.files.store)?;
        for table in &plan.tables {
            let mut files = self.files.files(&plan.schema, &table.name)?;
            files.retain(|file| !in_flight.iter().any(|load| holds(file, &load.load_id)));
            self.files.store.delete(&files)?;
        }
        Ok(())
    }

    /// Removes what a load has put there.
    fn remove_own(&self, commit: &LoadCommit) -> Result<()> {
        for table in commit.schema.tables.keys() {
            let mut files = self.files.files(&commit.schema, table)?;
            files.retain(|file| holds(file, &commit.key.load_id));
            self.files.store.delete(&files)?;
        }
        Ok(())
    }
}

impl Destination for WithStaging {
    fn description(&self) -> Description {
        self.database.description()
    }

    fn capabilities(&self) -> &Capabilities {
        self.database.capabilities()
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        self.database.load_status(load)
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let prepared = self.database.prepare_load(plan)?;
        self.files.storage_version()?;
        let own = InFlight::of(&plan.key);
        for load in InFlight::all(&self.files.store)? {
            // The database has taken over from other loads of the pipeline.
            if load.pipeline == step(&plan.key.pipeline) && load != own {
                load.forget(&self.files.store)?;
            }
        }
        own.record(&self.files.store, BEGUN, b"")?;
        if self.files.config.truncate_before_load {
            self.clean(plan)?;
        }
        Ok(prepared)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        Ok(Box::new(StagedJob { place: self, plan, job }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.database.complete_load(commit)?;
        let own = if self.files.config.keep_staged_files { Ok(()) } else { self.remove_own(commit) };
        let own = own.and_then(|()| InFlight::of(&commit.key).forget(&self.files.store));
        if let Err(error) = own.and_then(|()| self.files.store.sweep()) {
            // The load is complete; the next one tidies up.
            tracing::debug!(%error, "the staging place could not be tidied up");
        }
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        let files = self.files.probes().into_iter().map(|probe| probe.of("staging"));
        self.database.probes().into_iter().chain(files).collect()
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        self.database.loads_in_flight()
    }

    fn staging(&self) -> Option<&dyn Staging> {
        self.database.staging()
    }

    fn preview(&self) -> Option<&dyn Preview> {
        self.database.preview()
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        self.database.state_sync()
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        self.database.reader()
    }
}

/// A file that goes to the staging place and from there into the database.
struct StagedJob<'a> {
    place: &'a WithStaging,
    plan: &'a LoadPlan,
    job: &'a JobFile,
}

impl Job for StagedJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { place, plan, job } = *self;
        let name = place.files.name_of(plan, job)?;
        place.files.put(&name, job)?;
        let mut staged = job.clone();
        if matches!(place.files.config.place, Place::Local(_)) {
            staged.path = place.files.store.url(&name).into();
        }
        place.database.open_job(plan, &staged)?.run()
    }
}
