//! `state show`, `state set` and `state reset`.

use cartage_destinations_api::Connector;
use cartage_package_store::Folder;
use cartage_schema::normalize_schema_name;
use cartage_state::{PipelineState, StatePath};
use serde::Serialize;
use serde_json::Value;

use crate::control::Change;
use crate::error::PipelineError;
use crate::extraction;
use crate::project::Project;

const SOURCES: &str = "sources";
/// Characters that begin texts of typed values, as dlt writes them.
const TYPE_MARKS: std::ops::RangeInclusive<char> = '\u{f026}'..='\u{f02f}';

/// The part of the state that a command is about.
#[derive(Clone, Debug, Default)]
pub struct StateScope {
    /// Only this source.
    pub source: Option<String>,
    /// Only this resource.
    pub resource: Option<String>,
}

/// The state and where it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct StateView {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Version of the state; absent before the first load.
    pub version: Option<u64>,
    /// Hash of the content, as base64.
    pub version_hash: Option<String>,
    /// The pending package that carries it; absent where it is that of the last load.
    pub pending_package: Option<String>,
    /// The document, or the part of it that was asked for.
    pub state: Value,
}

/// What a change of the state did.
#[derive(Clone, Debug, Serialize)]
pub struct StateEdit {
    /// Name of the pipeline.
    pub pipeline: String,
    /// What was changed, in order.
    pub values: Vec<ChangedValue>,
    /// The load that made it real; absent where nothing had to be changed.
    pub load_id: Option<String>,
    /// Version of the state now.
    pub version: Option<u64>,
}

/// A value of the state.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedValue {
    /// Where it is in the document.
    pub path: String,
    /// The value before the change.
    pub old: Option<Value>,
    /// What is there now.
    pub new: Option<Value>,
}

impl Project {
    /// The newest state: that of a pending package, else that of the last load.
    ///
    /// # Errors
    /// If the scope names a source or a resource that has no state, or the state cannot be read.
    pub fn state(&self, scope: &StateScope) -> Result<StateView, PipelineError> {
        let state = self.newest_state()?;
        let document = state.as_ref().map_or(Value::Null, PipelineState::shared_document);
        let shown = match (&state, scope.source.is_some() || scope.resource.is_some()) {
            (Some(state), true) => scope.path(self, state)?.get(&document).cloned().unwrap_or_default(),
            _ => document,
        };
        Ok(StateView {
            pipeline: self.config.pipeline.name.clone(),
            version: state.as_ref().map(PipelineState::version),
            version_hash: state.as_ref().and_then(|state| state.version_hash().map(str::to_owned)),
            pending_package: self.package_with_state()?,
            state: shown,
        })
    }

    /// Puts a value into the state. `path` starts at `sources`, or at the source or resource of the scope.
    ///
    /// # Errors
    /// If packages are pending, the path cannot be used, or the change cannot be loaded: it is pending then.
    pub fn set_state(
        &self,
        scope: &StateScope,
        path: &StatePath,
        value: Value,
        connector: Connector<'_>,
    ) -> Result<StateEdit, PipelineError> {
        self.change_state("set the state", connector, |state| {
            let full = scope.full_path(self, state, path)?;
            let old = state.value(&full);
            let value = typed_as(old.as_ref(), value);
            state.set_value(&full, value.clone()).map_err(|error| {
                PipelineError::usage(error.to_string(), "see the paths with `cartage state show`")
            })?;
            Ok(vec![ChangedValue { path: full.to_string(), old, new: Some(value) }])
        })
    }

    /// Forgets what a resource or a source remembers: its next extraction starts from the beginning.
    ///
    /// # Errors
    /// As for [`Project::set_state`].
    pub fn reset_state(
        &self,
        scope: &StateScope,
        connector: Connector<'_>,
    ) -> Result<StateEdit, PipelineError> {
        self.change_state("reset the state", connector, |state| {
            let path = scope.path(self, state)?;
            let old = state.value(&path);
            let (source, resource) = scope.names(self, state)?;
            match resource {
                Some(resource) => state.reset_resource(&source, &resource),
                None => state.reset_source(&source),
            };
            Ok(vec![ChangedValue { path: path.to_string(), old, new: None }])
        })
    }

    fn change_state(
        &self,
        doing: &str,
        connector: Connector<'_>,
        change: impl FnOnce(&mut PipelineState) -> Result<Vec<ChangedValue>, PipelineError>,
    ) -> Result<StateEdit, PipelineError> {
        let (values, report) =
            self.alone_at_destination(doing, connector, |alone, destination, run_id, report| {
                let mut state =
                    extraction::state_for(self, self.newest_state()?, &self.configured_schemas())?;
                let values = change(&mut state)?;
                let first = || self.config.sources.first().map(|source| source.name.clone());
                let schema = state.default_schema_name().map(str::to_owned).or_else(first);
                let schema =
                    self.base_schema(&schema.unwrap_or_else(|| self.config.pipeline.name.clone()))?;
                let change = Change { schema, state, refresh: None, widen: Vec::new() };
                alone.execute(self, destination, (doing, change), run_id, report)?;
                Ok(values)
            })?;
        Ok(StateEdit {
            pipeline: self.config.pipeline.name.clone(),
            values,
            load_id: report.packages.first().map(|package| package.load_id.clone()),
            version: self.committed_state()?.map(|state| state.version()),
        })
    }

