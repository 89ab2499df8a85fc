//! `drop`: tables and state of resources, at the destination, in the schema and in the state at once.

use cartage_destinations_api::Connector;
use cartage_package_store::{Refresh, RefreshTables};
use cartage_schema::{Pattern, Schema, Table, normalize_schema_name};
use cartage_state::{PipelineState, StatePath};
use serde::Serialize;

use crate::control::{Change, refuse_pending};
use crate::error::PipelineError;
use crate::project::Project;
use crate::{extraction, restore};

/// What is to be dropped.
#[derive(Clone, Debug, Default)]
pub struct DropOptions {
    /// Names of resources, or `re:` and a pattern.
    pub resources: Vec<String>,
    /// The source; may be left out where the pipeline has one.
    pub source: Option<String>,
    /// Every resource of the source.
    pub all: bool,
    /// Paths into the state of the source.
    pub state_paths: Vec<StatePath>,
    /// Leaves the tables alone.
    pub state_only: bool,
}

/// What a drop does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DropPlan {
    /// Name of the pipeline.
    pub pipeline: String,
    /// The schema of the source.
    pub schema: String,
    /// The dataset that loses the tables.
    pub dataset: String,
    /// Resources whose tables are dropped.
    pub resources: Vec<String>,
    /// Tables that are dropped at the destination, children before parents.
    pub tables: Vec<String>,
    /// Tables that are only in the schema: nothing was ever loaded into them.
    pub schema_only_tables: Vec<String>,
    /// Resources whose state is forgotten.
    pub resource_states: Vec<String>,
    /// Other parts of the state that are forgotten.
    pub state_paths: Vec<String>,
    /// What was asked for and not found.
    pub warnings: Vec<String>,
}

impl DropPlan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
            && self.schema_only_tables.is_empty()
            && self.resource_states.is_empty()
            && self.state_paths.is_empty()
    }
}

/// What a drop did.
#[derive(Clone, Debug, Serialize)]
pub struct DropReport {
    /// The plan that was carried out or only shown.
    pub plan: DropPlan,
    /// The load that did it; absent where there was nothing to do or it was not wanted.
    pub load_id: Option<String>,
}

impl Project {
    /// Says what [`Project::drop`] would do; changes nothing here or at the destination.
    ///
    /// # Errors
    /// As for [`Project::drop`] before it acts.
    pub fn plan_drop(
        &self,
        options: &DropOptions,
        connector: Connector<'_>,
    ) -> Result<DropPlan, PipelineError> {
        refuse_pending(self, "drop")?;
        let destination = self.connect(connector)?;
        let local = self.committed_state()?;
        let remote = match destination.state_sync() {
            Some(sync) if self.config.pipeline.restore_from_destination => restore::newest_state(self, sync)?,
            _ => None,
        };
        let newer =
            remote.filter(|remote| local.as_ref().is_none_or(|local| restore::is_newer(remote, local)));
        if let (Some(state), Some(sync)) = (newer, destination.state_sync()) {
            let name = self.schema_to_drop(options, &state)?;
            let stored = sync.newest_schema(&name)?.ok_or_else(|| no_schema(&name, &state))?;
            let schema = Schema::from_json(&stored.document)
                .map_err(|source| PipelineError::Schema { name, source: Box::new(source) })?;
            return Ok(self.prepare(options, schema, state)?.0);
        }
        let state = local.ok_or_else(|| self.never_ran())?;
        let schema = self.local_schema(options, &state)?;
        Ok(self.prepare(options, schema, state)?.0)
    }

    /// Drops what `options` name, after `confirm` has agreed to the plan.
    ///
    /// # Errors
    /// If packages are pending, nothing is named, the source is not clear, or the package cannot be loaded: it
    /// is pending then, and the next load finishes the drop.
    pub fn drop(
        &self,
        options: &DropOptions,
        connector: Connector<'_>,
        confirm: &mut dyn FnMut(&DropPlan) -> Result<bool, PipelineError>,
    ) -> Result<DropReport, PipelineError> {
        let (plan, report) =
            self.alone_at_destination("drop", connector, |alone, destination, run_id, report| {
                let known = self.committed_state()?.ok_or_else(|| self.never_ran())?;
                let state = extraction::state_for(self, Some(known), &self.configured_schemas())?;
                let schema = self.local_schema(options, &state)?;
                let (plan, change) = self.prepare(options, schema, state)?;
                if !plan.is_empty() && confirm(&plan)? {
                    alone.execute(self, destination, ("drop tables", change), run_id, report)?;
                }
                Ok(plan)
            })?;
        Ok(DropReport { plan, load_id: report.packages.first().map(|package| package.load_id.clone()) })
    }

    fn never_ran(&self) -> PipelineError {
        PipelineError::usage(
            format!("pipeline {} has loaded nothing yet", self.config.pipeline.name),
            "there is nothing to drop",
        )
    }

    fn local_schema(&self, options: &DropOptions, state: &PipelineState) -> Result<Schema, PipelineError> {
        let name = self.schema_to_drop(options, state)?;
        self.committed_schema(&name)?.ok_or_else(|| no_schema(&name, state))
    }

    /// The schema that is meant.
    fn schema_to_drop(&self, options: &DropOptions, state: &PipelineState) -> Result<String, PipelineError> {
        if let Some(source) = &options.source {
            return Ok(normalize_schema_name(source));
        }
        match state.schema_names().as_slice() {
            [name] => Ok((*name).to_owned()),
            [] => Err(self.never_ran()),
            several => Err(PipelineError::usage(
                "the pipeline has several sources",
                format!("choose one with --source: {}", several.join(", ")),
            )),
        }
    }

