//! The same clock and seed leave the same packages, whichever process does the stages and however often it is tried.

use cartage_package_store::Folder;
use cartage_test_support::{files_below, runtime};

use crate::bench::{Bench, done, ids, resource};

const ROWS: &str = "{\"id\": 1, \"tags\": [{\"t\": \"a\"}, {\"t\": \"b\"}], \"price\": 1.5}\n{\"id\": 2, \"at\": \"2024-01-01\"}\n";

fn bench() -> Bench {
    let bench = Bench::new(&(resource("items", "") + &resource("others", "write_disposition = \"replace\"")));
    bench.write("items.jsonl", ROWS);
    bench.write("others.jsonl", &ids(1..=50));
    bench
}

/// Every file of the packages in a folder, without what differs by the run that made it.
fn packages(bench: &Bench, folder: Folder) -> Vec<(String, Vec<u8>)> {
    let mut files = files_below(&bench.data().join("packages").join(folder.as_str()));
    assert!(files.len() > 4, "{folder:?}: {}", files.len());
    // The checksum of a manifest is also that of the run id in it.
    files.retain(|(name, _)| !name.ends_with("package.json"));
    files
}

#[test]
fn extracting_and_normalizing_again_leaves_the_same_bytes() {
    let (one, two) = (bench(), bench());
    for bench in [&one, &two] {
        bench.extract();
    }
    assert_eq!(packages(&one, Folder::Extracted), packages(&two, Folder::Extracted));
    let two = two.set("normalize.workers=1").set("extract.workers=1");
    for bench in [&one, &two] {
        bench.normalize();
    }
    assert_eq!(
        packages(&one, Folder::Normalized),
        packages(&two, Folder::Normalized),
        "also with other workers"
    );
}

#[test]
fn a_package_that_is_given_up_is_made_again_byte_by_byte() {
    let mut bench = bench();
    bench.extract();
    let first = packages(&bench, Folder::Extracted);
    done(bench.project().abort());
    bench.runtime = runtime();
    bench.extract();
    // Another load id, because one that was given away is never given again; the state has a row with it.
    let rows = |files: Vec<(String, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
        let below =
            files.into_iter().map(|(name, bytes)| (name.split_once('/').unwrap().1.to_owned(), bytes));
        below.filter(|(name, _)| name.starts_with("new_jobs/") && !name.contains("_dlt")).collect()
    };
    let first = rows(first);
    assert_eq!((rows(packages(&bench, Folder::Extracted)), first.len()), (first, 2));
    assert_ne!(bench.packages(Folder::Extracted), bench.packages(Folder::Aborted));
}

#[test]
fn one_process_and_three_leave_the_same_rows_state_and_schema() {
    let together = bench();
    together.run();
    let mut alone = bench();
    alone.extract();
    alone.runtime = runtime();
    alone.normalize();
    alone.runtime = runtime();
    alone.load();
    for (table, column) in
        [("items", "_dlt_id"), ("items__tags", "_dlt_parent_id"), ("others", "_dlt_load_id")]
    {
        assert_eq!(together.values(table, column), alone.values(table, column), "{table}.{column}");
    }
    let documents = |bench: &Bench| {
        let project = bench.project();
        let documents = project.store.documents();
        (documents.state().unwrap(), documents.schema("test").unwrap())
    };
    assert_eq!(documents(&together), documents(&alone));
}

#[test]
fn load_ids_go_on_where_the_clock_stands_still() {
    let bench = bench();
    for _ in 0..3 {
        bench.run();
    }
    let names = bench.packages(Folder::Loaded);
    assert_eq!(names.len(), 3);
    assert!(names.is_sorted() && names[0] != names[1] && names[1] != names[2], "{names:?}");
}
