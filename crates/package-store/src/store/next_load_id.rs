//! The id of the next load: newer than that of every package that the pipeline ever had.

use std::sync::PoisonError;

use super::PackageStore;
use crate::documents::Documents;
use crate::error::Error;
use crate::format::Folder;
use crate::layout::StagingName;
use crate::load_id::LoadId;
use crate::pipeline_dir::PipelineDir;

impl PackageStore {
    /// A load id for this time (microseconds since 1970 in UTC), newer than every package that this
    /// pipeline ever had.
    ///
    /// # Errors
    /// [`Error::Io`] if the packages cannot be listed.
    pub fn next_load_id(&self, now_unix_micros: i64) -> Result<LoadId, Error> {
        let mut given = self.inner.given.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = self.inner.known_load_ids()?.into_iter().chain(given.clone()).max();
        let earliest = newest.map_or(0, |newest| newest.unix_micros() + 1);
        let next = LoadId::from_unix_micros(now_unix_micros.max(earliest));
        *given = Some(next.clone());
        Ok(next)
    }
}

impl PipelineDir {
    /// Every id on disk, also of packages that are being written or removed.
    fn known_load_ids(&self) -> Result<Vec<LoadId>, Error> {
        let mut ids = Vec::new();
        for folder in Folder::ALL {
            let names = self.folder_names(&self.layout.folder(folder))?;
            ids.extend(names.iter().filter_map(|name| name.parse::<LoadId>().ok()));
        }
        let staging = self.folder_names(&self.layout.staging())?;
        ids.extend(staging.iter().filter_map(|name| StagingName::parse(name)).map(|name| name.load_id));
        ids.extend(Documents::new(self).last_load_id()?);
        Ok(ids)
    }

    /// Keeps the id of a package that is about to vanish, if it is the newest there is.
    pub(crate) fn remember_load_id(&self, folder: Folder, load_id: &LoadId) -> Result<(), Error> {
        let mut elsewhere = Vec::new();
        for other in Folder::ALL.into_iter().filter(|other| *other != folder) {
            elsewhere.extend(self.folder_names(&self.layout.folder(other))?);
        }
        let newest = elsewhere.iter().filter_map(|name| name.parse::<LoadId>().ok()).max();
        let newest = newest.max(Documents::new(self).last_load_id()?);
        if newest.is_none_or(|newest| newest < *load_id) {
            Documents::new(self).replace_last_load_id(load_id)?;
        }
        Ok(())
    }
}
