//! Turning a [`ManifestDraft`] into a [`Manifest`]: what the stage says, confirmed by the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cartage_runtime::Stage;

use crate::disk::Disk;
use crate::error::{At, Error};
use crate::format::{JobState, PACKAGE_FORMAT, QUARANTINE, SCHEMA_JSON};
use crate::load_id::LoadId;
use crate::manifest::{
    DocumentEntry, FileDraft, FileEntry, Manifest, ManifestDraft, QuarantineEntry, WrittenFile,
};

/// Turns what a stage says about its files into what the disk confirms.
pub(crate) struct Sealer<'a> {
    pub(crate) disk: &'a Disk,
    pub(crate) path: &'a Path,
    pub(crate) pipeline: &'a str,
    pub(crate) stage: Stage,
    pub(crate) load_id: &'a LoadId,
}

impl Sealer<'_> {
    pub(crate) fn manifest(
        &self,
        draft: ManifestDraft,
        documents: BTreeMap<String, DocumentEntry>,
    ) -> Result<Manifest, Error> {
        if !documents.contains_key(SCHEMA_JSON) {
            return Err(self.refuse(SCHEMA_JSON, "was not written"));
        }
        self.refuse_twins(&draft.files)?;
        let jobs = draft.files.iter().map(|file| (file.name.to_string(), file.written)).collect();
        let rows = draft.quarantine.iter().map(|file| (file.name.to_string(), None)).collect();
        let jobs = self.confirm(JobState::New.as_str(), jobs)?;
        let rows = self.confirm(QUARANTINE, rows)?;
        let file_entry = |(draft, written): (FileDraft, WrittenFile)| FileEntry {
            format: draft.name.format(),
            codec: draft.name.codec(),
            name: draft.name,
            table: draft.table,
            rows: draft.rows,
            bytes: written.bytes,
            uncompressed_bytes: draft.uncompressed_bytes,
            checksum: written.checksum,
            origins: draft.origins,
        };
        Ok(Manifest {
            format: PACKAGE_FORMAT,
            load_id: self.load_id.clone(),
            stage: self.stage.to_string(),
            pipeline: self.pipeline.to_owned(),
            schema_name: draft.schema_name,
            created_at: draft.created_at,
            producer: draft.producer,
            run_id: draft.run_id,
            settings: draft.settings,
            resources: draft.resources,
            files: draft.files.into_iter().zip(jobs).map(file_entry).collect(),
            quarantine: draft
                .quarantine
                .into_iter()
                .zip(rows)
                .map(|(draft, WrittenFile { bytes, checksum })| QuarantineEntry {
                    name: draft.name,
                    table: draft.table,
                    rows: draft.rows,
                    bytes,
                    checksum,
                })
                .collect(),
            documents,
            parent: draft.parent,
        })
    }

    /// Jobs are found by their id, which leaves out the retry count.
    fn refuse_twins(&self, files: &[FileDraft]) -> Result<(), Error> {
        let mut ids = BTreeSet::new();
        match files.iter().find(|file| !ids.insert(file.name.job_id())) {
            Some(file) => Err(self.refuse(&file.name.to_string(), "is named twice")),
            None => Ok(()),
        }
    }

    /// Compares the files of a folder with what the stage named, and completes sizes and checksums.
    fn confirm(
        &self,
        folder: &str,
        named: Vec<(String, Option<WrittenFile>)>,
    ) -> Result<Vec<WrittenFile>, Error> {
        let mut sizes = self.sizes(folder)?;
        let unread: Vec<PathBuf> = named
            .iter()
            .filter(|(_, written)| written.is_none())
            .map(|(name, _)| self.path.join(folder).join(name))
            .collect();
        for (name, written) in &named {
            let bytes = sizes
                .remove(name)
                .ok_or_else(|| self.refuse(&format!("{folder}/{name}"), "is missing or named twice"))?;
            if let Some(written) = written.filter(|written| written.bytes != bytes) {
                let problem = format!("has {bytes} bytes where {} were written", written.bytes);
                return Err(self.refuse(&format!("{folder}/{name}"), &problem));
            }
        }
        if let Some(name) = sizes.keys().next() {
            return Err(self.refuse(&format!("{folder}/{name}"), "is not named by the stage that wrote it"));
        }
        let mut hashed = unread.iter().zip(self.disk.hash(&unread));
        named
            .into_iter()
            .map(|(_, written)| {
                written.map_or_else(
                    || {
                        let (path, hashed) = hashed.next().expect("one result for each unread file");
                        hashed.at("read", path).map(|(bytes, checksum)| WrittenFile { bytes, checksum })
                    },
                    Ok,
                )
            })
            .collect()
    }

    fn sizes(&self, folder: &str) -> Result<BTreeMap<String, u64>, Error> {
        let path = self.path.join(folder);
        if !self.disk.exists(&path)? {
            return Ok(BTreeMap::new());
        }
        let entries = self.disk.fs.list(&path).at("list", &path)?;
        Ok(entries.into_iter().map(|entry| (entry.name, entry.bytes)).collect())
    }

    fn refuse(&self, file: &str, problem: &str) -> Error {
        Error::NotSealable {
            load_id: self.load_id.clone(),
            file: file.to_owned(),
            problem: problem.to_owned(),
        }
    }
}
