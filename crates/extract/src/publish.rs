//! From what was gathered to a published package.

use cartage_package_store::{Folder, ManifestDraft, ResourceEntry, SealedPackage, StagedPackage};
use serde_json::{Map, Value};

use crate::ExtractError;
use crate::gather::Gathered;
use crate::plan::Planned;
use crate::report::ExtractReport;

/// What the manifest says about where the package comes from.
pub(crate) struct Origin {
    pub(crate) package_settings: Map<String, Value>,
    pub(crate) run_id: String,
    pub(crate) producer: String,
}

/// Publishes the package, unless there is nothing in it.
pub(crate) fn publish(
    staged: StagedPackage,
    mut gathered: Gathered,
    origin: Origin,
) -> Result<ExtractReport, ExtractError> {
    let mut report = ExtractReport {
        load_id: None,
        schema: gathered.schema.clone(),
        state: gathered.state.clone(),
        state_extracted: gathered.has_state,
        resources: std::mem::take(&mut gathered.reports),
        tables: std::mem::take(&mut gathered.tables),
        files: 0,
        bytes: 0,
        uncompressed_bytes: 0,
    };
    let refreshes = origin.package_settings.contains_key("refresh");
    if gathered.files.is_empty() && gathered.quarantine.is_empty() && !refreshes {
        return Ok(report);
    }
    gathered.schema.bump();
    report.schema = gathered.schema.clone();
    report.load_id = Some(gathered.load_id.clone());
    let cancel = gathered.runtime.cancel.clone();
    let sealed = seal(staged, gathered, origin)?;
    let files = &sealed.manifest().files;
    report.files = files.len();
    report.bytes = files.iter().map(|file| file.bytes).sum();
    report.uncompressed_bytes = files.iter().map(|file| file.uncompressed_bytes).sum();
    if cancel.is_cancelled() {
        return Err(ExtractError::Cancelled);
    }
    sealed.publish(Folder::Extracted)?;
    Ok(report)
}

fn seal(staged: StagedPackage, gathered: Gathered, origin: Origin) -> Result<SealedPackage, ExtractError> {
    staged.write_schema(&gathered.schema.to_json())?;
    staged.write_state(&gathered.state.to_json())?;
    let entry = |resource: Planned| ResourceEntry {
        name: resource.name,
        table: resource.table,
        write_disposition: resource.disposition.to_string(),
        resumable: resource.is_resumable,
    };
    Ok(staged.seal(ManifestDraft {
        schema_name: gathered.schema.name,
        created_at: gathered.runtime.clock.now(),
        producer: origin.producer,
        run_id: origin.run_id,
        settings: Value::Object(origin.package_settings),
        resources: gathered.planned.into_iter().map(entry).collect(),
        files: gathered.files,
        quarantine: gathered.quarantine,
        parent: None,
    })?)
}
