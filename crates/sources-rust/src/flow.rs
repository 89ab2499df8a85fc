//! How a resource makes its pages, behind one type for all kinds of resources.

use std::sync::Arc;

use cartage_source_api::Page;

use crate::error::BoxError;
use crate::run::Run;

/// Pages of a resource, one after the other.
pub(crate) type PageIter<P> = Box<dyn Iterator<Item = Result<P, BoxError>> + Send>;

/// Makes pages of a page of the parent.
pub(crate) type Transform<P> = Box<dyn FnMut(&Page) -> Result<PageIter<P>, BoxError> + Send>;

/// Begins to make pages, when the run has begun.
pub(crate) type Make<P> = Arc<dyn Fn(Run) -> Result<Flow<P>, BoxError> + Send + Sync>;

/// Where the pages of a resource come from in one run.
pub(crate) enum Flow<P> {
    /// The resource makes them by itself.
    Pages(PageIter<P>),
    /// From the pages of its parent.
    OfParent(Transform<P>),
}

impl<P: 'static> Flow<P> {
    /// The same with another page in the place of each page.
    pub(crate) fn map<Q: 'static>(self, f: Arc<dyn Fn(P) -> Result<Q, BoxError> + Send + Sync>) -> Flow<Q> {
        match self {
            Self::Pages(pages) => Flow::Pages(mapped(pages, f)),
            Self::OfParent(mut transform) => {
                Flow::OfParent(Box::new(move |page| Ok(mapped(transform(page)?, Arc::clone(&f)))))
            }
        }
    }
}

fn mapped<P: 'static, Q: 'static>(
    pages: PageIter<P>,
    f: Arc<dyn Fn(P) -> Result<Q, BoxError> + Send + Sync>,
) -> PageIter<Q> {
    Box::new(pages.map(move |page| f(page?)))
}
