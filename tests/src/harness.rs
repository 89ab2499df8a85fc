//! A folder of its own for each test, the real binaries, and a look into the DuckDB file they wrote.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use duckdb::Connection;
use tempfile::TempDir;

use crate::binaries::{binary, example};

/// A folder with a pipeline file, a data folder and whatever a test puts there.
#[derive(Debug)]
pub struct Bench {
    folder: TempDir,
}

/// What a finished process left.
#[derive(Debug)]
pub struct Done {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Done {
    /// What it left, from what it wrote.
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code, and shows what was said where it is another.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "it is the assertion that counts")]
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error holds `text`.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "it is the assertion that counts")]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in stderr:\n{}", self.stderr);
        self
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// An empty folder.
    ///
    /// # Panics
    /// If there is no place for one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder of the processes.
    pub fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    /// The folder `packages/<folder>` of the pipeline `test`.
    pub fn packages(&self, folder: &str) -> PathBuf {
        self.data_dir().join("pipelines/test/packages").join(folder)
    }

    /// Names of the packages in a folder, in order.
    pub fn package_names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.packages(folder)) else { return Vec::new() };
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Writes a file below the folder.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    /// Writes `pipeline.toml` for the pipeline `test` with dataset `data` in `out.duckdb`; `source` follows
    /// the line `type = "files"` of the source `test`.
    pub fn pipeline(&self, source: &str) -> PathBuf {
        self.write(
            "pipeline.toml",
            format!(
                "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\n\
                 [destination.duckdb]\npath = \"out.duckdb\"\n\n[sources.test]\ntype = \"files\"\n{source}"
            ),
        )
    }

    /// A pipeline of one resource `items` that reads `path`, with more lines below.
    pub fn items(&self, path: &str, more: &str) -> PathBuf {
        self.pipeline(&format!("[[sources.test.resources]]\nname = \"items\"\npath = \"{path}\"\n{more}\n"))
    }

    /// A process of `name` in the folder, with the folder's data.
    pub fn command(&self, name: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        self.program(&binary(name), args)
    }

    /// The same of the program at `path`.
    pub fn program(&self, path: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(path);
        command.args(args).current_dir(self.path()).env("CARTAGE_DATA_DIR", self.data_dir());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `cartage` with these arguments to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn cartage(&self, args: &[&str]) -> Done {
        Done::of(&self.command("cartage", args).output().expect("cartage starts"))
    }

    /// Runs an example of the crate `cartage` to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn example(&self, name: &str) -> Done {
        Done::of(&self.program(&example(name), [""; 0]).output().expect("an example starts"))
    }

    /// Starts `cartage` with these arguments.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command("cartage", args);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cartage starts")
    }

    /// As [`Bench::cartage`] on another machine: with a data folder of its own, called `machine`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn cartage_in(&self, machine: &str, args: &[&str]) -> Done {
        let mut command = self.command("cartage", args);
        command.env("CARTAGE_DATA_DIR", self.path().join(machine));
        Done::of(&command.output().expect("cartage starts"))
    }

    /// As [`Bench::start`] on another machine.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_in(&self, machine: &str, args: &[&str]) -> Child {
        let mut command = self.command("cartage", args);
        command.env("CARTAGE_DATA_DIR", self.path().join(machine));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cartage starts")
    }

    /// The database that the pipeline wrote.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub fn database(&self) -> Connection {
        Connection::open(self.path().join("out.duckdb")).expect("the database opens")
    }

    /// The rows of a query, each as a JSON object, in order of that text.
    ///
    /// # Panics
    /// If the query fails.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.database(), sql)
    }

    /// The single number that a query gives.
    ///
    /// # Panics
    /// If the query fails.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// The rows of a query, each as a JSON object, in order of that text.
///
/// # Panics
/// If the query fails.
#[track_caller]
pub fn rows(database: &Connection, sql: &str) -> Vec<String> {
    let text = format!("SELECT row_to_json(found)::VARCHAR AS line FROM ({sql}) AS found ORDER BY line");
    let mut statement = database.prepare(&text).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let found = statement.query_map([], |row| row.get::<_, Option<String>>(0)).expect("rows");
    found.map(|row| row.expect("a row").unwrap_or_default()).collect()
}

/// All files below `folder` with their bytes, by relative path in order.
///
/// # Panics
/// If one cannot be read.
pub fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                found.push((name, fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}
