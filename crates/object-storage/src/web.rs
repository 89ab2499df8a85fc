//! Single objects at web addresses.

use std::sync::Arc;

use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use object_store::http::HttpBuilder;
use object_store::{ClientOptions, ObjectStore, Result};

use crate::connect::use_ring;
use crate::environment::{client_options, retries};

/// Makes clients of web addresses that share their connections.
#[derive(Clone, Debug)]
pub struct WebClient {
    shared: Shared,
}

/// A client that was made before.
#[derive(Clone, Debug)]
struct Shared(HttpClient);

impl HttpConnector for Shared {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient> {
        Ok(self.0.clone())
    }
}

impl WebClient {
    /// A client that asks without TLS only where it is allowed.
    ///
    /// # Errors
    /// If the client cannot be made, as without any trusted certificate.
    pub fn new(allow_http: bool) -> Result<Self> {
        use_ring();
        let mut options = ClientOptions::new().with_allow_http(allow_http);
        for (key, value) in client_options("HTTP") {
            options = options.with_config(key, value);
        }
        Ok(Self { shared: Shared(ReqwestConnector::default().connect(&options)?) })
    }

    /// A store whose only object is at this address, under the empty name. So the address is asked for as it stands,
    /// with its escapes and whatever is behind its question mark.
    ///
    /// # Errors
    /// If the address cannot be understood.
    pub fn object(&self, url: &str) -> Result<Arc<dyn ObjectStore>> {
        let builder = HttpBuilder::new().with_url(url).with_retry(retries());
        Ok(Arc::new(builder.with_http_connector(self.shared.clone()).build()?))
    }
}
