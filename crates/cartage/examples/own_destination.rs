//! A destination of one's own, from the trait to rows in their place: a folder of JSON lines.
//!
//! `docs/destinations/your-own.md` goes through it. `cargo run --example own_destination` loads a few rows; its
//! tests run the conformance suite.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use cartage::config::{Config, LoadOptions};
use cartage::destinations_api::{
    Capabilities, CommonSettings, ConnectRequest, Description, Destination, Error, FileFormat, Job, JobFile,
    JobOutcome, LoadCommit, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Probe, Result,
};
use cartage::package_store::Wait;
use cartage::pipeline::{Project, RunOptions};
use cartage::runtime::Runtime;
use serde::Deserialize;

/// What the destination can do. The stages shape names, types and files by it.
fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::sql("shelf");
    capabilities.files.preferred_format = FileFormat::Jsonl;
    capabilities.files.supported_formats = vec![FileFormat::Jsonl];
    // A folder has no transactions and looks at no row, but each file is made once.
    capabilities.guarantees.transactions = false;
    capabilities.guarantees.enforces_not_null = false;
    capabilities.strategies.replace.truncate(1);
    capabilities
}

/// The keys below `[destination.shelf]` beside those that all destinations share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    folder: PathBuf,
}

/// `<folder>/<dataset>/<table>/<load id>.<job>`, and an empty file a load in `_begun` and `_complete`.
#[derive(Debug)]
struct Shelf {
    root: PathBuf,
    capabilities: Capabilities,
}

impl Shelf {
    /// Reads the settings and refuses those that are unknown.
    fn connect(request: &ConnectRequest) -> Result<Self> {
        let (common, rest) = CommonSettings::split(&request.settings)?;
        let Keys { folder } = rest.parse()?;
        Ok(Self {
            root: request.base_dir.join(folder).join(&request.dataset_name),
            capabilities: capabilities().with_settings(&common)?,
        })
    }

    fn mark(&self, kind: &str, load: &LoadKey) -> PathBuf {
        self.root.join(kind).join(format!("{}.{}", load.pipeline, load.load_id))
    }

    fn empty(&self, table: &str) -> Result<()> {
        let folder = self.root.join(table);
        for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
            fs::remove_file(file.path()).map_err(|cause| failed(&file.path(), cause))?;
        }
        Ok(())
    }
}

/// The kind says what happens next: this one is worth another attempt.
fn failed(path: &Path, cause: io::Error) -> Error {
    Error::transient(format!("cannot write {}: {cause}", path.display())).with_source(cause)
}

fn make(path: &Path) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(|cause| failed(path, cause))?;
    File::create(path).and_then(|file| file.sync_all()).map_err(|cause| failed(path, cause))
}

impl Destination for Shelf {
    fn description(&self) -> Description {
        Description::new("shelf", self.root.display().to_string(), "")
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        if self.mark("_complete", load).exists() {
            return Ok(LoadStatus::Complete);
        }
        Ok(if self.mark("_begun", load).exists() { LoadStatus::Started } else { LoadStatus::New })
    }

    /// What happens once per load happens before its mark is there, and can be repeated until then.
    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let begun = self.mark("_begun", &plan.key);
        if !begun.exists() {
            plan.drop.iter().chain(&plan.truncate).try_for_each(|table| self.empty(table))?;
            make(&begun)?;
        }
        Ok(PreparedLoad::default())
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities.file_format(Some(job.format))?;
        if plan.table(&job.table).is_none() {
            return Err(Error::invalid(format!("table {} is not part of the load", job.table)));
        }
        let place = self.root.join(&job.table).join(format!("{}.{}", plan.key.load_id, job.id));
        Ok(Box::new(ShelfJob { job, place }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        make(&self.mark("_complete", &commit.key))?;
        // The load is complete; what is left of its beginning harms nobody.
        let _ = fs::remove_file(self.mark("_begun", &commit.key));
        Ok(())
    }

    /// For `cartage destination check`, or [`cartage::destinations_api::check_connection`].
    fn probes(&self) -> Vec<Probe<'_>> {
        vec![Probe::new("write", || {
            let there = self.root.ancestors().find(|folder| folder.is_dir());
            let there =
                there.ok_or_else(|| Error::invalid("there is no such folder").with_remedy("set 'folder'"))?;
            Ok(format!("files go below {}", there.display()))
        })]
    }
}

