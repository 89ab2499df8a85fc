//! Requests to the service, and which of them are sent again.
//!
//! A request is repeated only where that changes nothing: questions, removals, and jobs that have an id of ours.

use std::time::Duration;

use cartage_object_storage::NoToken;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::config::Config;
use super::error::Fault;

/// What may stand in a path as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// How long one question waits for the end of a query.
pub(super) const LONG_POLL: Duration = Duration::from_secs(10);
/// Pauses between attempts begin with this one and double.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// A client of the service for one destination.
#[derive(Debug)]
pub(super) struct Api {
    http: reqwest::Client,
    pub(super) config: Config,
}

/// Whether and when something is tried again.
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(retry_for: Duration) -> Self {
        Self { until: Instant::now() + retry_for, pause: FIRST_PAUSE }
    }

    /// Waits before another attempt.
    ///
    /// # Errors
    /// `fault` if another attempt would not help, or it was tried long enough.
    pub(super) async fn wait(&mut self, fault: Fault) -> Result<(), Fault> {
        if !fault.may_pass() || Instant::now() + self.pause > self.until {
            return Err(fault);
        }
        tracing::debug!(reason = fault.reason, pause = ?self.pause, "the service is asked again");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

impl Api {
    /// A client that has not connected yet.
    ///
    /// # Errors
    /// If the machine has no trusted certificates.
    pub(super) fn new(config: Config) -> reqwest::Result<Self> {
        cartage_object_storage::use_ring();
        let http = reqwest::Client::builder()
            .user_agent(concat!("cartage/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.answer_timeout)
            // An address of a chunk answers with 308, which is not a redirection here.
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()?;
        Ok(Self { http, config })
    }

    /// A path below the project that jobs run in, its parts escaped.
    pub(super) fn jobs_path(&self, parts: &[&str]) -> String {
        path(&self.config.billed, parts)
    }

    /// A path below the project that the datasets belong to.
    pub(super) fn data_path(&self, parts: &[&str]) -> String {
        path(&self.config.project, parts)
    }

    /// A request with a token, which may take `wait` longer than an answer takes otherwise.
    pub(super) async fn request(
        &self,
        method: Method,
        path: &str,
        wait: Duration,
    ) -> Result<RequestBuilder, Fault> {
        let url = if path.contains("://") { path.to_owned() } else { format!("{}{path}", self.config.url) };
        let request = self.http.request(method, url).timeout(self.config.answer_timeout + wait);
        Ok(match &self.config.access {
            Some(access) => request.bearer_auth(access.token().await.map_err(|cause| no_token(&cause))?),
            None => request,
        })
    }

    /// Asks for something, until there is an answer that counts.
    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
        self.repeat(Method::GET, path, query, None).await
    }

    /// Sends a document, again where it is not known whether it arrived.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.repeat(Method::POST, path, &[], Some(body)).await
    }

    /// Sends a document once, where nothing depends on its arrival.
    pub(super) async fn tell(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.once(Method::POST, path, Some(body)).await
    }

    /// Removes something.
    pub(super) async fn delete(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
        self.repeat(Method::DELETE, path, query, None).await
    }

    async fn repeat(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Value, Fault> {
        let mut patience = Patience::new(self.config.retry_for);
        let path = with_query(path, query);
        loop {
            match self.once(method.clone(), &path, body).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => patience.wait(fault).await?,
            }
        }
    }

    async fn once(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        // Questions wait for the end of a query for a while.
        let mut request = self.request(method, path, LONG_POLL).await?;
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let (status, bytes) = receive(request).await?;
        if !status.is_success() {
            return Err(Fault::of_answer(status, &bytes));
        }
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| Fault::unreachable("the answer cannot be read as JSON"))
    }
}

/// Sends a request once and reads the answer.
async fn receive(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Fault> {
    let response = request.send().await.map_err(|cause| lost(&cause))?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(|cause| lost(&cause))?;
    Ok((status, bytes.to_vec()))
}

/// The connection broke, or there is none.
pub(super) fn lost(cause: &reqwest::Error) -> Fault {
    let mut text = cause.to_string();
    let mut below = std::error::Error::source(cause);
    while let Some(error) = below {
        text.push_str(&format!(": {error}"));
        below = error.source();
    }
    Fault::unreachable(text)
}

/// Google refused a token, or could not be asked.
fn no_token(cause: &NoToken) -> Fault {
    let message = format!("no token could be had from Google: {cause}");
    if cause.may_pass() {
        return Fault::unreachable(message);
    }
    Fault { status: Some(StatusCode::UNAUTHORIZED), reason: "authError".to_owned(), message }
}

fn path(project: &str, parts: &[&str]) -> String {
    let mut path = format!("/bigquery/v2/projects/{}", utf8_percent_encode(project, PLAIN));
    for part in parts {
        path.push('/');
        path.extend(utf8_percent_encode(part, PLAIN));
    }
    path
}

fn with_query(path: &str, query: &[(&str, String)]) -> String {
    let pairs = query.iter().map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, PLAIN)));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
