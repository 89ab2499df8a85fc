//! The marker of a run in progress, and what an interrupted run leaves to do.

use std::collections::BTreeSet;

use cartage_package_store::{Folder, PublishedPackage, Refresh, RunMarker};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::PipelineError;
use crate::extract_options::{ExtractOptions, LeftOut};
use crate::project::Project;

/// What an interrupted run has done that this one, which finishes it, must not do again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interrupted {
    /// Plain appends: those of pending packages, those that the run whose marker was found has loaded, and those
    /// that it left out. Everything else can be extracted again without doubling a row: a replace, a merge with
    /// keys, a resource with a cursor or a position.
    pub(crate) left_out: Vec<LeftOut>,
    /// Schemas whose first package of that run has done the refresh that is asked for again.
    pub(crate) refreshed: BTreeSet<String>,
}

/// Notes durably that the run begins, and what it does not do again: if it is interrupted too, the next one
/// must not do it either.
pub(crate) fn begin(
    project: &Project,
    run_id: &str,
    earlier: &Interrupted,
    options: &ExtractOptions,
    refresh: Option<Refresh>,
) -> Result<(), PipelineError> {
    let marker = RunMarker {
        run_id: run_id.to_owned(),
        started_at: project.runtime.clock.now(),
        payload: json!({
            "left_out": earlier.left_out,
            "refresh": asked(options, refresh),
            "refreshed": earlier.refreshed,
        }),
    };
    Ok(project.store.documents().begin_run(&marker)?)
}

/// What the interrupted run has done, if there was one.
pub(crate) fn interrupted(
    project: &Project,
    options: &ExtractOptions,
    refresh: Option<Refresh>,
) -> Result<Interrupted, PipelineError> {
    let marker = project.store.documents().run()?;
    let noted = |key: &str| marker.as_ref().and_then(|marker| marker.payload.get(key));
    let mut left_out: BTreeSet<LeftOut> = read(noted("left_out"));
    // Another refresh, or one of other resources, has not been done.
    let refreshes_again = refresh.is_some() && noted("refresh") == Some(&asked(options, refresh));
    let mut refreshed: BTreeSet<String> =
        if refreshes_again { read(noted("refreshed")) } else { BTreeSet::new() };
    for folder in [Folder::Extracted, Folder::Normalized, Folder::Loaded] {
        for load_id in project.store.newest_first(folder)? {
            let package = project.store.open_package(folder, &load_id?)?;
            let manifest = package.manifest();
            let of_interrupted = marker.as_ref().is_some_and(|marker| marker.run_id == manifest.run_id);
            if folder == Folder::Loaded && !of_interrupted {
                // Packages that were loaded before the interrupted run are none of its business.
                break;
            }
            left_out.extend(plain_appends(&package));
            if refreshes_again && of_interrupted {
                refreshed.insert(manifest.schema_name.clone());
            }
        }
    }
    Ok(Interrupted { left_out: left_out.into_iter().collect(), refreshed })
}

/// Forgets that the interrupted run has done what is in these packages: they are aborted, and the next run does it.
pub(crate) fn forget(project: &Project, packages: &[PublishedPackage]) -> Result<(), PipelineError> {
    let Some(mut marker) = project.store.documents().run()? else { return Ok(()) };
    let gone: Vec<LeftOut> = packages.iter().flat_map(plain_appends).collect();
    let left_out: Vec<LeftOut> = read(marker.payload.get("left_out"));
    let left_out: Vec<_> = left_out.into_iter().filter(|left| !gone.contains(left)).collect();
    let refreshing = |package: &&PublishedPackage| package.manifest().settings.refresh.is_some();
    let begun_again: BTreeSet<&String> =
        packages.iter().filter(refreshing).map(|package| &package.manifest().schema_name).collect();
    let mut refreshed: BTreeSet<String> = read(marker.payload.get("refreshed"));
    refreshed.retain(|schema| !begun_again.contains(schema));
    marker.payload["left_out"] = json!(left_out);
    marker.payload["refreshed"] = json!(refreshed);
    Ok(project.store.documents().begin_run(&marker)?)
}

fn asked(options: &ExtractOptions, refresh: Option<Refresh>) -> Value {
    json!({ "mode": refresh, "resources": options.resources })
}

fn read<T: DeserializeOwned + Default>(value: Option<&Value>) -> T {
    value.and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}

fn plain_appends(package: &PublishedPackage) -> Vec<LeftOut> {
    let manifest = package.manifest();
    let plain = manifest.resources.iter().filter(|resource| !resource.resumable);
    plain
        .map(|entry| LeftOut { schema: manifest.schema_name.clone(), resource: entry.name.clone() })
        .collect()
}
