//! What is said about a resource whatever its pages are, and resources of any kind of pages, so that a source can hold
//! them together.

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};

use cartage_source_api::{OpenContext, Page, Producer, Resource, Resume, RouteScope, SourceError};
use serde_json::{Map, Value};

use crate::hints;
use crate::limit::Limit;

/// What is said about a resource.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) hints: Map<String, Value>,
    pub(crate) limit: Limit,
    pub(crate) resume: Resume,
    /// How far its pages go, where that is not a matter of their type.
    pub(crate) route_scope: Option<RouteScope>,
    pub(crate) selected: bool,
    /// The resource whose pages it works on.
    pub(crate) parent: Option<Arc<AnyResource>>,
    /// Clones that make the same pages share it, so that they are made once.
    pub(crate) identity: Arc<()>,
}

impl Spec {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hints: Map::new(),
            limit: Limit::default(),
            resume: Resume::default(),
            route_scope: None,
            selected: true,
            parent: None,
            identity: Arc::default(),
        }
    }
}

type MakeProducer = Arc<dyn Fn(&Spec) -> Box<dyn Producer> + Send + Sync>;

/// A resource of any kind of pages.
#[derive(Clone)]
pub struct AnyResource {
    pub(crate) spec: Spec,
    pub(crate) producer: MakeProducer,
}

impl Debug for AnyResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyResource").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl AnyResource {
    /// The name, under which its state is kept.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The resource as the stage takes it; `shared` are hints that the source lays over those of the resource.
    pub(crate) fn to_resource(&self, shared: &Map<String, Value>) -> Result<Resource, SourceError> {
        let mut map = self.spec.hints.clone();
        hints::lay_over(&mut map, shared.clone());
        let hints = hints::parse(&self.spec.name, map)?;
        Ok(Resource {
            parent: self.spec.parent.as_ref().map(|parent| parent.spec.name.clone()),
            selected: self.spec.selected,
            ..Resource::new(&self.spec.name, hints, (self.producer)(&self.spec))
        })
    }
}

/// A resource with a producer of its own, as other crates make them. It is used up by one run.
impl From<Resource> for AnyResource {
    fn from(resource: Resource) -> Self {
        let Resource { name, hints, producer, selected, .. } = resource;
        let mut spec = Spec::new(&name);
        if let Ok(Value::Object(map)) = serde_json::to_value(&hints) {
            spec.hints = map;
        }
        spec.selected = selected;
        let once = Mutex::new(Some(producer));
        let producer = move |_: &Spec| {
            let producer = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            producer.unwrap_or_else(|| Box::new(UsedUp))
        };
        Self { spec, producer: Arc::new(producer) }
    }
}

/// A producer that went to an earlier run.
struct UsedUp;

impl Producer for UsedUp {
    fn open(&mut self, _context: &OpenContext) -> Result<Option<u64>, SourceError> {
        Err(SourceError::Config(
            "its producer was consumed by an earlier run; create the resource again".to_owned(),
        ))
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        Ok(None)
    }
}
