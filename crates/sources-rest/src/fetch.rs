//! A walk through the pages of one endpoint, as a task.

mod replay;

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use cartage_row_readers::{DocumentReader, Selector};
use cartage_source_api::{JsonPage, SourceError};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;

use crate::background::contained;
use crate::http::{
    DecodingReader, Outcome, Payload, Reply, RestError, StreamedBody, decoded, encoding_of, of_document,
};
use crate::paginate::{At, Pager, Position, Seen, Shape, detect_paginator, detect_selector};
use crate::pagination::{FetchedPage, Pages, Pagination};
use crate::request::Request;
use crate::rows::{Finish, check, split, without_first};

pub(crate) use replay::replay;
pub use replay::{RecordedAnswer, ReplayedAnswer};

/// Pages that may wait to be taken.
const READY_PAGES: usize = 2;

/// Bodies above this are not kept in memory.
const KEEP_BYTES: usize = 4 << 20;

/// The same where the place of the rows has yet to be found in the body.
const DETECT_BYTES: usize = 64 << 20;

/// What surrounds the rows of a body that is not kept: at most so much.
const MAX_REST_BYTES: usize = 16 << 20;

/// Starts a walk; it ends when its pages are no longer wanted.
pub(crate) fn start(walk: Pagination, runtime: &Handle) -> Pages {
    let (sender, pages) = channel(READY_PAGES);
    runtime.spawn(async move {
        let mut walker = PageFetcher::new(walk, sender.clone());
        let error = match contained(walker.run()).await {
            Ok(Err(Stop::Failed(error))) => error,
            Ok(Ok(()) | Err(Stop::Unwanted)) => return,
            // Without a word the pages that are missing would look like the end.
            Err(panic) => SourceError::Panicked(panic.to_string()),
        };
        // Nobody may be listening any more.
        drop(sender.send(Err(error)).await);
    });
    pages
}

/// A request in progress; dropping this value abandons it.
struct PageInFlight(JoinHandle<Result<Outcome, RestError>>);

impl Drop for PageInFlight {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a walk ends early.
enum Stop {
    Failed(SourceError),
    /// Its pages are no longer wanted.
    Unwanted,
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

struct PageFetcher {
    walk: Pagination,
    selector: Option<Selector>,
    pager: Pager,
    /// Requests under way, in the order of their pages.
    flights: VecDeque<PageInFlight>,
    /// How many may be under way; it grows while answers have rows.
    window: usize,
    /// Rows of the next answer that an earlier walk has taken.
    to_skip: u64,
    /// Of the first request.
    fingerprint: String,
    out: Sender<Result<FetchedPage, SourceError>>,
}

impl PageFetcher {
    fn new(walk: Pagination, out: Sender<Result<FetchedPage, SourceError>>) -> Self {
        let key_param = walk.endpoint.auth.as_ref().and_then(|auth| auth.key_param());
        Self {
            selector: walk.endpoint.selector.clone(),
            pager: Pager::new(walk.endpoint.paginator.clone(), key_param),
            flights: VecDeque::new(),
            window: 1,
            to_skip: 0,
            fingerprint: walk.request.fingerprint(),
            out,
            walk,
        }
    }

    async fn run(&mut self) -> Result<(), Stop> {
        let mut request = self.walk.request.clone();
        if let Some(position) = self.walk.resume.take() {
            self.resume(position, &mut request)?;
            if *self.pager.at() == At::End {
                return Ok(());
            }
        }
        self.pager.begin(&mut request);
        loop {
            self.launch(&request);
            let Some(mut flight) = self.flights.pop_front() else { return Ok(()) };
            let outcome = (&mut flight.0)
                .await
                .map_err(|error| SourceError::Panicked(format!("the request was abandoned: {error}")))?;
            let Outcome::Reply(reply) = outcome.map_err(SourceError::from)? else { return Ok(()) };
            let tally = &self.walk.tally;
            tally.answers.fetch_add(1, Ordering::Relaxed);
            if reply.is_without_content {
                tally.has_matched.store(true, Ordering::Relaxed);
                let behind = self.position(&At::End, 0)?;
                return self.give(JsonPage::default(), behind).await;
            }
            if !self.take(*reply, &mut request).await? {
                return Ok(());
            }
            self.window = (self.window * 2).min(self.walk.endpoint.client.session.parallel_requests.max(1));
        }
    }

    /// Goes on where an earlier walk stopped.
    fn resume(&mut self, position: Position, request: &mut Request) -> Result<(), Stop> {
        let Position { request: of, at, rows, data_selector } = position;
        tracing::info!(?at, rows, "continues where an earlier run stopped");
        if of != self.fingerprint || !self.pager.resume(at, request) {
            let what = "its endpoint has changed since a run was interrupted, and the position in the state \
                        does not apply to it; undo the change for one run, or forget the position with \
                        `cartage drop RESOURCE --state-only`, and the pages come again from the first one";
            return Err(SourceError::Config(what.to_owned()).into());
        }
        self.to_skip = rows;
        if let (None, Some(text)) = (&self.selector, data_selector) {
            self.selector = text.parse().ok();
        }
        Ok(())
    }

