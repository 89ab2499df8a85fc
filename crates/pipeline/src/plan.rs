//! `plan`: what a run would do, without doing it.
//!
//! Everything happens in a copy of the pipeline's folder, which is removed at the end. The destination is only
//! asked.

use std::collections::BTreeMap;
use std::path::Path;

use cartage_destinations_api::SqlScript;
use cartage_destinations_api::{Connector, Destination};
use cartage_load::Comparison;
use cartage_package_store::{Folder, LoadId, PackageStore};
use cartage_runtime::Stage;
use cartage_schema::{Discarded, Schema, SchemaChange};
use serde::Serialize;

use crate::error::PipelineError;
use crate::extract_options::ExtractOptions;
use crate::extraction::{self, Extraction};
use crate::interrupted_run::Interrupted;
use crate::newest::schema_of;
use crate::project::Project;
use crate::report::{RunReport, Skipped, Target};
use crate::set_aside::Aside;
use crate::source_input::SourceInput;
use crate::{interrupted_run, restore, run, stages};

/// What is planned.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Only this package, which must be pending.
    pub package: Option<String>,
    /// What is extracted otherwise, after what is pending.
    pub extract: ExtractOptions,
    /// Whether plain appends that an interrupted run had extracted are extracted again.
    pub extract_again: bool,
}

/// What a run would do.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Where the data would go.
    pub target: Target,
    /// Whether the statements were compared with the tables that are there.
    pub compared: bool,
    /// The packages that would be loaded, in order.
    pub packages: Vec<PlannedPackage>,
    /// Resources that would be left out, each with the reason.
    pub skipped: Vec<Skipped>,
    /// Rows that no stage could use, by table.
    pub quarantined: BTreeMap<String, u64>,
    /// Rows and values that contracts keep out.
    pub discarded: Vec<Discarded>,
    /// Columns in which only nulls were seen, by table; they would not be created.
    pub null_columns: BTreeMap<String, Vec<String>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// A package that would be loaded.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedPackage {
    /// Its name; a package that would be new has another one when it is made.
    pub load_id: String,
    /// Whether it is pending.
    pub pending: bool,
    /// Name of its schema.
    pub schema: String,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// What would change in the schema.
    pub schema_changes: Vec<SchemaChange>,
    /// The statements, without bookkeeping; absent where the destination does not use SQL.
    pub statements: Option<Vec<StatementText>>,
}

/// A statement, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementText {
    /// Why it is run.
    pub purpose: String,
    /// The statement without a semicolon at its end.
    pub sql: String,
}

impl StatementText {
    /// The statements of a script.
    pub fn all(script: &SqlScript) -> Vec<Self> {
        let statements = script.statements.iter();
        statements
            .map(|statement| Self { purpose: statement.purpose.clone(), sql: statement.sql.clone() })
            .collect()
    }
}

impl Project {
    /// Says what [`Project::run`] would do. Nothing changes, here or at the destination.
    ///
    /// # Errors
    /// Those of extracting, normalizing and planning a load.
    pub fn plan(self, options: &PlanOptions, connector: Connector<'_>) -> Result<PlanReport, PipelineError> {
        let wanted = options.package.as_deref().map(|load_id| self.pending_one(load_id)).transpose()?;
        let earlier = if options.extract_again {
            Interrupted::default()
        } else {
            interrupted_run::interrupted(
                &self,
                &options.extract,
                extraction::refresh(&self, &options.extract),
            )?
        };
        let destination = self.connect(connector)?;
        let folder = tempfile::Builder::new().prefix("cartage-plan-").tempdir().map_err(|error| {
            PipelineError::usage(
                format!("cannot make a temporary folder: {error}"),
                "make room in the folder for temporary files, or name another one with TMPDIR",
            )
        })?;
        let copy = folder.path().join(self.store.pipeline());
        // In dev mode a run starts from nothing.
        let scratch = if self.config.pipeline.dev_mode && wanted.is_none() {
            let options = cartage_package_store::StoreOptions::of(&self.runtime);
            PackageStore::open(&copy, self.store.pipeline(), options)?
        } else {
            self.store.scratch(&copy, &self.runtime)?
        };
        let original = self.store.dir().to_owned();
        let mut planning = Planning {
            original: original.as_path(),
            pending: self.pending_ids()?,
            project: Project { store: scratch, is_trial: true, ..self },
            destination: &*destination,
            compared: destination.preview().is_some_and(cartage_destinations_api::Preview::compares),
            known_statements: Vec::new(),
            schemas: BTreeMap::new(),
        };
        let mut report = RunReport::default();
        planning.prepare(options, wanted.as_ref(), &earlier, &mut report)?;
        planning.report(wanted.as_ref(), report)
    }

    fn pending_ids(&self) -> Result<Vec<LoadId>, PipelineError> {
        let mut ids = self.store.list(Folder::Extracted)?;
        ids.extend(self.store.list(Folder::Normalized)?);
        Ok(ids)
    }

