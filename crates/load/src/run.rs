//! One package from the first look to its place in `loaded/`.

use std::sync::Arc;

use cartage_destinations_api::{
    Capabilities, Destination, Error as DestinationError, LoadCommit, LoadKey, LoadPlan, LoadStatus,
    PreparedLoad,
};
use cartage_package_store::{
    JobState, LoadId, LockedJobs, Normalized, Package, PackageStore, PublishedPackage, StageLock,
};
use cartage_runtime::{Runtime, Stage};
use cartage_schema::Schema;
use indexmap::IndexMap;

use crate::base_state::base_state;
use crate::commit::write_back;
use crate::error::{LoadError, refused, store_error};
use crate::handoff::Handoff;
use crate::job::LoadJob;
use crate::plan::{PlanInput, make};
use crate::report::{JobFailure, LoadReport, TableReport};
use crate::schedule::Schedule;
use crate::settings::LoadSettings;

/// What [`run`] needs.
#[derive(Clone, Copy, Debug)]
pub struct LoadRequest<'a> {
    /// The packages of the pipeline.
    pub store: &'a PackageStore,
    /// The right to load; held until the end.
    pub lock: &'a StageLock,
    /// The package in `normalized/`. It must be the oldest one there: packages build on one another.
    pub load_id: &'a LoadId,
    /// Where the rows go.
    pub destination: &'a dyn Destination,
    /// Settings of the load stage.
    pub settings: &'a LoadSettings,
    /// Clock, randomness, progress, cancellation.
    pub runtime: &'a Runtime,
}

/// Loads one package. After an error, or a crash, running again continues where this one ended.
///
/// # Errors
/// See [`LoadError`]; the package stays in `normalized/`, and the error's kind says whether the
/// destination may have been written to.
pub fn run(request: LoadRequest<'_>) -> Result<LoadReport, LoadError> {
    let span = tracing::info_span!("load", load_id = %request.load_id);
    let _inside = span.enter();
    let begun = request.runtime.clock.unix_micros();
    let load = Load::open(&request)?;
    let mut report = load.execute()?;
    report.seconds = (request.runtime.clock.unix_micros() - begun) as f64 / 1e6;
    Ok(report)
}

/// The plan of a package: what it brings, and what the destination makes of it.
pub(crate) fn plan_of(
    package: &Package,
    jobs: &[LoadJob],
    capabilities: &Capabilities,
    now_micros: i64,
) -> Result<LoadPlan, LoadError> {
    let load_id = package.load_id();
    let document: Arc<str> = package.schema_json().map_err(store_error(load_id))?.into();
    let schema = Schema::from_json(&document)
        .map_err(|source| LoadError::Schema { load_id: load_id.to_string(), source: Box::new(source) })?;
    let key = LoadKey {
        pipeline: package.manifest().pipeline.clone(),
        schema: schema.name.clone(),
        load_id: load_id.to_string(),
    };
    let ingredients = PlanInput {
        key,
        schema: Arc::new(schema),
        schema_document: document,
        jobs,
        handoff: Handoff::of(&package.manifest().settings),
        capabilities,
        now_micros,
    };
    make(ingredients).map_err(|source| refused(load_id, "plan the jobs", source))
}

/// A verified package with its possible plan.
struct Load<'a> {
    request: &'a LoadRequest<'a>,
    package: PublishedPackage<Normalized>,
    jobs: Vec<LoadJob>,
    plan: LoadPlan,
}

impl<'a> Load<'a> {
    /// Everything that can be wrong is found here, before the first effect.
    fn open(request: &'a LoadRequest<'a>) -> Result<Self, LoadError> {
        let load_id = request.load_id;
        let store = store_error(load_id);
        let package = request.store.open_package(Normalized, load_id).map_err(&store)?;
        package.lock_jobs(request.lock).map_err(&store)?;
        package.verify().map_err(&store)?;
        let jobs = LoadJob::all(&package)?;
        let now_micros = request.runtime.clock.unix_micros();
        let mut plan = plan_of(&package, &jobs, request.destination.capabilities(), now_micros)?;
        if request.settings.check_state {
            plan.base = base_state(request.store, load_id)?;
        }
        Ok(Self { request, package, jobs, plan })
    }

