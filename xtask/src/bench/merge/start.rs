//! The state that every run starts from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::super::engines::{cartage_command, script};
use super::Strategy;
use super::data::Files;
use crate::tools::{output, run};

const DLT: &str = include_str!("dlt_merge.py");
const STAGE: &str = include_str!("stage.py");
const CHECK: &str = include_str!("check.py");
const BY_HAND: &str = include_str!("by_hand.py");
const COPY: &str = include_str!("copy_database.py");

/// Who wrote the row groups of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Ours,
    Plain,
}

/// A dataset with the known orders, and what belongs to it.
pub(super) struct Start<'a> {
    folder: &'a Path,
    pub(super) strategy: Strategy,
    pub(super) python: &'a Path,
    pub(super) batch: &'a Path,
}

impl<'a> Start<'a> {
    /// Makes what is not there yet.
    pub(super) fn make(
        files: &'a Files,
        folder: &'a Path,
        strategy: Strategy,
        python: &'a Path,
    ) -> Result<Self> {
        let start = Self { folder, strategy, python, batch: &files.batch };
        let complete = folder.join("complete");
        if !complete.exists() {
            eprintln!("making {}", folder.display());
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(start.base())?;
            start.load_known(files).context("load the known orders")?;
            start.copy_plainly().context("write the known orders as DuckDB does")?;
            start.take_batch().context("take the rows of the batch")?;
            start.attach_dlt().context("let dlt restore its schema and state")?;
            fs::write(complete, "")?;
        }
        Ok(start)
    }

    fn base(&self) -> PathBuf {
        self.folder.join("base")
    }

    /// Where runs happen.
    pub(super) fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// The database of a run.
    pub(super) fn database(&self) -> PathBuf {
        self.work().join("out.duckdb")
    }

    fn load_known(&self, files: &Files) -> Result<()> {
        self.write_pipeline(&self.base(), &files.base)?;
        run(cartage_command("cartage", &self.base(), &["run"])?.stdout(std::process::Stdio::null()))
    }

    /// Keeps the rows that a run of ours makes of the batch, for the SQL.
    fn take_batch(&self) -> Result<()> {
        self.fresh(Layout::Ours)?;
        let mut cartage = cartage_command("cartage", &self.work(), &["run"])?;
        run(cartage.stdout(std::process::Stdio::null()))?;
        self.stage("take")
    }

    fn attach_dlt(&self) -> Result<()> {
        self.fresh(Layout::Plain)?;
        run(&mut self.dlt(&self.folder.join("dlt"), "attach")?)
    }

    /// The database with row groups of DuckDB's own size. Other engines that merge into ours begin by writing
    /// all of it in that size, which is not what is to be measured.
    fn copy_plainly(&self) -> Result<()> {
        fs::create_dir_all(self.work())?;
        let mut command = self.script("copy_database.py", COPY)?;
        run(command.arg(self.base().join("out.duckdb")).arg(self.plain()))
    }

    fn plain(&self) -> PathBuf {
        self.folder.join("plain.duckdb")
    }

    /// A work folder with copies of the database and of our data folder. The copies are on the disk, so
    /// that writing them does not slow down the run.
    pub(super) fn fresh(&self, layout: Layout) -> Result<()> {
        let (base, work) = (self.base(), self.work());
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        copy_folder(&base.join("data"), &work.join("data"))?;
        let database = if layout == Layout::Plain { self.plain() } else { base.join("out.duckdb") };
        copy(&database, &self.database())?;
        let dlt = self.folder.join("dlt");
        if dlt.exists() {
            copy_folder(&dlt, &work.join("dlt"))?;
        }
        self.write_pipeline(&work, self.batch)
    }

    /// Puts the rows of the batch into tables of the database.
    pub(super) fn give_batch(&self) -> Result<()> {
        self.stage("give")?;
        Ok(File::open(self.database())?.sync_all()?)
    }

    fn stage(&self, mode: &str) -> Result<()> {
        let mut command = self.script("stage.py", STAGE)?;
        command.arg(mode).arg(self.database()).arg(self.folder.join("batch.duckdb"));
        run(command.arg(self.strategy.name()))
    }

    /// dlt with its working folder.
    pub(super) fn dlt(&self, folder: &Path, mode: &str) -> Result<Command> {
        let mut command = self.script("dlt_merge.py", DLT)?;
        command.arg(self.batch).arg(self.database()).arg(folder).args([self.strategy.name(), mode]);
        Ok(command)
    }

    /// The hand-written SQL of this name.
    pub(super) fn by_hand(&self, name: &str) -> Result<Command> {
        let mut command = self.script("by_hand.py", BY_HAND)?;
        command.arg(self.database()).arg(name);
        Ok(command)
    }

    fn script(&self, name: &str, text: &str) -> Result<Command> {
        let mut command = Command::new(self.python);
        command.arg(script(&self.work(), name, text)?).current_dir(self.work());
        Ok(command)
    }

    /// Checks the number of orders and gives it with a sum of all that is in the tables.
    pub(super) fn check(&self, files: &Files) -> Result<String> {
        let mut check = self.script("check.py", CHECK)?;
        let found = output(check.arg(self.database()).arg(self.strategy.name()))?.trim().to_owned();
        let expected = files.rows_after(self.strategy == Strategy::Scd2).to_string();
        if found.split(' ').next() != Some(&expected) {
            bail!("found `{found}`, where {expected} orders should be");
        }
        Ok(found)
    }

    fn write_pipeline(&self, folder: &Path, file: &Path) -> Result<()> {
        let path = serde_json::Value::from(file.to_string_lossy().into_owned());
        // Other versions would retire all known orders, were they not narrowed to the keys of the batch.
        let merge_key = if self.strategy == Strategy::Scd2 { "merge_key = \"id\"\n" } else { "" };
        let text = format!(
            "[pipeline]\nname = \"bench\"\ndataset_name = \"bench\"\ndestination = \"duckdb\"\n\n\
             [destination.duckdb]\npath = \"out.duckdb\"\n\n[load]\ndelete_completed_jobs = true\n\n\
             [sources.bench]\ntype = \"files\"\n\n[[sources.bench.resources]]\nname = \"orders\"\npath = {path}\n\
             format = \"jsonl\"\nprimary_key = \"id\"\n{merge_key}\
             write_disposition = {{ disposition = \"merge\", strategy = \"{}\" }}\n",
            self.strategy.name()
        );
        Ok(fs::write(folder.join("pipeline.toml"), text)?)
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)?;
    Ok(File::open(to)?.sync_all()?)
}
