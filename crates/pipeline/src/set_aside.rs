//! What becomes of a package whose data can never be normalized: it is set aside, so that the next run continues.
//!
//! Its state is never used, so the cursor stays where it was. Later packages build on that state, and
//! go with it: loaded alone they would move the cursor over rows that were not loaded.

use cartage_package_store::{Folder, LoadId, Wait};
use cartage_runtime::Stage;

use crate::error::PipelineError;
use crate::interrupted_run;
use crate::project::Project;
use crate::report::{PackageState, RunReport};
use crate::set_aside_package::SetAside;

impl SetAside {
    /// Notes in a report where the packages are now.
    pub(crate) fn note(&self, report: &mut RunReport) {
        let gone = |load_id: &String| *load_id == self.load_id || self.followers.contains(load_id);
        for package in report.packages.iter_mut().filter(|package| gone(&package.load_id)) {
            package.state = PackageState::Aborted;
        }
    }
}

/// Who may set packages aside. Nobody may be extracting meanwhile, since what is extracted builds on what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// The caller has the lock of extract.
    HoldsLock,
    /// The lock of extract is taken for it; where another process has it the package stays pending.
    TakesLock,
    /// Nobody: it is only tried what would happen.
    Never,
}

/// Sets the package aside if the error says that its data is to blame; else the error stays what it is.
pub(crate) fn if_hopeless(
    project: &Project,
    aside: Aside,
    load_id: &LoadId,
    error: PipelineError,
) -> PipelineError {
    let reason = match error {
        PipelineError::Normalize(reason) if reason.is_of_the_source() => *reason,
        other => return other,
    };
    let lock = match aside {
        Aside::HoldsLock => None,
        Aside::TakesLock => match project.store.lock(Stage::Extract, Wait::Fail) {
            Ok(lock) => Some(lock),
            Err(_) => return reason.into(),
        },
        Aside::Never => return reason.into(),
    };
    let text = chain(&reason);
    let done = execute(project, load_id, &text);
    drop(lock);
    match done {
        Ok((path, followers)) => {
            let load_id = load_id.to_string();
            PipelineError::SetAside(Box::new(SetAside { load_id, followers, path, error: reason }))
        }
        Err(error) => {
            tracing::warn!(%load_id, %error, "the package cannot be set aside");
            reason.into()
        }
    }
}

