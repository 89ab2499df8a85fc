//! Changes of schema and state that no source makes. They go the way of data: into a package without rows,
//! which is loaded at once. The destination and other machines learn of them in the transaction in which
//! they become real, conflicts are found as for every load, and a process that dies halfway leaves either
//! nothing or a pending package, which the next run finishes.

use std::time::Instant;

use cartage_destinations_api::{Destination, ErrorKind};
use cartage_extract::{ExtractRequest, ExtractSettings};
use cartage_package_store::{ColumnPlace, RefreshTables, RunLock, StageLock};
use cartage_runtime::{CancelToken, NameCollisions, OnBadRow, Stage};
use cartage_schema::Schema;
use cartage_source_api::{SchemaSettings, Source};
use cartage_state::PipelineState;

use crate::error::PipelineError;
use crate::project::Project;
use crate::report::RunReport;
use crate::set_aside::Aside;
use crate::{dev_mode, extraction, restore, stages};

/// The right to do everything with a pipeline, with nothing pending.
pub(crate) struct ExclusiveRun {
    _run: RunLock,
    extract: StageLock,
    normalize: StageLock,
    load: StageLock,
}

/// What is to become real.
pub(crate) struct Change {
    pub(crate) schema: Schema,
    pub(crate) state: PipelineState,
    /// What is dropped at the destination.
    pub(crate) refresh: Option<RefreshTables>,
    /// Columns that get the types that `schema` has for them, which are wider.
    pub(crate) widen: Vec<ColumnPlace>,
}

impl ExclusiveRun {
    /// Takes all locks, and refuses while packages are pending: they carry schema and state of their own,
    /// which would undo the change or be undone by it.
    pub(crate) fn with(project: &Project, doing: &str) -> Result<Self, PipelineError> {
        dev_mode::leave(project)?;
        let alone = Self {
            _run: project.store.lock_run(project.wait)?,
            extract: stages::lock(project, Stage::Extract)?,
            normalize: stages::lock(project, Stage::Normalize)?,
            load: stages::lock(project, Stage::Load)?,
        };
        refuse_pending(project, doing)?;
        Ok(alone)
    }

    /// Makes the package and loads it. Nothing happens where there is nothing to change.
    ///
    /// # Errors
    /// [`PipelineError::Change`] if the destination does not take it. What it refuses for good and has not begun
    /// is aborted, because the next run would only be refused again.
    pub(crate) fn execute(
        &self,
        project: &Project,
        destination: &dyn Destination,
        (doing, change): (&str, Change),
        run_id: &str,
        report: &mut RunReport,
    ) -> Result<(), PipelineError> {
        let begin = Instant::now();
        project.store.sweep(&self.extract)?;
        let mut package_settings = project.package_settings()?;
        let dropped = change.refresh.as_ref().map(|tables| tables.drop_tables.clone()).unwrap_or_default();
        package_settings.widen_columns = change.widen;
        package_settings.refresh = change.refresh;
        let source = Source {
            name: change.schema.name.clone(),
            resources: Vec::new(),
            schema: SchemaSettings::default(),
            on_bad_row: OnBadRow::default(),
            name_collisions: NameCollisions::default(),
        };
        let done = cartage_extract::run(ExtractRequest {
            store: &project.store,
            lock: &self.extract,
            source,
            base_schema: change.schema,
            base_state: change.state,
            settings: ExtractSettings::default(),
            package_settings,
            run_id: run_of(project, run_id)?,
            producer: stages::producer(),
            runtime: project.runtime.clone(),
            published: None,
            halt: CancelToken::default(),
        })?;
        extraction::add_extracted(report, &done, begin.elapsed().as_secs_f64());
        stages::normalize(project, &self.normalize, Aside::Never, report)?;
        stages::load(project, &self.load, destination, report).or_else(|error| {
            let pending = !(is_refused(&error) && has_all(destination, &dropped));
            if !pending {
                project.drop_pending()?;
            }
            Err(PipelineError::Change { doing: doing.to_owned(), pending, source: Box::new(error) })
        })
    }
}

/// Whether the destination would say the same again.
fn is_refused(error: &PipelineError) -> bool {
    let PipelineError::Load(error) = error else { return false };
    matches!(error.kind(), Some(ErrorKind::Terminal | ErrorKind::Invalid))
}

/// Whether all of these tables are still there. Dropping some of them cannot be taken back.
fn has_all(destination: &dyn Destination, tables: &[String]) -> bool {
    let Some(reader) = destination.reader().filter(|_| !tables.is_empty()) else { return tables.is_empty() };
    reader.tables().is_ok_and(|there| tables.iter().all(|table| there.contains(table)))
}

/// The run that the package belongs to: an interrupted one, so that the run that finishes it still finds what
/// that one had extracted.
fn run_of(project: &Project, run_id: &str) -> Result<String, PipelineError> {
    let interrupted = project.store.documents().run()?;
    Ok(interrupted.map_or_else(|| run_id.to_owned(), |marker| marker.run_id))
}

/// Refuses to continue while packages are pending.
pub(crate) fn refuse_pending(project: &Project, doing: &str) -> Result<(), PipelineError> {
    let pending: Vec<String> = project.pending()?.iter().map(ToString::to_string).collect();
    if pending.is_empty() {
        return Ok(());
    }
    let (noun, verb) = if pending.len() == 1 { ("package", "is") } else { ("packages", "are") };
    Err(PipelineError::usage(
        format!("cannot {doing} while {noun} {} {verb} pending", pending.join(", ")),
        "finish with `cartage normalize` and `cartage load` (or `cartage run`), or drop what is pending with \
         `cartage abort`",
    ))
}

impl Project {
    /// Does something with the pipeline alone, at the destination, from what it has now, and keeps a trace.
    pub(crate) fn alone_at_destination<T>(
        &self,
        doing: &str,
        connector: cartage_destinations_api::Connector<'_>,
        work: impl FnOnce(&ExclusiveRun, &dyn Destination, &str, &mut RunReport) -> Result<T, PipelineError>,
    ) -> Result<(T, RunReport), PipelineError> {
        let alone = ExclusiveRun::with(self, doing)?;
        let mut result = None;
        let report = self.traced(|run_id, report| {
            let destination = self.connect(connector)?;
            report.target = Some(crate::run::target(&*destination));
            restore::from_destination(self, &*destination)?;
            result = Some(work(&alone, &*destination, run_id, report)?);
            Ok(())
        })?;
        Ok((result.expect("work that succeeded gave a result"), report))
    }
}
