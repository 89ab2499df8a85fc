//! What a bucket has of a name or a pattern.

use std::collections::HashSet;
use std::sync::Arc;

use cartage_config::Secrets;
use cartage_object_storage::{Connection, Refusal};
use cartage_source_api::SourceError;
use object_store::list::PaginatedListOptions;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::failure::Failure;
use super::object::Object;
use super::pattern::{KeyPattern, is_pattern};
use crate::found::{Found, Place, last_name};

/// A bucket that can be asked.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) connection: Connection,
    /// `s3://bucket`
    pub(super) root: String,
    pub(super) secrets: Secrets,
}

impl Bucket {
    /// The objects that `key` names; none if `may_be_missing` and there is none.
    pub(super) async fn find(&self, key: &str, may_be_missing: bool) -> Result<Vec<Found>, SourceError> {
        let path = format!("{}/{key}", self.root);
        if key.is_empty() {
            return Err(SourceError::Config(format!(
                "`{path}` names a bucket and no object; write a key or a pattern behind it, such as `{path}*.jsonl`"
            )));
        }
        if !is_pattern(key) {
            return match self.head(key).await {
                Ok(meta) => Ok(vec![self.found(meta, last_name(key).to_owned())]),
                Err(failure) if failure.refusal == Refusal::NotFound && may_be_missing => Ok(Vec::new()),
                Err(failure) => Err(failure.about(&path)),
            };
        }
        let pattern = KeyPattern::parse(&path, key)?;
        // A name may hold brackets or stars itself.
        if !key.contains("**")
            && let Ok(meta) = self.head(key).await
        {
            return Ok(vec![self.found(meta, last_name(key).to_owned())]);
        }
        let listed = self.list(&pattern).await.map_err(|failure| failure.about(&path))?;
        let matching = pattern.matching(without_folders(listed), |meta| meta.location.as_ref());
        let relative = |meta: &ObjectMeta| pattern.relative(meta.location.as_ref()).to_owned();
        Ok(matching
            .into_iter()
            .map(|meta| {
                let relative = relative(&meta);
                self.found(meta, relative)
            })
            .collect())
    }

    fn failure(&self, error: &object_store::Error) -> Failure {
        Failure::of(error, &self.secrets)
    }

    async fn head(&self, key: &str) -> Result<ObjectMeta, Failure> {
        let path = Path::parse(key).map_err(|error| self.failure(&error.into()))?;
        self.connection.store.head(&path).await.map_err(|error| self.failure(&error))
    }

    /// All objects whose keys begin as the pattern does.
    async fn list(&self, pattern: &KeyPattern) -> Result<Vec<ObjectMeta>, Failure> {
        let prefix = Some(pattern.prefix.as_str()).filter(|prefix| !prefix.is_empty());
        let mut found = Vec::new();
        let mut page_token = None;
        loop {
            let options = PaginatedListOptions {
                delimiter: pattern.is_one_folder.then_some("/".into()),
                page_token,
                ..PaginatedListOptions::default()
            };
            let page = self.connection.lists.list_paginated(prefix, options).await;
            let page = page.map_err(|error| self.failure(&error))?;
            found.extend(page.result.objects);
            page_token = page.page_token;
            if page_token.is_none() {
                return Ok(found);
            }
        }
    }

    fn found(&self, meta: ObjectMeta, relative: String) -> Found {
        let url: Arc<str> = format!("{}/{}", self.root, meta.location).into();
        Found {
            name: Arc::clone(&url),
            relative,
            bytes: Some(meta.size),
            modified: Some(meta.last_modified.timestamp_micros()),
            etag: meta.e_tag.clone(),
            place: Place::Object(Arc::new(Object {
                store: Arc::clone(&self.connection.store),
                meta,
                identity: Arc::clone(&url),
                url,
                secrets: self.secrets.clone(),
            })),
        }
    }
}

/// Without the empty objects that tools leave in the place of folders.
fn without_folders(objects: Vec<ObjectMeta>) -> Vec<ObjectMeta> {
    let empty: Vec<&ObjectMeta> = objects.iter().filter(|object| object.size == 0).collect();
    if empty.is_empty() {
        return objects;
    }
    let folders: HashSet<String> = objects
        .iter()
        .filter_map(|object| object.location.as_ref().rsplit_once('/'))
        .map(|(folder, _)| folder.to_owned())
        .collect();
    let is_folder = |object: &ObjectMeta| object.size == 0 && folders.contains(object.location.as_ref());
    let kept = objects.iter().filter(|object| !is_folder(object)).cloned();
    kept.collect()
}
