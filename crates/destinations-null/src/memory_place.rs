//! [`MemoryPlace`]: staged files in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cartage_destinations_api::{
    Error, JobFile, LoadCommit, LoadKey, LoadPlan, PlacedFile, Result, Secret, StagedAccess, StagingPlace,
};

/// A staging place in memory, whose files only those may read who have its key. Copies share the files.
#[derive(Clone, Debug, Default)]
pub struct MemoryPlace {
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    files: BTreeMap<String, String>,
    /// How often each was written.
    puts: BTreeMap<String, u32>,
    reads: u32,
}

impl MemoryPlace {
    /// With what its URLs begin.
    pub(crate) const SCHEME: &'static str = "memory";

    /// Addresses of all files.
    pub fn files(&self) -> Vec<String> {
        self.shelf().files.keys().cloned().collect()
    }

    /// How often each file was written, those that are gone among them.
    pub fn puts(&self) -> BTreeMap<String, u32> {
        self.shelf().puts.clone()
    }

    /// How often a file was read from here.
    pub fn reads(&self) -> u32 {
        self.shelf().reads
    }

    pub(crate) fn read(&self, url: &str, access: &StagedAccess) -> Result<String> {
        if *access != key() {
            return Err(Error::invalid(format!("{url} may not be read without the key of the place")));
        }
        let mut shelf = self.shelf();
        shelf.reads += 1;
        shelf.files.get(url).cloned().ok_or_else(|| Error::terminal(format!("{url} is not there")))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key() -> StagedAccess {
    StagedAccess::Keys([("key".to_owned(), Secret::new("sesame"))].into())
}

/// With what the addresses of a pipeline's files begin.
fn of_pipeline(load: &LoadKey) -> String {
    format!("{}://{}/", MemoryPlace::SCHEME, load.pipeline)
}

fn of_load(load: &LoadKey) -> String {
    format!("{}{}/", of_pipeline(load), load.load_id)
}

impl StagingPlace for MemoryPlace {
    fn scheme(&self) -> &str {
        Self::SCHEME
    }

    fn locate(&self, plan: &LoadPlan, job: &JobFile) -> Result<PlacedFile> {
        Ok(PlacedFile::new(format!("{}{}/{}", of_load(&plan.key), job.table, job.id), key()))
    }

    fn begin(&self, plan: &LoadPlan) -> Result<()> {
        let (pipeline, own) = (of_pipeline(&plan.key), of_load(&plan.key));
        self.shelf().files.retain(|url, _| !url.starts_with(&pipeline) || url.starts_with(&own));
        Ok(())
    }

    fn put(&self, plan: &LoadPlan, job: &JobFile) -> Result<()> {
        let PlacedFile { url, .. } = self.locate(plan, job)?;
        let path = job.local()?;
        let text = std::fs::read_to_string(path).map_err(|cause| {
            Error::transient(format!("cannot read {}", path.display())).with_source(cause)
        })?;
        let mut shelf = self.shelf();
        if shelf.files.get(&url) != Some(&text) {
            shelf.files.insert(url.clone(), text);
            *shelf.puts.entry(url).or_default() += 1;
        }
        Ok(())
    }

    fn end(&self, commit: &LoadCommit) {
        let own = of_load(&commit.key);
        self.shelf().files.retain(|url, _| !url.starts_with(&own));
    }
}
