//! A bucket: `s3://`, `gs://` or `az://`.
//!
//! Small files are put with the condition that there is none of that name. Bigger ones are sent in parts to a
//! name below `_cartage/tmp/` and then copied inside the bucket under the same condition; the number of such an
//! upload is noted before its first part, so that a later attempt can end it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cartage_destinations_api::{Result, Secrets};
use futures_util::{StreamExt, stream};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use tokio::runtime::Runtime;

use super::{Created, Found, IN_FLIGHT, step};
use crate::error::{bucket as explain, local as explain_local};

/// Tells apart what is on its way to the same name.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Size of a part; every server takes this much.
const PART: usize = 8 << 20;

/// The bucket of a dataset.
pub(crate) struct Bucket {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) multipart: Arc<dyn MultipartStore>,
    /// Bucket and dataset for messages.
    pub(crate) url: String,
    /// With what every name begins, with a slash at its end.
    pub(crate) prefix: String,
    pub(crate) pipeline: String,
    pub(crate) conditional_put: bool,
    pub(crate) multipart_size: u64,
    /// What servers may quote and nobody should see.
    pub(crate) secrets: Secrets,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Bucket {
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    fn key(&self, name: &str) -> Result<Key> {
        Key::parse(format!("{}{name}", self.prefix))
            .map_err(|cause| explain("name", &self.url(name), &cause.into(), &self.secrets))
    }

    fn error(
        &self,
        doing: &str,
        name: &str,
    ) -> impl Fn(object_store::Error) -> cartage_destinations_api::Error {
        let (doing, url, secrets) = (doing.to_owned(), self.url(name), self.secrets.clone());
        move |cause| explain(&doing, &url, &cause, &secrets)
    }

    pub(crate) fn create(&self, name: &str, bytes: Vec<u8>) -> Result<Created> {
        let key = self.key(name)?;
        if !self.conditional_put && self.exists(name)? {
            return Ok(Created::Exists);
        }
        let mode = if self.conditional_put { PutMode::Create } else { PutMode::Overwrite };
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.runtime.block_on(self.store.put_opts(&key, PutPayload::from(bytes), options)) {
            Ok(_) => Ok(Created::New),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(Created::Exists)
            }
            Err(cause) => Err(self.error("write", name)(cause)),
        }
    }

    pub(crate) fn create_from(&self, name: &str, source: &Path) -> Result<Created> {
        let read = |cause| explain_local("read", source, cause);
        let mut file = File::open(source).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        if length <= self.multipart_size {
            let mut bytes = Vec::with_capacity(length as usize);
            file.read_to_end(&mut bytes).map_err(read)?;
            return self.create(name, bytes);
        }
        if self.exists(name)? {
            return Ok(Created::Exists);
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let scratch = format!("{}{}.{number}.{}", self.scratch(), std::process::id(), step(name));
        self.upload(&scratch, &mut file, source)?;
        let (from, to) = (self.key(&scratch)?, self.key(name)?);
        let copied = if self.conditional_put {
            self.runtime.block_on(self.store.copy_if_not_exists(&from, &to))
        } else {
            self.runtime.block_on(self.store.copy(&from, &to))
        };
        let created = match copied {
            Ok(()) => Created::New,
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Created::Exists
            }
            Err(cause) => return Err(self.error("write", name)(cause)),
        };
        self.delete(&[scratch])?;
        Ok(created)
    }

    /// Names of uploads and of files on their way.
    fn scratch(&self) -> String {
        format!("{IN_FLIGHT}/tmp/{}/", step(&self.pipeline))
    }

    /// Sends a file in parts; after an error no part is left.
    fn upload(&self, name: &str, file: &mut File, source: &Path) -> Result<()> {
        let key = self.key(name)?;
        let failed = self.error("write", name);
        let id = self.runtime.block_on(self.multipart.create_multipart(&key)).map_err(&failed)?;
        let note = format!("{name}.upload");
        let sent = self
            .replace(&note, id.clone().into_bytes())
            .and_then(|()| self.send_parts(&key, &id, name, file, source))
            .and_then(|parts| {
                let done = self.multipart.complete_multipart(&key, &id, parts);
                self.runtime.block_on(done).map(drop).map_err(&failed)
            });
        if sent.is_err() {
            // Best effort: the note stays where this fails, and the next attempt tries again.
            if self.runtime.block_on(self.multipart.abort_multipart(&key, &id)).is_err() {
                return sent;
            }
        }
        self.delete(&[note])?;
        sent
    }

    fn send_parts(
        &self,
        key: &Key,
        id: &String,
        name: &str,
        file: &mut File,
        source: &Path,
    ) -> Result<Vec<PartId>> {
        let mut parts = Vec::new();
        loop {
            let mut part = Vec::with_capacity(PART);
            let read = file.by_ref().take(PART as u64).read_to_end(&mut part);
            if read.map_err(|cause| explain_local("read", source, cause))? == 0 {
                return Ok(parts);
            }
            let payload = PutPayload::from(Bytes::from(part));
            let sent = self.multipart.put_part(key, id, parts.len(), payload);
            parts.push(self.runtime.block_on(sent).map_err(self.error("write", name))?);
        }
    }

    pub(crate) fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let key = self.key(name)?;
        let put = self.store.put(&key, PutPayload::from(bytes));
        self.runtime.block_on(put).map(drop).map_err(self.error("write", name))
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let key = self.key(name)?;
        let read = async { self.store.get(&key).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(self.error("read", name)(cause)),
        }
    }

    pub(crate) fn exists(&self, name: &str) -> Result<bool> {
        let key = self.key(name)?;
        match self.runtime.block_on(self.store.head(&key)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(cause) => Err(self.error("look for", name)(cause)),
        }
    }

    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<Found>> {
        // The library lists whole folders only; the rest of the prefix is compared here.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let whole = format!("{}{folder}", self.prefix);
        let key = Key::parse(whole.trim_end_matches('/'))
            .map_err(|cause| explain("name", &self.url(prefix), &cause.into(), &self.secrets))?;
        let listed = self.runtime.block_on(self.store.list(Some(&key)).collect::<Vec<_>>());
        let mut found = Vec::new();
        for object in listed {
            let object = object.map_err(self.error("list", prefix))?;
            let Some(name) = object.location.as_ref().strip_prefix(&self.prefix) else { continue };
            if name.starts_with(prefix) {
                found.push(Found { name: name.to_owned(), bytes: object.size });
            }
        }
        Ok(found)
    }

    pub(crate) fn delete(&self, names: &[String]) -> Result<()> {
        let keys = names.iter().map(|name| self.key(name)).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Ok(());
        }
        let deleting = self.store.delete_stream(stream::iter(keys.into_iter().map(Ok)).boxed());
        for outcome in self.runtime.block_on(deleting.collect::<Vec<_>>()) {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(cause) => return Err(self.error("delete files of", &names[0])(cause)),
            }
        }
        Ok(())
    }

    pub(crate) fn sweep(&self) -> Result<()> {
        let mut gone = Vec::new();
        for found in self.list(&self.scratch())? {
            if let Some(upload) = found.name.strip_suffix(".upload")
                && let Some(id) = self.read(&found.name)?
            {
                let (key, id) = (self.key(upload)?, String::from_utf8_lossy(&id).into_owned());
                // An upload that is gone was completed or ended before.
                let _ = self.runtime.block_on(self.multipart.abort_multipart(&key, &id));
            }
            gone.push(found.name);
        }
        self.delete(&gone)
    }
}
