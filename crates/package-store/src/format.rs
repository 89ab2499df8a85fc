//! The names and the version of the format: folders of a store, folders and documents of a package.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::invalid_name::InvalidName;

/// The version of a document. A reader takes the same major and the same or an older minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FormatVersion {
    /// Goes up when older readers would misunderstand.
    pub major: u32,
    /// Goes up when something is added.
    pub minor: u32,
}

/// The format of packages that this crate writes.
///
/// - 1.0: the first.
pub const PACKAGE_FORMAT: FormatVersion = FormatVersion { major: 1, minor: 0 };

/// The format of the pipeline folder around the packages, recorded in `pipeline.json`.
///
/// - 1.0: the first.
pub const FOLDER_FORMAT: FormatVersion = FormatVersion { major: 1, minor: 0 };

impl FormatVersion {
    /// Whether a reader of this version understands a document of version `document`.
    pub fn reads(self, document: Self) -> bool {
        self.major == document.major && document.minor <= self.minor
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Where published packages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Folder {
    /// Waiting for normalize.
    Extracted,
    /// Waiting for load.
    Normalized,
    /// `loaded/`: all its jobs are done, and its load is complete.
    Loaded,
    /// `aborted/`: abandoned, and kept for inspection.
    Aborted,
}

impl Folder {
    /// All of them, in the order in which packages pass through.
    pub const ALL: [Self; 4] = [Self::Extracted, Self::Normalized, Self::Loaded, Self::Aborted];

    /// The name on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extracted => "extracted",
            Self::Normalized => "normalized",
            Self::Loaded => "loaded",
            Self::Aborted => "aborted",
        }
    }

    /// The folders where a package ends up after this one: found there, it is finished with here.
    pub(crate) fn later(self) -> &'static [Self] {
        match self {
            Self::Extracted => &[Self::Normalized, Self::Loaded, Self::Aborted],
            Self::Normalized => &[Self::Loaded, Self::Aborted],
            Self::Loaded | Self::Aborted => &[],
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Folder {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::ALL.into_iter().find(|folder| folder.as_str() == text).ok_or_else(|| InvalidName {
            what: "folder",
            name: text.to_owned(),
            problem: "is none of extracted, normalized, loaded, aborted",
        })
    }
}

/// Where the file of a job is, and so how far the job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// Nobody works on it.
    New,
    /// Being loaded, or was when the process ended.
    Started,
    /// Its rows are where they should be.
    Completed,
    /// A person must look; the reason is beside the file.
    Failed,
}

impl JobState {
    /// All states of a job.
    pub const ALL: [Self; 4] = [Self::New, Self::Started, Self::Completed, Self::Failed];

    /// The name of the folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new_jobs",
            Self::Started => "started_jobs",
            Self::Completed => "completed_jobs",
            Self::Failed => "failed_jobs",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The document that makes a folder a package.
pub(crate) const PACKAGE_JSON: &str = "package.json";
/// Its name while the files of the package are being copied to here.
pub(crate) const COPYING_MARK: &str = "package.json.copying";
/// Its name while the package is being removed.
pub(crate) const REMOVING_MARK: &str = "package.json.removing";
/// The schema as of the stage that wrote the package.
pub(crate) const SCHEMA_JSON: &str = "schema.json";
/// What a normalized package adds to the schema.
pub(crate) const SCHEMA_UPDATE_JSON: &str = "schema_update.json";
/// The pipeline state that is committed with the load.
pub(crate) const STATE_JSON: &str = "state.json";
/// Rows that a stage could not use, with the reasons.
pub(crate) const QUARANTINE: &str = "quarantine";
/// Why a package was set aside, for people; only in `aborted/`.
pub(crate) const ABORT_REASON: &str = "reason.txt";
/// Ends the name of the file with the reason of a failed job.
pub(crate) const REASON_SUFFIX: &str = ".exception";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_minors_are_read_and_newer_ones_and_other_majors_are_not() {
        let version = |major, minor| FormatVersion { major, minor };
        let reader = version(2, 3);
        assert!(reader.reads(version(2, 3)) && reader.reads(version(2, 0)));
        assert!(!reader.reads(version(2, 4)) && !reader.reads(version(3, 0)) && !reader.reads(version(1, 9)));
    }
}
