//! Commands in this process, in a folder of their own, with a destination in memory.

use std::fs;
use std::path::Path;

use cartage_destinations_api::{ConnectRequest, Destination};
use cartage_destinations_null::FaultyMemory;
use cartage_runtime::CancelToken;
use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;

use super::captured;
use crate::args::Cli;
use crate::commands::{dispatch, guarded};
use crate::config::Start;

/// A pipeline file, up to its sources. `null` is known to the command line, and the connector of the tests hands out
/// a destination in memory for it.
const HEAD: &str = "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"null\"\n\
                    [destination.null]\nloader_file_format = \"jsonl\"\n\
                    [normalize.data_writer]\ndisable_compression = true\n[load]\nraise_on_max_retries = 1\n";

/// A folder with a pipeline and its destination.
pub(super) struct Bench {
    folder: TempDir,
    pub(super) destination: FaultyMemory,
    pub(super) cancel: CancelToken,
}

/// What a command left: its exit code and what it printed, with `.` in place of the folder.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: u8,
    pub(super) out: String,
    pub(super) err: String,
}

impl Done {
    /// Asserts the exit code.
    #[track_caller]
    pub(super) fn exits(self, code: u8) -> Self {
        assert_eq!(self.code, code, "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error holds all words.
    #[track_caller]
    pub(super) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in:\n{}", self.err);
        }
        self
    }

    /// Asserts that standard output holds all words.
    #[track_caller]
    pub(super) fn prints(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "{word:?} is not in:\n{}", self.out);
        }
        self
    }

    /// Standard output as a JSON document.
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.out, self.err))
    }
}

impl Bench {
    /// An empty folder.
    pub(super) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, destination: FaultyMemory::default(), cancel: CancelToken::default() }
    }

    /// A pipeline with a resource `items` that has these hints and reads `items.jsonl`, with these rows.
    pub(super) fn items(hints: &str, rows: &str) -> Self {
        let bench = Self::empty();
        bench.pipeline(&resource("items", hints));
        bench.write("items.jsonl", rows);
        bench
    }

    /// The same after a run.
    pub(super) fn loaded(hints: &str, rows: &str) -> Self {
        let bench = Self::items(hints, rows);
        bench.cartage(&["run", "FILE"]).exits(0);
        bench
    }

    pub(super) fn pipeline(&self, source: &str) {
        self.write("pipeline.toml", &format!("{HEAD}[sources.test]\ntype = \"files\"\n{source}"));
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a command. `FILE` among the words is the pipeline file, and `@` at the start of one is the folder.
    pub(super) fn cartage(&self, words: &[&str]) -> Done {
        let folder = self.path().display().to_string();
        let word = |word: &&str| match word.strip_prefix('@') {
            Some(name) => format!("{folder}/{name}"),
            None if *word == "FILE" => format!("{folder}/pipeline.toml"),
            None => (*word).to_owned(),
        };
        let general = [format!("--set=pipeline.pipelines_dir={folder}/data"), "--progress=none".to_owned()];
        let words = ["cartage".to_owned()].into_iter().chain(words.iter().map(word)).chain(general);
        captured::take();
        let code = match Cli::try_parse_from(words) {
            Ok(cli) => self.carry_out(&cli),
            Err(error) => {
                captured::err(&error.to_string());
                u8::try_from(error.exit_code()).unwrap()
            }
        };
        let (out, err) = captured::take();
        Done { code, out: out.replace(&folder, "."), err: err.replace(&folder, ".") }
    }

    fn carry_out(&self, cli: &Cli) -> u8 {
        let start = Start { global: &cli.global, cancel: self.cancel.clone() };
        let destination = self.destination.clone();
        let connector = move |_: &ConnectRequest| Ok(Box::new(destination.clone()) as Box<dyn Destination>);
        match guarded(|| dispatch(&cli.command, &start, &connector)) {
            Ok(()) => 0,
            Err(failure) => failure.report(),
        }
    }

    /// A command that prints JSON, and succeeds.
    #[track_caller]
    pub(super) fn json(&self, words: &[&str]) -> Value {
        self.cartage(&[words, &["--format", "json"]].concat()).exits(0).json()
    }

    /// Load ids of the packages in a folder, in order.
    pub(super) fn packages(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join("data/test/packages").join(folder)).into_iter().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Rows of a table at the destination; none where there is no such table.
    pub(super) fn count(&self, table: &str) -> u64 {
        self.destination.reader().unwrap().count(table).unwrap_or(0)
    }

    /// Tables of the user at the destination, in order.
    pub(super) fn tables(&self) -> Vec<String> {
        let mut tables = self.destination.reader().unwrap().tables().unwrap();
        tables.retain(|name| !name.starts_with("_dlt"));
        tables.sort();
        tables
    }
}

/// A resource of the pipeline file that reads the file of its name, with these lines.
pub(super) fn resource(name: &str, hints: &str) -> String {
    format!("[[sources.test.resources]]\nname = \"{name}\"\npath = \"{name}.jsonl\"\n{hints}\n")
}
