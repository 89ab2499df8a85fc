//! Sending requests: credentials, redirects, retries, limits.

use std::sync::Arc;

use cartage_runtime::Random;
use indexmap::IndexMap;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode, Url};
use tokio::sync::Semaphore;

use super::auth::Authenticator;
use super::body::{BodyError, Payload, read, read_text};
use super::error::{self, RestError};
use super::limit::RateLimit;
use super::network::{HttpSender, Network};
use super::redact::Redactor;
use super::retry::{RetryDelay, is_retryable};
use super::tls;
use super::transport::{SystemResolver, TransportError};
use crate::config::{ActionTable, ConfigIssue, SessionTable, seconds};
use crate::request::{Body, Request, form};

/// Redirects of one request that are followed.
const MAX_REDIRECTS: usize = 30;

/// Bytes of an answer with an error that are read, to show them or to look into them.
const ERROR_BYTES: usize = 64 << 10;

/// What scheme, host and port make up.
pub(crate) type Origin = (String, String, u16);

/// One client for all resources of a source: connections, limits, what must not be shown.
#[derive(Debug)]
pub(crate) struct Client {
    sender: HttpSender,
    retry: RetryDelay,
    pub(crate) session: SessionTable,
    headers: IndexMap<String, String>,
    pub(crate) redactor: Redactor,
    rate: Option<RateLimit>,
    under_way: Semaphore,
}

/// What an answer of some kind means.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    status: Option<u16>,
    content: Option<String>,
}

/// A good answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    /// What was asked, without parameters and credentials: relative links start here.
    pub(crate) url: Url,
    /// Method and address as messages name them.
    pub(crate) shown: String,
    pub(crate) is_without_content: bool,
    pub(crate) payload: Payload,
}

pub(crate) enum Outcome {
    Reply(Box<Reply>),
    /// One of the response actions says that there is nothing here.
    Ignored,
}

/// A try that failed.
enum Failed {
    ForGood(String),
    /// It may work another time; the headers may say when.
    ForNow(String, Option<HeaderMap>),
    /// The token may be too old.
    Unauthorized(String),
}

impl Action {
    pub(crate) fn check(table: &ActionTable) -> Result<Self, ConfigIssue> {
        if table.action != "ignore" {
            return Err(ConfigIssue::new(
                "response_actions",
                format!("`{}` is not known; known is ignore", table.action),
            ));
        }
        Ok(Self { status: table.status_code, content: table.content.clone() })
    }

    fn fits(&self, status: StatusCode, body: &[u8]) -> bool {
        let has_content =
            |text: &String| text.is_empty() || body.windows(text.len()).any(|part| part == text.as_bytes());
        let is_empty = self.status.is_none() && self.content.is_none();
        !is_empty
            && self.status.is_none_or(|wanted| wanted == status.as_u16())
            && self.content.as_ref().is_none_or(has_content)
    }
}

