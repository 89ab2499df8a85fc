//! A folder or bucket as the [`StagingPlace`] in front of a database.
//!
//! It has the layout of any other dataset, without schemas, states and loads. A file is there once, however often its
//! job is repeated. What complete loads left is removed before the next load of the same tables, or at the end of the
//! own load; files of a load that is in flight, of whichever pipeline, are left alone.

use std::path::Path;

use cartage_destinations_api::{
    ConnectRequest, Destination, JobFile, LoadCommit, LoadPlan, PlacedFile, Probe, Result, StagedAccess,
    StagingPlace, WithStaging,
};
use cartage_schema::Schema;

use crate::check;
use crate::config::Place;
use crate::file_name::holds;
use crate::filesystem::Filesystem;
use crate::ledger::{BEGUN, InFlight};
use crate::store::step;

/// Puts the staging place of `request` in front of `database`.
///
/// # Errors
/// Invalid if the settings cannot be, or the database cannot read files from there.
pub fn with_staging(
    request: &ConnectRequest,
    database: Box<dyn Destination>,
) -> Result<WithStaging<'static>> {
    WithStaging::new(database, Box::new(Filesystem::connect(request)?))
}

impl Filesystem {
    /// Removes what earlier loads of the same tables left.
    fn clean(&self, plan: &LoadPlan) -> Result<()> {
        let in_flight = InFlight::all(&self.store)?;
        for table in &plan.tables {
            let mut files = self.files(&plan.schema, &table.name)?;
            files.retain(|file| !in_flight.iter().any(|load| holds(file, &load.load_id)));
            self.store.delete(&files)?;
        }
        Ok(())
    }

    /// Removes what a load has put there.
    fn remove_load(&self, schema: &Schema, load_id: &str) -> Result<()> {
        for table in schema.tables.keys() {
            let mut files = self.files(schema, table)?;
            files.retain(|file| holds(file, load_id));
            self.store.delete(&files)?;
        }
        Ok(())
    }
}

impl StagingPlace for Filesystem {
    fn scheme(&self) -> &str {
        match &self.config.place {
            Place::Local(_) => "file",
            Place::Bucket { url, .. } => url.split_once("://").map_or("", |(scheme, _)| scheme),
        }
    }

    fn locate(&self, plan: &LoadPlan, job: &JobFile) -> Result<PlacedFile> {
        let address = self.store.url(&self.name_of(plan, job)?);
        if matches!(self.config.place, Place::Local(_)) {
            let url = file_url(Path::new(&address))?;
            return Ok(PlacedFile::new(url, StagedAccess::Own).with_local(address));
        }
        let keys = self.config.credentials.given();
        let access = if keys.is_empty() { StagedAccess::Own } else { StagedAccess::Keys(keys) };
        Ok(PlacedFile::new(address, access))
    }

    fn begin(&self, plan: &LoadPlan) -> Result<()> {
        self.storage_version()?;
        let own = InFlight::of(&plan.key);
        for load in InFlight::all(&self.store)? {
            // The database has taken over from other loads of the pipeline.
            if load.pipeline == step(&plan.key.pipeline) && load != own {
                if !self.config.keep_staged_files {
                    self.remove_load(&plan.schema, &load.load_id)?;
                }
                load.forget(&self.store)?;
            }
        }
        own.record(&self.store, BEGUN, b"")?;
        if self.config.truncate_before_load { self.clean(plan) } else { Ok(()) }
    }

    fn put(&self, plan: &LoadPlan, job: &JobFile) -> Result<()> {
        self.write(&self.name_of(plan, job)?, job).map(drop)
    }

    fn end(&self, commit: &LoadCommit) {
        let own = if self.config.keep_staged_files {
            Ok(())
        } else {
            self.remove_load(&commit.schema, &commit.key.load_id)
        };
        let own = own.and_then(|()| InFlight::of(&commit.key).forget(&self.store));
        if let Err(error) = own.and_then(|()| self.store.sweep()) {
            tracing::debug!(%error, "the staging place could not be tidied up");
        }
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        check::probes(self)
    }
}

/// The address of a local file.
fn file_url(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).map_err(|cause| crate::error::local("find", path, cause))?;
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(url)
}
