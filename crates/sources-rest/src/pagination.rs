//! A walk through the pages of one endpoint as its producer sees it: what goes in, and what comes out.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use cartage_source_api::{JsonPage, SourceError};
use tokio::sync::mpsc::Receiver;

use crate::endpoint::Endpoint;
use crate::paginate::Position;
use crate::request::Request;

/// What the walks of a resource have met.
#[derive(Debug, Default)]
pub(crate) struct FetchStats {
    pub(crate) bytes: AtomicU64,
    pub(crate) rows: AtomicU64,
    pub(crate) answers: AtomicU64,
    /// Whether the selector has led to rows, or nothing was there that it could have led to.
    pub(crate) has_matched: AtomicBool,
    pub(crate) chosen: Mutex<Chosen>,
}

/// What was detected from the first answers because it was not configured.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) paginator: Option<String>,
    pub(crate) selector: Option<String>,
}

/// One walk: its first request, and what goes into its rows.
#[derive(Debug)]
pub(crate) struct Pagination {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) request: Request,
    pub(crate) suffix: Vec<u8>,
    pub(crate) max_row_bytes: usize,
    pub(crate) tally: Arc<FetchStats>,
    /// Where an earlier walk stopped.
    pub(crate) resume: Option<Position>,
}

/// A page, and where a later walk continues after it, if the resource asks for that.
#[derive(Debug)]
pub(crate) struct FetchedPage {
    pub(crate) page: JsonPage,
    pub(crate) behind: Option<Position>,
}

pub(crate) type Pages = Receiver<Result<FetchedPage, SourceError>>;