impl Client {
    pub(crate) fn new(
        session: &SessionTable,
        headers: &IndexMap<String, String>,
        redactor: &Redactor,
        base_dir: &std::path::Path,
        random: Arc<dyn Random>,
        network: Arc<dyn Network>,
    ) -> Result<Self, ConfigIssue> {
        let verify = session.verify.as_ref().map(|file| base_dir.join(file));
        let tls =
            tls::config(verify.as_deref()).map_err(|reason| ConfigIssue::new("session.verify", reason))?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(SystemResolver))
            .redirect(Policy::none())
            .user_agent(concat!("cartage/", env!("CARGO_PKG_VERSION")))
            .read_timeout(seconds(session.request_timeout))
            .connect_timeout(seconds(session.connect_timeout))
            .pool_max_idle_per_host(session.parallel_requests.max(1))
            .tcp_nodelay(true);
        if let Some(proxy) = &session.proxy {
            let proxy = reqwest::Proxy::all(proxy)
                .map_err(|_| ConfigIssue::new("session.proxy", "it is not a URL of a proxy"))?;
            builder = builder.proxy(proxy);
        }
        let http = builder.build().map_err(|error| ConfigIssue::new("session", error.to_string()))?;
        let rate = session.requests_per_second.filter(|rate| *rate > 0.0).map(RateLimit::new);
        for (name, value) in headers.iter().filter(|(name, _)| sounds_secret(name)) {
            tracing::debug!(name, "a header is kept out of messages");
            redactor.hide(&cartage_config::Secret::new(value));
        }
        Ok(Self {
            sender: HttpSender { http, network },
            retry: RetryDelay::new(session, random),
            session: session.clone(),
            headers: headers.clone(),
            redactor: redactor.clone(),
            rate,
            under_way: Semaphore::new(session.parallel_requests.max(1)),
        })
    }

    /// Sends a request until there is an answer that counts. Bodies above `keep` bytes are left to be streamed.
    /// Credentials and headers go only to the origins in `home`.
    pub(crate) async fn send(
        &self,
        request: &Request,
        auth: Option<&Authenticator>,
        home: &[Origin],
        actions: &[Action],
        keep: usize,
    ) -> Result<Outcome, RestError> {
        let url = request.full_url();
        let shown = format!("{} {}", request.method, self.redactor.url(&url));
        let failed =
            |reason: String| RestError { request: shown.clone(), reason: self.redactor.text(&reason) };
        let mut attempt = 1;
        let mut may_renew = true;
        loop {
            let permit = self.under_way.acquire().await;
            if let Some(rate) = &self.rate {
                rate.wait(&*self.sender.network).await;
            }
            tracing::debug!(request = shown, attempt, "sending");
            let answer = self.attempt(request, &url, auth, home, actions, keep, attempt).await;
            drop(permit);
            match answer {
                Ok(None) => return Ok(Outcome::Ignored),
                Ok(Some((status, headers, payload))) => {
                    return Ok(Outcome::Reply(Box::new(Reply {
                        headers,
                        url: request.url.clone(),
                        shown,
                        is_without_content: status == StatusCode::NO_CONTENT,
                        payload,
                    })));
                }
                Err(Failed::Unauthorized(reason)) => {
                    let renewed = may_renew
                        && match auth {
                            Some(auth) => auth.forget_token().await,
                            None => false,
                        };
                    if !renewed {
                        return Err(failed(reason));
                    }
                    may_renew = false;
                }
                Err(Failed::ForNow(reason, headers)) if attempt < self.session.request_max_attempts => {
                    let wait = self.retry.wait(attempt, headers.as_ref());
                    tracing::info!(
                        request = shown,
                        attempt,
                        ?wait,
                        reason = self.redactor.text(&reason),
                        "trying again"
                    );
                    let network = &self.sender.network;
                    network.sleep_until(network.now() + wait).await;
                    attempt += 1;
                }
                Err(Failed::ForNow(reason, _) | Failed::ForGood(reason)) => return Err(failed(reason)),
            }
        }
    }

    /// One try. `None` if the answer is to be ignored.
    #[expect(clippy::too_many_arguments, reason = "what `send` was given, and the number of the try")]
    async fn attempt(
        &self,
        request: &Request,
        url: &Url,
        auth: Option<&Authenticator>,
        home: &[Origin],
        actions: &[Action],
        keep: usize,
        attempt: u32,
    ) -> Result<Option<(StatusCode, HeaderMap, Payload)>, Failed> {
        let transport = |error: &TransportError| {
            let reason = error.explain(attempt, self.session.request_timeout);
            if error.is_final(attempt) { Failed::ForGood(reason) } else { Failed::ForNow(reason, None) }
        };
        let response = self.follow(request, url, auth, home, &transport).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            // To look for content the whole of it is needed.
            let looks_inside = actions.iter().any(|action| action.content.is_some());
            let keep = if looks_inside { usize::MAX } else { keep };
            let limit = self.session.max_response_bytes;
            let payload = read(response, keep, limit).await.map_err(|error| match error {
                BodyError::Transport(error) => transport(&TransportError::new(&error)),
                BodyError::TooLarge => Failed::ForGood(format!(
                    "the answer is larger than {limit} bytes; ask for smaller pages, or raise \
                     `client.session.max_response_bytes`"
                )),
            })?;
            let body: &[u8] = match &payload {
                Payload::Whole(body) => body,
                Payload::Streamed(body) => body.start(),
            };
            let is_ignored = actions.iter().any(|action| action.fits(status, body));
            return Ok((!is_ignored).then_some((status, headers, payload)));
        }
        let body = read_text(response, ERROR_BYTES).await;
        if actions.iter().any(|action| action.fits(status, body.as_bytes())) {
            return Ok(None);
        }
        let reason = error::of_status(status, &self.redactor.text(&body), attempt, auth.is_some());
        Err(match status {
            StatusCode::UNAUTHORIZED => Failed::Unauthorized(reason),
            status if is_retryable(status) => Failed::ForNow(reason, Some(headers)),
            _ => Failed::ForGood(reason),
        })
    }

    /// Sends a request and follows redirects. Credentials go to no other host.
    async fn follow(
        &self,
        request: &Request,
        url: &Url,
        auth: Option<&Authenticator>,
        home: &[Origin],
        transport: &impl Fn(&TransportError) -> Failed,
    ) -> Result<Response, Failed> {
        let mut url = url.clone();
        let mut method = request.method.clone();
        let mut with_body = true;
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = HeaderMap::new();
            let mut target = url.clone();
            if is_home(&url, home) {
                self.add_headers(&mut headers, &request.headers).map_err(Failed::ForGood)?;
                if let Some(auth) = auth {
                    auth.apply(&self.sender, &mut headers, &mut target).await.map_err(Failed::ForGood)?;
                }
            }
            let mut builder = self.sender.request(method.clone(), target);
            if with_body {
                builder = with_content(builder, &mut headers, &request.body);
            }
            let sent = self.sender.send(builder.headers(headers)).await;
            let response = sent.map_err(|error| transport(&error))?;
            let Some(next) = redirect(&response, &url) else { return Ok(response) };
            tracing::debug!(to = self.redactor.url(&next), "redirected");
            if !keeps_method(response.status()) && method != Method::HEAD {
                method = Method::GET;
                with_body = false;
            }
            url = next;
        }
        Err(Failed::ForGood(format!(
            "it was redirected more than {MAX_REDIRECTS} times; check `base_url` and `path`"
        )))
    }

    fn add_headers(&self, out: &mut HeaderMap, own: &IndexMap<String, String>) -> Result<(), String> {
        for (name, value) in self.headers.iter().chain(own) {
            let header = HeaderName::try_from(name.as_str())
                .map_err(|_| format!("`{name}` is not a valid name of a header; check `headers`"))?;
            let value = HeaderValue::from_str(value).map_err(|_| {
                format!("the header `{name}` has characters that are not allowed in a header")
            })?;
            out.insert(header, value);
        }
        Ok(())
    }
}

