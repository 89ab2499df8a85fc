//! What a resource is told when it starts.

use cartage_extract::OpenContext;

use crate::state::State;

/// What a resource is told when it starts.
#[derive(Clone, Debug)]
pub struct Run {
    context: OpenContext,
    resource: State,
    source: State,
}

impl Run {
    pub(crate) fn new(context: &OpenContext) -> Self {
        let (resource, source) = State::at_start(context);
        Self { context: context.clone(), resource, source }
    }

    /// Name of the resource.
    pub fn resource(&self) -> &str {
        &self.context.resource
    }

    /// What the resource remembers.
    pub fn state(&self) -> State {
        self.resource.clone()
    }

    /// What the source remembers. Resources that work at the same time each take keys of their own.
    pub fn source_state(&self) -> State {
        self.source.clone()
    }

    /// Whether the user asked to stop. Long waits should look at it; the run ends without their page.
    pub fn is_cancelled(&self) -> bool {
        self.context.cancel.is_cancelled()
    }
}