fn execute(
    project: &Project,
    load_id: &LoadId,
    reason: &str,
) -> Result<(String, Vec<String>), PipelineError> {
    let pending = project.store.list(Folder::Extracted)?;
    let behind: Vec<&LoadId> = pending.iter().filter(|other| *other > load_id).collect();
    let opened = pending.iter().filter(|other| *other >= load_id);
    let opened = opened.filter_map(|other| project.store.open_package(Folder::Extracted, other).ok());
    interrupted_run::forget(project, &opened.collect::<Vec<_>>())?;
    // The last one first: a process that is cut off leaves packages whose state has everything before it.
    for follower in behind.iter().rev() {
        let reason = format!("it builds on the state of package {load_id}, which was set aside: {reason}");
        project.store.set_aside(Folder::Extracted, follower, &reason)?;
    }
    project.store.set_aside(Folder::Extracted, load_id, reason)?;
    let path = project.store.dir().join("packages").join(Folder::Aborted.as_str()).join(load_id.as_str());
    Ok((path.display().to_string(), behind.into_iter().map(ToString::to_string).collect()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use cartage_config::{Config, LoadOptions};
    use cartage_normalize::NormalizeError;
    use cartage_package_store::{ManifestDraft, ResourceEntry, RunMarker};
    use cartage_runtime::{Panicked, Runtime};
    use cartage_test_support::TempPipeline;
    use serde_json::json;

    use super::*;

    const MICROS: i64 = 1_795_163_558_208_462;

    fn project(pipeline: &TempPipeline) -> Project {
        let text = "[pipeline]\nname = \"shop\"\ndestination = \"null\"\n[destination.null]\n".to_owned();
        let config = Config::load(LoadOptions { text: Some(text), ..LoadOptions::default() }).unwrap();
        Project::over(config, pipeline.store.clone(), Runtime::system())
    }

    /// Publishes a package with a plain append of a resource.
    fn extract(project: &Project, number: i64, resource: &str) -> LoadId {
        let lock = project.store.lock(Stage::Extract, Wait::Fail).unwrap();
        let load_id = LoadId::from_unix_micros(MICROS + number);
        let staged = project.store.stage(&lock, load_id.clone(), 1).unwrap();
        staged.write_schema("{}").unwrap();
        let resource = ResourceEntry {
            name: resource.to_owned(),
            table: resource.to_owned(),
            write_disposition: "append".to_owned(),
            resumable: false,
        };
        let draft = ManifestDraft {
            schema_name: "s".to_owned(),
            resources: vec![resource],
            ..ManifestDraft::default()
        };
        staged.seal(draft).unwrap().publish(Folder::Extracted).unwrap();
        load_id
    }

    fn hopeless() -> PipelineError {
        let panic = Panicked { message: "offset 7".to_owned(), place: None };
        NormalizeError::Panicked { input: "bad.parquet".to_owned(), table: "t".to_owned(), panic }.into()
    }

    fn names(project: &Project, folder: Folder) -> Vec<String> {
        project.store.list(folder).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_hopeless_package_goes_with_those_behind_it_and_what_it_had_done_is_to_be_done_again() {
        let pipeline = TempPipeline::new();
        let project = project(&pipeline);
        let ids: Vec<LoadId> = ["first", "bad", "behind"]
            .into_iter()
            .zip(0..)
            .map(|(resource, number)| extract(&project, number, resource))
            .collect();
        let left_out = |names: &[&str]| -> serde_json::Value {
            names.iter().map(|name| json!({ "schema": "s", "resource": name })).collect()
        };
        let marker = RunMarker {
            run_id: "r".to_owned(),
            started_at: project.runtime.clock.now(),
            payload: json!({ "left_out": left_out(&["first", "bad", "loaded"]), "refreshed": ["s"] }),
        };
        project.store.documents().begin_run(&marker).unwrap();

        let error = if_hopeless(&project, Aside::HoldsLock, &ids[1], hopeless());
        let PipelineError::SetAside(aside) = &error else { panic!("{error}") };
        assert_eq!((aside.load_id.as_str(), aside.followers.len()), (ids[1].as_str(), 1));
        assert!(error.to_string().contains("bad.parquet"), "{error}");
        assert!(error.hint().unwrap().contains("set aside"), "{error}");
        assert_eq!(names(&project, Folder::Extracted), [ids[0].to_string()]);
        assert_eq!(names(&project, Folder::Aborted), [ids[1].to_string(), ids[2].to_string()]);
        for load_id in &ids[1..] {
            let package = project.store.open_package(Folder::Aborted, load_id).unwrap();
            assert!(package.abort_reason().unwrap().unwrap().contains("bad.parquet"));
            package.verify().unwrap();
        }
        let kept = project.store.documents().run().unwrap().unwrap().payload;
        assert_eq!(kept["left_out"], left_out(&["first", "loaded"]));
        assert_eq!(kept["refreshed"], json!(["s"]));
    }

    #[test]
    fn a_package_stays_where_another_process_extracts_or_other_data_is_not_what_it_takes() {
        let pipeline = TempPipeline::new();
        let project = project(&pipeline);
        let load_id = extract(&project, 0, "bad");
        let extracting = project.store.lock(Stage::Extract, Wait::Fail).unwrap();
        if_hopeless(&project, Aside::TakesLock, &load_id, hopeless());
        drop(extracting);
        if_hopeless(&project, Aside::Never, &load_id, hopeless());
        if_hopeless(&project, Aside::TakesLock, &load_id, NormalizeError::Cancelled.into());
        assert_eq!(names(&project, Folder::Extracted), [load_id.to_string()]);
        if_hopeless(&project, Aside::TakesLock, &load_id, hopeless());
        assert_eq!(names(&project, Folder::Extracted), Vec::<String>::new());
    }
}
