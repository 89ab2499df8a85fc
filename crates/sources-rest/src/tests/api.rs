//! An API that a closure answers, without sockets. Time passes only where a thread waits, and then at once.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use reqwest::{Body, Request, Response, Url};
use serde_json::Value;
use tokio::time::Instant;

use crate::http::{Later, Network, Reason, TransportError};

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) url: Url,
    headers: Vec<(String, String)>,
    pub(super) body: String,
    /// How many requests for this path came before.
    pub(super) before: usize,
    /// Time since the begin.
    pub(super) at: Duration,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// Path and query as they went out.
    pub(super) fn target(&self) -> String {
        self.url.query().map_or_else(|| self.path().to_owned(), |query| format!("{}?{query}", self.path()))
    }

    pub(super) fn param(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter that is a number; `default` where it is not there.
    pub(super) fn number(&self, name: &str, default: usize) -> usize {
        self.param(name).map_or(default, |text| text.parse().expect("a number"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What the API says.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    breaks_off: bool,
    lost: Option<Reason>,
}

impl Answer {
    pub(super) fn json(value: &Value) -> Self {
        Self::of("application/json", value.to_string())
    }

    pub(super) fn of(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            pieces: vec![body.into()],
            breaks_off: false,
            lost: None,
        }
    }

    pub(super) fn status(status: u16, body: &str) -> Self {
        Self { status, ..Self::of("text/plain", body) }
    }

    /// There is no answer.
    pub(super) fn lost(reason: Reason) -> Self {
        Self { lost: Some(reason), ..Self::status(0, "") }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same in pieces of this size.
    pub(super) fn in_pieces(self, size: usize) -> Self {
        let body = self.pieces.concat();
        Self { pieces: body.chunks(size).map(<[u8]>::to_vec).collect(), ..self }
    }

    /// The same, but the connection breaks behind the last piece.
    pub(super) fn breaking_off(self) -> Self {
        Self { breaks_off: true, ..self }
    }

    fn into_response(self) -> Response {
        let mut builder = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let mut pieces: VecDeque<io::Result<Bytes>> =
            self.pieces.into_iter().map(|piece| Ok(piece.into())).collect();
        if self.breaks_off {
            pieces.push_back(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the line is dead")));
        }
        builder.body(Body::wrap(Pieces(pieces))).expect("an answer of a test").into()
    }
}

struct Pieces(VecDeque<io::Result<Bytes>>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(self.0.pop_front().map(|piece| piece.map(Frame::data)))
    }
}

type Answering = dyn Fn(&Asked) -> Answer + Send + Sync;

/// The API. All clones are the same one.
#[derive(Clone)]
pub(super) struct Api(Arc<Inner>);

struct Inner {
    answering: Box<Answering>,
    asked: Mutex<Vec<Asked>>,
    begin: Instant,
    now: Mutex<Instant>,
}

impl Api {
    pub(super) fn new(answering: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let begin = Instant::now();
        Self(Arc::new(Inner {
            answering: Box::new(answering),
            asked: Mutex::default(),
            begin,
            now: Mutex::new(begin),
        }))
    }

    /// All requests so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    /// Path and query of all requests so far.
    pub(super) fn targets(&self) -> Vec<String> {
        self.asked().iter().map(Asked::target).collect()
    }

    /// Seconds since the begin at which the requests came.
    pub(super) fn moments(&self) -> Vec<f64> {
        self.asked().iter().map(|asked| asked.at.as_secs_f64()).collect()
    }

    fn take(&self, request: &Request) -> Asked {
        let mut asked = self.0.asked.lock().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = request.headers();
        let one = Asked {
            method: request.method().to_string(),
            url: request.url().clone(),
            headers: headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
            body: request.body().and_then(Body::as_bytes).map(text).unwrap_or_default(),
            before: asked.iter().filter(|other| other.url.path() == request.url().path()).count(),
            at: *self.0.now.lock().unwrap() - self.0.begin,
        };
        asked.push(one.clone());
        one
    }
}

impl Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Api")
    }
}

impl Network for Api {
    fn send<'a>(
        &'a self,
        _http: &'a reqwest::Client,
        request: Request,
    ) -> Later<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let asked = self.take(&request);
            let answer = (self.0.answering)(&asked);
            match answer.lost {
                Some(reason) => Err(TransportError::because(reason, "so says the network".to_owned())),
                None => Ok(answer.into_response()),
            }
        })
    }

    fn now(&self) -> Instant {
        *self.0.now.lock().unwrap()
    }

    fn sleep_until(&self, moment: Instant) -> Later<'_, ()> {
        let mut now = self.0.now.lock().unwrap();
        *now = moment.max(*now);
        Box::pin(std::future::ready(()))
    }
}
