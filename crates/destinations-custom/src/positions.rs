//! How far each job is, on disk.
//!
//! ```text
//! <folder>/<pipeline>/<load id>/<job id>   numbers of rows, a line each; the last one counts, `done` ends it
//! <folder>/<pipeline>/<load id>.complete   the last load that was completed
//! ```
//! Files only grow, so that nothing is ever replaced: a line that a crash has cut off has no line feed and does not
//! count. A load that begins removes what other loads of its pipeline have left.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cartage_destinations_api::{Error, LoadInFlight, LoadKey, LoadStatus, Result, taken_over};
use tempfile::TempDir;

const COMPLETE: &str = ".complete";
const DONE: &str = "done";

/// The positions of all loads.
#[derive(Debug)]
pub(crate) struct Positions {
    root: PathBuf,
    /// Where nothing is to be remembered beyond this process.
    _scratch: Option<TempDir>,
}

impl Positions {
    /// Below `folder`; without one, as long as this value lives.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self> {
        if let Some(folder) = folder {
            return Ok(Self { root: folder.to_owned(), _scratch: None });
        }
        let scratch = TempDir::new().map_err(|cause| {
            Error::transient("cannot make a temporary folder for the positions of jobs").with_source(cause)
        })?;
        Ok(Self { root: scratch.path().to_owned(), _scratch: Some(scratch) })
    }

    fn pipeline(&self, load: &LoadKey) -> PathBuf {
        self.root.join(encoded(&load.pipeline))
    }

    fn load(&self, load: &LoadKey) -> PathBuf {
        self.pipeline(load).join(encoded(&load.load_id))
    }

    fn mark(&self, load: &LoadKey) -> PathBuf {
        self.pipeline(load).join(format!("{}{COMPLETE}", encoded(&load.load_id)))
    }

    pub(crate) fn status(&self, load: &LoadKey) -> LoadStatus {
        if self.mark(load).exists() {
            LoadStatus::Complete
        } else if self.load(load).exists() {
            LoadStatus::Started
        } else {
            LoadStatus::New
        }
    }

    /// Begins a load, or continues it. Other loads of the pipeline are forgotten.
    pub(crate) fn begin(&self, load: &LoadKey) -> Result<()> {
        let own = self.load(load);
        fs::create_dir_all(&own).map_err(|cause| failed("make", &own, cause))?;
        self.forget_others(load, &own)?;
        sync_folder(&self.pipeline(load))
    }

    /// Notes that a load is complete, and forgets its jobs.
    pub(crate) fn complete(&self, load: &LoadKey) -> Result<()> {
        let mark = self.mark(load);
        fs::create_dir_all(self.pipeline(load)).map_err(|cause| failed("make", &mark, cause))?;
        let made = OpenOptions::new().create(true).append(true).open(&mark);
        made.and_then(|file| file.sync_all()).map_err(|cause| failed("write", &mark, cause))?;
        sync_folder(&self.pipeline(load))?;
        self.forget_others(load, &mark)
    }

    /// Removes everything of a pipeline but `kept`.
    fn forget_others(&self, load: &LoadKey, kept: &Path) -> Result<()> {
        let folder = self.pipeline(load);
        for entry in fs::read_dir(&folder).map_err(|cause| failed("read", &folder, cause))? {
            let path = entry.map_err(|cause| failed("read", &folder, cause))?.path();
            if path == kept {
                continue;
            }
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|cause| failed("remove", &path, cause))?;
        }
        Ok(())
    }

    /// Tries whether a position could be written; makes nothing that was not there.
    pub(crate) fn probe(&self) -> Result<String> {
        let there = self.root.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
        tempfile::tempfile_in(there).map_err(|cause| {
            failed("write into", there, cause)
                .with_remedy("set CARTAGE_DATA_DIR to a folder that is writable")
        })?;
        Ok(format!("positions are kept in {}", self.root.display()))
    }

    /// The loads that were begun and not completed.
    pub(crate) fn in_flight(&self) -> Vec<LoadInFlight> {
        let folders = |folder: &Path| -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            entries.filter(|path| path.is_dir()).collect()
        };
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let loads = |pipeline: PathBuf| {
            folders(&pipeline).into_iter().map(move |load| LoadInFlight::new(name(&pipeline), name(&load)))
        };
        folders(&self.root).into_iter().flat_map(loads).collect()
    }

    /// How far a job is.
    ///
    /// # Errors
    /// Conflict if its load was not begun, or another one has begun since.
    pub(crate) fn job(&self, load: &LoadKey, job_id: &str) -> Result<Position> {
        let path = self.load(load).join(encoded(job_id));
        match Position::open(&path) {
            Ok(position) => Ok(position),
            Err(_) if !self.load(load).exists() => Err(taken_over(load)),
            Err(cause) => Err(failed("open", &path, cause)),
        }
    }
}

