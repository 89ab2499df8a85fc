//! What a run did, for the summary, for `--format json` and for the trace.

use std::collections::BTreeMap;
use std::fmt;

use cartage_package_store::Folder;
use cartage_schema::{Discarded, Discards};
use serde::{Deserialize, Serialize};

/// What one command did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunReport {
    /// Name of the pipeline.
    pub pipeline: String,
    /// This run; the trace has its name.
    pub run_id: String,
    /// Where the data went.
    pub target: Option<Target>,
    /// What each stage did, in the order in which they ran.
    pub stages: Vec<StageReport>,
    /// Rows that reached each table, in the order of the names.
    pub tables: BTreeMap<String, u64>,
    /// Packages that were worked on, in order.
    pub packages: Vec<PackageReport>,
    /// Files that were read.
    pub files: Vec<SourceFile>,
    /// Resources that were left out, each with the reason.
    pub skipped: Vec<Skipped>,
    /// Jobs that the destination refused for good.
    pub failed_jobs: Vec<FailedJob>,
    /// Rows that no stage could use, by table; they are kept in the package.
    pub quarantined: BTreeMap<String, u64>,
    /// Rows that cursors left out, by resource: known already, or out of the range of the run.
    #[serde(default)]
    pub held_back: BTreeMap<String, u64>,
    /// Rows and values that contracts kept out, by table, column and reason.
    #[serde(default)]
    pub discarded: Vec<Discarded>,
    /// Columns in which only nulls were seen, by table; they are not created.
    pub null_columns: BTreeMap<String, Vec<String>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Where the data went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Type of the destination.
    pub destination: String,
    /// File, host or bucket.
    pub location: String,
    /// The dataset at the destination.
    pub dataset: String,
    /// A command that shows the data.
    pub look: Option<String>,
}

/// What one stage did over all packages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StageReport {
    /// `extract`, `normalize` or `load`.
    pub stage: String,
    /// Time that it ran, in seconds. Stages of a run work at the same time.
    pub seconds: f64,
    /// Rows that came out of it.
    pub rows: u64,
    /// Bytes of input that it read.
    pub bytes: u64,
}

/// What became of one package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackageReport {
    /// Load id of the package.
    pub load_id: String,
    /// Name of its schema.
    pub schema: String,
    /// Where it is now.
    pub state: PackageState,
    /// Whether it was left by an earlier run.
    pub was_pending: bool,
    /// Tables that this package brought.
    pub new_tables: Vec<String>,
}

/// Where a package is after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PackageState {
    /// It waits for normalize.
    Extracted,
    /// It waits for load.
    Normalized,
    /// It is at the destination.
    Loaded,
    /// It was set aside.
    Aborted,
    /// It is gone, because there was nothing in it.
    Discarded,
}

impl From<Folder> for PackageState {
    fn from(folder: Folder) -> Self {
        match folder {
            Folder::Extracted => Self::Extracted,
            Folder::Normalized => Self::Normalized,
            Folder::Loaded => Self::Loaded,
            Folder::Aborted => Self::Aborted,
        }
    }
}

impl fmt::Display for PackageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Extracted => "extracted",
            Self::Normalized => "normalized",
            Self::Loaded => "loaded",
            Self::Aborted => "aborted",
            Self::Discarded => "discarded",
        })
    }
}

/// A file that was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SourceFile {
    /// Path or URL of the file.
    pub path: String,
    /// The resource that read it.
    pub resource: String,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Rows taken from it.
    pub rows: u64,
}

/// A resource that was left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skipped {
    /// Name of the source.
    pub source: String,
    /// Name of the resource.
    pub resource: String,
    /// What is wrong, as text for people.
    pub reason: String,
}

/// A job that failed for good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FailedJob {
    /// Load id of the package.
    pub load_id: String,
    /// The file of the job.
    pub job: String,
    /// What the destination said.
    pub reason: String,
}

impl RunReport {
    /// The tables of the user with the rows that reached them, in the order of the names.
    pub fn data_tables(&self) -> impl Iterator<Item = (&str, u64)> {
        let tables = self.tables.iter().map(|(name, rows)| (name.as_str(), *rows));
        tables.filter(|(name, _)| !name.starts_with("_dlt"))
    }

