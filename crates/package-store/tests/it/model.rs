//! The store behaves as a map from load id to folder and jobs, through any sequence of operations,
//! with losses of power between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartage_package_store::{Folder, JobFileName, JobState, LoadId, Normalized, Package, PackageStore};
use cartage_runtime::Stage;
use cartage_test_support::{MemFs, Survival, job, stage_package};
use proptest::prelude::*;

use crate::observe::{lock, open, sweep_all};

const TABLES: [(&str, &str); 2] = [("orders", "{\"id\":1}\n"), ("people", "{\"id\":2}\n")];

#[derive(Clone, Debug)]
enum Step {
    Extract { micros: i64 },
    Normalize { which: usize },
    MoveTo { which: usize, folder: Folder },
    Discard { which: usize },
    StartJob { which: usize, table: usize },
    EndJob { which: usize, table: usize, to: JobState },
    PowerLoss { survival: Survival },
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..6_usize;
    let table = 0..TABLES.len();
    let ends = prop_oneof![Just(JobState::New), Just(JobState::Completed), Just(JobState::Failed)];
    prop_oneof![
        3 => (0..50_i64).prop_map(|micros| Step::Extract { micros }),
        3 => which.clone().prop_map(|which| Step::Normalize { which }),
        1 => (which.clone(), prop_oneof![Just(Folder::Loaded), Just(Folder::Aborted)])
            .prop_map(|(which, folder)| Step::MoveTo { which, folder }),
        1 => which.clone().prop_map(|which| Step::Discard { which }),
        3 => (which.clone(), table.clone()).prop_map(|(which, table)| Step::StartJob { which, table }),
        3 => (which, table, ends).prop_map(|(which, table, to)| Step::EndJob { which, table, to }),
        1 => prop::sample::select(Survival::EACH.to_vec()).prop_map(|survival| Step::PowerLoss { survival }),
    ]
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Modelled {
    folder: Folder,
    jobs: BTreeMap<String, (JobState, u32)>,
}

impl Modelled {
    fn new(folder: Folder) -> Self {
        let new = |(table, _): &(&str, &str)| ((*table).to_owned(), (JobState::New, 0));
        Self { folder, jobs: TABLES.iter().map(new).collect() }
    }
}

#[derive(Debug, Default)]
struct Model {
    packages: BTreeMap<LoadId, Modelled>,
    newest: Option<LoadId>,
}

impl Model {
    fn pick(&self, which: usize) -> Option<(LoadId, Modelled)> {
        let (load_id, package) = self.packages.iter().nth(which % self.packages.len().max(1))?;
        Some((load_id.clone(), package.clone()))
    }
}

fn run(fs: &mut Arc<MemFs>, model: &mut Model, step: &Step) {
    let store = open(fs);
    match step {
        Step::Extract { micros } => {
            let lock = lock(&store, Stage::Extract);
            let sealed = stage_package(&store, &**fs, &lock, *micros, &TABLES).unwrap();
            let load_id = sealed.publish(Folder::Extracted).unwrap().load_id().clone();
            assert!(model.newest.as_ref().is_none_or(|newest| *newest < load_id));
            model.newest = Some(load_id.clone());
            model.packages.insert(load_id, Modelled::new(Folder::Extracted));
        }
        Step::Normalize { which } => {
            let Some((load_id, modelled)) = model.pick(*which) else { return };
            if modelled.folder == Folder::Extracted {
                let lock = lock(&store, Stage::Normalize);
                let sealed = stage_package(&store, &**fs, &lock, load_id.unix_micros(), &TABLES);
                sealed.unwrap().publish(Folder::Normalized).unwrap();
                model.packages.insert(load_id, Modelled::new(Folder::Normalized));
            }
        }
        Step::MoveTo { which, folder } => {
            let Some((load_id, modelled)) = model.pick(*which) else { return };
            match (modelled.folder, folder) {
                (Folder::Normalized, Folder::Loaded) => {
                    let package = store.open_package(Normalized, &load_id).unwrap();
                    package.finish_load(&lock(&store, Stage::Load)).unwrap();
                }
                (Folder::Extracted | Folder::Normalized, Folder::Aborted) => {
                    store.abort(modelled.folder, &load_id).unwrap();
                }
                _ => return,
            }
            model.packages.insert(load_id, Modelled { folder: *folder, ..modelled });
        }
        Step::Discard { which } => {
            let Some((load_id, modelled)) = model.pick(*which) else { return };
            store.open_package(modelled.folder, &load_id).unwrap().discard().unwrap();
            model.packages.remove(&load_id);
        }
        Step::StartJob { which, table } => move_job(&store, model, (*which, *table), JobState::Started),
        Step::EndJob { which, table, to } => move_job(&store, model, (*which, *table), *to),
        Step::PowerLoss { survival } => *fs = Arc::new(fs.reboot(*survival)),
    }
}

fn move_job(store: &PackageStore, model: &mut Model, (which, table): (usize, usize), to: JobState) {
    let Some((load_id, mut modelled)) = model.pick(which) else { return };
    if modelled.folder != Folder::Normalized {
        return;
    }
    let package = store.open_package(Normalized, &load_id).unwrap();
    let lock = lock(store, Stage::Load);
    let jobs = package.lock_jobs(&lock).unwrap();
    let table = TABLES[table].0;
    let (state, retry) = modelled.jobs[table];
    let name = (0..retry).fold(job(table), |name, _| name.next_retry());
    // Started jobs may be new again after a loss of power.
    let state = if is_in(&package, JobState::New, &name) { JobState::New } else { state };
    let from = if to == JobState::Started { JobState::New } else { JobState::Started };
    let moved = match to {
        JobState::Started => jobs.start(&name).map(|()| retry),
        JobState::New => jobs.retry(&name).map(|name| name.retry()),
        JobState::Completed => jobs.complete(&name).and_then(|()| jobs.sync()).map(|()| retry),
        JobState::Failed => jobs.fail(&name, "because").map(|()| retry),
    };
    assert_eq!(moved.is_ok(), state == from, "{name} is {state}");
    let now = moved.map_or((state, retry), |retry| (to, retry));
    modelled.jobs.insert(table.to_owned(), now);
    model.packages.insert(load_id, modelled);
}

fn is_in(package: &Package, state: JobState, name: &JobFileName) -> bool {
    package.jobs(state).unwrap().contains(name)
}

fn check(fs: &Arc<MemFs>, model: &Model) {
    let store = open(fs);
    for folder in Folder::ALL {
        let of_folder = model.packages.iter().filter(|(_, package)| package.folder == folder);
        let expected: Vec<LoadId> = of_folder.map(|(load_id, _)| load_id.clone()).collect();
        assert_eq!(store.list(folder).unwrap(), expected, "{folder}");
    }
    for (load_id, modelled) in &model.packages {
        let package = store.open_package(modelled.folder, load_id).unwrap();
        package.verify().unwrap();
        for (table, (state, retry)) in &modelled.jobs {
            let name = (0..*retry).fold(job(table), |name, _| name.next_retry());
            let lost_start = *state == JobState::Started && is_in(&package, JobState::New, &name);
            assert!(lost_start || is_in(&package, *state, &name), "{name} in {state}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_store_behaves_as_a_map(steps in prop::collection::vec(step(), 1..40), renames: bool) {
        let empty = MemFs::default();
        let mut fs = Arc::new(if renames { empty } else { empty.without_folder_renames() });
        let mut model = Model::default();
        for step in &steps {
            run(&mut fs, &mut model, step);
            check(&fs, &model);
        }
        sweep_all(&fs);
        check(&fs, &model);
    }
}