    fn package_with_state(&self) -> Result<Option<String>, PipelineError> {
        for folder in [Folder::Extracted, Folder::Normalized] {
            for load_id in self.store.newest_first(folder)? {
                let load_id = load_id?;
                if self.store.open_package(folder, &load_id)?.state_json()?.is_some() {
                    return Ok(Some(load_id.to_string()));
                }
            }
        }
        Ok(None)
    }
}

impl StateScope {
    /// The source and the resource that are meant.
    fn names(
        &self,
        project: &Project,
        state: &PipelineState,
    ) -> Result<(String, Option<String>), PipelineError> {
        let Some(resource) = &self.resource else {
            let source = self.source.as_ref().ok_or_else(|| {
                PipelineError::usage(
                    "neither a source nor a resource is named",
                    format!("name one with --resource or --source; {}", known(project, state)),
                )
            })?;
            return Ok((normalize_schema_name(source), None));
        };
        let of_resource = |source: &&String| state.resources(source).contains(&resource.as_str());
        let all: Vec<String> = state.sources().into_iter().map(str::to_owned).collect();
        let sources: Vec<&String> = match &self.source {
            Some(source) => {
                let name = normalize_schema_name(source);
                return Ok((name, Some(resource.clone())));
            }
            None => all.iter().filter(of_resource).collect(),
        };
        match sources.as_slice() {
            [source] => Ok(((*source).clone(), Some(resource.clone()))),
            [] => Err(PipelineError::usage(
                format!("the state has no entry for a resource \"{resource}\""),
                known(project, state),
            )),
            several => Err(PipelineError::usage(
                format!("several sources have a resource \"{resource}\""),
                format!(
                    "choose one with --source: {}",
                    several.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
                ),
            )),
        }
    }

    /// Where the scope is in the document; there must be something.
    fn path(&self, project: &Project, state: &PipelineState) -> Result<StatePath, PipelineError> {
        let (source, resource) = self.names(project, state)?;
        let path = path_of(&source, resource.as_deref());
        if state.value(&path).is_none() {
            return Err(PipelineError::usage(
                format!("the state has nothing at {path}"),
                known(project, state),
            ));
        }
        Ok(path)
    }

    /// A path of the user from the top of the document.
    fn full_path(
        &self,
        project: &Project,
        state: &PipelineState,
        path: &StatePath,
    ) -> Result<StatePath, PipelineError> {
        if self.source.is_some() || self.resource.is_some() {
            if path.is_empty() {
                return Err(PipelineError::usage("the path is empty", "name a value below the resource"));
            }
            let (source, resource) = match (&self.source, &self.resource) {
                // A resource that remembers nothing yet may get its first value.
                (Some(source), resource) => (normalize_schema_name(source), resource.clone()),
                (None, _) => self.names(project, state)?,
            };
            return Ok(path.below(&path_of(&source, resource.as_deref())));
        }
        if path.first_key() != Some(SOURCES) || path.len() < 3 {
            return Err(PipelineError::usage(
                format!("`{path}` is not a value of a source; the rest of the state belongs to the pipeline"),
                "begin with sources.NAME, or name a resource with --resource and the path below it",
            ));
        }
        Ok(path.clone())
    }
}

fn path_of(source: &str, resource: Option<&str>) -> StatePath {
    match resource {
        Some(resource) => StatePath::of([SOURCES, source, "resources", resource]),
        None => StatePath::of([SOURCES, source]),
    }
}

/// What there is to name.
fn known(project: &Project, state: &PipelineState) -> String {
    let mut names = Vec::new();
    for source in state.sources() {
        let resources = state.resources(source);
        if resources.is_empty() {
            names.push(source.to_owned());
        }
        names.extend(resources.iter().map(|resource| format!("{source}.{resource}")));
    }
    if names.is_empty() {
        return format!("pipeline {} has no state yet", project.config.pipeline.name);
    }
    format!("the state has {}", names.join(", "))
}

/// A text that replaces a typed text (a timestamp, say) is of that type too.
fn typed_as(old: Option<&Value>, new: Value) -> Value {
    let mark = old.and_then(Value::as_str).and_then(|text| text.chars().next());
    match (mark.filter(|mark| TYPE_MARKS.contains(mark)), &new) {
        (Some(mark), Value::String(text)) if !text.starts_with(|c| TYPE_MARKS.contains(&c)) => {
            Value::String(format!("{mark}{text}"))
        }
        _ => new,
    }
}
