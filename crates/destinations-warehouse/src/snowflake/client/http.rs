//! Requests to the service: JSON there and back, and which of them are sent again.
//!
//! A request that never left is sent again, and so is one that the service turned away with 429 or 503, under the same
//! id, as its drivers do. One whose answer is lost is sent again only where that changes nothing.

use std::time::Duration;

use bytes::Bytes;
use cartage_runtime::{RetryPolicy, SystemRandom};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::Failure;
use super::protocol::Envelope;

/// Attempts of one request.
const ATTEMPTS: u32 = 6;
/// Silence after which a connection counts as broken. The service answers within a minute, if only that it is not done.
const SILENCE: Duration = Duration::from_mins(5);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Whether a request may be sent again where its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It changes nothing, or nothing more.
    Harmless,
    /// It may have been carried out.
    Never,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    /// Path and query after the address, or a whole address.
    pub(crate) path: String,
    pub(crate) token: Option<&'a str>,
    pub(crate) body: Option<&'a Value>,
    pub(crate) repeat: Repeat,
    /// Whether it has an id, so that the service is told of a repetition.
    pub(crate) counts_attempts: bool,
    /// The form of the answer that is asked for.
    pub(crate) accept: &'static str,
}

/// The form of most answers.
const FORM: &str = "application/snowflake";
/// The form of answers to `PUT`.
pub(crate) const JSON: &str = "application/json";

impl<'a> Request<'a> {
    pub(crate) fn post(path: impl Into<String>, body: &'a Value) -> Self {
        let path = path.into();
        let (method, repeat) = (Method::POST, Repeat::Harmless);
        Self { method, path, token: None, body: Some(body), repeat, counts_attempts: false, accept: FORM }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        let path = path.into();
        let (method, repeat) = (Method::GET, Repeat::Harmless);
        Self { method, path, token: None, body: None, repeat, counts_attempts: false, accept: FORM }
    }

    pub(crate) fn with_token(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }
}

/// The service at its address.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
    policy: RetryPolicy,
}

impl Http {
    pub(crate) fn new(base: String, connect_timeout: Duration) -> Result<Self, String> {
        cartage_object_storage::use_ring();
        let client = reqwest::Client::builder()
            .connect_timeout(connect_timeout)
            .read_timeout(SILENCE)
            .tcp_nodelay(true)
            .user_agent(concat!("cartage/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, base, policy: RetryPolicy::default() })
    }

    /// The client, for places that are not the service.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Pauses after a number of failed attempts.
    pub(crate) async fn pause(&self, failed: u32) {
        tokio::time::sleep(self.policy.pause(failed, &SystemRandom)).await;
    }

    /// The envelope of an answer, whether it is a success or a refusal.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
    ) -> Result<Envelope<T>, Failure> {
        let mut failed = 0;
        let mut turned_away = None;
        loop {
            let failure = match self.attempt(request, failed, turned_away).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            failed += 1;
            let (again, wait) = match &failure {
                Attempt::Failed(Failure::Unreachable(_)) => (true, None),
                Attempt::Failed(Failure::Lost(_)) => (request.repeat == Repeat::Harmless, None),
                Attempt::Failed(_) => (false, None),
                Attempt::TurnedAway { status, wait } => {
                    turned_away = Some(*status);
                    (true, *wait)
                }
            };
            if !again || failed >= ATTEMPTS {
                return Err(failure.into());
            }
            tracing::debug!(path = request.shown(), failed, "a request is sent again");
            match wait {
                Some(wait) => tokio::time::sleep(wait.min(LONGEST_WAIT)).await,
                None => self.pause(failed).await,
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        failed: u32,
        turned_away: Option<StatusCode>,
    ) -> Result<Envelope<T>, Attempt> {
        let mut path = request.path.clone();
        if request.counts_attempts && failed > 0 {
            let reason = turned_away.map_or(0, |status| status.as_u16());
            path.push_str(&format!("&retryCount={failed}&retryReason={reason}"));
        }
        let url = if path.starts_with("http") { path } else { format!("{}{path}", self.base) };
        let mut builder = self.client.request(request.method.clone(), url).header(ACCEPT, request.accept);
        if let Some(token) = request.token {
            builder = builder.header(AUTHORIZATION, format!("Snowflake Token=\"{token}\""));
        }
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, JSON).body(body.to_string());
        }
        let response = sent(builder).await?;
        let status = response.status();
        if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
            return Err(Attempt::TurnedAway { status, wait: retry_after(response.headers()) });
        }
        let body = body(response).await?;
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(envelope) => Ok(envelope),
            Err(_) if status.is_server_error() => {
                Err(Failure::Lost(format!("the service failed with {status}")).into())
            }
            Err(cause) => {
                let message = if status.is_success() { cause.to_string() } else { status.to_string() };
                Err(Failure::Unexpected { status: status.as_u16(), message }.into())
            }
        }
    }
}

impl Request<'_> {
    /// The path without ids and tokens.
    fn shown(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// An attempt without an answer.
enum Attempt {
    Failed(Failure),
    TurnedAway { status: StatusCode, wait: Option<Duration> },
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Attempt> for Failure {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Failed(failure) => failure,
            Attempt::TurnedAway { status, .. } => Self::Busy(status.as_u16()),
        }
    }
}

/// Sends a request; the answer has begun.
pub(crate) async fn sent(builder: RequestBuilder) -> Result<Response, Failure> {
    builder.send().await.map_err(|error| failure(&error))
}

/// The whole body of an answer.
pub(crate) async fn body(response: Response) -> Result<Bytes, Failure> {
    response.bytes().await.map_err(|error| Failure::Lost(innermost(&error)))
}

fn failure(error: &reqwest::Error) -> Failure {
    let cause = innermost(error);
    if error.is_connect() || error.is_builder() { Failure::Unreachable(cause) } else { Failure::Lost(cause) }
}

/// The cause at the bottom, which names no address and so no token.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::addr_eq(cause, error) { "the request failed".to_owned() } else { cause.to_string() }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
