//! All that can be seen of a store through its public types, as text, for comparing states.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use cartage_package_store::{
    Error, FileSystem, Folder, JobState, PackageStore, StageLock, StoreOptions, Wait,
};
use cartage_runtime::Stage;
use cartage_test_support::{MemFs, runtime};

pub(crate) const DIR: &str = "/data/pipelines/test";

/// Opens the pipeline on a file system in memory, making it where it is missing.
pub(crate) fn open(fs: &Arc<MemFs>) -> PackageStore {
    PackageStore::open(Path::new(DIR), "test", options(fs)).unwrap()
}

pub(crate) fn options(fs: &Arc<MemFs>) -> StoreOptions {
    StoreOptions { fs: Arc::clone(fs) as Arc<dyn FileSystem>, ..StoreOptions::of(&runtime()) }
}

pub(crate) fn lock(store: &PackageStore, stage: Stage) -> StageLock {
    store.lock(stage, Wait::Fail).unwrap()
}

/// Every package with its jobs, all of them verified, and every document.
pub(crate) fn observe(fs: &Arc<MemFs>) -> String {
    match PackageStore::open_existing(Path::new(DIR), "test", options(fs)) {
        Ok(store) => observe_store(&store),
        Err(Error::NoSuchPipeline { .. }) => "no pipeline".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

fn observe_store(store: &PackageStore) -> String {
    let mut seen = String::new();
    for folder in Folder::ALL {
        for load_id in store.list(folder).unwrap() {
            let package = store.open_package(folder, &load_id).unwrap();
            package.verify().unwrap();
            writeln!(seen, "{folder}/{load_id}").unwrap();
            for state in JobState::ALL {
                for job in package.jobs(state).unwrap() {
                    let reason = package.failure_reason(&job).unwrap();
                    writeln!(seen, "  {state}/{job} {reason:?}").unwrap();
                }
            }
        }
    }
    let documents = store.documents();
    writeln!(seen, "state {:?}", documents.state().unwrap()).unwrap();
    writeln!(seen, "run {:?}", documents.run().unwrap().map(|run| run.run_id)).unwrap();
    for name in documents.schema_names().unwrap() {
        writeln!(seen, "schema {name} {:?}", documents.schema(&name).unwrap()).unwrap();
    }
    for id in documents.trace_ids().unwrap() {
        writeln!(seen, "trace {id} {:?}", documents.trace(&id).unwrap()).unwrap();
    }
    seen
}

/// Sweeps as the three stages do when they begin, and looks for what should not be left then.
pub(crate) fn sweep_all(fs: &Arc<MemFs>) {
    let store = open(fs);
    for stage in [Stage::Extract, Stage::Normalize, Stage::Load] {
        store.sweep(&lock(&store, stage)).unwrap();
    }
    assert_eq!(names(fs, "packages/staging"), [""; 0]);
    for folder in ["", "schemas", "traces"] {
        assert!(names(fs, folder).iter().all(|name| !name.contains("tmp")));
    }
    for folder in Folder::ALL {
        let listed: Vec<String> = store.list(folder).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names(fs, &format!("packages/{folder}")), listed);
    }
}

fn names(fs: &Arc<MemFs>, folder: &str) -> Vec<String> {
    let entries = fs.list(&Path::new(DIR).join(folder)).unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}