/// One file to its place.
struct ShelfJob<'a> {
    job: &'a JobFile,
    place: PathBuf,
}

impl Job for ShelfJob<'_> {
    /// Copied beside its place and then linked to its name: readers see all of it or nothing, and a job that is
    /// repeated after a crash finds its own file.
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Self { job, place } = *self;
        let unfinished = place.with_extension("unfinished");
        fs::create_dir_all(place.parent().unwrap_or(&place)).map_err(|cause| failed(&place, cause))?;
        fs::copy(job.local()?, &unfinished).map_err(|cause| failed(&unfinished, cause))?;
        File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .map_err(|cause| failed(&unfinished, cause))?;
        let linked = fs::hard_link(&unfinished, &place);
        fs::remove_file(&unfinished).map_err(|cause| failed(&unfinished, cause))?;
        match linked {
            Ok(()) => Ok(JobOutcome::Done { rows: job.rows }),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(JobOutcome::DoneBefore),
            Err(cause) => Err(failed(&place, cause)),
        }
    }
}

/// Runs the pipeline file of a folder, whose destination has `type = "shelf"`.
fn run(folder: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    let data = folder.join("data").display().to_string();
    let options = LoadOptions {
        file: Some(folder.join("pipeline.toml")),
        environment: [("CARTAGE_DATA_DIR", data.as_str())].into_iter().collect(),
        ..LoadOptions::default()
    };
    let project = Project::open(Config::load(options)?, Runtime::system(), Wait::Fail)?;
    let project = project.with_capabilities(capabilities());
    let report = project.run(&RunOptions::default(), &|request| {
        Shelf::connect(request).map(|shelf| Box::new(shelf) as Box<dyn Destination>)
    })?;
    Ok(report.tables.values().sum())
}

/// A folder with a few rows and a pipeline for them.
fn example() -> Result<tempfile::TempDir, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("games.jsonl"),
        "{\"id\": 1, \"moves\": [\"e4\"]}\n{\"id\": 2, \"moves\": []}\n",
    )?;
    fs::write(
        folder.path().join("pipeline.toml"),
        "[pipeline]\nname = \"chess\"\ndataset_name = \"raw\"\ndestination = \"shelf\"\n\
         [destination.shelf]\nfolder = \"shelf\"\n\
         [sources.chess]\ntype = \"files\"\n[[sources.chess.resources]]\nname = \"games\"\npath = \"games.jsonl\"\n",
    )?;
    Ok(folder)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = example()?;
    let rows = run(folder.path())?;
    let mut out = io::stdout();
    io::Write::write_all(
        &mut out,
        format!("{rows} rows are below {}\n", folder.keep().display()).as_bytes(),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use cartage::destinations_api::{Settings, conformance};

    use super::*;

    #[test]
    fn the_shelf_passes_the_conformance_suite() {
        let folder = tempfile::tempdir().unwrap();
        let number = std::cell::Cell::new(0);
        conformance::all(&|| {
            number.set(number.get() + 1);
            let keys = [("folder".to_owned(), number.get().to_string().into())];
            let request = ConnectRequest::new("shelf", "test", "data")
                .with_settings(Settings::new(keys.into_iter().collect()))
                .in_folder(folder.path());
            Box::new(Shelf::connect(&request).unwrap())
        });
    }

    #[test]
    fn a_pipeline_loads_into_the_shelf() {
        let folder = example().unwrap();
        for _ in 0..2 {
            run(folder.path()).unwrap();
        }
        let files = |table: &str| -> Vec<PathBuf> {
            let entries = fs::read_dir(folder.path().join("shelf/raw").join(table)).unwrap();
            entries.map(|entry| entry.unwrap().path()).collect()
        };
        assert_eq!((files("games").len(), files("games__moves").len()), (2, 2));
        assert_eq!((files("_complete").len(), files("_begun").len()), (2, 0));
    }
}
