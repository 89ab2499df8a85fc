//! Bad input: each error names the file, the line and what to do, and nothing is half-loaded.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;

use cartage_tests::harness::{Bench, Done};
use flate2::Compression;
use flate2::write::GzEncoder;

fn with(name: &str, content: impl AsRef<[u8]>, more: &str) -> Bench {
    let bench = Bench::new();
    bench.write(name, content);
    bench.items(name, more);
    bench
}

#[track_caller]
fn fails(bench: &Bench, words: &[&str]) -> Done {
    let done = bench.cartage(&["run"]).exits_with(1);
    for word in words {
        assert!(done.stderr.contains(word), "{word:?} is not in:\n{}", done.stderr);
    }
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    done
}

#[track_caller]
fn loads(bench: &Bench, rows: i64) {
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), rows);
}

#[test]
fn a_broken_line_is_named_by_file_and_line() {
    let bench = with("items.jsonl", "{\"id\": 1}\n\n{\"id\": 2\n{\"id\": 3}\n", "");
    fails(&bench, &["items.jsonl", "line 3", "quarantine"]);
}

#[test]
fn after_a_correction_the_way_on_is_the_one_that_the_hint_names() {
    let bench = with("items.jsonl", "{\"id\": 1}\n{\"id\": 2\n", "");
    fails(
        &bench,
        &[
            "items.jsonl, line 2",
            "hint: nothing of the extracted package was loaded",
            "`cartage abort pipeline.toml`",
        ],
    );
    bench.write("items.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    fails(&bench, &["items.jsonl, line 2"]);
    bench.cartage(&["abort"]).exits_with(0);
    loads(&bench, 2);

    let ingest = ["ingest", "more.jsonl", "duckdb:more.duckdb"];
    bench.write("more.jsonl", "{\"id\": 1\n");
    let failed = bench.cartage(&ingest).exits_with(1).says("more.jsonl, line 1").says("with --abort");
    assert!(!failed.stderr.contains("cartage abort"), "{}", failed.stderr);
    bench.write("more.jsonl", "{\"id\": 1}\n");
    let done = bench.cartage(&[ingest[0], ingest[1], ingest[2], "--abort"]).exits_with(0);
    assert!(done.stderr.contains("is aborted"), "{}", done.stderr);
    assert!(done.stdout.contains("more.duckdb"), "{}", done.stdout);
}

#[test]
fn quarantine_keeps_the_broken_line_and_loads_the_rest() {
    let bench = Bench::new();
    bench.write("items.jsonl", "{\"id\": 1}\nnonsense\n{\"id\": 3}\n");
    bench.pipeline(
        "on_bad_row = \"quarantine\"\n[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n",
    );
    let done = bench.cartage(&["run"]).exits_with(0);
    assert!(done.stdout.contains("quarantine"), "{}", done.stdout);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);
    let package = bench.packages("loaded").join(&bench.package_names("loaded")[0]).join("quarantine");
    let file = fs::read_dir(package).expect("a folder").next().expect("a file").expect("an entry").path();
    let kept = fs::read_to_string(file).expect("text");
    assert!(kept.contains("nonsense"), "{kept}");
}

#[test]
fn a_truncated_gzip_file_is_an_error() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for i in 0..10_000 {
        writeln!(encoder, "{{\"id\": {i}}}").expect("written");
    }
    let whole = encoder.finish().expect("finished");
    let bench = with("items.jsonl.gz", &whole[..whole.len() / 2], "");
    fails(&bench, &["items.jsonl.gz"]);
    assert!(bench.package_names("extracted").is_empty() && bench.package_names("staging").is_empty());
    bench.write("items.jsonl.gz", &whole);
    loads(&bench, 10_000);
}

#[test]
fn byte_order_mark_and_crlf_are_no_part_of_the_data() {
    let bench = with("items.jsonl", "\u{feff}{\"id\": 1}\r\n{\"id\": 2, \"s\": \"x\"}\r\n", "");
    loads(&bench, 2);
    assert_eq!(bench.rows("SELECT s FROM data.items WHERE id = 2"), ["{\"s\":\"x\"}"]);
}

