//! Comparing a package with its `package.json`.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::checksum::Checksum;
use crate::error::{At, Damage, Error};
use crate::format::{ABORT_REASON, JobState, PACKAGE_JSON, QUARANTINE};
use crate::fs::{Entry, EntryKind};
use crate::job_name::JobFileName;
use crate::package::{Package, is_deletion_mark};

/// A file that should be there as it was sealed.
struct Expected {
    bytes: u64,
    checksum: Checksum,
}

/// A file that is there and should be.
struct Found {
    file: String,
    path: PathBuf,
    expected: Expected,
}

impl Package {
    /// Compares every file of the package with its size and checksum, and finds what does not belong.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first file that is missing, unknown, cut or changed.
    /// [`Error::Io`] if a file cannot be read.
    pub fn verify(&self) -> Result<(), Error> {
        self.reread()?;
        let (fixed, jobs) = (fixed_files(self), jobs(self));
        let mut check = Check { package: self, fixed, jobs, found: Vec::new(), jobs_deleted: false };
        // Names and sizes first, because they cost nothing.
        check.walk()?;
        check.nothing_missing()?;
        check.bytes()
    }
}

/// Documents and quarantined rows, which never move, by their path in the package.
fn fixed_files(package: &Package) -> HashMap<String, Expected> {
    let manifest = package.manifest();
    let documents = manifest.documents.iter().map(|(name, document)| {
        (name.clone(), Expected { bytes: document.bytes, checksum: document.checksum })
    });
    let quarantine = manifest.quarantine.iter().map(|file| {
        let expected = Expected { bytes: file.bytes, checksum: file.checksum };
        (format!("{QUARANTINE}/{}", file.name), expected)
    });
    documents.chain(quarantine).collect()
}

/// Job files by job id, since the folder and the retry count change.
fn jobs(package: &Package) -> HashMap<String, Expected> {
    let files = package.manifest().files.iter();
    files.map(|file| (file.name.job_id(), Expected { bytes: file.bytes, checksum: file.checksum })).collect()
}

struct Check<'a> {
    package: &'a Package,
    fixed: HashMap<String, Expected>,
    jobs: HashMap<String, Expected>,
    found: Vec<Found>,
    /// Completed jobs were deleted on purpose.
    jobs_deleted: bool,
}

impl Check<'_> {
    fn walk(&mut self) -> Result<(), Error> {
        for entry in self.list("")? {
            let name = entry.name.clone();
            match JobState::ALL.into_iter().find(|state| state.as_str() == name) {
                _ if name == PACKAGE_JSON => {}
                _ if name == ABORT_REASON && entry.kind == EntryKind::File => {}
                Some(state) if entry.kind == EntryKind::Folder => {
                    for entry in self.list(&name)? {
                        self.job(state, &entry)?;
                    }
                }
                None if name == QUARANTINE && entry.kind == EntryKind::Folder => {
                    for entry in self.list(&name)? {
                        self.fixed(format!("{name}/{}", entry.name), &entry)?;
                    }
                }
                _ => self.fixed(name, &entry)?,
            }
        }
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, Error> {
        let path = self.package.path().join(folder);
        self.package.disk.fs.list(&path).at("list", &path)
    }

    fn job(&mut self, state: JobState, entry: &Entry) -> Result<(), Error> {
        let name = &entry.name;
        if is_deletion_mark(state, name) {
            self.jobs_deleted = true;
            return Ok(());
        }
        if state == JobState::Failed && self.package.is_reason(name) {
            return Ok(());
        }
        let expected = name.parse::<JobFileName>().ok().and_then(|job| self.jobs.remove(&job.job_id()));
        self.expect(format!("{state}/{name}"), entry, expected)
    }

    fn fixed(&mut self, file: String, entry: &Entry) -> Result<(), Error> {
        let expected = self.fixed.remove(&file);
        self.expect(file, entry, expected)
    }

    fn expect(&mut self, file: String, entry: &Entry, expected: Option<Expected>) -> Result<(), Error> {
        let damage = match expected {
            None => Damage::Unknown,
            Some(_) if entry.kind != EntryKind::File => Damage::NotAFile,
            Some(Expected { bytes: expected, .. }) if entry.bytes < expected => {
                Damage::Cut { expected, found: entry.bytes }
            }
            Some(Expected { bytes: expected, .. }) if entry.bytes > expected => {
                Damage::Grown { expected, found: entry.bytes }
            }
            Some(expected) => {
                let path = self.package.path().join(&file);
                self.found.push(Found { file, path, expected });
                return Ok(());
            }
        };
        Err(self.package.damaged(&file, damage))
    }

    /// What was not met on the walk; the first by name, so that the message is always the same.
    fn nothing_missing(&self) -> Result<(), Error> {
        let files = self.package.manifest().files.iter();
        let jobs = files
            .filter(|file| !self.jobs_deleted && self.jobs.contains_key(&file.name.job_id()))
            .map(|file| format!("{}/{}", JobState::New, file.name));
        match self.fixed.keys().cloned().chain(jobs).min() {
            Some(file) => Err(self.package.damaged(&file, Damage::Missing)),
            None => Ok(()),
        }
    }

    fn bytes(self) -> Result<(), Error> {
        let paths: Vec<PathBuf> = self.found.iter().map(|found| found.path.clone()).collect();
        for (found, hashed) in self.found.iter().zip(self.package.disk.hash(&paths)) {
            let (_, checksum) = hashed.at("read", &found.path)?;
            let expected = found.expected.checksum;
            if checksum != expected {
                let damage = Damage::Changed { expected, found: checksum };
                return Err(self.package.damaged(&found.file, damage));
            }
        }
        Ok(())
    }
}
