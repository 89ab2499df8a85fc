//! A walk through answers that were recorded: nothing is sent.

use bytes::Bytes;
use cartage_source_api::{JsonPage, SourceError};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::channel;

use super::{PageFetcher, Stop};
use crate::http::{Payload, Reply};
use crate::pagination::Pagination;

/// A good answer of an API as it was recorded, its body unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// Names and values; those that no header can have are left out.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, in the encoding that the headers name.
    pub body: Vec<u8>,
}

/// What became of a recorded answer.
#[derive(Debug)]
pub struct ReplayedAnswer {
    /// Its rows, with all steps taken.
    pub pages: Vec<JsonPage>,
    /// Method and address of the request for the next page, without credentials; `None` after the last page.
    pub next: Option<String>,
}

/// Walks through `answers` until one has no next page.
pub(crate) fn replay(
    walk: Pagination,
    answers: impl IntoIterator<Item = RecordedAnswer>,
) -> Result<Vec<ReplayedAnswer>, SourceError> {
    let runtime = Builder::new_current_thread()
        .build()
        .map_err(|source| SourceError::Read { input: "the recorded answers".to_owned(), source })?;
    // Pages are taken when the whole answer has been read.
    let (sender, mut pages) = channel(Semaphore::MAX_PERMITS);
    // With a window of none no request is sent.
    let mut walker = PageFetcher { window: 0, ..PageFetcher::new(walk, sender) };
    let mut request = walker.walk.request.clone();
    walker.pager.begin(&mut request);
    let redactor = walker.walk.endpoint.client.redactor.clone();
    let shown = |request: &crate::request::Request| {
        format!("{} {}", request.method, redactor.url(&request.full_url()))
    };
    let mut replayed = Vec::new();
    for answer in answers {
        let reply = Reply {
            headers: headers(&answer.headers),
            url: request.url.clone(),
            shown: shown(&request),
            is_without_content: false,
            payload: Payload::Whole(Bytes::from(answer.body)),
        };
        let taken = runtime.block_on(walker.take(reply, &mut request));
        let goes_on = match taken {
            Ok(goes_on) => goes_on,
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Unwanted) => false,
        };
        let portions: Result<Vec<_>, _> = std::iter::from_fn(|| pages.try_recv().ok()).collect();
        let pages = portions?.into_iter().map(|portion| portion.page).collect();
        replayed.push(ReplayedAnswer { pages, next: goes_on.then(|| shown(&request)) });
        if !goes_on {
            break;
        }
    }
    Ok(replayed)
}

fn headers(recorded: &[(String, Vec<u8>)]) -> HeaderMap {
    let header = |(name, value): &(String, Vec<u8>)| {
        Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in recorded.iter().filter_map(header) {
        // There are limits to how many a map holds, which no server reaches.
        if headers.try_append(name, value).is_err() {
            break;
        }
    }
    headers
}