    /// Where a later walk continues, if the resource asks for that.
    fn position(&self, at: &At, rows: u64) -> Result<Option<Position>, Stop> {
        if !self.walk.endpoint.resume {
            return Ok(None);
        }
        if let At::Link(link) = at
            && Url::parse(link).is_ok_and(|url| self.walk.endpoint.client.redactor.has_secret(&url))
        {
            let what = "the link to the next page holds credentials, which must not be stored in the state; \
                        leave `resume` out";
            return Err(SourceError::Config(what.to_owned()).into());
        }
        let found = self.walk.endpoint.selector.is_none().then_some(self.selector.as_ref()).flatten();
        Ok(Some(Position {
            request: self.fingerprint.clone(),
            at: at.clone(),
            rows,
            data_selector: found.map(ToString::to_string),
        }))
    }

    /// Sends the next request, and those after it that are sure or likely to come.
    fn launch(&mut self, request: &Request) {
        while self.flights.len() < self.window {
            let ahead = self.flights.len();
            let next = if ahead == 0 { Some(request.clone()) } else { self.pager.ahead(request, ahead) };
            let Some(next) = next else { return };
            let endpoint = Arc::clone(&self.walk.endpoint);
            let keep = if self.selector.is_some() { KEEP_BYTES } else { DETECT_BYTES };
            self.flights.push_back(PageInFlight(tokio::spawn(async move {
                let auth = endpoint.auth.as_deref();
                endpoint.client.send(&next, auth, &endpoint.home, &endpoint.actions, keep).await
            })));
        }
    }

    /// Gives the rows of an answer. True if there is another page, for which `request` asks then.
    async fn take(&mut self, reply: Reply, request: &mut Request) -> Result<bool, Stop> {
        let source: Arc<str> = reply.shown.as_str().into();
        let Reply { headers, url, payload, .. } = reply;
        let content_type =
            headers.get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let unusable = |reason: String| SourceError::Unusable { input: source.to_string(), reason };
        let body = match payload {
            Payload::Whole(body) => body,
            Payload::Streamed(body) => {
                let (rows, rest) = self.stream(*body, &source, content_type.as_deref()).await?;
                self.decide(&headers, &rest, &unusable)?;
                let seen = Seen { headers: &headers, url: &url, body: &rest, is_whole: false, rows };
                return Ok(self.pager.advance(&seen, request).map_err(unusable)?);
            }
        };
        self.walk.tally.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        let body = decoded(&body, content_type.as_deref()).map_err(unusable)?;
        check(&body, content_type.as_deref()).map_err(unusable)?;
        self.decide(&headers, &body, &unusable)?;
        let here = self.pager.at().clone();
        let mut seen = Seen { headers: &headers, url: &url, body: &body, is_whole: true, rows: 0 };
        let early = !self.pager.needs_rows();
        let mut goes_on = false;
        if early {
            goes_on = self.pager.advance(&seen, request).map_err(unusable)?;
            if goes_on {
                self.launch(request);
            }
        }
        let selector = self.selector.clone().unwrap_or_default();
        let cut = split(&body, &source, &selector, self.walk.max_row_bytes)?;
        self.note_match(cut.has_matched, &body, &selector, &unusable)?;
        if !early {
            seen.rows = cut.rows;
            goes_on = self.pager.advance(&seen, request).map_err(unusable)?;
            if goes_on {
                self.launch(request);
            }
        }
        let mut rows = 0;
        let last = cut.pages.len() - 1;
        for (nth, page) in cut.pages.into_iter().enumerate() {
            rows += page.rows();
            if nth == last {
                // An answer that has become shorter says nothing about the next one.
                self.to_skip = self.to_skip.min(page.rows());
            }
            let behind =
                if nth == last { self.position(self.pager.at(), 0)? } else { self.position(&here, rows)? };
            self.finish(page, &source, behind).await?;
        }
        Ok(goes_on)
    }

    /// Detects what is not configured: where the rows are, and how to get the next page.
    fn decide(
        &mut self,
        headers: &reqwest::header::HeaderMap,
        body: &[u8],
        unusable: &impl Fn(String) -> SourceError,
    ) -> Result<(), Stop> {
        if self.selector.is_some() && !self.pager.is_undecided() {
            return Ok(());
        }
        let shape: Shape = serde_json::from_slice(body).unwrap_or(Shape::List);
        let mut chosen = self.walk.tally.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        if self.selector.is_none() {
            let text = detect_selector(&shape);
            tracing::info!(data_selector = text, "found where the rows are");
            chosen.selector.get_or_insert_with(|| text.clone());
            let selector = text.parse().map_err(|error| unusable(format!("{error}; set `data_selector`")))?;
            self.selector = Some(selector);
        }
        if self.pager.is_undecided() {
            let paginator = detect_paginator(headers, &shape);
            tracing::info!(%paginator, "found how to continue");
            chosen.paginator.get_or_insert_with(|| paginator.to_string());
            self.pager.decide(paginator);
        }
        Ok(())
    }

