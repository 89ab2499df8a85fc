//! Folders are named as people and schedulers name them; their names are never data, a pattern or an option.

use std::fs;

use cartage_tests::harness::{Bench, Done};

/// Names that engines give a meaning to: partitions, globs, escapes, variables, options of queries.
const NAMES: [&str; 9] = [
    "id=5",
    "run_id=manual__2024-01-01T00:00:00+00:00",
    "dataset=data/year=2024/filename=x",
    "[2024] {a,b} (1)",
    "what? *",
    "50%25 #1 & 'quoted' \"x\"",
    "$HOME ~ ; --",
    "日本 ünï",
    " blanks ",
];

/// Files of every format, with columns as the folders are called.
fn write_sources(folder: &std::path::Path) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(
        folder.join("rows.jsonl"),
        "{\"id\": 1, \"run_id\": \"a\", \"year\": 7, \"filename\": \"f\"}\n",
    )
    .expect("a file");
    fs::write(folder.join("rows.csv"), "id,run_id,year,filename\n1,a,7,f\n").expect("a file");
}

const PIPELINE: &str = "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\
    [destination.duckdb]\npath = \"out.duckdb\"\n[sources.test]\ntype = \"files\"\n\
    [[sources.test.resources]]\nname = \"lines\"\npath = \"rows.jsonl\"\n\
    [[sources.test.resources]]\nname = \"sheet\"\npath = \"rows.csv\"\n\
    [[sources.test.resources]]\nname = \"columns\"\npath = \"lake/data/lines/*.parquet\"\n";

/// Writes rows as Parquet files: the dataset that `lake.toml` makes is read by `pipeline.toml`.
const LAKE: &str = "[pipeline]\nname = \"lake\"\ndataset_name = \"data\"\ndestination = \"filesystem\"\n\
    [destination.filesystem]\nbucket_url = \"lake\"\nloader_file_format = \"parquet\"\n\
    [sources.test]\ntype = \"files\"\n[[sources.test.resources]]\nname = \"lines\"\npath = \"rows.jsonl\"\n";

#[test]
fn folders_with_any_name_hold_sources_packages_data_and_database() {
    for name in NAMES {
        let bench = Bench::new();
        let folder = bench.path().join(name);
        write_sources(&folder);
        fs::write(folder.join("pipeline.toml"), PIPELINE).expect("a file");
        fs::write(folder.join("lake.toml"), LAKE).expect("a file");
        // DuckDB itself cannot have a question mark in the path of its file.
        let database = if name.contains('?') { bench.path() } else { &folder }.join("out.duckdb");
        let run = |file: &str| {
            let place = format!("destination.duckdb.path={}", database.display());
            let mut command = bench.command("cartage", ["run", file]);
            if file == "pipeline.toml" {
                command.args(["--set", &place]);
            }
            command.current_dir(&folder).env("CARTAGE_DATA_DIR", folder.join("data dir").join(name));
            Done::of(&command.output().expect("cartage starts"))
        };
        run("lake.toml").exits_with(0);
        run("pipeline.toml").exits_with(0);
        run("pipeline.toml").exits_with(0);
        let database = duckdb::Connection::open(database).expect("the database opens");
        for table in ["lines", "sheet", "columns"] {
            let rows = cartage_tests::harness::rows(
                &database,
                &format!("SELECT id, run_id, year, filename FROM data.{table}"),
            );
            let row = "{\"id\":1,\"run_id\":\"a\",\"year\":7,\"filename\":\"f\"}";
            assert_eq!(rows, [row, row], "table {table} in a folder {name:?}");
        }
    }
}

#[test]
fn a_database_that_duckdb_cannot_open_is_refused_with_a_remedy() {
    let bench = Bench::new();
    bench.write("rows.jsonl", "{\"id\": 1}\n");
    bench.items("rows.jsonl", "");
    let there = ["run", "--set", "destination.duckdb.path=what?/out.duckdb"];
    bench.cartage(&there).exits_with(2).says("name a file with `path` in `[destination.duckdb]`");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.rows("SELECT id FROM data.items"), ["{\"id\":1}"]);
}

#[test]
fn a_folder_whose_name_is_a_pattern_is_that_folder_and_no_other() {
    let bench = Bench::new();
    bench.write("[ab]/items.jsonl", "{\"id\": 1}\n");
    bench.write("a/items.jsonl", "{\"id\": 2}\n");
    bench.items("[ab]/*.jsonl", "");
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.rows("SELECT id FROM data.items"), ["{\"id\":1}"]);
}