#[test]
fn empty_files_and_empty_globs_load_nothing() {
    let bench = with("items.jsonl", "", "");
    bench.cartage(&["run"]).exits_with(0);
    let bench = Bench::new();
    bench.items("none-*.jsonl", "");
    let done = bench.cartage(&["run"]).exits_with(0);
    assert!(
        format!("{}{}", done.stdout, done.stderr).contains("none-*.jsonl"),
        "a glob without files is worth a word"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let bench = Bench::new();
    bench.items("absent.jsonl", "");
    fails(&bench, &["absent.jsonl"]);
}

#[test]
fn a_folder_in_place_of_a_file_is_named() {
    let bench = Bench::new();
    fs::create_dir(bench.path().join("folder.jsonl")).expect("made");
    bench.items("folder.jsonl", "");
    fails(&bench, &["folder.jsonl"]);
}

/// Root may read everything, so the binary runs as nobody where the tests run as root.
#[test]
fn a_file_without_permission_is_named() {
    const NOBODY: u32 = 65534;
    let bench = with("items.jsonl", "{\"id\": 1}\n", "");
    let secret = bench.path().join("items.jsonl");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("a file of ours");
    let mut command = bench.command("cartage", ["run"]);
    if fs::metadata(&secret).expect("a file").uid() == 0 {
        // Nobody may look into the folder of a target of root.
        let binary = bench.path().join("cartage");
        fs::copy(command.get_program(), &binary).expect("a copy");
        fs::set_permissions(bench.path(), fs::Permissions::from_mode(0o777)).expect("a folder of ours");
        command = bench.program(&binary, ["run"]);
        command.uid(NOBODY).gid(NOBODY);
    }
    let done = Done::of(&command.output().expect("cartage starts as nobody")).exits_with(1);
    for word in ["items.jsonl", "Permission denied"] {
        assert!(done.stderr.contains(word), "{word:?} is not in:\n{}", done.stderr);
    }
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).expect("a file of ours");
    assert!(command.output().expect("cartage starts").status.success(), "readable, it loads");
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 1);
}

#[test]
fn text_that_is_not_utf8_is_named_by_line() {
    let bench = with("items.jsonl", b"{\"id\": 1}\n{\"s\": \"\xff\xfe\"}\n", "");
    fails(&bench, &["items.jsonl", "line 2"]);
}

#[test]
fn a_row_of_100_mb_loads() {
    let mut line = String::with_capacity(100_000_100);
    line.push_str("{\"id\": 1, \"s\": \"");
    line.extend(std::iter::repeat_n('x', 100_000_000));
    line.push_str("\"}\n{\"id\": 2}\n");
    let bench = with("items.jsonl", line, "");
    loads(&bench, 2);
    assert_eq!(bench.number("SELECT length(s)::BIGINT FROM data.items WHERE id = 1"), 100_000_000);
}

#[test]
fn ten_thousand_levels_of_nesting_are_refused_by_line() {
    let deep = format!("{{\"id\": 1}}\n{}1{}\n", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    fails(&with("items.jsonl", deep, ""), &["items.jsonl", "line 2"]);
    let lists = format!("{{\"a\": {}{}}}\n", "[".repeat(10_000), "]".repeat(10_000));
    fails(&with("items.jsonl", lists, ""), &["items.jsonl", "line 1"]);
}

#[test]
fn of_duplicate_keys_the_last_counts() {
    let bench =
        with("items.jsonl", "{\"a\": \"x\", \"b\": 1, \"a\": 2}\n{\"a\": {\"x\": 1}, \"a\": 3}\n", "");
    loads(&bench, 2);
    assert_eq!(bench.rows("SELECT a FROM data.items"), ["{\"a\":2}", "{\"a\":3}"]);
    assert_eq!(
        bench.number(
            "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'items' AND column_name = 'a__x'"
        ),
        0
    );
}

#[test]
fn a_ragged_csv_is_named_by_line() {
    let bench = with("items.csv", "id,name\n1,one\n2,two,too many\n", "");
    fails(&bench, &["items.csv", "line 3"]);
}

#[test]
fn a_damaged_parquet_file_is_named() {
    fails(&with("items.parquet", b"PAR1 this is not parquet PAR1", ""), &["items.parquet"]);
}

#[test]
fn wrong_types_become_variants_and_never_vanish() {
    let bench = with("items.jsonl", "{\"n\": 1}\n{\"n\": \"two\"}\n{\"n\": [3]}\n{\"n\": {\"k\": 4}}\n", "");
    loads(&bench, 4);
    assert_eq!(bench.number("SELECT count(*) FROM data.items WHERE n__v_text = 'two'"), 1);
    assert_eq!(bench.number("SELECT count(*) FROM data.items WHERE n__k = 4"), 1);
    assert_eq!(bench.number("SELECT count(*) FROM data.items__n WHERE value = 3"), 1);
}