    /// Fails if the selector leads nowhere from the very first answer of a resource without parent.
    fn note_match(
        &self,
        has_matched: bool,
        body: &[u8],
        selector: &Selector,
        unusable: &impl Fn(String) -> SourceError,
    ) -> Result<(), Stop> {
        let tally = &self.walk.tally;
        let is_void = matches!(body.trim_ascii(), b"{}" | b"[]" | b"null");
        if has_matched || is_void {
            tally.has_matched.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let is_root = self.walk.endpoint.parent.is_none();
        if is_root && !tally.has_matched.load(Ordering::Relaxed) {
            return Err(unusable(nothing_selected(&selector.to_string(), body)).into());
        }
        Ok(())
    }

    /// Passes on the rows of a body that is too large to be kept. Gives their number and what is around them.
    async fn stream(
        &mut self,
        body: StreamedBody,
        source: &Arc<str>,
        content_type: Option<&str>,
    ) -> Result<(u64, Vec<u8>), Stop> {
        let start = body.start();
        let unusable = |reason: String| SourceError::Unusable { input: source.to_string(), reason };
        let encoding = encoding_of(content_type, start).map_err(unusable)?;
        // A byte order mark and the zeros of UTF-16 may precede it.
        let is_before =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff);
        let first = start.iter().copied().find(|byte| !is_before(byte));
        if !matches!(first, Some(b'{' | b'[')) {
            return Err(
                unusable(of_document(start, content_type, "it is neither an object nor a list")).into()
            );
        }
        if self.selector.is_none() && first == Some(b'[') {
            self.selector = Some(Selector::default());
        }
        let Some(selector) = self.selector.clone() else {
            let what = "the answer is too large to look for the rows in it; set `data_selector`";
            return Err(unusable(what.to_owned()).into());
        };
        let input = DecodingReader::new(body.into_reader(), encoding);
        let reader = DocumentReader::new(input, source, selector, self.walk.max_row_bytes);
        let mut reader = reader.lenient().keeping_rest(MAX_REST_BYTES);
        let mut rows = 0;
        loop {
            // Reading waits for the network, so it happens in a thread that may.
            let step = tokio::task::spawn_blocking(move || {
                let page = reader.next_page();
                (reader, page)
            });
            let (back, page) = step.await.map_err(|error| SourceError::Panicked(error.to_string()))?;
            reader = back;
            let Some(page) = page.map_err(|error| broken(error, source))? else { break };
            rows += page.rows();
            self.walk.tally.bytes.fetch_add(page.text().len() as u64, Ordering::Relaxed);
            let behind = self.position(self.pager.at(), rows)?;
            self.finish(page, source, behind).await?;
        }
        self.to_skip = 0;
        let selector = self.selector.clone().unwrap_or_default();
        self.note_match(reader.has_matched(), reader.rest(), &selector, &unusable)?;
        Ok((rows, reader.rest().to_vec()))
    }

    async fn finish(
        &mut self,
        page: JsonPage,
        source: &Arc<str>,
        behind: Option<Position>,
    ) -> Result<(), Stop> {
        let skipped = self.to_skip.min(page.rows());
        self.to_skip -= skipped;
        let ends_inside = behind.as_ref().is_some_and(|place| place.rows > 0);
        if skipped > 0 && skipped == page.rows() && ends_inside {
            // The place that the state remembers is as far or further, and must not move back.
            return Ok(());
        }
        let page = without_first(skipped, page);
        let finish = Finish { suffix: &self.walk.suffix, steps: &self.walk.endpoint.steps };
        let page = finish.apply(page, source)?;
        self.walk.tally.rows.fetch_add(page.rows(), Ordering::Relaxed);
        self.give(page, behind).await
    }

    async fn give(&self, page: JsonPage, behind: Option<Position>) -> Result<(), Stop> {
        self.out.send(Ok(FetchedPage { page, behind })).await.map_err(|_| Stop::Unwanted)
    }
}

/// Why a body broke off of which rows have been passed on already.
fn broken(error: SourceError, source: &Arc<str>) -> SourceError {
    match error {
        SourceError::Read { source: cause, .. } if cause.kind() == std::io::ErrorKind::InvalidData => {
            SourceError::Unusable { input: source.to_string(), reason: cause.to_string() }
        }
        SourceError::Read { source: cause, .. } => {
            let mut reason = cause.to_string();
            let mut inner: Option<&dyn std::error::Error> = std::error::Error::source(&cause);
            while let Some(error) = inner {
                reason = error.to_string();
                inner = error.source();
            }
            SourceError::Unusable {
                input: source.to_string(),
                reason: format!("the answer ended early ({reason}); run again, or ask for smaller pages"),
            }
        }
        error => error,
    }
}

/// What to do about a selector that leads nowhere.
pub(crate) fn nothing_selected(selector: &str, body: &[u8]) -> String {
    let keys = match serde_json::from_slice(body) {
        Ok(Shape::Object(entries)) => entries.keys().cloned().collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    let keys =
        if keys.is_empty() { "it is not an object".to_owned() } else { format!("its keys are {keys}") };
    format!("the data_selector `{selector}` finds nothing in the answer; {keys}")
}
