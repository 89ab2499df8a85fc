//! The marker of a run in progress, and what an interrupted run leaves to do.

use std::collections::BTreeSet;

use cartage_package_store::{Folder, PublishedPackage, RunMarker};
use serde::Deserialize;
use serde_json::json;

use crate::error::PipelineError;
use crate::project::Project;
use crate::stages::LeftOut;

/// Notes durably that the run begins, and which resources it leaves out: if it is interrupted too, the next
/// one must leave them out as well.
pub(crate) fn begin(project: &Project, run_id: &str, left_out: &[LeftOut]) -> Result<(), PipelineError> {
    let marker = RunMarker {
        run_id: run_id.to_owned(),
        started_at: project.runtime.clock.now(),
        payload: json!({ "left_out": left_out }),
    };
    Ok(project.store.documents().begin_run(&marker)?)
}

/// Plain appends that must not be extracted again, because an interrupted run has them already: those of
/// pending packages, those that the run whose marker was found has loaded, and those that it left out.
///
/// Everything else can be extracted again without doubling a row: a replace, a merge with keys, a resource
/// with a cursor.
pub(crate) fn extracted_already(project: &Project) -> Result<Vec<LeftOut>, PipelineError> {
    let interrupted = project.store.documents().run()?;
    let mut found = BTreeSet::new();
    if let Some(left_out) = interrupted.as_ref().and_then(|marker| marker.payload.get("left_out")) {
        found.extend(Vec::<LeftOut>::deserialize(left_out).unwrap_or_default());
    }
    for folder in [Folder::Extracted, Folder::Normalized, Folder::Loaded] {
        for load_id in project.store.list(folder)?.iter().rev() {
            let package = project.store.open_package(folder, load_id)?;
            let of_interrupted =
                interrupted.as_ref().is_some_and(|marker| marker.run_id == package.manifest().run_id);
            if folder == Folder::Loaded && !of_interrupted {
                // Packages that were loaded before the interrupted run are none of its business.
                break;
            }
            found.extend(plain_appends(&package));
        }
    }
    Ok(found.into_iter().collect())
}

fn plain_appends(package: &PublishedPackage) -> Vec<LeftOut> {
    let manifest = package.manifest();
    let plain = manifest.resources.iter().filter(|resource| !resource.resumable);
    plain
        .map(|entry| LeftOut { schema: manifest.schema_name.clone(), resource: entry.name.clone() })
        .collect()
}
