//! What a resource may return as a page.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use cartage_row_readers::{DocumentReader, Selector};
use cartage_source_api::{JsonPage, Page, Route, RouteScope, SourceError};
use serde::Serialize;

use crate::error::BoxError;
use crate::flow::PageIter;

/// Longest row in JSON text. It is in memory already, so that this only guards against files that do not hold rows.
const MAX_ROW_BYTES: usize = 1 << 30;

/// Rows that a resource returns at once.
pub trait IntoPages: Send {
    /// Whether the rows may go to other tables than that of the resource.
    const ROUTE_SCOPE: RouteScope = RouteScope::OwnTable;

    /// How many rows there are, as far as it is known without looking into them.
    fn row_count(&self) -> u64;

    /// Hands over the rows.
    ///
    /// # Errors
    /// If a row cannot be expressed in JSON, or text is not JSON.
    fn into_pages(self, out: &mut Outbox) -> Result<(), SourceError>;
}

/// Pages on their way to the stage.
#[derive(Debug)]
pub struct Outbox {
    resource: Arc<str>,
    ready: VecDeque<(Page, Option<Arc<Route>>)>,
    /// Where what is pushed goes.
    route: Option<Arc<Route>>,
}

impl Outbox {
    pub(crate) fn new(resource: &str) -> Self {
        Self { resource: resource.into(), ready: VecDeque::new(), route: None }
    }

    /// The resource, for messages.
    pub fn resource(&self) -> &Arc<str> {
        &self.resource
    }

    /// Appends a page.
    pub fn push(&mut self, page: Page) {
        self.ready.push_back((page, self.route.clone()));
    }

    /// Sends what `fill` appends somewhere else than to the table of the resource.
    pub(crate) fn along(
        &mut self,
        route: Option<Arc<Route>>,
        fill: impl FnOnce(&mut Self) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let outer = std::mem::replace(&mut self.route, route);
        let done = fill(self);
        self.route = outer;
        done
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    pub(crate) fn rows(&self) -> u64 {
        self.ready.iter().map(|(page, _)| page.rows()).sum()
    }

    pub(crate) fn pop(&mut self) -> Option<(Page, Option<Arc<Route>>)> {
        self.ready.pop_front()
    }
}

/// Rows that serialize. A value that is not an object becomes a row with the column `value`.
impl<T: Serialize + Send> IntoPages for Vec<T> {
    fn row_count(&self) -> u64 {
        self.len() as u64
    }

    fn into_pages(self, out: &mut Outbox) -> Result<(), SourceError> {
        out.push(Page::Json(JsonPage::from_rows(self)?));
        Ok(())
    }
}

/// Columns stay columns.
impl IntoPages for RecordBatch {
    fn row_count(&self) -> u64 {
        self.num_rows() as u64
    }

    fn into_pages(self, out: &mut Outbox) -> Result<(), SourceError> {
        out.push(Page::Arrow(self));
        Ok(())
    }
}

/// Pages as other sources make them.
impl IntoPages for Page {
    fn row_count(&self) -> u64 {
        self.rows()
    }

    fn into_pages(self, out: &mut Outbox) -> Result<(), SourceError> {
        out.push(self);
        Ok(())
    }
}

/// JSON as text: one row, an array of rows, or several of either one after the other. The rows keep their bytes
/// and are parsed by normalize only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText(pub Vec<u8>);

impl From<String> for JsonText {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&str> for JsonText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl IntoPages for JsonText {
    fn row_count(&self) -> u64 {
        0
    }

    fn into_pages(self, out: &mut Outbox) -> Result<(), SourceError> {
        let resource = Arc::clone(out.resource());
        let mut reader =
            DocumentReader::new(self.0.as_slice(), &resource, Selector::default(), MAX_ROW_BYTES);
        while let Some(page) = reader.next_page()? {
            out.push(Page::Json(page));
        }
        Ok(())
    }
}

/// What a transformer returns for an item of its parent: a page, or [`Lazy`] pages.
pub trait Yields: Send {
    /// The type of its pages.
    type Page: IntoPages + 'static;

    /// The pages in their order, made as they are asked for.
    fn into_page_iter(self) -> PageIter<Self::Page>;
}

impl<P: IntoPages + 'static> Yields for P {
    type Page = P;

    fn into_page_iter(self) -> PageIter<P> {
        Box::new(std::iter::once(Ok(self)))
    }
}

/// Pages that are made one by one, when they are wanted.
#[derive(Clone, Debug)]
pub struct Lazy<I>(pub I);

impl<P, I> Yields for Lazy<I>
where
    P: IntoPages + 'static,
    I: IntoIterator<Item = Result<P, BoxError>> + Send,
    I::IntoIter: Send + 'static,
{
    type Page = P;

    fn into_page_iter(self) -> PageIter<P> {
        Box::new(self.0.into_iter())
    }
}
