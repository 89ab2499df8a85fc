//! Runs the stage that comes next on a copy of a package, and says whether the result is the same.
//!
//! The copy is made in a data folder of its own, so neither the package nor the pipeline is touched.
//! The stage runs as its own binary: what is tested is the contract on disk.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cartage_package_store::{
    FileDraft, Folder, JobState, ManifestDraft, Package, PackageStore, QuarantineDraft, StoreOptions, Wait,
};
use cartage_runtime::Stage;
use serde_json::Value;
use tempfile::TempDir;

use super::{differences, open};
use crate::tools::{binary, output};

/// Arguments of `replay`.
#[derive(clap::Args)]
pub(crate) struct ReplayArgs {
    /// The folder of the package: an extracted one is normalized, a normalized or loaded one is loaded.
    package: PathBuf,
    /// A package to compare with, instead of the one that the pipeline made.
    #[arg(long)]
    expect: Option<PathBuf>,
    /// A pipeline file whose destination to load into, dataset `replay` [default: a DuckDB file of its own].
    #[arg(long)]
    file: Option<PathBuf>,
    /// Keeps the folder with the copy and the result.
    #[arg(long)]
    keep: bool,
}

/// Replays a package.
pub(crate) fn replay(args: &ReplayArgs) -> Result<()> {
    let package = open(&args.package)?;
    package.verify()?;
    let scratch = Scratch::new(args.file.as_deref(), &package)?;
    let result = match package.manifest().stage.as_str() {
        "extract" => normalize(args, &package, &scratch),
        "normalize" => load(&package, &scratch),
        other => bail!("a package of stage {other} cannot be replayed"),
    };
    if args.keep {
        writeln!(stdout(), "kept {}", scratch.folder.keep().display())?;
    }
    result
}

fn normalize(args: &ReplayArgs, package: &Package, scratch: &Scratch) -> Result<()> {
    let store = scratch.store(package)?;
    let schema = base_schema(package)?;
    if let Some(schema) = schema {
        store.documents().replace_schema(&package.manifest().schema_name, &schema)?;
    }
    copy(package, &store, Stage::Extract, Folder::Extracted)?;
    scratch.stage("cartage-normalize")?;
    let found =
        store.open_package(Folder::Normalized, package.load_id()).context("nothing was normalized")?;
    found.verify()?;
    let expected = args.expect.clone().or_else(|| sibling(package, &[Folder::Normalized, Folder::Loaded]));
    let Some(expected) = expected else {
        writeln!(
            stdout(),
            "normalized; the pipeline has no normalized package {} to compare with",
            package.load_id()
        )?;
        return Ok(());
    };
    report(&expected, &differences::between(&open(&expected)?, &found)?)
}

fn report(expected: &Path, found: &[String]) -> Result<()> {
    for line in found {
        writeln!(stdout(), "{line}")?;
    }
    if !found.is_empty() {
        bail!("the result differs from {} in {} places", expected.display(), found.len());
    }
    writeln!(stdout(), "the result is the same as {}", expected.display())?;
    Ok(())
}

/// Loads the copy and compares the rows that arrived with those of the manifest.
fn load(package: &Package, scratch: &Scratch) -> Result<()> {
    let store = scratch.store(package)?;
    store.documents().replace_schema(&package.manifest().schema_name, &package.schema_json()?)?;
    copy(package, &store, Stage::Normalize, Folder::Normalized)?;
    let run: Value =
        serde_json::from_str(&scratch.stage("cartage-load")?).context("`cartage-load` printed no JSON")?;
    let loaded = store.open_package(Folder::Loaded, package.load_id()).context("nothing was loaded")?;
    let mut found = Vec::new();
    for job in loaded.jobs(JobState::Failed)? {
        let reason = loaded.failure_reason(&job)?.unwrap_or_default();
        found.push(format!("{job}: failed: {}", reason.trim()));
    }
    let mut tables = std::collections::BTreeMap::new();
    for file in &package.manifest().files {
        *tables.entry(file.table.as_str()).or_insert(0) += file.rows;
    }
    for (table, rows) in &tables {
        let arrived = run["tables"][table].as_u64().unwrap_or(0);
        writeln!(stdout(), "{table:40} {arrived:>10} rows")?;
        if arrived != *rows {
            found.push(format!("{table}: {rows} rows in the package, {arrived} arrived"));
        }
    }
    report(package.path(), &found)
}

/// A data folder of its own and the file of a pipeline that works in it.
struct Scratch {
    folder: TempDir,
    pipeline: String,
    file: PathBuf,
    data: PathBuf,
}

