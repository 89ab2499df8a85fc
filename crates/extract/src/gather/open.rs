//! Opening producers, and the feed that takes turns with them.

use std::sync::Arc;

use cartage_runtime::threads::NoThread;
use cartage_source_api::{OpenContext, Producer, TargetTable};

use super::Extraction;
use crate::ExtractError;
use crate::feed::{Feed, QueuedProducer, caught};
use crate::plan::Planned;

/// Thousands of tiny files as thousands of pages would keep the threads busy with handing them over.
const SMALL_PAGE_BYTES: usize = 256 << 10;

impl Extraction<'_> {
    /// Opens all producers; the sum of their bytes where all know it.
    pub(super) fn open(&mut self, producers: &mut [Box<dyn Producer>]) -> Result<Option<u64>, ExtractError> {
        let mut context = OpenContext::new(self.settings.max_line_bytes, self.runtime.cancel.clone());
        if !self.settings.counts_pages() {
            context.small_page_bytes = SMALL_PAGE_BYTES;
        }
        let source_state = Arc::new(self.state.source_state(&self.schema.name).cloned().unwrap_or_default());
        let mut total = Some(0);
        for (resource, producer) in producers.iter_mut().enumerate() {
            let Planned { name, is_hidden, .. } = &self.planned[resource];
            let mut context = context.clone().with_state(name, Arc::clone(&source_state));
            context.is_hidden = *is_hidden;
            context.commits_before_end = self.planned[resource].cut.takes_state_along();
            let settings = self.settings.of_resource(name);
            context.max_line_bytes = settings.max_line_bytes;
            context.workers = settings.workers.get();
            context.max_parallel_items = settings.max_parallel_items.get();
            let naming = self.schema.naming(self.publisher.settings.destination.max_name_length());
            let table = TargetTable::of(self.planned[resource].target.root(), &self.schema, naming);
            context.table = Some(Arc::new(table));
            let bytes = caught(|| producer.open(&context)).map_err(|error| self.failed(resource, error))?;
            total = total.zip(bytes).map(|(total, bytes)| total + bytes);
            self.progress[resource].take(producer.take_state_change(), &self.state, &self.schema.name);
        }
        Ok(total)
    }

    pub(super) fn feed(&self, producers: Vec<Box<dyn Producer>>) -> Result<Feed, NoThread> {
        let pages = self.settings.limit.page_count();
        // The pages of a child are as many as its parent's rows ask for; messages are not counted.
        let are_counted = |resource: &Planned| resource.parent.is_none() && !resource.has_checkpoints;
        let queued = |(producer, resource): (_, &Planned)| QueuedProducer {
            producer,
            pages: if pages == 0 || are_counted(resource) { pages } else { u64::MAX },
            parent: resource.parent,
        };
        Feed::new(
            producers.into_iter().zip(&self.planned).map(queued).collect(),
            self.settings.next_item_mode,
            self.settings.workers.get(),
            self.settings.max_parallel_items.get(),
            self.runtime.cancel.clone(),
        )
    }
}
