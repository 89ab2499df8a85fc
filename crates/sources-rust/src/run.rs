//! What a resource gets when it starts.

use cartage_source_api::OpenContext;

use crate::incremental::Cursor;
use crate::state::State;

/// What a resource gets when it starts. Clones are the same run.
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

    /// The range of the resource's cursor.
    pub fn incremental(&self) -> Cursor {
        Cursor::new(self.context.cursor.as_ref(), &self.context.last_value)
    }

    /// What the resource remembers.
    pub fn state(&self) -> State {
        self.resource.clone()
    }

    /// What the source remembers. Resources that work at the same time each take keys of their own.
    pub fn source_state(&self) -> State {
        self.source.clone()
    }

    /// Whether the user asked to stop. Long waits should check it; the run ends without their page.
    pub fn is_cancelled(&self) -> bool {
        self.context.cancel.is_cancelled()
    }

    /// Threads that one resource may use: `workers` of the settings.
    pub(crate) fn workers(&self) -> usize {
        self.context.workers
    }

    /// Items that may be worked on at once: `max_parallel_items` of the settings.
    pub(crate) fn max_parallel_items(&self) -> usize {
        self.context.max_parallel_items
    }
}
