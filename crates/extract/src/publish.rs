//! From what was gathered to a published package.

use std::collections::BTreeSet;
use std::sync::mpsc::Sender;

use cartage_package_store::{
    FileDraft, Folder, LoadId, ManifestDraft, PackageSettings, PackageStore, QuarantineDraft, ResourceEntry,
    SealedPackage, StageLock, StagedPackage,
};
use cartage_runtime::{CancelToken, Runtime};
use cartage_schema::Schema;
use cartage_state::PipelineState;

use crate::ExtractError;
use crate::handoff;
use crate::hinted_tables::HintedTables;
use crate::report::ExtractedPackage;

/// Makes the packages of a run, one after the other.
#[derive(Debug)]
pub(crate) struct Publisher<'a> {
    pub(crate) store: &'a PackageStore,
    pub(crate) lock: &'a StageLock,
    /// What the manifest says for later stages.
    pub(crate) settings: PackageSettings,
    pub(crate) run_id: String,
    pub(crate) producer: String,
    pub(crate) published: Option<Sender<LoadId>>,
    pub(crate) halt: CancelToken,
}

/// What is in a package.
pub(crate) struct Content<'a> {
    pub(crate) files: Vec<FileDraft>,
    pub(crate) quarantine: Vec<QuarantineDraft>,
    pub(crate) resources: Vec<ResourceEntry>,
    pub(crate) schema: &'a mut Schema,
    pub(crate) state: &'a PipelineState,
}

impl Publisher<'_> {
    /// Begins a package.
    pub(crate) fn stage(&self, runtime: &Runtime) -> Result<StagedPackage, ExtractError> {
        let load_id = self.store.next_load_id(runtime.clock.unix_micros())?;
        Ok(self.store.stage(self.lock, load_id, runtime.random.next_u64())?)
    }

    /// Notes for the later stages what they must know of a table that no resource has as its own.
    pub(crate) fn note(&mut self, target: &HintedTables) {
        handoff::note(&mut self.settings, target);
    }

    /// Publishes the package, unless there is nothing in it. A refresh is something, and is done then.
    pub(crate) fn publish(
        &mut self,
        staged: StagedPackage,
        content: Content<'_>,
        continues: BTreeSet<String>,
        runtime: &Runtime,
    ) -> Result<Option<ExtractedPackage>, ExtractError> {
        let refreshes = self.settings.refresh.is_some();
        if content.files.is_empty() && content.quarantine.is_empty() && !refreshes {
            return Ok(None);
        }
        content.schema.bump();
        let sealed = self.seal(staged, content, continues, runtime)?;
        let files = &sealed.manifest().files;
        let report = ExtractedPackage {
            load_id: sealed.manifest().load_id.clone(),
            files: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            uncompressed_bytes: files.iter().map(|file| file.uncompressed_bytes).sum(),
        };
        if runtime.cancel.is_cancelled() {
            return Err(ExtractError::Cancelled);
        }
        sealed.publish(Folder::Extracted)?;
        self.settings.refresh = None;
        if let Some(published) = &self.published {
            // If the receiver is gone, the package is on the disk.
            drop(published.send(report.load_id.clone()));
        }
        Ok(Some(report))
    }

    fn seal(
        &self,
        staged: StagedPackage,
        content: Content<'_>,
        continues: BTreeSet<String>,
        runtime: &Runtime,
    ) -> Result<SealedPackage, ExtractError> {
        staged.write_schema(&content.schema.to_json())?;
        staged.write_state(&content.state.to_json())?;
        Ok(staged.seal(ManifestDraft {
            schema_name: content.schema.name.clone(),
            created_at: runtime.clock.now(),
            producer: self.producer.clone(),
            run_id: self.run_id.clone(),
            settings: PackageSettings { continues, ..self.settings.clone() },
            resources: content.resources,
            files: content.files,
            quarantine: content.quarantine,
            parent: None,
        })?)
    }
}