    fn pending_one(&self, wanted: &str) -> Result<LoadId, PipelineError> {
        let pending = self.pending_ids()?;
        pending.iter().find(|load_id| load_id.as_str() == wanted).cloned().ok_or_else(|| {
            let names: Vec<&str> = pending.iter().map(LoadId::as_str).collect();
            PipelineError::usage(
                format!("no package {wanted} is pending"),
                if names.is_empty() {
                    "no package is; leave --package out to plan a run".to_owned()
                } else {
                    format!("pending are {}", names.join(", "))
                },
            )
        })
    }
}

struct Planning<'a> {
    /// The folder of the real pipeline.
    original: &'a Path,
    pending: Vec<LoadId>,
    /// The pipeline in the copy.
    project: Project,
    destination: &'a dyn Destination,
    compared: bool,
    /// Statements that make or extend tables and were shown already.
    known_statements: Vec<String>,
    /// The newest schema by name, as of the packages so far.
    schemas: BTreeMap<String, Schema>,
}

impl Planning<'_> {
    /// Makes the packages in the copy.
    fn prepare(
        &self,
        options: &PlanOptions,
        wanted: Option<&LoadId>,
        earlier: &Interrupted,
        report: &mut RunReport,
    ) -> Result<(), PipelineError> {
        let project = &self.project;
        restore::from_destination(project, self.destination)?;
        let normalize = stages::lock(project, Stage::Normalize)?;
        stages::normalize(project, &normalize, Aside::Never, report)?;
        if wanted.is_none() {
            let extract = stages::lock(project, Stage::Extract)?;
            let inputs = SourceInput::configured(&project.config)?;
            let extraction = Extraction::new(inputs, &options.extract, earlier, "plan");
            extraction::extract(project, &extract, extraction, report)?;
            stages::normalize(project, &normalize, Aside::Never, report)?;
        }
        Ok(())
    }

    fn report(&mut self, wanted: Option<&LoadId>, done: RunReport) -> Result<PlanReport, PipelineError> {
        let mut warnings = done.warnings;
        let mut packages = Vec::new();
        for load_id in self.project.store.list(Folder::Normalized)? {
            if wanted.is_none_or(|wanted| *wanted == load_id) {
                packages.push(self.package(&load_id, &mut warnings)?);
            }
        }
        Ok(PlanReport {
            pipeline: self.project.config.pipeline.name.clone(),
            target: run::target(self.destination),
            compared: self.compared,
            packages,
            skipped: done.skipped,
            quarantined: done.quarantined,
            discarded: done.discarded,
            null_columns: done.null_columns,
            warnings,
        })
    }

    fn package(
        &mut self,
        load_id: &LoadId,
        warnings: &mut Vec<String>,
    ) -> Result<PlannedPackage, PipelineError> {
        let package = self.project.store.open_package(Folder::Normalized, load_id)?;
        let mut rows = BTreeMap::new();
        for file in &package.manifest().files {
            *rows.entry(file.table.clone()).or_default() += file.rows;
        }
        let schema = schema_of(&package)?;
        let name = schema.name.clone();
        let before = match self.schemas.remove(&name) {
            Some(before) => Some(before),
            None => self.project.committed_schema(&name)?,
        };
        let empty = || Schema::new(&name, schema.naming_kind());
        let before = before.map_or_else(empty, Ok);
        let before = before
            .map_err(|source| PipelineError::Schema { name: name.clone(), source: Box::new(source) })?;
        let schema_changes = before.changes_to(&schema);
        self.schemas.insert(name.clone(), schema);
        Ok(PlannedPackage {
            load_id: load_id.to_string(),
            pending: self.pending.contains(load_id),
            schema: name,
            rows,
            schema_changes,
            statements: self.statements(&package, warnings)?,
        })
    }

    /// The statements of a package, compared with the destination as long as it can be asked.
    fn statements(
        &mut self,
        package: &cartage_package_store::Package,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Vec<StatementText>>, PipelineError> {
        if self.destination.preview().is_none() {
            return Ok(None);
        }
        let now = self.project.runtime.clock.unix_micros();
        let preview = |comparison| cartage_load::preview(package, self.destination, now, comparison);
        let compared =
            if self.compared { preview(Comparison::WithDestination) } else { preview(Comparison::None) };
        let script = match compared {
            Err(error) if self.compared => {
                self.compared = false;
                warnings.push(format!("the tables at the destination could not be compared with: {error}"));
                preview(Comparison::None)?
            }
            other => other?,
        };
        let copy = self.project.store.dir().display().to_string();
        let original = self.original.display().to_string();
        let mut texts = Vec::new();
        for mut text in StatementText::all(&script) {
            let repeats = ["CREATE ", "ALTER ", "ATTACH "].iter().any(|verb| text.sql.starts_with(verb));
            if repeats && self.known_statements.contains(&text.sql) {
                continue;
            }
            self.known_statements.push(text.sql.clone());
            text.sql = text.sql.replace(&copy, &original);
            texts.push(text);
        }
        Ok(Some(texts))
    }
}
