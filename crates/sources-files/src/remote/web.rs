//! Single objects at web addresses.

use std::sync::Arc;

use cartage_config::Secrets;
use cartage_object_storage::{Refusal, WebClient};
use cartage_source_api::SourceError;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use percent_encoding::percent_decode_str;

use super::failure::Failure;
use super::object::Object;
use crate::found::{Found, Place, last_name};

/// An address of the web and what of it may be shown.
#[derive(Debug)]
pub(super) struct WebAddress {
    url: String,
    shown: Arc<str>,
    secrets: Secrets,
}

impl WebAddress {
    /// Takes an address apart. What is behind the question mark may be a signature, and what is before an at sign a
    /// password: neither is shown.
    pub(super) fn parse(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or(url);
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, rest) = place.split_once("://").unwrap_or(("https", place));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = host.rsplit_once('@').unwrap_or(("", host));
        let password = user.split_once(':').map_or("", |(_, password)| password);
        let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let secrets = Secrets::new([query, password, user].into_iter().chain(values));
        Self { url: url.to_owned(), shown: format!("{scheme}://{host}/{path}").into(), secrets }
    }

    /// Whether it may be asked without TLS: nobody listens in on one's own machine.
    pub(super) fn is_own_machine(&self) -> bool {
        let host = self.shown.split("://").nth(1).unwrap_or_default();
        ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|own| host.strip_prefix(own).is_some_and(|rest| rest.starts_with([':', '/'])))
    }

    pub(super) fn is_plain(&self) -> bool {
        self.url.starts_with("http://")
    }

    pub(super) fn error(&self, error: &object_store::Error) -> SourceError {
        Failure::of(error, &self.secrets).about(&self.shown)
    }

    /// What is at the address; none if `may_be_missing` and there is nothing.
    pub(super) async fn find(
        &self,
        client: &WebClient,
        may_be_missing: bool,
    ) -> Result<Vec<Found>, SourceError> {
        let store = client.object(&self.url).map_err(|error| self.error(&error))?;
        match self.examine(store.as_ref()).await {
            Ok(meta) => Ok(vec![self.found(store, meta)]),
            Err(failure) if failure.refusal == Refusal::NotFound && may_be_missing => Ok(Vec::new()),
            Err(failure) if failure.refusal == Refusal::NotFound => {
                Err(Failure::no_page().about(&self.shown))
            }
            Err(failure) => Err(failure.about(&self.shown)),
        }
    }

    /// Size and marks. Addresses with a signature may be good for reading only, so the first byte is asked for where
    /// the question alone is refused.
    async fn examine(&self, store: &dyn ObjectStore) -> Result<ObjectMeta, Failure> {
        let nothing = Path::default();
        let head = store.get_opts(&nothing, GetOptions { head: true, ..GetOptions::default() }).await;
        let refused = match head {
            Ok(result) => return Ok(result.meta),
            Err(error) => Failure::of(&error, &self.secrets),
        };
        if matches!(refused.refusal, Refusal::PlainHttp | Refusal::Unreachable) {
            return Err(refused);
        }
        let byte = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
        store.get_opts(&nothing, byte).await.map(|result| result.meta).map_err(|_| refused)
    }

    fn found(&self, store: Arc<dyn ObjectStore>, meta: ObjectMeta) -> Found {
        let name = percent_decode_str(last_name(&self.shown)).decode_utf8_lossy().into_owned();
        // A server that does not say when is taken to say the beginning of time.
        let modified = Some(meta.last_modified.timestamp_micros()).filter(|micros| *micros != 0);
        Found {
            name: Arc::clone(&self.shown),
            relative: name,
            bytes: Some(meta.size),
            modified,
            etag: meta.e_tag.clone(),
            place: Place::Object(Arc::new(Object {
                store,
                meta,
                url: Arc::clone(&self.shown),
                identity: unsigned(&self.url).into(),
                secrets: self.secrets.clone(),
            })),
        }
    }
}

/// An address without what vouches for who asks.
fn unsigned(url: &str) -> String {
    const SIGNATURES: [&str; 16] = [
        "awsaccesskeyid",
        "expires",
        "key-pair-id",
        "policy",
        "se",
        "sig",
        "signature",
        "sip",
        "ske",
        "skoid",
        "sks",
        "skt",
        "sktid",
        "skv",
        "sp",
        "st",
    ];
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let is_own = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        !SIGNATURES.contains(&name.as_str()) && !name.starts_with("x-amz-") && !name.starts_with("x-goog-")
    };
    let kept: Vec<&str> = query.split('&').filter(is_own).collect();
    format!("{place}?{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_do_not_make_another_object() {
        let of = |query: &str| unsigned(&format!("https://h/x?{query}"));
        assert_eq!(of("id=1&X-Amz-Signature=a&Expires=5"), of("id=1&X-Amz-Signature=b"));
        assert_ne!(of("id=1&sig=a"), of("id=2&sig=a"));
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let address = WebAddress::parse("https://me:pass@host:8/a%20b.csv?sig=abcdef&x=1#top");
        assert_eq!(&*address.shown, "https://host:8/a%20b.csv");
        assert_eq!(address.secrets.hide("abcdef pass"), "*** ***");
        assert!(!address.is_own_machine() && !address.is_plain());
        let own = WebAddress::parse("http://127.0.0.1:8000/x");
        assert!(own.is_own_machine() && own.is_plain());
        assert!(!WebAddress::parse("http://localhost.example.com/x").is_own_machine());
    }
}