fn with_content(
    builder: reqwest::RequestBuilder,
    headers: &mut HeaderMap,
    body: &Body,
) -> reqwest::RequestBuilder {
    let (kind, text) = match body {
        Body::Nothing => return builder,
        Body::Json(value) => (Some("application/json"), value.to_string()),
        Body::Form(fields) => (Some("application/x-www-form-urlencoded"), form(fields)),
        Body::Text(text) => (None, text.clone()),
    };
    if let Some(kind) = kind {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    }
    builder.body(text)
}

/// Where an answer sends us.
fn redirect(response: &Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    from.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn keeps_method(status: StatusCode) -> bool {
    matches!(status.as_u16(), 307 | 308)
}

/// Scheme, host and port of an address.
pub(crate) fn origin(url: &Url) -> Origin {
    let host = url.host_str().unwrap_or_default().to_owned();
    (url.scheme().to_owned(), host, url.port_or_known_default().unwrap_or_default())
}

/// Whether an address belongs to the API, by https where the API is asked by http, too.
fn is_home(url: &Url, home: &[Origin]) -> bool {
    let here = origin(url);
    home.iter().any(|other| {
        let upgraded = other.0 == "http" && other.2 == 80 && here.0 == "https" && here.2 == 443;
        *other == here || upgraded && other.1 == here.1
    })
}

fn sounds_secret(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    ["authorization", "cookie", "key", "token", "secret", "password"].iter().any(|word| header.contains(word))
}