    /// Rows that reached a table.
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.get(table).copied().unwrap_or_default()
    }

    /// Adds what a stage did, to the stage's line where it has one already.
    pub(crate) fn add_stage(&mut self, stage: &str, seconds: f64, rows: u64, bytes: u64) {
        if let Some(line) = self.stages.iter_mut().find(|line| line.stage == stage) {
            line.seconds += seconds;
            line.rows += rows;
            line.bytes += bytes;
        } else {
            self.stages.push(StageReport { stage: stage.to_owned(), seconds, rows, bytes });
        }
    }

    /// Adds what contracts kept out to what they kept out before.
    pub(crate) fn add_discarded(&mut self, list: &[Discarded]) {
        let mut discards = Discards::default();
        discards.extend(&self.discarded);
        discards.extend(list);
        self.discarded = discards.list();
    }

    /// Notes columns without any value, and that others have got one in a later package.
    pub(crate) fn add_null_columns(
        &mut self,
        nulls: impl IntoIterator<Item = (String, Vec<String>)>,
        found: &BTreeMap<String, Vec<String>>,
    ) {
        for (table, columns) in found {
            if let Some(known) = self.null_columns.get_mut(table) {
                known.retain(|column| !columns.contains(column));
            }
        }
        for (table, columns) in nulls {
            let known = self.null_columns.entry(table).or_default();
            known.extend(columns);
            known.sort_unstable();
            known.dedup();
        }
        self.null_columns.retain(|_, columns| !columns.is_empty());
    }

    /// Adds what another stage of the same run did, which got further with the packages that both have.
    pub(crate) fn absorb(&mut self, later: Self) {
        for line in later.stages {
            self.add_stage(&line.stage, line.seconds, line.rows, line.bytes);
        }
        for package in later.packages {
            let PackageReport { load_id, schema, state, was_pending, new_tables } = package;
            let entry = self.package(&load_id, &schema, state);
            entry.was_pending |= was_pending;
            entry.new_tables.extend(new_tables);
        }
        self.packages.sort_by(|a, b| a.load_id.cmp(&b.load_id));
        for (table, rows) in later.tables {
            *self.tables.entry(table).or_default() += rows;
        }
        for (table, rows) in later.quarantined {
            *self.quarantined.entry(table).or_default() += rows;
        }
        for (resource, rows) in later.held_back {
            *self.held_back.entry(resource).or_default() += rows;
        }
        self.add_null_columns(later.null_columns, &BTreeMap::new());
        self.files.extend(later.files);
        self.skipped.extend(later.skipped);
        self.failed_jobs.extend(later.failed_jobs);
        self.warnings.extend(later.warnings);
        self.add_discarded(&later.discarded);
    }

    /// The entry of a package that is in `state` now, made where there is none.
    pub(crate) fn package(
        &mut self,
        load_id: &str,
        schema: &str,
        state: impl Into<PackageState>,
    ) -> &mut PackageReport {
        let state = state.into();
        let position = self.packages.iter().position(|package| package.load_id == load_id);
        let position = position.unwrap_or_else(|| {
            self.packages.push(PackageReport {
                load_id: load_id.to_owned(),
                schema: schema.to_owned(),
                state,
                was_pending: false,
                new_tables: Vec::new(),
            });
            self.packages.len() - 1
        });
        let package = &mut self.packages[position];
        package.state = state;
        package
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_one_entry_which_tells_where_it_got_to() {
        let mut report = RunReport::default();
        report.package("1.2", "shop", Folder::Extracted).was_pending = true;
        report.package("1.3", "shop", PackageState::Discarded);
        report.package("1.2", "shop", Folder::Loaded);
        let states: Vec<_> =
            report.packages.iter().map(|package| (package.state, package.was_pending)).collect();
        assert_eq!(states, [(PackageState::Loaded, true), (PackageState::Discarded, false)]);
    }

    #[test]
    fn states_of_packages_are_spelled_as_they_are_printed() {
        let folders = Folder::ALL.map(PackageState::from);
        for state in folders.into_iter().chain([PackageState::Discarded]) {
            assert_eq!(serde_json::to_value(state).unwrap(), state.to_string());
        }
        for folder in Folder::ALL {
            assert_eq!(serde_json::to_value(folder).unwrap(), PackageState::from(folder).to_string());
        }
    }
}
