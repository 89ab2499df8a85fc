//! Rows that come one by one, collected into pages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cartage_source_api::{JsonPage, PAGE_BYTES, Page, Route};

/// Rows that came longer ago than this are not held back any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pages that are being filled, each for a resource and a place where its rows go.
pub(crate) struct Batches {
    /// How messages name the output of the program.
    source: Arc<str>,
    filling: Vec<Filling>,
    bytes: usize,
    since: Option<Instant>,
}

struct Filling {
    resource: usize,
    route: Option<Arc<Route>>,
    page: JsonPage,
}

/// Rows of a resource on their way.
pub(crate) struct Rows {
    pub(crate) resource: usize,
    pub(crate) page: Page,
    pub(crate) route: Option<Arc<Route>>,
}

impl Batches {
    pub(crate) fn new(source: Arc<str>) -> Self {
        Self { source, filling: Vec::new(), bytes: 0, since: None }
    }

    /// Adds a row that stands on a line of the output.
    pub(crate) fn push(&mut self, resource: usize, row: &[u8], route: Option<Arc<Route>>, line: u64) {
        let place =
            self.filling.iter().position(|filling| filling.resource == resource && filling.route == route);
        let place = place.unwrap_or_else(|| {
            self.filling.push(Filling { resource, route, page: JsonPage::default() });
            self.filling.len() - 1
        });
        self.filling[place].page.push_row(&self.source, line, row);
        self.bytes += row.len() + 1;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Whether it is time to hand over what is there.
    pub(crate) fn is_due(&self) -> bool {
        self.bytes >= PAGE_BYTES || self.since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    /// All rows that wait, in the order in which the first row of each page came.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Rows> + use<> {
        self.bytes = 0;
        self.since = None;
        let rows = |Filling { resource, route, page }| Rows { resource, page: Page::Json(page), route };
        std::mem::take(&mut self.filling).into_iter().map(rows)
    }
}
