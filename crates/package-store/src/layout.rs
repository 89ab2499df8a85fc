//! The paths below the folder of a pipeline.

use std::path::{Path, PathBuf};

use cartage_runtime::Stage;

use crate::format::Folder;
use crate::invalid_name::InvalidName;
use crate::load_id::LoadId;

/// Longest name that is put into a file name together with a suffix.
const NAME_MAX: usize = 200;
/// Ends the file name of a schema.
pub(crate) const SCHEMA_SUFFIX: &str = ".schema.json";
/// Ends the file name of a trace.
pub(crate) const TRACE_SUFFIX: &str = ".json";

/// The paths of one pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn pipeline(&self) -> PathBuf {
        self.root.join("pipeline.json")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// The newest load id whose package is gone.
    pub(crate) fn last_load_id(&self) -> PathBuf {
        self.root.join("last_load_id")
    }

    /// The dataset that the last run in dev mode began.
    pub(crate) fn dev_dataset(&self) -> PathBuf {
        self.root.join("dev_dataset")
    }

    pub(crate) fn schemas(&self) -> PathBuf {
        self.root.join("schemas")
    }

    pub(crate) fn schema(&self, name: &str) -> Result<PathBuf, InvalidName> {
        Ok(self.schemas().join(file_name("schema name", name, SCHEMA_SUFFIX)?))
    }

    /// What a destination without a place of its own remembers.
    pub(crate) fn destination(&self, name: &str) -> Result<PathBuf, InvalidName> {
        Ok(self.root.join("destinations").join(file_name("destination name", name, "")?))
    }

    pub(crate) fn traces(&self) -> PathBuf {
        self.root.join("traces")
    }

    pub(crate) fn trace(&self, run_id: &str) -> Result<PathBuf, InvalidName> {
        Ok(self.traces().join(file_name("run id", run_id, TRACE_SUFFIX)?))
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    pub(crate) fn lock(&self, what: &str) -> PathBuf {
        self.locks().join(format!("{what}.lock"))
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.root.join("packages/staging")
    }

    pub(crate) fn folder(&self, folder: Folder) -> PathBuf {
        self.root.join("packages").join(folder.as_str())
    }

    pub(crate) fn package(&self, folder: Folder, load_id: &LoadId) -> PathBuf {
        self.folder(folder).join(load_id.as_str())
    }

    /// Every folder of a pipeline.
    pub(crate) fn all_folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.locks(), self.schemas(), self.traces(), self.staging()];
        folders.extend(Folder::ALL.map(|folder| self.folder(folder)));
        folders
    }
}

/// The name of a folder in `staging/`: `<load id>.<stage>-<16 hexadecimal digits>`.
///
/// The stage is part of the name, so that each stage sweeps only what its own lock protects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StagingName {
    pub(crate) load_id: LoadId,
    pub(crate) stage: Stage,
    pub(crate) random: u64,
}

impl StagingName {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (load_id, rest) = text.split_at_checked(17)?;
        let (stage, random) = rest.strip_prefix('.')?.split_once('-')?;
        Some(Self {
            load_id: load_id.parse().ok()?,
            stage: [Stage::Extract, Stage::Normalize, Stage::Load]
                .into_iter()
                .find(|known| known.to_string() == stage)?,
            random: u64::from_str_radix(random, 16).ok().filter(|_| random.len() == 16)?,
        })
    }
}

impl std::fmt::Display for StagingName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}-{:016x}", self.load_id, self.stage, self.random)
    }
}

fn file_name(what: &'static str, name: &str, suffix: &str) -> Result<String, InvalidName> {
    check_name(what, name)?;
    Ok(format!("{name}{suffix}"))
}

/// Whether `name` can be used in a file name without leaving its folder.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), InvalidName> {
    let problem = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_MAX {
        "is longer than 200 bytes"
    } else if name.starts_with('.') {
        "starts with a point"
    } else if name.contains(|c: char| c.is_control() || "/\\:".contains(c)) {
        "contains a slash, colon or control character"
    } else {
        return Ok(());
    };
    Err(InvalidName { what, name: name.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_names_tell_their_stage() {
        let load_id = LoadId::from_unix_micros(1_795_163_558_208_462);
        let name = StagingName { load_id, stage: Stage::Normalize, random: 0xAB };
        assert_eq!(name.to_string(), "1795163558.208462.normalize-00000000000000ab");
        assert_eq!(StagingName::parse(&name.to_string()), Some(name));
        assert_eq!(StagingName::parse("1795163558.208462.backup-00000000000000ab"), None);
        assert_eq!(StagingName::parse("notes.txt"), None);
    }

    #[test]
    fn names_that_leave_their_folder_are_refused() {
        let layout = Layout::new("/data".into());
        for name in ["", "..", "../x", "a/b", "a\\b", ".hidden", "a\nb"] {
            assert!(layout.schema(name).is_err(), "{name:?}");
        }
        assert!(layout.schema("github events").is_ok());
    }
}
