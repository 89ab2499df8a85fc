//! Damaged pending packages: the next stage names the file, stops with exit code 5 and touches nothing. Source files that are
//! damaged, or can never be loaded, leave nothing pending.

use std::fs;
use std::path::{Path, PathBuf};

use cartage_tests::harness::{Bench, tree};

/// A pipeline with one loaded package, and one pending one made by `stages`.
fn pending(stages: &[&str]) -> Bench {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.items("items.jsonl", "");
    bench.cartage(&["run"]).exits_with(0);
    bench.write("items.jsonl", "{\"id\": 2, \"list\": [1, 2]}\n{\"id\": 3}\n");
    for stage in stages {
        bench.cartage(&[stage]).exits_with(0);
    }
    bench
}

/// Every file of the only package in a folder.
fn files(bench: &Bench, folder: &str) -> Vec<PathBuf> {
    let name = bench.package_names(folder).pop().expect("a pending package");
    let package = bench.packages(folder).join(name);
    tree(&package).into_iter().map(|(name, _)| package.join(name)).collect()
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x01;
    fs::write(path, bytes).expect("written");
}

fn cut(path: &Path) {
    let bytes = fs::read(path).expect("a file");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("removed");
}

fn stops_at_damage(stages: &[&str], folder: &str, next: &str) {
    let bench = pending(stages);
    let whole = tree(&bench.packages(folder));
    let count = files(&bench, folder).len();
    assert!(count >= 4, "a package has documents and a job");
    for file in 0..count {
        for damage in [flip as fn(&Path), cut, remove] {
            let path = files(&bench, folder)[file].clone();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            damage(&path);
            bench.cartage(&[next]).exits_with(5).says(&name);
            assert_eq!(bench.rows("SELECT id FROM data.items"), ["{\"id\":1}"], "damaged {name}");
            assert_eq!(bench.number("SELECT count(*) FROM data._dlt_loads"), 1);
            restore(&bench.packages(folder), &whole);
        }
    }
    bench.cartage(&["run"]).exits_with(0);
    let ids = bench.rows("SELECT id FROM data.items");
    assert_eq!(ids, ["{\"id\":1}", "{\"id\":2}", "{\"id\":3}"], "the whole package is loaded");
}

fn restore(folder: &Path, files: &[(String, Vec<u8>)]) {
    fs::remove_dir_all(folder).expect("removed");
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    // Empty folders are part of a package too.
    for (name, _) in files {
        let package = folder.join(name.split('/').next().expect("a package"));
        for state in ["new_jobs", "started_jobs", "completed_jobs", "failed_jobs"] {
            fs::create_dir_all(package.join(state)).expect("made");
        }
    }
}

#[test]
fn a_damaged_extracted_package_stops_normalize_and_names_the_file() {
    stops_at_damage(&["extract"], "extracted", "normalize");
}

#[test]
fn a_damaged_normalized_package_stops_load_and_names_the_file() {
    stops_at_damage(&["extract", "normalize"], "normalized", "load");
}

#[test]
fn package_verify_finds_the_damage_too() {
    let bench = pending(&["extract", "normalize"]);
    bench.cartage(&["package", "verify"]).exits_with(0);
    let job =
        files(&bench, "normalized").into_iter().find(|path| path.extension() == Some("parquet".as_ref()));
    flip(&job.expect("a job"));
    bench.cartage(&["package", "verify"]).exits_with(5).says(".parquet");
}

/// A Parquet file of three rows whose footer counts more, which only who counts finds out.
fn lying() -> Vec<u8> {
    fs::read(cartage_tests::binaries::workspace().join("fixtures/parquet/rows-of-both.parquet"))
        .expect("a fixture")
}

fn whole() -> Vec<u8> {
    fs::read(cartage_tests::binaries::workspace().join("fixtures/parquet/checksums.parquet"))
        .expect("a fixture")
}

#[test]
fn a_damaged_source_file_leaves_nothing_behind_and_the_next_good_run_goes_on() {
    let bench = Bench::new();
    let mut flipped = whole();
    flipped[200] ^= 0x10;
    bench.pipeline("[[sources.test.resources]]\nname = \"items\"\npath = \"items/*.parquet\"\n");
    bench.write("items/a.parquet", whole());
    for damaged in [lying(), flipped, whole()[..900].to_vec()] {
        bench.write("items/b.parquet", damaged);
        bench.cartage(&["run"]).exits_with(1).says("b.parquet").says("write or copy it again");
        assert_eq!(bench.package_names("extracted"), Vec::<String>::new());
    }
    bench.write("items/b.parquet", whole());
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 200);

    let ingest = ["ingest", "items/c.parquet", "duckdb:more.duckdb", "--table", "t"];
    bench.write("items/c.parquet", lying());
    bench.cartage(&ingest).exits_with(1).says("c.parquet");
    bench.write("items/c.parquet", whole());
    bench.cartage(&ingest).exits_with(0);
}

#[test]
fn columnar_rows_for_a_table_of_rows_with_ids_are_refused_and_both_remedies_work() {
    let bench = Bench::new();
    let replace = "write_disposition = \"replace\"";
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.write("items.parquet", whole());
    bench.items("items.jsonl", replace);
    bench.cartage(&["run"]).exits_with(0);
    bench.items("items.parquet", replace);
    for _ in 0..2 {
        bench.cartage(&["run"]).exits_with(1).says("items.parquet").says("set aside").says("`table_name`");
        assert_eq!(bench.number("SELECT count(*) FROM data.items"), 1, "the old rows are still there");
    }
    bench.items("items.parquet", &format!("{replace}\ntable_name = \"other\""));
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.other"), 100);

    bench.cartage(&["drop", "items", "--yes"]).exits_with(0);
    bench.items("items.parquet", replace);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 100);
}
