//! One object as it was when it was found.

use std::fmt;
use std::sync::Arc;

use cartage_config::Secrets;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore};

use super::failure::Failure;

/// An object, and who can ask for it.
pub(crate) struct Object {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) meta: ObjectMeta,
    /// Its address without what may be secret.
    pub(super) url: Arc<str>,
    /// The whole address but for signatures, which change. It is not shown.
    pub(super) identity: Arc<str>,
    pub(super) secrets: Secrets,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Object").field(&self.url).finish()
    }
}

impl Object {
    pub(crate) fn size(&self) -> u64 {
        self.meta.size
    }

    pub(crate) fn url(&self) -> &Arc<str> {
        &self.url
    }

    /// What tells it from every other one; not to be shown.
    pub(crate) fn identity(&self) -> &Arc<str> {
        &self.identity
    }

    pub(super) fn key(&self) -> &Path {
        &self.meta.location
    }

    /// Asks for the bytes from `start` to `end`; for the whole if that is all of it, because some servers know no parts.
    pub(super) async fn get(&self, start: u64, end: u64) -> Result<GetResult, Failure> {
        let is_whole = start == 0 && end == self.meta.size;
        let options = GetOptions {
            range: (!is_whole).then_some(GetRange::Bounded(start..end)),
            if_match: self.meta.e_tag.as_deref().and_then(strong),
            ..GetOptions::default()
        };
        let failed = |error| Failure::of(&error, &self.secrets);
        let result = self.store.get_opts(self.key(), options).await.map_err(failed)?;
        self.check(&result.meta)?;
        Ok(result)
    }

    /// Not every server heeds conditions.
    fn check(&self, now: &ObjectMeta) -> Result<(), Failure> {
        let (was, is) = (self.meta.e_tag.as_deref().map(bare), now.e_tag.as_deref().map(bare));
        let has_other_mark = was.is_some() && is.is_some() && was != is;
        if has_other_mark || now.size != self.meta.size {
            return Err(Failure::changed());
        }
        Ok(())
    }
}

/// A mark without its quotes, which lists of some servers leave out.
fn bare(mark: &str) -> &str {
    mark.trim_start_matches("W/").trim_matches('"')
}

/// A mark as a condition. Weak ones cannot be one.
fn strong(mark: &str) -> Option<String> {
    if mark.starts_with("W/") {
        return None;
    }
    Some(if mark.starts_with('"') { mark.to_owned() } else { format!("\"{mark}\"") })
}
