//! A full disk and a folder that cannot be written: clear errors, nothing half-published, recovery.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use cartage_tests::binaries::binary;
use cartage_tests::harness::Bench;
use cartage_tests::mirror;

/// Runs a script in a mount namespace of its own, so that it may mount a small file system.
fn in_namespace(bench: &Bench, script: &str) -> (i32, String) {
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .current_dir(bench.path())
        .env("CARTAGE", binary("cartage"))
        .output()
        .expect("unshare (Debian: util-linux) runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

#[test]
fn a_full_disk_is_named_publishes_nothing_by_half_and_is_recovered_from() {
    let bench = Bench::new();
    let mut rows = String::new();
    for i in 0..100_000_u64 {
        let _ =
            writeln!(rows, "{{\"id\": {i}, \"noise\": \"{:016x}\"}}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    bench.write("items.jsonl", &rows);
    bench.items("items.jsonl", "");
    fs::create_dir(bench.path().join("small")).expect("a folder");
    // Each size lets the run come a little further before the disk is full.
    let (code, said) = in_namespace(
        &bench,
        r#"
        export CARTAGE_DATA_DIR="$PWD/small/data"
        for size in 64k 512k 1m 2m 3m 4m; do
            mount -t tmpfs -o size=$size tmpfs small || exit 90
            "$CARTAGE" run >out 2>err && { echo "fits in $size"; umount small; continue; }
            code=$?
            [ "$code" = 1 ] || { echo "code $code at $size"; cat err; exit 91; }
            grep -qi 'disk is full' err || { echo "no remedy at $size"; cat err; exit 92; }
            mount -o remount,size=300m small || exit 93
            "$CARTAGE" run >out 2>err || { echo "no recovery at $size"; cat err; exit 94; }
            [ -z "$(ls small/data/pipelines/test/packages/staging)" ] || { echo "staging left at $size"; exit 95; }
            umount small
            mv out.duckdb "full-$size.duckdb"
        done
        "#,
    );
    assert_eq!(code, 0, "{said}");
    let mut databases = 0;
    for entry in fs::read_dir(bench.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("full-")) {
            databases += 1;
            let database = duckdb::Connection::open(&path).expect("opens");
            let count: i64 =
                database.query_row("SELECT count(*) FROM data.items", [], |row| row.get(0)).expect("rows");
            assert_eq!(count, 100_000, "{}", path.display());
        }
    }
    assert!(databases >= 3, "the disk was full in too few places: {said}");
}

#[test]
fn a_lake_on_a_full_disk_shows_no_load_by_half_and_the_next_run_finishes_it() {
    let bench = Bench::new();
    let mut rows = String::new();
    for i in 0..40_000_u64 {
        let _ =
            writeln!(rows, "{{\"id\": {i}, \"noise\": \"{:016x}\"}}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    bench.write("items.jsonl", &rows);
    bench.lake("", "[normalize.data_writer]\nfile_max_items = 5000\n");
    fs::create_dir(bench.path().join("lake")).expect("a folder");
    let (code, said) = in_namespace(
        &bench,
        r#"
        for size in 8k 40k 120k 240k 360k 480k 600k; do
            export CARTAGE_DATA_DIR="$PWD/data-$size"
            mount -t tmpfs -o size=$size tmpfs lake || exit 90
            "$CARTAGE" run >out 2>err && { echo "fits in $size"; umount lake; continue; }
            code=$?
            [ "$code" = 1 ] || { echo "code $code at $size"; cat err; exit 91; }
            grep -q 'the disk is full' err || { echo "no remedy at $size"; cat err; exit 92; }
            grep -q 'again' err && grep -q 'transient' err && { echo "tried again at $size"; cat err; exit 93; }
            [ -z "$(ls lake/data/_dlt_loads 2>/dev/null)" ] || { echo "a load counts at $size"; exit 94; }
            mount -o remount,size=100m lake || exit 95
            "$CARTAGE" run >out 2>err || { echo "no recovery at $size"; cat err; exit 96; }
            [ -z "$(find lake/data/_cartage -type f 2>/dev/null)" ] || { echo "in flight at $size"; exit 97; }
            cp -r lake "full-$size"
            umount lake
        done
        "#,
    );
    assert_eq!(code, 0, "{said}");
    let lakes = fs::read_dir(bench.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let lakes: Vec<_> = lakes
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("full-")))
        .collect();
    for lake in &lakes {
        let database = mirror::of_folder(&lake.join("data"));
        let sql = "SELECT count(*) + count(DISTINCT id) FROM data.items";
        let rows: i64 = database.query_row(sql, [], |row| row.get(0)).expect("rows");
        assert_eq!(rows, 80_000, "{}", lake.display());
    }
    assert!(lakes.len() >= 4, "the disk was full in too few places: {said}");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named_with_a_remedy() {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1}\n");
    bench.items("items.jsonl", "");
    bench.write("data", "a file where the data folder should be");
    let done = bench.cartage(&["run"]).exits_with(1);
    assert!(done.stderr.contains("data"), "{}", done.stderr);
    assert!(!bench.path().join("out.duckdb").exists(), "nothing was touched");
}
