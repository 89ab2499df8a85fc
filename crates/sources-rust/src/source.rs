//! Sources: resources that share a schema.

use std::sync::Arc;

use cartage_runtime::{NameCollisions, OnBadRow};
use cartage_source_api::{SchemaSettings, Source, SourceError};
use serde_json::{Map, Value};

use crate::any::AnyResource;
use crate::hints::hint_methods;
use crate::limit::Limit;

/// A source without resources. Its name is that of its schema.
pub fn source(name: &str) -> SourceBuilder {
    SourceBuilder {
        name: name.to_owned(),
        resources: Vec::new(),
        hints: Map::new(),
        schema: SchemaSettings::default(),
        on_bad_row: OnBadRow::default(),
        name_collisions: NameCollisions::default(),
        unknown: Vec::new(),
    }
}

/// A source that resources are added to. Hints that are set here are laid over those of all its resources, as the
/// arguments of dlt's `run` are.
#[derive(Clone, Debug)]
#[must_use = "a source does nothing until a pipeline runs it"]
pub struct SourceBuilder {
    name: String,
    resources: Vec<AnyResource>,
    hints: Map<String, Value>,
    schema: SchemaSettings,
    on_bad_row: OnBadRow,
    name_collisions: NameCollisions,
    /// Resources that were asked for and are not there.
    unknown: Vec<String>,
}

impl SourceBuilder {
    hint_methods!();

