//! Folders that dlt wrote (`fixtures/lakes`, with their recipe): ours hold the same rows, and we go on with dlt's.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use cartage_tests::binaries::workspace;
use cartage_tests::harness::Bench;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

const RESOURCE: &str = "incremental = { cursor_path = \"id\" }\ncolumns.json = { data_type = \"json\" }";

/// Keys that are made up anew by each run.
const MADE_UP: [&str; 3] = ["_dlt_id", "_dlt_parent_id", "_dlt_load_id"];

type Row = BTreeMap<String, Value>;

fn fixture(format: &str) -> std::path::PathBuf {
    workspace().join("fixtures/lakes/dlt-1.31.0").join(format)
}

fn rows_of(file: &Path) -> Vec<Row> {
    let mut text = String::new();
    let packed = File::open(file).expect("a file");
    MultiGzDecoder::new(packed).read_to_string(&mut text).expect("gzip");
    if file.to_string_lossy().contains(".jsonl") {
        return text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    }
    let mut records = csv_records(&text);
    let header = records.remove(0);
    let row = |record: Vec<String>| {
        let cells = header.iter().cloned().zip(record).filter(|(_, cell)| !cell.is_empty());
        cells.map(|(name, cell)| (name, Value::from(cell))).collect()
    };
    records.into_iter().map(row).collect()
}

/// Cells of a CSV text without their quotes; none of the fixture's cells has a line end.
fn csv_records(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let (mut cells, mut quoted, mut rest) = (vec![String::new()], false, line.chars().peekable());
        while let Some(next) = rest.next() {
            match next {
                '"' if quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    cells.last_mut().expect("a cell").push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                other => cells.last_mut().expect("a cell").push(other),
            }
        }
        cells
    };
    text.split_terminator('\n').map(cells).collect()
}

/// Rows of every table of a dataset without what is made up, in order of their text.
fn dataset(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    for table in fs::read_dir(folder).expect("a dataset").map(|entry| entry.expect("an entry")) {
        let name = table.file_name().to_string_lossy().into_owned();
        if name.starts_with("_dlt") || name == "init" {
            continue;
        }
        let mut rows = Vec::new();
        for file in fs::read_dir(table.path()).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            for mut row in rows_of(&file) {
                row.retain(|key, _| !MADE_UP.contains(&key.as_str()));
                rows.push(serde_json::to_string(&row).expect("JSON"));
            }
        }
        rows.sort();
        tables.insert(name, rows);
    }
    tables
}

fn bench(format: &str) -> Bench {
    let bench = Bench::new();
    let rows = fs::read(workspace().join("fixtures/lakes/dlt-1.31.0/rows.jsonl")).expect("the rows");
    bench.write("items.jsonl", rows);
    bench.lake(&format!("loader_file_format = \"{format}\""), RESOURCE);
    bench
}

#[test]
fn rows_in_files_are_those_that_dlt_writes() {
    for format in ["jsonl", "csv"] {
        let bench = bench(format);
        // dlt's argument of a run is a hint of its tables, and so part of the hash of the schema.
        bench.cartage(&["run", "--set", &format!("pipeline.loader_file_format={format}")]).exits_with(0);
        assert_eq!(
            dataset(&bench.path().join("lake/data")),
            dataset(&fixture(format).join("data")),
            "{format}"
        );
        assert_eq!(hash(&bench.path().join("lake/data")), hash(&fixture(format).join("data")), "{format}");
    }
}

/// The hash of the schema, as the name of its file says it.
fn hash(dataset: &Path) -> String {
    let mut stored = fs::read_dir(dataset.join("_dlt_version")).expect("a folder");
    let name = stored.next().expect("a schema").expect("an entry").file_name().to_string_lossy().into_owned();
    assert!(stored.next().is_none(), "there is one schema");
    name.rsplit("__").next().expect("a hash").to_owned()
}

#[test]
fn a_folder_of_dlt_is_taken_over_with_its_state_and_schema() {
    let bench = bench("jsonl");
    copy(&fixture("jsonl"), &bench.path().join("lake"));
    let mut text = fs::read_to_string(bench.path().join("items.jsonl")).expect("the rows");
    text.push_str("{\"id\": 4, \"name\": \"new\"}\n");
    bench.write("items.jsonl", text);
    bench.cartage(&["run"]).exits_with(0);
    let rows = &dataset(&bench.path().join("lake/data"))["items"];
    assert_eq!(rows.len(), 4, "dlt's cursor went on: {rows:?}");
    assert!(rows.iter().any(|row| row.contains(r#""name":"new""#)), "{rows:?}");
    assert_eq!(bench.lake_files("_dlt_pipeline_state").len(), 2);
    assert_eq!(bench.lake_files("_dlt_loads").len(), 2);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}
