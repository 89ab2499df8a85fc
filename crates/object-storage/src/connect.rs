//! From an address and credentials to a client.

use std::sync::{Arc, Once};

use object_store::list::PaginatedListStore;
use object_store::multipart::MultipartStore;
use object_store::{ObjectStore, Result};
// Named for its feature: TLS without aws-lc-rs in the client that object_store uses.
use reqwest as _;

use crate::address::{BucketAddress, Scheme};
use crate::credentials::BucketCredentials;
use crate::s3::Conditions;
use crate::{azure, gcs, s3};

/// A client of one bucket. What it lacks of credentials comes from the environment, as the clouds' own tools read it.
#[derive(Clone)]
pub struct Connection {
    /// Reads and writes.
    pub store: Arc<dyn ObjectStore>,
    /// Writes in parts.
    pub multipart: Arc<dyn MultipartStore>,
    /// Lists by any beginning of keys.
    pub lists: Arc<dyn PaginatedListStore>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connection").field(&self.store.to_string()).finish()
    }
}

impl Connection {
    /// Makes ready to ask; nothing is asked yet.
    ///
    /// # Errors
    /// If settings or variables contradict one another.
    pub fn open(address: &BucketAddress, given: &BucketCredentials, conditions: Conditions) -> Result<Self> {
        use_ring();
        Ok(match address.scheme {
            Scheme::S3 => Self::of(s3::open(&address.bucket, given, conditions)?),
            Scheme::Gcs => Self::of(gcs::open(&address.bucket, given)?),
            Scheme::Azure => Self::of(azure::open(address, given)?),
        })
    }

    fn of<S: ObjectStore + MultipartStore + PaginatedListStore>(store: S) -> Self {
        let store = Arc::new(store);
        Self { store: Arc::<S>::clone(&store), multipart: Arc::<S>::clone(&store), lists: store }
    }
}

/// Chooses the cryptography of this process unless it is chosen: HTTP clients take what the process has.
pub fn use_ring() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        // It may be chosen already, by another destination or source.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
