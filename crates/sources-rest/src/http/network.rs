//! What is outside of a client: the network that its requests go through, and the time that it waits.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::{Method, Request, RequestBuilder, Response, Url};
use tokio::time::Instant;

use super::transport::TransportError;

/// What a [`Network`] does in the end.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers requests and lets time pass. Tests have one that does both at once.
pub(crate) trait Network: Debug + Send + Sync {
    /// The answer to one request; redirects are not followed.
    fn send<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: Request,
    ) -> Later<'a, Result<Response, TransportError>>;

    /// The instant that pauses and deadlines count from.
    fn now(&self) -> Instant;

    /// Waits until a point in time; returns at once if it has passed.
    fn sleep_until(&self, moment: Instant) -> Later<'_, ()>;
}

/// The network and the clock of this machine.
#[derive(Debug)]
pub(crate) struct Internet;

impl Network for Internet {
    fn send<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: Request,
    ) -> Later<'a, Result<Response, TransportError>> {
        Box::pin(async move { http.execute(request).await.map_err(|error| TransportError::new(&error)) })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, moment: Instant) -> Later<'_, ()> {
        Box::pin(tokio::time::sleep_until(moment))
    }
}

/// Makes requests, and sends them through a network.
#[derive(Debug)]
pub(crate) struct HttpSender {
    pub(super) http: reqwest::Client,
    pub(super) network: Arc<dyn Network>,
}

impl HttpSender {
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, TransportError> {
        let request = request.build().map_err(|error| TransportError::new(&error))?;
        self.network.send(&self.http, request).await
    }
}