impl Scratch {
    fn new(file: Option<&Path>, package: &Package) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("replay-").tempdir()?;
        let path = file.map_or_else(|| folder.path().join("pipeline.toml"), Path::to_owned);
        if file.is_none() {
            let name = Value::from(package.manifest().pipeline.as_str());
            let text = format!(
                "[pipeline]\nname = {name}\ndestination = \"duckdb\"\n\n\
                 [destination.duckdb]\npath = \"out.duckdb\"\n"
            );
            fs::write(&path, text)?;
        }
        Ok(Self {
            pipeline: package.manifest().pipeline.clone(),
            file: path,
            data: folder.path().join("data"),
            folder,
        })
    }

    fn store(&self, package: &Package) -> Result<PackageStore> {
        let pipeline = &package.manifest().pipeline;
        Ok(PackageStore::open(
            &self.data.join("pipelines").join(pipeline),
            pipeline,
            StoreOptions::default(),
        )?)
    }

    /// Runs the binary of a stage and gives its report.
    fn stage(&self, name: &str) -> Result<String> {
        let mut command = Command::new(binary(name)?);
        command
            .arg(&self.file)
            .args(["--format", "json", "--progress", "none", "--set", "pipeline.dataset_name=replay"])
            .args(["--set".to_owned(), format!("pipeline.name={}", self.pipeline)])
            .env("CARTAGE_DATA_DIR", &self.data);
        output(&mut command)
    }
}

/// Writes the package anew, with all jobs to do, through the store: the same content has the same digest.
fn copy(package: &Package, store: &PackageStore, stage: Stage, folder: Folder) -> Result<()> {
    let manifest = package.manifest();
    let lock = store.lock(stage, Wait::Fail)?;
    let staged = store.stage(&lock, package.load_id().clone(), 0)?;
    let mut draft = ManifestDraft {
        schema_name: manifest.schema_name.clone(),
        created_at: manifest.created_at,
        producer: manifest.producer.clone(),
        run_id: manifest.run_id.clone(),
        settings: manifest.settings.clone(),
        resources: manifest.resources.clone(),
        parent: manifest.parent,
        ..ManifestDraft::default()
    };
    for state in JobState::ALL {
        for name in package.jobs(state)? {
            let entry =
                package.file_entry(&name).with_context(|| format!("{name} is not in the manifest"))?;
            staged.link_job(&package.job_path(state, &name), &entry.name)?;
        }
    }
    for entry in &manifest.files {
        draft.files.push(FileDraft {
            rows: entry.rows,
            uncompressed_bytes: entry.uncompressed_bytes,
            origins: entry.origins.clone(),
            ..FileDraft::new(entry.name.clone(), entry.table.clone())
        });
    }
    for entry in &manifest.quarantine {
        fs::copy(package.quarantine_path(&entry.name), staged.quarantine_path(&entry.name)?)?;
        draft.quarantine.push(QuarantineDraft {
            name: entry.name.clone(),
            table: entry.table.clone(),
            rows: entry.rows,
        });
    }
    staged.write_schema(&package.schema_json()?)?;
    if let Some(update) = package.schema_update_json()? {
        staged.write_schema_update(&update)?;
    }
    if let Some(state) = package.state_json()? {
        staged.write_state(&state)?;
    }
    staged.seal(draft)?.publish(folder)?;
    Ok(())
}

/// The same load id in another folder of the store that the package is in.
fn sibling(package: &Package, folders: &[Folder]) -> Option<PathBuf> {
    let packages = package.path().parent()?.parent()?;
    let paths = folders.iter().map(|folder| packages.join(folder.as_str()).join(package.load_id().as_str()));
    paths.into_iter().find(|path| path.is_dir())
}

/// The schema that the pipeline had when it normalized this package: that of the newest package before
/// it. A pipeline whose packages are gone has only its newest schema.
fn base_schema(package: &Package) -> Result<Option<String>> {
    let packages = package.path().canonicalize()?.parent().and_then(Path::parent).map(Path::to_owned);
    let Some(packages) = packages else { return Ok(None) };
    let mut before: Option<Package> = None;
    for folder in [Folder::Normalized, Folder::Loaded] {
        let Ok(entries) = fs::read_dir(packages.join(folder.as_str())) else { continue };
        for entry in entries {
            let Ok(other) = Package::open_at(&entry?.path()) else { continue };
            let same_schema = other.manifest().schema_name == package.manifest().schema_name;
            let earlier = other.load_id() < package.load_id();
            if same_schema
                && earlier
                && before.as_ref().is_none_or(|newest| newest.load_id() < other.load_id())
            {
                before = Some(other);
            }
        }
    }
    if before.is_none() && sibling(package, &[Folder::Normalized, Folder::Loaded]).is_none() {
        return committed_schema(package, &packages);
    }
    before.map(|package| Ok(package.schema_json()?)).transpose()
}

fn committed_schema(package: &Package, packages: &Path) -> Result<Option<String>> {
    let manifest = package.manifest();
    let Some(pipeline) = packages.parent() else { return Ok(None) };
    match PackageStore::open_existing(pipeline, &manifest.pipeline, StoreOptions::default()) {
        Ok(store) => Ok(store.documents().schema(&manifest.schema_name)?),
        // A package outside a store, such as a fixture.
        Err(_) => Ok(None),
    }
}