    pub(crate) fn hints_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.hints
    }

    /// Adds a resource. Resources take turns in the order in which they were added.
    pub fn with(mut self, resource: impl Into<AnyResource>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Adds resources in their order, see [`with`](Self::with).
    pub fn with_all<R: Into<AnyResource>>(mut self, resources: impl IntoIterator<Item = R>) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// Selects only these resources. The parents of transformers run nevertheless, but are not loaded.
    pub fn with_resources<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        for resource in &mut self.resources {
            resource.spec.selected = names.contains(&resource.name());
        }
        let is_unknown = |name: &&&str| !self.resources.iter().any(|resource| resource.name() == **name);
        self.unknown = names.iter().filter(is_unknown).map(|name| (*name).to_owned()).collect();
        self
    }

    /// Another name, and so another schema and another state.
    pub fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The name, which is that of the schema.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the resources that were added.
    pub fn resource_names(&self) -> Vec<&str> {
        self.resources.iter().map(AnyResource::name).collect()
    }

    /// Names of those that are selected.
    pub fn selected_resources(&self) -> Vec<&str> {
        self.resources.iter().filter(|resource| resource.spec.selected).map(AnyResource::name).collect()
    }

    /// Takes only a part of each resource. Transformers return rows for what is left of their parents.
    pub fn limit(mut self, limit: Limit) -> Self {
        for resource in &mut self.resources {
            limit_at_root(resource, limit);
        }
        self
    }

    /// Levels of lists and objects that become tables and columns of their own, where a resource does not say.
    pub fn max_nesting_of_schema(mut self, levels: u32) -> Self {
        self.schema.max_table_nesting = Some(levels);
        self
    }

    /// Whether nested tables get the id of their root row.
    pub fn root_key(mut self, is_added: bool) -> Self {
        self.schema.root_key = Some(is_added);
        self
    }

    /// The contract of all tables that have none themselves.
    pub fn contract_of_schema(mut self, contract: impl Into<Value>) -> Self {
        self.schema.schema_contract = Some(contract.into());
        self
    }

    /// What happens to rows that cannot be used.
    pub fn on_bad_row(mut self, what: OnBadRow) -> Self {
        self.on_bad_row = what;
        self
    }

    /// What happens where two keys of a row become one column.
    pub fn name_collisions(mut self, what: NameCollisions) -> Self {
        self.name_collisions = what;
        self
    }

    /// Everything else about the schema: detections, preferred types, default hints.
    pub fn schema(mut self, change: impl FnOnce(&mut SchemaSettings)) -> Self {
        change(&mut self.schema);
        self
    }

    /// The parts of the source that have no resource in common: what may be extracted apart, as by several
    /// pipelines at once. `decompose("scc")` of dlt. Resources that are not selected are left out, unless a
    /// transformer needs them.
    pub fn decompose(&self) -> Vec<Self> {
        let mut parts: Vec<(Arc<()>, Self)> = Vec::new();
        for resource in self.resources.iter().filter(|resource| resource.spec.selected) {
            let root = Arc::clone(&chain(resource)[0].spec.identity);
            match parts.iter_mut().find(|(of_part, _)| Arc::ptr_eq(of_part, &root)) {
                Some((_, part)) => part.resources.push(resource.clone()),
                None => parts.push((root, Self { resources: vec![resource.clone()], ..self.clone() })),
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// The source as the stage takes it.
    ///
    /// # Errors
    /// The first resource whose hints cannot be understood, and resources that were selected and are not there.
    pub fn build(self) -> Result<Source, SourceError> {
        if let Some(unknown) = self.unknown.first() {
            let known = self.resource_names().join(", ");
            let reason = format!("source `{}` has no resource `{unknown}`; it has {known}", self.name);
            return Err(SourceError::Config(reason));
        }
        let ordered = parents_first(&self.resources);
        Ok(Source {
            name: self.name,
            resources: ordered
                .iter()
                .map(|resource| resource.to_resource(&self.hints))
                .collect::<Result<_, _>>()?,
            schema: self.schema,
            on_bad_row: self.on_bad_row,
            name_collisions: self.name_collisions,
        })
    }
}

/// A resource with all that it works on, the one at the top first.
fn chain(resource: &AnyResource) -> Vec<AnyResource> {
    let mut chain = match &resource.spec.parent {
        Some(parent) => self::chain(parent),
        None => Vec::new(),
    };
    chain.push(resource.clone());
    chain
}

/// All resources that are needed, each once, parents before their children. A parent that was not added itself is
/// not selected.
fn parents_first(added: &[AnyResource]) -> Vec<AnyResource> {
    let mut ordered: Vec<AnyResource> = Vec::new();
    for resource in added {
        let mut chain = chain(resource);
        let last = chain.pop().expect("a chain ends with the resource itself");
        for mut parent in chain {
            parent.spec.selected = false;
            if !ordered.iter().any(|earlier| is_same(earlier, &parent)) {
                ordered.push(parent);
            }
        }
        match ordered.iter_mut().find(|earlier| is_same(earlier, &last)) {
            Some(earlier) if !earlier.spec.selected => *earlier = last,
            Some(_) => {}
            None => ordered.push(last),
        }
    }
    ordered
}

/// Whether both are clones of one resource.
fn is_same(a: &AnyResource, b: &AnyResource) -> bool {
    Arc::ptr_eq(&a.spec.identity, &b.spec.identity)
}

/// Limits a resource, or the one at the top of its parents.
fn limit_at_root(resource: &mut AnyResource, limit: Limit) {
    match &mut resource.spec.parent {
        Some(parent) => limit_at_root(Arc::make_mut(parent), limit),
        None => resource.spec.limit = limit,
    }
}

/// What a pipeline can run: a source, several of them, or a resource alone.
pub trait IntoSources {
    /// The sources. A resource without a source is in one with the name of the pipeline.
    ///
    /// # Errors
    /// As for [`SourceBuilder::build`].
    fn into_sources(self, pipeline: &str) -> Result<Vec<Source>, SourceError>;
}

impl IntoSources for SourceBuilder {
    fn into_sources(self, _pipeline: &str) -> Result<Vec<Source>, SourceError> {
        Ok(vec![self.build()?])
    }
}

impl IntoSources for Source {
    fn into_sources(self, _pipeline: &str) -> Result<Vec<Source>, SourceError> {
        Ok(vec![self])
    }
}

impl<S: IntoSources> IntoSources for Vec<S> {
    fn into_sources(self, pipeline: &str) -> Result<Vec<Source>, SourceError> {
        let sources = self.into_iter().map(|source| source.into_sources(pipeline));
        Ok(sources.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

impl<S: IntoSources, const N: usize> IntoSources for [S; N] {
    fn into_sources(self, pipeline: &str) -> Result<Vec<Source>, SourceError> {
        Vec::from(self).into_sources(pipeline)
    }
}

impl IntoSources for AnyResource {
    fn into_sources(self, pipeline: &str) -> Result<Vec<Source>, SourceError> {
        source(pipeline).with(self).into_sources(pipeline)
    }
}

impl<P: crate::IntoPages + 'static> IntoSources for crate::ResourceBuilder<P> {
    fn into_sources(self, pipeline: &str) -> Result<Vec<Source>, SourceError> {
        AnyResource::from(self).into_sources(pipeline)
    }
}