    fn execute(mut self) -> Result<LoadReport, LoadError> {
        let status =
            self.with_retries("ask for the status", || self.request.destination.load_status(&self.plan.key))?;
        let mut prepared = PreparedLoad::default();
        if status == LoadStatus::Complete {
            // A process that died behind the commit may have left what it cleans up there.
            self.complete()?;
        } else {
            self.stop_if_cancelled()?;
            if status == LoadStatus::New {
                self.start_afresh()?;
            }
            let total = self.jobs.len() as u64;
            self.request.runtime.progress.begin(Stage::Load, &self.plan.key.load_id, Some(total));
            prepared = self
                .with_retries("prepare the tables", || self.request.destination.prepare_load(&self.plan))?;
            for warning in &prepared.warnings {
                tracing::warn!("{warning}");
            }
            self.run_jobs()?;
            self.complete()?;
            self.request.runtime.progress.end(Stage::Load, &self.plan.key.load_id);
        }
        let resumed = status != LoadStatus::New;
        let report = self.report(prepared, resumed);
        write_back(
            self.request.store,
            self.package,
            self.request.lock,
            &self.jobs,
            self.request.settings.delete_completed_jobs,
        )?;
        Ok(report)
    }

    /// Jobs that an earlier attempt had loaded are new again where the destination has nothing of this load:
    /// its dataset was dropped, or another machine has taken over and removed the rows.
    fn start_afresh(&mut self) -> Result<(), LoadError> {
        let store = store_error(self.request.load_id);
        let locked = self.package.lock_jobs(self.request.lock).map_err(&store)?;
        for job in self.jobs.iter_mut().filter(|job| job.state == JobState::Completed) {
            tracing::warn!(job = %job.name, "the destination has lost what this job had loaded, it runs again");
            locked.redo(&job.name).map_err(&store)?;
            job.state = JobState::New;
        }
        Ok(())
    }

    fn stop_if_cancelled(&self) -> Result<(), LoadError> {
        if !self.request.runtime.cancel.is_cancelled() {
            return Ok(());
        }
        let pending = self.jobs.iter().filter(|job| !job.is_settled()).count();
        Err(LoadError::Cancelled { load_id: self.plan.key.load_id.clone(), pending, total: self.jobs.len() })
    }

    fn run_jobs(&mut self) -> Result<(), LoadError> {
        for job in self.jobs.iter().filter(|job| job.is_settled()) {
            self.request.runtime.progress.advance(Stage::Load, &job.table, job.rows, job.bytes, 1);
        }
        let locked = self.package.lock_jobs(self.request.lock);
        let schedule = Schedule {
            package: &self.package,
            locked: locked.map_err(store_error(self.request.load_id))?,
            destination: self.request.destination,
            plan: &self.plan,
            settings: self.request.settings,
            runtime: self.request.runtime,
            jobs: &mut self.jobs,
        };
        schedule.run()
    }

    fn complete(&self) -> Result<(), LoadError> {
        // The destination forgets which jobs it has with the commit.
        let locked = self.package.lock_jobs(self.request.lock);
        locked.and_then(LockedJobs::sync).map_err(store_error(self.request.load_id))?;
        let mut commit = LoadCommit::of(&self.plan, self.request.runtime.clock.unix_micros());
        if self.request.settings.truncate_staging_dataset {
            commit.empty_staged = self.plan.chains.iter().flat_map(|chain| chain.tables.clone()).collect();
        }
        self.with_retries("record the end", || self.request.destination.complete_load(&commit))
    }

    fn with_retries<T>(
        &self,
        doing: &str,
        work: impl FnMut() -> Result<T, DestinationError>,
    ) -> Result<T, LoadError> {
        let settings = self.request.settings;
        settings
            .retry
            .retry(
                settings.raise_on_max_retries.get(),
                self.request.runtime,
                DestinationError::is_retryable,
                work,
            )
            .map_err(|source| refused(self.request.load_id, doing, source))
    }

    fn report(&self, prepared: PreparedLoad, resumed: bool) -> LoadReport {
        let mut tables: IndexMap<String, TableReport> = IndexMap::new();
        let order = self.package.manifest().files.iter().map(|file| file.table.as_str());
        for table in order {
            tables.entry(table.to_owned()).or_default();
        }
        let mut failed_jobs = Vec::new();
        for job in &self.jobs {
            if job.state == JobState::Failed {
                failed_jobs.push(JobFailure {
                    job: job.name.to_string(),
                    table: job.table.clone(),
                    rows: job.rows,
                    reason: job.reason.clone().unwrap_or_default(),
                });
                continue;
            }
            let table = tables.entry(job.table.clone()).or_default();
            table.rows += job.rows;
            table.jobs += 1;
            table.bytes += job.bytes;
        }
        LoadReport {
            load_id: self.plan.key.load_id.clone(),
            schema_name: self.plan.schema.name.clone(),
            destination: self.request.destination.description(),
            tables,
            failed_jobs,
            created_tables: prepared.created,
            added_columns: prepared.added,
            warnings: prepared.warnings,
            resumed,
            seconds: 0.0,
        }
    }
}
