//! How far a resource is, and what its pages have changed in the state.

use cartage_source_api::{CursorAdvance, StateChange};
use cartage_state::PipelineState;

use cartage_incremental::Position;

/// How far one resource is.
#[derive(Debug, Default)]
pub(crate) struct ResourceProgress {
    has_ended: bool,
    /// Whether anything happened since the last package: a page came, or the end.
    is_in_package: bool,
    /// Whether rows came since the last checkpoint, for resources that have some.
    is_past_checkpoint: bool,
    /// Pages that were taken.
    pages: u64,
    /// Changes of pages that were taken and are not in the state yet.
    change: StateChange,
    cursors: Vec<Position>,
    /// Rows that cursors left out.
    left_out: u64,
}

impl ResourceProgress {
    /// Notes what a page changes that is taken now. False if it had rows and a cursor let none pass.
    pub(crate) fn take(&mut self, change: StateChange, state: &PipelineState, source: &str) -> bool {
        let (steps, edits) = change.split();
        self.is_past_checkpoint &= !edits.is_checkpoint();
        let has_passed = !steps.iter().any(CursorAdvance::reject_all);
        for step in steps {
            self.left_out += step.left_out;
            if !self.cursors.iter().any(|cursor| cursor.is_of(&step)) {
                self.cursors.push(Position::at_start(state, source, &step));
            }
            let cursor = self.cursors.iter_mut().find(|cursor| cursor.is_of(&step));
            cursor.expect("just pushed").advance(step);
        }
        self.change = std::mem::take(&mut self.change).then(edits);
        has_passed
    }

    /// Notes that a page was taken.
    pub(crate) fn begin(&mut self) {
        self.is_in_package = true;
        self.is_past_checkpoint = true;
        self.pages += 1;
    }

    /// Pages that were taken.
    pub(crate) fn pages(&self) -> u64 {
        self.pages
    }

    /// Whether a later run can go on after what was taken so far.
    pub(crate) fn is_at_checkpoint(&self) -> bool {
        self.has_ended || !self.is_past_checkpoint
    }

    /// Notes that there are no more pages.
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
        self.is_in_package = true;
    }

    /// Whether a page was taken.
    pub(crate) fn has_begun(&self) -> bool {
        self.pages > 0
    }

    /// Whether there are more pages after those that were taken.
    pub(crate) fn is_in_the_middle(&self) -> bool {
        self.has_begun() && !self.has_ended
    }

    /// Whether the resource took part in the package that ends now. From here on it is the next one's.
    pub(crate) fn end_package(&mut self) -> bool {
        std::mem::take(&mut self.is_in_package)
    }

    /// Whether there are no more pages.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Writes what the pages so far changed into the state.
    pub(crate) fn write(&mut self, state: &mut PipelineState, source: &str, resource: &str) {
        std::mem::take(&mut self.change).apply(state, source, resource);
        for cursor in &self.cursors {
            cursor.write(state, source);
        }
    }

    /// Rows so far that cursors left out, as known or out of their range.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What the user should know about its cursors.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        self.cursors.iter().filter_map(Position::warning)
    }
}
