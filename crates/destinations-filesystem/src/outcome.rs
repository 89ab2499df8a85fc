//! How a load ends: one file that can be written only once decides between its own commit and another load that
//! takes over.
//!
//! The commit says in it what is to be published, so that the next load can finish a commit that was cut off.

use cartage_destinations_api::{Error, LoadCommit, LoadKey, LoadPlan, Result, taken_over};
use serde::{Deserialize, Serialize};

use crate::file_name::holds;
use crate::filesystem::Filesystem;
use crate::ledger::{BEGUN, InFlight, OUTCOME, STATE};
use crate::store::{Created, Store, step};
use crate::system_files;

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The load is complete once these files are there; they are written in this order.
    Committed(Vec<NewFile>),
    /// Another load has taken over, and what was written to these tables is taken back.
    TakenOver(Vec<String>),
}

#[derive(Debug, Serialize, Deserialize)]
struct NewFile {
    name: String,
    content: String,
}

impl Outcome {
    /// Writes this outcome, or gives the one that is there.
    fn decide(self, store: &Store, load: &InFlight) -> Result<Self> {
        let text = serde_json::to_vec(&self)
            .map_err(|cause| Error::terminal("the outcome of a load is not JSON").with_source(cause))?;
        if load.record(store, OUTCOME, &text)? == Created::New {
            return Ok(self);
        }
        // Between the two steps it may have been removed by another process that finished the load.
        Ok(Self::of(store, load)?.unwrap_or(self))
    }

    fn of(store: &Store, load: &InFlight) -> Result<Option<Self>> {
        let Some(text) = load.read(store, OUTCOME)? else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(|cause| {
            Error::corrupt(format!("the outcome of load {} cannot be read: {cause}", load.load_id))
        })
    }
}

fn publish(store: &Store, files: &[NewFile]) -> Result<()> {
    files.iter().try_for_each(|file| store.create(&file.name, file.content.clone().into_bytes()).map(drop))
}

/// Fails if another load has taken over.
pub(crate) fn check_in_flight(store: &Store, load: &LoadKey) -> Result<()> {
    if InFlight::of(load).has(store, BEGUN)? { Ok(()) } else { Err(taken_over(load)) }
}

/// Publishes state and load, unless another load has taken over.
pub(crate) fn commit(store: &Store, commit: &LoadCommit) -> Result<()> {
    check_in_flight(store, &commit.key)?;
    let load = InFlight::of(&commit.key);
    let mut files = Vec::new();
    if let Some(row) = load.read(store, STATE)? {
        let content = String::from_utf8_lossy(&row).into_owned();
        files.push(NewFile { name: system_files::state_file(commit), content });
    }
    let content = system_files::load_row(commit);
    files.push(NewFile { name: system_files::load_file(&commit.key.schema, &commit.key.load_id), content });
    let Outcome::Committed(files) = Outcome::Committed(files).decide(store, &load)? else {
        return Err(taken_over(&commit.key));
    };
    if let Err(error) = check_in_flight(store, &commit.key) {
        load.unmark(store, OUTCOME)?;
        // The load that came has found the outcome and finished this commit, or was through with the load before.
        let is_finished = store.exists(&system_files::load_file(&commit.key.schema, &commit.key.load_id))?;
        return if is_finished { Ok(()) } else { Err(error) };
    }
    publish(store, &files)
}

impl Filesystem {
    /// Begins a load. Another one of its pipeline that is in flight comes from another machine or was given up:
    /// its files are removed, and it finds its mark gone. A commit that was cut off is finished.
    pub(crate) fn take_over(&self, plan: &LoadPlan) -> Result<()> {
        let own = InFlight::of(&plan.key);
        let mut has_finished = false;
        for load in InFlight::all(&self.store)? {
            if load.pipeline != step(&plan.key.pipeline) {
                continue;
            }
            if load == own {
                // A load that took over may have been cut off; then this load begins again.
                if let Some(Outcome::TakenOver(tables)) = Outcome::of(&self.store, &load)? {
                    self.take_back(plan, &load, &tables)?;
                }
                continue;
            }
            let tables = load.read(&self.store, BEGUN)?.unwrap_or_default();
            let tables = String::from_utf8_lossy(&tables).lines().map(str::to_owned).collect();
            match Outcome::TakenOver(tables).decide(&self.store, &load)? {
                Outcome::TakenOver(tables) => has_finished |= self.take_back(plan, &load, &tables)?,
                Outcome::Committed(files) => {
                    publish(&self.store, &files)?;
                    load.forget(&self.store)?;
                    has_finished = true;
                }
            }
        }
        if has_finished {
            self.check_base(&plan.base, &plan.key)?;
        }
        let tables: Vec<&str> = plan.tables.iter().map(|table| table.name.as_str()).collect();
        own.record(&self.store, BEGUN, tables.join("\n").as_bytes()).map(drop)
    }

    /// Removes what a load has written, unless it is complete, which is told. A file that it writes from now on it
    /// takes back itself.
    fn take_back(&self, plan: &LoadPlan, load: &InFlight, tables: &[String]) -> Result<bool> {
        // It may have committed, and removed its outcome, right before the other one was written.
        if self.store.exists(&load.load_file())? {
            load.forget(&self.store)?;
            return Ok(true);
        }
        load.unmark(&self.store, BEGUN)?;
        for table in tables {
            let mut files = self.files_of(&load.schema, &plan.schema, table)?;
            files.retain(|file| holds(file, &load.load_id) && !file.starts_with("_dlt"));
            self.store.delete(&files)?;
        }
        load.forget(&self.store)?;
        Ok(false)
    }
}