/// How far one job is.
#[derive(Debug)]
pub(crate) struct Position {
    path: PathBuf,
    file: File,
    rows: u64,
    done: bool,
}

impl Position {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let (mut rows, mut done) = (0, false);
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            done |= line == DONE;
            rows = line.parse().unwrap_or(rows);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            // What was cut off must not become a number when the line ends.
            file.write_all(b"?\n")?;
        }
        Ok(Self { path: path.to_owned(), file, rows, done })
    }

    /// Number of rows that the sink has taken.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the sink has taken all rows of the job.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Remembers that the first `rows` rows were taken.
    pub(crate) fn advance(&mut self, rows: u64) -> Result<()> {
        self.rows = rows;
        self.write(&rows.to_string())
    }

    /// Remembers that the job is done.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.done = true;
        self.write(DONE)
    }

    fn write(&mut self, line: &str) -> Result<()> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        written.and_then(|()| self.file.sync_data()).map_err(|cause| failed("write", &self.path, cause))
    }
}

/// A name as that of one file: everything that might be more is spelled as its bytes.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for (at, byte) in name.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || (byte == b'.' && at > 0);
        if plain { text.push(char::from(byte)) } else { text.push_str(&format!("%{byte:02x}")) }
    }
    text
}

fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|cause| failed("sync", path, cause))
}

fn failed(doing: &str, path: &Path, cause: io::Error) -> Error {
    Error::transient(format!("cannot {doing} {}: {cause}", path.display())).with_source(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(load_id: &str) -> LoadKey {
        LoadKey { pipeline: "a/b".to_owned(), schema: "shop".to_owned(), load_id: load_id.to_owned() }
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_count() {
        let folder = TempDir::new().unwrap();
        let positions = Positions::open(Some(folder.path())).unwrap();
        positions.begin(&load("1.5")).unwrap();
        positions.job(&load("1.5"), "items.x.jsonl").unwrap().advance(20).unwrap();
        let file = folder.path().join("a%2fb/1.5/items.x.jsonl");
        OpenOptions::new().append(true).open(&file).unwrap().write_all(b"300").unwrap();
        let position =
            Positions::open(Some(folder.path())).unwrap().job(&load("1.5"), "items.x.jsonl").unwrap();
        assert_eq!(position.rows(), 20);
        drop(position);
        assert_eq!(positions.job(&load("1.5"), "items.x.jsonl").unwrap().rows(), 20);
    }

    #[test]
    fn a_load_is_new_started_and_complete_and_then_forgotten_by_the_next() {
        let positions = Positions::open(None).unwrap();
        assert_eq!(positions.status(&load("1.5")), LoadStatus::New);
        positions.begin(&load("1.5")).unwrap();
        assert_eq!(positions.status(&load("1.5")), LoadStatus::Started);
        positions.complete(&load("1.5")).unwrap();
        assert_eq!(positions.status(&load("1.5")), LoadStatus::Complete);
        positions.begin(&load("2.5")).unwrap();
        assert_eq!(positions.status(&load("1.5")), LoadStatus::New);
        assert!(positions.job(&load("1.5"), "items").is_err(), "its load was taken over");
    }
}
