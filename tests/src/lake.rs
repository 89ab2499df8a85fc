//! A pipeline that loads into a folder, and a look at the rows of its files.

use std::fs;
use std::path::PathBuf;

use duckdb::Connection;

use crate::harness::{Bench, rows};

impl Bench {
    /// Writes `pipeline.toml` for the pipeline `test` with dataset `data` in the folder `lake`; `destination`
    /// holds more settings, `resource` follows the line with the path of the one resource `items`.
    pub fn lake(&self, destination: &str, resource: &str) -> PathBuf {
        self.write(
            "pipeline.toml",
            format!(
                "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"filesystem\"\n\n\
                 [destination.filesystem]\nbucket_url = \"lake\"\n{destination}\n\n\
                 [sources.test]\ntype = \"files\"\n[[sources.test.resources]]\nname = \"items\"\n\
                 path = \"items.jsonl\"\n{resource}\n"
            ),
        )
    }

    /// Names of the files below a folder of the dataset, in order.
    pub fn lake_files(&self, folder: &str) -> Vec<String> {
        let root = self.path().join("lake/data");
        let mut found = Vec::new();
        let mut open = vec![root.join(folder)];
        while let Some(next) = open.pop() {
            let Ok(entries) = fs::read_dir(&next) else { continue };
            for path in entries.map(|entry| entry.expect("an entry").path()) {
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push(path.strip_prefix(&root).expect("below").to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }

    /// Rows of a table of the folder as JSON, made-up ids left out, in order of their text.
    ///
    /// # Panics
    /// If a file cannot be read.
    pub fn lake_rows(&self, table: &str) -> Vec<String> {
        let database = Connection::open_in_memory().expect("a database in memory");
        let files = self.lake_files(table);
        let Some(first) = files.first() else { return Vec::new() };
        let reader = if first.contains(".parquet") {
            "read_parquet"
        } else if first.contains(".csv") {
            "read_csv"
        } else {
            "read_json"
        };
        let paths =
            files.iter().map(|file| format!("'{}'", self.path().join("lake/data").join(file).display()));
        let paths = paths.collect::<Vec<_>>().join(", ");
        let more = if reader == "read_json" { ", format = 'newline_delimited'" } else { "" };
        rows(
            &database,
            &format!("SELECT COLUMNS(lambda c: NOT starts_with(c, '_dlt')) FROM {reader}([{paths}]{more})"),
        )
    }
}
