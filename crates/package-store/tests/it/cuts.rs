//! Every operation is cut after each of its steps: what is found then is the old or the new state.

use std::path::Path;
use std::sync::Arc;

use cartage_package_store::{
    Error, ErrorKind, FileDraft, FileSystem, Folder, InFolder, JobState, LoadId, LockedJobs, ManifestDraft,
    Normalized, PackageStore, PublishedPackage, RunMarker, StageLock, Wait,
};
use cartage_runtime::Stage;
use cartage_test_support::{MemFs, Plan, Survival, job, stage_package};

use crate::observe::{DIR, lock, observe, open, options, sweep_all};

const MICROS: i64 = 1_795_163_558_208_462;
const TABLES: [(&str, &str); 2] =
    [("orders", "{\"id\":1}\n{\"id\":2}\n"), ("orders__lines", "{\"sku\":7}\n")];

type Act<'a> = &'a dyn Fn(&Arc<MemFs>) -> Result<(), Error>;

/// Cuts and disturbs `act` at every step. With `durable`, an operation that reports success must
/// survive every loss of power.
fn cut_everywhere(base: &MemFs, durable: bool, act: Act<'_>) {
    let undisturbed = Arc::new(base.fork(Plan::Undisturbed));
    let old = observe(&undisturbed);
    act(&undisturbed).unwrap();
    let new = observe(&undisturbed);
    assert_ne!(old, new, "the operation shows");

    for step in 0..=undisturbed.steps() {
        for survival in Survival::EACH {
            let fs = Arc::new(base.fork(Plan::CutAfter(step)));
            let result = act(&fs);
            let must_be_new = result.is_ok() && (durable || survival == Survival::All);
            let case = format!("cut after step {step}, {survival:?}");
            check(&Arc::new(fs.reboot(survival)), (&old, &new), must_be_new, act, &case);
        }
        for plan in [Plan::FailAt(step, std::io::ErrorKind::PermissionDenied), Plan::FullFrom(step)] {
            let fs = Arc::new(base.fork(plan));
            let result = act(&fs);
            if let Err(error) = &result {
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                assert!(error.hint().is_some(), "{error} has a remedy");
            }
            let case = format!("{plan:?}");
            check(&Arc::new(fs.fork(Plan::Undisturbed)), (&old, &new), result.is_ok(), act, &case);
        }
    }
}

fn check(fs: &Arc<MemFs>, (old, new): (&str, &str), must_be_new: bool, act: Act<'_>, case: &str) {
    let found = observe(fs);
    assert!(found == old || found == new, "{case}: a third state\n{found}\nold\n{old}\nnew\n{new}");
    assert!(!must_be_new || found == new, "{case}: success was reported, but the old state is found");
    if found != "no pipeline" {
        sweep_all(fs);
        assert_eq!(observe(fs), found, "{case}: the sweep changes nothing that counts");
    }
    if found == old {
        act(fs).unwrap_or_else(|error| panic!("{case}: cannot be done again: {error}"));
        assert_eq!(observe(fs), new, "{case}: done again");
    }
}

/// Both kinds of file systems.
fn file_systems() -> [MemFs; 2] {
    [MemFs::default(), MemFs::default().without_folder_renames()]
}

fn publish(fs: &Arc<MemFs>, stage: Stage, folder: Folder) -> Result<(), Error> {
    let store = PackageStore::open(Path::new(DIR), "test", options(fs))?;
    let lock = lock(&store, stage);
    stage_package(&store, &**fs, &lock, MICROS, &TABLES)?.publish(folder).map(drop)
}

/// A pipeline with one package in `folder`, on a file system like `empty`.
fn with_package(empty: &MemFs, folder: Folder) -> MemFs {
    let fs = Arc::new(empty.fork(Plan::Undisturbed));
    let stage = if folder == Folder::Extracted { Stage::Extract } else { Stage::Normalize };
    publish(&fs, stage, folder).unwrap();
    fs.fork(Plan::Undisturbed)
}

fn package<F: InFolder>(fs: &Arc<MemFs>, folder: F) -> Result<PublishedPackage<F>, Error> {
    let store = PackageStore::open(Path::new(DIR), "test", options(fs))?;
    store.open_package(folder, &LoadId::from_unix_micros(MICROS))
}

fn load_lock(fs: &Arc<MemFs>) -> Result<StageLock, Error> {
    let store = PackageStore::open(Path::new(DIR), "test", options(fs))?;
    Ok(store.lock(Stage::Load, Wait::Fail)?)
}

fn finish_load(fs: &Arc<MemFs>) -> Result<(), Error> {
    package(fs, Normalized)?.finish_load(&load_lock(fs)?).map(drop)
}

