//! Opens the bucket of a dataset.

use cartage_destinations_api::{Error, Result};
use cartage_object_storage::{Conditions, Connection, executor};
use cartage_runtime::threads::NoThread;

use super::bucket::Bucket;
use crate::config::{Config, Place};
use crate::error::bucket as explain;

pub(super) fn open(config: &Config) -> Result<Bucket> {
    let Place::Bucket { bucket, prefix, url } = &config.place else {
        return Err(Error::invalid("a folder is not a bucket"));
    };
    let secrets = config.credentials.secrets();
    let conditions = if config.conditional_put { Conditions::Known } else { Conditions::Unknown };
    let connection = Connection::open(bucket, &config.credentials, conditions)
        .map_err(|cause| explain("open", url, &cause, &secrets))?;
    let runtime = executor().map_err(|cause| {
        Error::transient("cannot start threads for the network")
            .with_remedy(NoThread::REMEDY)
            .with_source(cause)
    })?;
    let dataset = &config.dataset;
    Ok(Bucket {
        runtime,
        store: connection.store,
        multipart: connection.multipart,
        url: format!("{url}/{dataset}"),
        prefix: if prefix.is_empty() { format!("{dataset}/") } else { format!("{prefix}/{dataset}/") },
        pipeline: config.pipeline.clone(),
        conditional_put: config.conditional_put,
        multipart_size: config.multipart_size,
        secrets,
    })
}
