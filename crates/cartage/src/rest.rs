//! Pages of a REST API for resources of Rust: with the paging, patience and authentication of `rest_api` sources.

use std::path::Path;
use std::sync::Arc;

use cartage_runtime::{CancelToken, SystemRandom};
use cartage_source_api::{OpenContext, Page, Producer};
use cartage_sources_rest::{AuthTable, ClientTable, ConfigIssue, ResourceTable, RestSource};
use cartage_sources_rust::BoxError;
use serde_json::{Map, Value, json};

/// Longest row that is accepted.
const MAX_ROW_BYTES: usize = 256 << 20;

/// A client of one API. Clones share its connections and its limits.
///
/// ```no_run
/// use cartage::{RestClient, resource};
/// use serde_json::json;
///
/// let github = RestClient::new("https://api.github.com")?;
/// let issues = resource("issues", move |run| {
///     let since: Option<String> = run.incremental().start_value()?;
///     github.paginate("/repos/dlt-hub/dlt/issues", json!({"state": "all", "since": since}))
/// });
/// # Ok::<(), cartage::BoxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RestClient {
    source: Arc<RestSource>,
}

impl RestClient {
    /// A client without authentication.
    ///
    /// # Errors
    /// If the machine's certificates cannot be read.
    pub fn new(base_url: &str) -> Result<Self, BoxError> {
        Self::of(json!({ "base_url": base_url }))
    }

    /// A client that shows a bearer token with each request; none where the token is empty.
    ///
    /// # Errors
    /// As for [`RestClient::new`].
    pub fn with_token(base_url: &str, token: &str) -> Result<Self, BoxError> {
        if token.is_empty() {
            return Self::new(base_url);
        }
        Self::of(json!({ "base_url": base_url, "auth": { "type": "bearer", "token": token } }))
    }

    /// A client as the table `client` of a `rest_api` source describes it: `base_url`, `headers`, `auth`,
    /// `paginator`, `session`.
    ///
    /// # Errors
    /// If a key is not known or cannot be used.
    pub fn of(client: Value) -> Result<Self, BoxError> {
        let table: ClientTable = serde_json::from_value(client)?;
        let credentials: AuthTable = serde_json::from_value(json!({}))?;
        let source =
            RestSource::new(table, credentials, Path::new(""), Arc::new(SystemRandom)).map_err(message)?;
        Ok(Self { source: Arc::new(source) })
    }

    /// The pages of an endpoint, each asked for when it is wanted. Parameters that are null are left out.
    ///
    /// # Errors
    /// If the endpoint cannot be used; what the API says comes with its pages.
    pub fn paginate(
        &self,
        path: &str,
        params: Value,
    ) -> Result<impl Iterator<Item = Result<Page, BoxError>> + Send + use<>, BoxError> {
        let mut params: Map<String, Value> = serde_json::from_value(params)?;
        params.retain(|_, value| !value.is_null());
        self.paginate_endpoint(json!({ "path": path, "params": params }))
    }

    /// The pages of an endpoint as the table `endpoint` of a `rest_api` resource describes it: `path`, `method`,
    /// `params`, `json`, `headers`, `paginator`, `data_selector`, `response_actions`.
    ///
    /// # Errors
    /// As for [`RestClient::paginate`].
    #[expect(clippy::needless_pass_by_value, reason = "it is written in place, like the arguments of Python")]
    pub fn paginate_endpoint(
        &self,
        endpoint: Value,
    ) -> Result<impl Iterator<Item = Result<Page, BoxError>> + Send + use<>, BoxError> {
        let table: ResourceTable = serde_json::from_value(json!({ "endpoint": endpoint }))?;
        let mut producer = self.source.resource("endpoint", table, &[]).map_err(message)?.producer;
        producer.open(&OpenContext::new(MAX_ROW_BYTES, CancelToken::default()))?;
        Ok(std::iter::from_fn(move || producer.next_page().map_err(BoxError::from).transpose()))
    }
}

fn message(fault: ConfigIssue) -> BoxError {
    let ConfigIssue { key, reason } = fault;
    format!("`{key}`: {reason}").into()
}