/// Moves jobs of the normalized package.
fn with_jobs(fs: &Arc<MemFs>, moves: impl FnOnce(LockedJobs<'_>) -> Result<(), Error>) -> Result<(), Error> {
    moves(package(fs, Normalized)?.lock_jobs(&load_lock(fs)?)?)
}

#[test]
fn opening_a_new_pipeline_is_all_or_nothing() {
    cut_everywhere(&MemFs::default(), true, &|fs| {
        PackageStore::open(Path::new(DIR), "test", options(fs)).map(drop)
    });
}

#[test]
fn publishing_is_all_or_nothing() {
    for empty in file_systems() {
        drop(open(&Arc::new(empty.fork(Plan::Undisturbed))));
        let fs = Arc::new(empty);
        drop(open(&fs));
        cut_everywhere(&fs.fork(Plan::Undisturbed), true, &|fs| {
            publish(fs, Stage::Extract, Folder::Extracted)
        });
    }
}

#[test]
fn discarding_is_all_or_nothing() {
    for empty in file_systems() {
        cut_everywhere(&with_package(&empty, Folder::Extracted), true, &|fs| {
            package(fs, Folder::Extracted)?.discard()
        });
    }
}

#[test]
fn replacing_an_extracted_package_by_its_normalized_one_never_shows_both_or_none() {
    for empty in file_systems() {
        cut_everywhere(&with_package(&empty, Folder::Extracted), true, &|fs| {
            publish(fs, Stage::Normalize, Folder::Normalized)
        });
        let both = Arc::new(with_package(&empty, Folder::Extracted));
        publish(&both, Stage::Normalize, Folder::Normalized).unwrap();
        let before = observe(&both);
        for step in 0..100 {
            let fs = Arc::new(both.fork(Plan::CutAfter(step)));
            drop(package(&fs, Folder::Extracted).and_then(PublishedPackage::discard));
            let fs = Arc::new(fs.reboot(Survival::Synced));
            assert_eq!(observe(&fs), before);
            sweep_all(&fs);
            assert_eq!(observe(&fs), before);
        }
    }
}

#[test]
fn moving_a_package_to_loaded_or_aborted_is_all_or_nothing() {
    for empty in file_systems() {
        let normalized = with_package(&empty, Folder::Normalized);
        cut_everywhere(&normalized, true, &finish_load);
        cut_everywhere(&normalized, true, &|fs| {
            let store = PackageStore::open(Path::new(DIR), "test", options(fs))?;
            store.abort(Folder::Normalized, &LoadId::from_unix_micros(MICROS))
        });
    }
}

#[test]
fn loading_a_package_that_was_not_taken_out_of_extracted_never_brings_it_back() {
    for empty in file_systems() {
        let both = Arc::new(with_package(&empty, Folder::Extracted));
        publish(&both, Stage::Normalize, Folder::Normalized).unwrap();
        cut_everywhere(&both.fork(Plan::Undisturbed), true, &finish_load);
        finish_load(&both).unwrap();
        // Not even to a user who then removes the loaded package by hand.
        for folder in ["extracted", "normalized"] {
            assert_eq!(both.list(&Path::new(DIR).join("packages").join(folder)).unwrap(), []);
        }
    }
}

#[test]
fn moves_of_jobs_are_all_or_nothing() {
    let new = with_package(&MemFs::default(), Folder::Normalized);
    let orders = job("orders");
    cut_everywhere(&new, false, &|fs| with_jobs(fs, |jobs| jobs.start(&orders)));

    let fs = Arc::new(new);
    with_jobs(&fs, |jobs| jobs.start(&orders)).unwrap();
    let started = fs.fork(Plan::Undisturbed);
    cut_everywhere(&started, false, &|fs| with_jobs(fs, |jobs| jobs.complete(&orders)));
    cut_everywhere(&started, true, &|fs| {
        with_jobs(fs, |jobs| {
            jobs.complete(&orders)?;
            jobs.sync()
        })
    });
    cut_everywhere(&started, true, &|fs| with_jobs(fs, |jobs| jobs.fail(&orders, "no such column")));
    cut_everywhere(&started, true, &|fs| with_jobs(fs, |jobs| jobs.retry(&orders).map(drop)));
}

#[test]
fn documents_are_replaced_as_a_whole() {
    let fs = Arc::new(MemFs::default());
    let store = open(&fs);
    let marker = RunMarker {
        run_id: "run-1".to_owned(),
        started_at: chrono::DateTime::default(),
        payload: serde_json::json!({"resources": ["orders"]}),
    };
    store.documents().replace_state("{\"version\":1}").unwrap();
    store.documents().replace_schema("shop", "{\"version\":1}").unwrap();
    let base = fs.fork(Plan::Undisturbed);
    let documents_of = |fs: &Arc<MemFs>| PackageStore::open(Path::new(DIR), "test", options(fs));

    cut_everywhere(&base, true, &|fs| documents_of(fs)?.documents().replace_state("{\"version\":2}"));
    cut_everywhere(&base, true, &|fs| documents_of(fs)?.documents().remove_state());
    cut_everywhere(&base, true, &|fs| documents_of(fs)?.documents().replace_schema("shop", "{}"));
    cut_everywhere(&base, true, &|fs| documents_of(fs)?.documents().replace_trace("run-1", "{}"));
    cut_everywhere(&base, true, &|fs| documents_of(fs)?.documents().begin_run(&marker));
    store.documents().begin_run(&marker).unwrap();
    // Not durable on purpose: see `end_run`.
    cut_everywhere(&fs.fork(Plan::Undisturbed), false, &|fs| documents_of(fs)?.documents().end_run());
}

#[test]
fn a_cut_sweep_can_be_repeated_and_changes_nothing_that_counts() {
    for empty in file_systems() {
        // A package in both folders, and the left-overs of a writer that ended in the middle.
        let fs = Arc::new(with_package(&empty, Folder::Extracted));
        publish(&fs, Stage::Normalize, Folder::Normalized).unwrap();
        let fs = Arc::new(fs.fork(Plan::CutAfter(25)));
        let store = open(&fs);
        let writer = lock(&store, Stage::Normalize);
        drop(
            stage_package(&store, &*fs, &writer, MICROS + 1, &TABLES)
                .map(|sealed| sealed.publish(Folder::Normalized)),
        );
        let base = fs.reboot(Survival::All);
        let before = observe(&Arc::new(base.fork(Plan::Undisturbed)));

        for step in 0..60 {
            for survival in Survival::EACH {
                let fs = Arc::new(base.fork(Plan::CutAfter(step)));
                if let Ok(store) = PackageStore::open(Path::new(DIR), "test", options(&fs)) {
                    drop(store.sweep(&lock(&store, Stage::Normalize)));
                }
                let fs = Arc::new(fs.reboot(survival));
                assert_eq!(observe(&fs), before, "{step} {survival:?}");
                sweep_all(&fs);
                assert_eq!(observe(&fs), before, "{step} {survival:?}");
            }
        }
    }
}

#[test]
fn a_failed_sync_behind_the_commit_says_that_the_package_may_vanish() {
    let fs = Arc::new(MemFs::default());
    drop(open(&fs));
    let base = fs.fork(Plan::Undisturbed);
    let steps = {
        let fs = Arc::new(base.fork(Plan::Undisturbed));
        publish(&fs, Stage::Extract, Folder::Extracted).unwrap();
        fs.steps()
    };
    // The last two steps are the syncs of the two parents.
    for step in [steps - 2, steps - 1] {
        let fs = Arc::new(base.fork(Plan::FailAt(step, std::io::ErrorKind::Other)));
        let error = publish(&fs, Stage::Extract, Folder::Extracted).unwrap_err();
        assert!(matches!(error, Error::NotDurable { .. }), "{error}");
        assert_eq!(open(&fs).list(Folder::Extracted).unwrap().len(), 1);
    }
}

#[test]
fn a_sync_that_fails_while_a_long_file_grows_keeps_the_package_from_being_sealed() {
    let base = MemFs::default();
    let seal = |fs: &Arc<MemFs>| {
        let store = open(fs);
        let lock = lock(&store, Stage::Extract);
        let staged = store.stage(&lock, store.next_load_id(MICROS).unwrap(), 7).unwrap();
        let name = job("orders");
        fs.write(&staged.job_path(&name), b"{}\n").unwrap();
        staged.write_schema("{}").unwrap();
        let before = fs.steps();
        staged.appended(&name, 1 << 20);
        staged.appended(&name, 32 << 20);
        let files = vec![FileDraft::new(name, "orders")];
        let draft = ManifestDraft { schema_name: "test".to_owned(), files, ..ManifestDraft::default() };
        (before, staged.seal(draft).map(drop))
    };
    let undisturbed = Arc::new(base.fork(Plan::Undisturbed));
    let (step, sealed) = seal(&undisturbed);
    sealed.unwrap();
    // The sync comes at its own time, before or after `package.json`.
    let failing = [step, step + 1].map(|step| {
        let fs = Arc::new(base.fork(Plan::FailAt(step, std::io::ErrorKind::Other)));
        (seal(&fs).1.unwrap_err(), open(&fs).list(Folder::Extracted).unwrap().len())
    });
    for (error, packages) in failing {
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert_eq!(packages, 0);
    }
}

#[test]
fn a_half_copied_package_is_never_seen() {
    let empty = MemFs::default().without_folder_renames();
    let base = with_package(&empty, Folder::Normalized);
    for step in 0..60 {
        let fs = Arc::new(base.fork(Plan::CutAfter(step)));
        drop(finish_load(&fs));
        let fs = Arc::new(fs.reboot(Survival::All));
        let store = open(&fs);
        let loaded = fs.list(&Path::new(DIR).join("packages/loaded")).unwrap();
        for load_id in loaded.iter().filter_map(|entry| entry.name.parse().ok()) {
            match store.open_package(Folder::Loaded, &load_id) {
                Ok(package) => assert_eq!(package.jobs(JobState::New).unwrap().len(), 2),
                Err(error) => assert!(matches!(error, Error::NoSuchPackage { .. }), "{error}"),
            }
        }
    }
}