    /// Takes the resources out of schema and state, and says what that means.
    fn prepare(
        &self,
        options: &DropOptions,
        mut schema: Schema,
        mut state: PipelineState,
    ) -> Result<(DropPlan, Change), PipelineError> {
        let wanted = Wanted::of(options)?;
        let mut plan = DropPlan {
            pipeline: self.config.pipeline.name.clone(),
            schema: schema.name.clone(),
            dataset: self.dataset()?,
            resources: Vec::new(),
            tables: Vec::new(),
            schema_only_tables: Vec::new(),
            resource_states: Vec::new(),
            state_paths: Vec::new(),
            warnings: Vec::new(),
        };
        if !options.state_only {
            drop_tables(&wanted, &mut schema, &mut plan)?;
        }
        drop_states(&wanted, &schema.name, &mut state, &mut plan);
        drop_paths(&options.state_paths, &schema.name, &mut state, &mut plan);
        wanted.warn_of_strangers(&mut plan);
        let refresh = (!plan.tables.is_empty()).then(|| RefreshTables {
            mode: Refresh::DropResources,
            drop_tables: plan.tables.clone(),
            truncate_tables: Vec::new(),
        });
        if refresh.is_none() {
            // The tables that nothing was loaded into leave the schema only together with a package.
            state.force_extract();
        }
        Ok((plan, Change { schema, state, refresh, widen: Vec::new() }))
    }
}

/// Which resources are meant.
struct Wanted<'a> {
    all: bool,
    patterns: Vec<(&'a str, Pattern)>,
}

impl<'a> Wanted<'a> {
    fn of(options: &'a DropOptions) -> Result<Self, PipelineError> {
        if !options.all && options.resources.is_empty() && options.state_paths.is_empty() {
            return Err(PipelineError::usage(
                "nothing to drop is named",
                "name resources, or use --drop-all or --state-paths",
            ));
        }
        let compile = |text: &'a String| {
            let pattern = Pattern::new(text).map_err(|error| {
                PipelineError::usage(error.to_string(), "name resources, or write re: and a pattern")
            })?;
            Ok((text.as_str(), pattern))
        };
        let patterns = options.resources.iter().map(compile).collect::<Result<_, PipelineError>>()?;
        Ok(Self { all: options.all, patterns })
    }

    fn takes(&self, resource: &str) -> bool {
        self.all || self.patterns.iter().any(|(_, pattern)| pattern.matches(resource))
    }

    fn warn_of_strangers(&self, plan: &mut DropPlan) {
        for (text, pattern) in &self.patterns {
            let mut found = plan.resources.iter().chain(&plan.resource_states);
            if !found.any(|name| pattern.matches(name)) {
                plan.warnings
                    .push(format!("source {} has no tables or state of a resource \"{text}\"", plan.schema));
            }
        }
    }
}

fn drop_tables(wanted: &Wanted<'_>, schema: &mut Schema, plan: &mut DropPlan) -> Result<(), PipelineError> {
    let is_taken = |table: &&Table| {
        !table.is_nested() && table.resource.as_deref().is_some_and(|resource| wanted.takes(resource))
    };
    let roots: Vec<&Table> = schema.data_tables().filter(is_taken).collect();
    for root in &roots {
        let resource = root.resource.clone().unwrap_or_default();
        if !plan.resources.contains(&resource) {
            plan.resources.push(resource);
        }
    }
    let chains: Vec<&Table> = roots.iter().flat_map(|root| schema.chain(&root.name)).collect();
    let (new, existing): (Vec<&Table>, Vec<&Table>) =
        chains.into_iter().rev().partition(|table| table.is_new());
    plan.tables = existing.iter().map(|table| table.name.clone()).collect();
    plan.schema_only_tables = new.iter().map(|table| table.name.clone()).collect();
    let names: Vec<&str> = plan.tables.iter().chain(&plan.schema_only_tables).map(String::as_str).collect();
    schema
        .drop_tables(&names)
        .map_err(|source| PipelineError::Schema { name: plan.schema.clone(), source: Box::new(source) })?;
    Ok(())
}

fn drop_states(wanted: &Wanted<'_>, source: &str, state: &mut PipelineState, plan: &mut DropPlan) {
    let known: Vec<String> = state.resources(source).into_iter().map(str::to_owned).collect();
    for resource in known.into_iter().filter(|resource| wanted.takes(resource)) {
        state.reset_resource(source, &resource);
        plan.resource_states.push(resource);
    }
}

fn drop_paths(paths: &[StatePath], source: &str, state: &mut PipelineState, plan: &mut DropPlan) {
    for path in paths {
        let found = state.resolve_in_source(source, path);
        if found.is_empty() {
            plan.warnings.push(format!("the state of source {source} has nothing at {path}"));
        }
        // From behind, so that the positions in lists stay right.
        for path in found.into_iter().rev() {
            if state.remove_from_source(source, &path).is_some() {
                plan.state_paths.push(path.to_string());
            }
        }
    }
}

fn no_schema(name: &str, state: &PipelineState) -> PipelineError {
    PipelineError::usage(
        format!("the pipeline has no source \"{name}\""),
        format!("it has {}", state.schema_names().join(", ")),
    )
}
