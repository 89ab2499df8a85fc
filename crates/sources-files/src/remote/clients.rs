//! Who asks for the objects of a resource.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_config::Secrets;
use cartage_object_storage::{BucketAddress, BucketCredentials, Conditions, Connection, WebClient, executor};
use cartage_runtime::threads::NoThread;
use cartage_source_api::SourceError;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::runtime::{Handle, Runtime};

use super::bucket::Bucket;
use super::failure::Failure;
use super::web::WebAddress;
use crate::found::Found;

/// Names that are looked for at once.
const AT_ONCE: usize = 32;

/// The clients of a resource, made when they are needed.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    credentials: BucketCredentials,
    executor: Option<Arc<Runtime>>,
    buckets: HashMap<BucketAddress, Arc<Bucket>>,
    /// By whether it may ask without TLS.
    web: HashMap<bool, WebClient>,
}

/// Whether a path is the address of objects that are not on this machine.
pub(crate) fn is_remote(path: &str) -> bool {
    is_web(path) || BucketAddress::split(path).is_some()
}

fn is_web(path: &str) -> bool {
    path.starts_with("https://") || path.starts_with("http://")
}

/// A place that is to be asked.
enum Asked {
    Bucket(Arc<Bucket>, String),
    Web(WebAddress, WebClient),
}

impl Clients {
    /// Clients with these credentials. Nothing is asked yet.
    pub(crate) fn new(credentials: BucketCredentials) -> Self {
        Self { credentials, ..Self::default() }
    }

    /// Where downloads run, once something was looked for.
    pub(super) fn handle(&self) -> Option<Handle> {
        self.executor.as_ref().map(|executor| executor.handle().clone())
    }

    /// The objects of each path, in order; of one that is not there none if it `may_be_missing`.
    pub(crate) fn find(
        &mut self,
        paths: &[&str],
        may_be_missing: bool,
    ) -> Result<Vec<Vec<Found>>, SourceError> {
        let asked = paths.iter().map(|path| self.ask(path)).collect::<Result<Vec<_>, _>>()?;
        let running = executor().map_err(|cause| SourceError::Unusable {
            input: paths[0].to_owned(),
            reason: format!("the system refuses threads for the network ({cause}); {}", NoThread::REMEDY),
        })?;
        let executor = Arc::clone(self.executor.insert(running));
        let looking = stream::iter(asked).map(|asked| async move {
            match asked {
                Asked::Bucket(bucket, key) => bucket.find(&key, may_be_missing).await,
                Asked::Web(address, client) => address.find(&client, may_be_missing).await,
            }
        });
        executor.block_on(looking.buffered(AT_ONCE).try_collect())
    }

    fn ask(&mut self, path: &str) -> Result<Asked, SourceError> {
        if let Some((address, key)) = BucketAddress::split(path) {
            return Ok(Asked::Bucket(self.bucket(path, address)?, key.to_owned()));
        }
        let address = WebAddress::parse(path);
        let may_be_plain = address.is_own_machine() || self.credentials.get("allow_http") == Some("true");
        let is_plain = may_be_plain && address.is_plain();
        let known = self.web.get(&is_plain).cloned();
        let client = known.map_or_else(|| WebClient::new(is_plain), Ok);
        let client = client.map_err(|error| address.error(&error))?;
        self.web.insert(is_plain, client.clone());
        Ok(Asked::Web(address, client))
    }

    fn bucket(&mut self, path: &str, address: BucketAddress) -> Result<Arc<Bucket>, SourceError> {
        if let Some(bucket) = self.buckets.get(&address) {
            return Ok(Arc::clone(bucket));
        }
        if address.bucket.is_empty() {
            return Err(SourceError::Config(format!("`{path}` names no bucket")));
        }
        let secrets: Secrets = self.credentials.secrets();
        let connection = Connection::open(&address, &self.credentials, Conditions::Known)
            .map_err(|error| Failure::of(&error, &secrets).about(path))?;
        let bucket = Arc::new(Bucket { connection, root: address.root.clone(), secrets });
        self.buckets.insert(address, Arc::clone(&bucket));
        Ok(bucket)
    }
}
