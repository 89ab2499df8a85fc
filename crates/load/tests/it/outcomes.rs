//! What a load leaves behind where nothing goes wrong.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartage_destinations_api::Destination;
use cartage_load::LoadSettings;
use cartage_package_store::{Folder, JobState, PackageSettings, Refresh, RefreshTables};
use cartage_schema::WriteDisposition;
use cartage_test_support::runtime;

use crate::shop::{Delivery, Shop, settings};
use crate::spy::{Call, Spy, When};

#[test]
fn a_load_reports_rows_jobs_and_what_it_created() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery { tags: &[&["a"]], ..Delivery::append(1, &[&[1, 2], &[3]]) });
    let report = shop.load(&load_id).unwrap();
    assert_eq!((report.tables["items"].rows, report.tables["items"].jobs), (3, 2));
    assert_eq!((report.tables["items__tags"].rows, report.jobs()), (1, 4));
    assert!(report.created_tables.contains(&"items".to_owned()) && !report.resumed);
    assert_eq!(report.rows(), 5, "the state is a row, too");
    assert!(report.bytes() > 0);

    assert_eq!(shop.pipeline.store.list(Folder::Normalized).unwrap(), []);
    let package = shop.package(Folder::Loaded, &load_id);
    assert_eq!(package.jobs(JobState::Completed).unwrap().len(), 4);
    let documents = shop.pipeline.store.documents();
    assert_eq!(documents.state().unwrap(), package.state_json().unwrap());
    assert_eq!(documents.schema("shop").unwrap(), Some(package.schema_json().unwrap()));
}

#[test]
fn completed_jobs_are_deleted_where_the_user_wants_it() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1]]));
    let settings = LoadSettings { delete_completed_jobs: true, ..settings() };
    shop.load_with(&load_id, &shop.memory, &settings, &runtime()).unwrap();
    assert_eq!(shop.package(Folder::Loaded, &load_id).jobs(JobState::Completed).unwrap(), []);
}

#[test]
fn jobs_begin_with_the_biggest() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery {
        tags: &[&["a long tag, longer than all items"; 20]],
        ..Delivery::append(1, &[&[1]])
    });
    let order = Mutex::new(Vec::new());
    let spy = Spy::new(&shop.memory, |when, call| {
        if let (When::Before, Call::Job(table)) = (when, call) {
            order.lock().unwrap().push(table.clone());
        }
        Ok(())
    });
    shop.load_with(&load_id, &spy, &settings(), &runtime()).unwrap();
    assert_eq!(*order.lock().unwrap(), ["items__tags", "_dlt_pipeline_state", "items"]);
}

#[test]
fn no_more_jobs_run_at_once_than_the_destination_allows() {
    let shop = Shop::new();
    let load_id = shop.deliver(Delivery::append(1, &[&[1], &[2], &[3], &[4], &[5], &[6]]));
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let spy = Spy::new(&shop.memory, |when, call| {
        if let Call::Job(_) = call {
            match when {
                When::Before => {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                }
                When::After => drop(running.fetch_sub(1, Ordering::SeqCst)),
            }
        }
        Ok(())
    })
    .with_capabilities(|can| can.jobs.max_parallel_load_jobs = Some(2));
    shop.load_with(&load_id, &spy, &LoadSettings::default(), &runtime()).unwrap();
    assert!(most.load(Ordering::SeqCst) <= 2);
    assert_eq!(shop.values("items", "id").len(), 6);
}

fn refreshing(tables: RefreshTables) -> PackageSettings {
    PackageSettings { refresh: Some(tables), ..PackageSettings::default() }
}

#[test]
fn a_refresh_drops_and_empties_what_the_package_says() {
    let shop = Shop::new();
    let first = shop.deliver(Delivery { tags: &[&["a"]], ..Delivery::append(1, &[&[1]]) });
    shop.load(&first).unwrap();
    let commands = RefreshTables {
        mode: Refresh::DropData,
        drop_tables: Vec::new(),
        truncate_tables: ["items", "items__tags"].map(str::to_owned).into(),
    };
    let second = shop.deliver_with(Delivery::append(2, &[&[2]]), refreshing(commands));
    shop.load(&second).unwrap();
    assert_eq!(shop.values("items", "id"), ["2"]);
    assert_eq!(shop.values("items__tags", "value"), Vec::<String>::new());

    let commands = RefreshTables {
        mode: Refresh::DropSources,
        drop_tables: ["items__tags", "items"].map(str::to_owned).into(),
        truncate_tables: Vec::new(),
    };
    let third = shop.deliver_with(Delivery::append(3, &[&[3]]), refreshing(commands));
    shop.load(&third).unwrap();
    assert_eq!(shop.values("items", "id"), ["3"]);
    assert!(!shop.memory.reader().unwrap().tables().unwrap().contains(&"items__tags".to_owned()));
    assert_eq!(shop.values("_dlt_version", "version").len(), 1);
}

#[test]
fn a_merge_is_an_append_where_the_destination_cannot_merge() {
    let shop = Shop::new();
    for number in [1, 2] {
        let merge = Delivery { disposition: WriteDisposition::Merge, ..Delivery::append(number, &[&[1]]) };
        let load_id = shop.deliver(merge);
        shop.load(&load_id).unwrap();
    }
    assert_eq!(shop.values("items", "id"), ["1", "1"]);
}
