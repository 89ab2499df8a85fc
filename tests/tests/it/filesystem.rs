//! Loading into folders: what is there afterwards, and what can go wrong.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use cartage_test_support::postgres::{shared, unique};
use cartage_tests::binaries::binary;
use cartage_tests::harness::{Bench, tree};

const ROWS: &str = concat!(
    r#"{"id": 1, "name": "a", "at": "2024-01-01T12:00:00.5Z", "price": 1.5, "tags": ["x", "y"]}"#,
    "\n",
    r#"{"id": 2, "name": "b, \"c\"", "at": null, "ok": true}"#,
    "\n"
);

fn loaded(destination: &str, resource: &str) -> Bench {
    let bench = Bench::new();
    bench.write("items.jsonl", ROWS);
    bench.lake(destination, resource);
    bench.cartage(&["run"]).exits_with(0);
    bench
}

fn only_file(bench: &Bench, table: &str) -> String {
    let files = bench.lake_files(table);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn unpacked(bench: &Bench, file: &str) -> String {
    let bytes = fs::read(bench.path().join("lake/data").join(file)).expect("a file");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut text)
        .expect("gzip");
    text
}

#[test]
fn rows_become_packed_json_lines_as_in_dlt() {
    let bench = loaded("", "");
    let file = only_file(&bench, "items");
    let load_id = &bench.package_names("loaded")[0];
    assert!(file.starts_with(&format!("items/{load_id}.")) && file.ends_with(".jsonl.gz"), "{file}");
    let text = unpacked(&bench, &file);
    let first = text.lines().next().expect("a line");
    let expected =
        r#"{"id":1,"name":"a","at":"2024-01-01T12:00:00.500000+00:00","price":1.5,"_dlt_load_id":""#;
    assert!(first.starts_with(expected), "{first}");
    assert!(text.lines().nth(1).expect("a line").contains(r#""name":"b, \"c\"","_dlt_load_id""#), "{text}");
    assert!(text.contains(r#""ok":true"#), "{text}");
    assert_eq!(unpacked(&bench, &only_file(&bench, "items__tags")).lines().count(), 2);
}

#[test]
fn csv_and_parquet_hold_the_same_rows() {
    for (format, extension) in [("csv", ".csv.gz"), ("parquet", ".parquet")] {
        let bench = loaded(&format!("loader_file_format = \"{format}\""), "");
        assert!(only_file(&bench, "items").ends_with(extension));
        let rows = bench.lake_rows("items");
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows[0].contains(r#""name":"a""#) && rows[1].contains(r#"b, \"c\""#), "{rows:?}");
    }
}

#[test]
fn plain_files_and_other_layouts_are_written_on_request() {
    let bench = loaded(
        "layout = \"{table_name}/{owner}/{YYYY}/{load_id}.{file_id}.{ext}\"\nextra_placeholders = { owner = \"me\" }",
        "\n[normalize.data_writer]\ndisable_compression = true",
    );
    let file = only_file(&bench, "items");
    assert!(file.starts_with("items/me/20") && file.split('.').next_back() == Some("jsonl"), "{file}");
}

#[test]
fn appends_add_files_and_replaces_leave_only_the_new_ones() {
    let bench = loaded("", "");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.lake_files("items").len(), 2);
    bench.lake("", "write_disposition = \"replace\"");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.lake_files("items").len(), 1);
    assert_eq!(bench.lake_rows("items").len(), 2);
}

#[test]
fn a_merge_appends_and_says_so() {
    let bench = loaded("", "write_disposition = \"merge\"\nprimary_key = [\"id\"]");
    bench.cartage(&["run"]).exits_with(0).says("appended");
    assert_eq!(bench.lake_rows("items").len(), 4);
}

#[test]
fn state_and_schema_come_back_from_the_folder() {
    let bench = loaded("", "incremental = { cursor_path = \"id\" }");
    assert_eq!(bench.lake_files("_dlt_pipeline_state").len(), 1);
    fs::remove_dir_all(bench.data_dir()).expect("the data folder");
    bench.write("items.jsonl", format!("{ROWS}{}\n", r#"{"id": 3, "name": "c"}"#));
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.lake_rows("items").len(), 3, "the cursor went on");
    assert_eq!(bench.lake_files("_cartage"), [""; 0], "nothing is left in flight");
}

#[test]
fn files_are_the_same_whatever_the_number_of_workers() {
    let mut text = String::new();
    for id in 0..20_000 {
        let _ = writeln!(text, r#"{{"id": {id}, "late_{}": {id}, "list": [{id}]}}"#, id / 5_000);
    }
    for format in ["jsonl", "csv"] {
        let mut trees = Vec::new();
        for workers in [1, 4] {
            let bench = Bench::new();
            bench.write("items.jsonl", &text);
            bench.lake(
                &format!("loader_file_format = \"{format}\""),
                &format!("[normalize]\nworkers = {workers}\n[normalize.data_writer]\nfile_max_bytes = 20000"),
            );
            bench.cartage(&["run"]).exits_with(0);
            let names = tree(&bench.path().join("lake/data/items")).len();
            trees.push((names, bench.lake_rows("items")));
        }
        assert_eq!(trees[0], trees[1], "{format}");
        assert_eq!(trees[0].1.len(), 20_000);
    }
}

#[test]
fn a_full_disk_under_the_folder_is_named_and_recovered_from() {
    let bench = Bench::new();
    let mut text = String::new();
    for i in 0..60_000_u64 {
        let _ =
            writeln!(text, "{{\"id\": {i}, \"noise\": \"{:016x}\"}}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    bench.write("items.jsonl", &text);
    bench.lake("", "");
    fs::create_dir(bench.path().join("lake")).expect("a folder");
    let script = r#"
        for size in 16k 256k 1m; do
            rm -rf data
            mount -t tmpfs -o size=$size tmpfs lake || exit 90
            "$CARTAGE" run >out 2>err && { echo "fits in $size"; exit 91; }
            grep -qi 'disk is full' err || { echo "no remedy at $size"; cat err; exit 92; }
            ls lake/data/items/* >names 2>/dev/null && { echo "half a file at $size"; cat names; exit 93; }
            mount -o remount,size=300m lake || exit 94
            "$CARTAGE" run >out 2>err || { echo "no recovery at $size"; cat err; exit 95; }
            n=$(zcat lake/data/items/*.gz | wc -l)
            [ "$n" = 60000 ] || { echo "$n rows at $size"; exit 96; }
            [ ! -e lake/data/_cartage ] || { echo "left in flight at $size"; find lake; exit 97; }
            umount lake
        done
    "#;
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .current_dir(bench.path())
        .env("CARTAGE", binary("cartage"))
        .env("CARTAGE_DATA_DIR", bench.data_dir())
        .output()
        .expect("unshare (Debian: util-linux) runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{:?}: {said}", output.status.code());
}

/// A pipeline into DuckDB whose files lie in the folder `stage` first.
fn staged(destination: &str, resource: &str) -> Bench {
    let bench = Bench::new();
    bench.write("items.jsonl", ROWS);
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\nstaging = \"stage\"\n\n\
             [destination.duckdb]\npath = \"out.duckdb\"\n[destination.stage]\ntype = \"filesystem\"\n\
             bucket_url = \"lake\"\n{destination}\n[sources.test]\ntype = \"files\"\n[[sources.test.resources]]\n\
             name = \"items\"\npath = \"items.jsonl\"\n{resource}\n"
        ),
    );
    bench
}

#[test]
fn a_database_reads_its_files_from_the_staging_folder() {
    for disposition in ["append", "replace"] {
        let bench = staged("", &format!("write_disposition = \"{disposition}\""));
        bench.cartage(&["run"]).exits_with(0);
        let first = bench.lake_files("items");
        assert_eq!(first.len(), 1, "{first:?}");
        bench.cartage(&["run"]).exits_with(0);
        let second = bench.lake_files("items");
        assert_eq!(second.len(), 1, "files of the load before are gone");
        assert_ne!(first, second);
        let expected = if disposition == "append" { 4 } else { 2 };
        assert_eq!(bench.number("SELECT count(*) FROM data.items"), expected);
        assert_eq!(bench.lake_files("_cartage"), [""; 0]);
    }
}

#[test]
fn staged_files_can_be_kept_or_removed() {
    let bench = staged("truncate_tables_on_staging_destination_before_load = false", "");
    bench.cartage(&["run"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.lake_files("items").len(), 2);
    let bench = staged("keep_staged_files = false", "");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.lake_files("items"), [""; 0]);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 2);
}

#[test]
fn files_of_another_pipeline_in_flight_stay_in_the_staging_folder() {
    let bench = staged("", "");
    bench.write("lake/data/_cartage/loads/other/shop/1700000000.5/begun", "");
    bench.write("lake/data/items/1700000000.5.abc.parquet", "in flight");
    bench.write("lake/data/items/1600000000.5.abc.parquet", "left behind");
    bench.cartage(&["run"]).exits_with(0);
    let files = bench.lake_files("items");
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(files[0], "items/1700000000.5.abc.parquet");
}

#[test]
fn the_files_of_postgres_pass_through_a_staging_folder_and_two_pipelines_share_it() {
    let (server, dataset) = (shared(), unique("staged"));
    let bench = Bench::new();
    bench.write("items.jsonl", ROWS);
    for name in ["one", "other"] {
        let text = format!(
            "[pipeline]\nname = \"{name}\"\ndataset_name = \"{dataset}\"\ndestination = \"postgres\"\nstaging = \"stage\"\n\
             [destination.stage]\ntype = \"filesystem\"\nbucket_url = \"lake\"\nkeep_staged_files = {}\n\
             [sources.{name}]\ntype = \"files\"\n[[sources.{name}.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n",
            name == "one"
        );
        bench.write(&format!("{name}.toml"), text);
    }
    let start = |name: &str| {
        let mut command = bench.command("cartage", ["run", &format!("{name}.toml")]);
        command.env("DESTINATION__POSTGRES__CREDENTIALS", server.url()).spawn().expect("cartage starts")
    };
    let at_once = [start("one"), start("other")];
    for process in at_once {
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(server.psql(&format!("SELECT count(*), count(DISTINCT _dlt_id) FROM {dataset}.items")), "4|4");
    assert_eq!(server.psql(&format!("SELECT count(*) FROM {dataset}.items__tags")), "4");
    let staged: Vec<_> =
        tree(&bench.path().join("lake")).into_iter().filter(|(name, _)| name.contains("/items/")).collect();
    assert_eq!(staged.len(), 1, "one pipeline keeps its file, the other one removed its own");
    assert!(staged[0].1.starts_with(b"PAR1"));
    server.psql(&format!("DROP SCHEMA {dataset} CASCADE"));
}

#[test]
fn a_database_behind_a_bucket_has_the_rows_and_the_bucket_the_files() {
    let endpoint = std::env::var("CARTAGE_TEST_S3").unwrap_or_else(|_| "http://127.0.0.1:5555".to_owned());
    let bucket = format!("s3://cartage/{}", unique("staged"));
    let bench = staged(
        &format!(
            "credentials = {{ aws_access_key_id = \"test\", aws_secret_access_key = \"test\", \
             region_name = \"us-east-1\", endpoint_url = \"{endpoint}\" }}"
        ),
        "",
    );
    let file = bench.path().join("pipeline.toml");
    let text = fs::read_to_string(&file)
        .expect("the file")
        .replace("bucket_url = \"lake\"", &format!("bucket_url = \"{bucket}\""));
    bench.write("pipeline.toml", text);
    bench.cartage(&["run"]).exits_with(0);
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items"), 4);
    let checked = bench.cartage(&["destination", "check"]).exits_with(0).stdout;
    assert!(checked.contains("ok      staging: write"), "{checked}");
    let held = checked.lines().find(|line| line.contains("staging: list")).expect("a line").to_owned();
    // The files of the last load, one a table, and `init`.
    assert!(held.contains("holds 4 files"), "{held}");
}
