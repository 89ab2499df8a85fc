//! Removing what ended processes left behind.
//!
//! Age never decides, locks do: a stage sweeps only what its own lock protects, so that other stages can
//! work at the same time.

use std::path::PathBuf;

use cartage_runtime::Stage;

use crate::disk::TEMPORARY_SUFFIX;
use crate::error::{At, Error};
use crate::format::Folder;
use crate::fs::EntryKind;
use crate::layout::StagingName;
use crate::load_id::LoadId;
use crate::lock::StageLock;
use crate::publish::{self, Presence};
use crate::store::PackageStore;

/// Why something was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SweepReason {
    /// A staging folder whose writer has ended.
    DeadWriter,
    /// Not a package yet or no longer: a copy or a removal that was cut.
    Incomplete,
    /// A package that has already got further.
    Finished,
    /// A document whose replacement was cut.
    Temporary,
}

/// Something that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The file or folder that was there.
    pub path: PathBuf,
    /// Why it had to go.
    pub reason: SweepReason,
}

/// What a sweep removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// In the order of removal.
    pub removed: Vec<Swept>,
}

impl PackageStore {
    /// Removes what ended processes of this stage left behind. Jobs stay where they are.
    ///
    /// Each stage calls this after taking its lock and before it lists packages.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sweep(&self, lock: &StageLock) -> Result<SweepReport, Error> {
        let mut report = SweepReport::default();
        self.sweep_staging(lock, &mut report)?;
        let (published_to, taken_from) = match lock.stage() {
            Stage::Extract => (&[Folder::Extracted][..], None),
            Stage::Normalize => (&[Folder::Normalized][..], Some(Folder::Extracted)),
            Stage::Load => (&[Folder::Loaded, Folder::Aborted][..], Some(Folder::Normalized)),
        };
        for folder in published_to {
            self.sweep_leftovers(*folder, &mut report)?;
        }
        if let Some(folder) = taken_from {
            self.sweep_finished(folder, &mut report)?;
        }
        self.sweep_temporary_documents(&mut report)?;
        for Swept { path, reason } in &report.removed {
            tracing::warn!(path = %path.display(), ?reason, "removed what an earlier process left behind");
        }
        Ok(report)
    }

    fn sweep_staging(&self, lock: &StageLock, report: &mut SweepReport) -> Result<(), Error> {
        for name in self.inner.folder_names(&self.layout().staging())? {
            let path = self.layout().staging().join(&name);
            let ours = StagingName::parse(&name).is_some_and(|name| name.stage == lock.stage());
            if ours && !lock.is_live(&path) {
                publish::remove_package(self.disk(), &path)?;
                report.removed.push(Swept { path, reason: SweepReason::DeadWriter });
            }
        }
        Ok(())
    }

    fn sweep_leftovers(&self, folder: Folder, report: &mut SweepReport) -> Result<(), Error> {
        for load_id in self.inner.ids_in(folder)? {
            let path = self.layout().package(folder, &load_id);
            if publish::presence(self.disk(), &path)? == Presence::Incomplete {
                self.sweep_package(folder, &load_id, SweepReason::Incomplete, report)?;
            }
        }
        Ok(())
    }

    fn sweep_finished(&self, folder: Folder, report: &mut SweepReport) -> Result<(), Error> {
        for load_id in self.inner.ids_in(folder)? {
            if self.inner.is_finished_with(folder, &load_id)? {
                self.sweep_package(folder, &load_id, SweepReason::Finished, report)?;
            }
        }
        Ok(())
    }

    fn sweep_package(
        &self,
        folder: Folder,
        load_id: &LoadId,
        reason: SweepReason,
        report: &mut SweepReport,
    ) -> Result<(), Error> {
        let path = self.layout().package(folder, load_id);
        publish::remove_package(self.disk(), &path)?;
        report.removed.push(Swept { path, reason });
        Ok(())
    }

    /// Documents are written under a lock, so what is unfinished while we hold it has no writer.
    fn sweep_temporary_documents(&self, report: &mut SweepReport) -> Result<(), Error> {
        let _lock = self.documents().lock()?;
        for folder in [self.dir().to_owned(), self.layout().schemas(), self.layout().traces()] {
            for entry in self.disk().fs.list(&folder).at("list", &folder)? {
                if entry.kind == EntryKind::File && entry.name.ends_with(TEMPORARY_SUFFIX) {
                    let path = folder.join(&entry.name);
                    self.disk().remove(&path)?;
                    report.removed.push(Swept { path, reason: SweepReason::Temporary });
                }
            }
        }
        Ok(())
    }
}
