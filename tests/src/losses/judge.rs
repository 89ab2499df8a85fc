//! The verdict: is every value that was given found again, and was nothing else made up?

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::case::{Case, Disposition, Format, InputFile, Row, file_name, table_name};
use super::dataset::{self, Dataset};
use super::equal::is_json;
use super::given::Given;
use super::outcome::{Note, RunOutcome};
use super::search::Search;
use super::{json, names};

/// How many values were found where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs of the binary.
    pub runs: u64,
    /// Rows that were given.
    pub rows: u64,
    /// In the column of their key.
    pub column: u64,
    /// In a variant of it.
    pub variant: u64,
    /// In a document.
    pub document: u64,
    /// In rows of a table below.
    pub child: u64,
    /// In a row that was kept apart.
    pub quarantine: u64,
    /// Not, but the summary counts them.
    pub noted: u64,
    /// In a run that ended with an error.
    pub refused: u64,
    /// In rows that a later run replaced.
    pub replaced: u64,
}

impl Counts {
    /// Adds those of another case.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.rows += other.rows;
        self.column += other.column;
        self.variant += other.variant;
        self.document += other.document;
        self.child += other.child;
        self.quarantine += other.quarantine;
        self.noted += other.noted;
        self.refused += other.refused;
        self.replaced += other.replaced;
    }

    /// All values.
    pub fn values(&self) -> u64 {
        self.column
            + self.variant
            + self.document
            + self.child
            + self.quarantine
            + self.noted
            + self.refused
            + self.replaced
    }
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing, the same for all findings that have one cause.
    pub kind: &'static str,
    /// What and where.
    pub text: String,
}

/// What is known of a case after its runs.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// What was found where.
    pub counts: Counts,
    /// What was not.
    pub findings: Vec<Finding>,
}

impl Judgement {
    pub(super) fn finds(&mut self, kind: &'static str, text: String) {
        self.findings.push(Finding { kind, text });
    }
}

/// A row that must be at the destination.
struct Expected<'c> {
    row: &'c Row,
    place: String,
}

/// Judges what the runs of a case left in its folder.
///
/// # Errors
/// If the database cannot be read.
pub(super) fn judge(case: &Case, outcomes: &[RunOutcome], folder: &Path) -> Result<Judgement> {
    let mut judgement = Judgement::default();
    judgement.counts.runs = outcomes.len() as u64;
    let mut expected: Vec<BTreeMap<&str, Expected<'_>>> =
        case.tables.iter().map(|_| BTreeMap::new()).collect();
    for (run, outcome) in outcomes.iter().enumerate() {
        let files = &case.runs[run];
        judgement.counts.rows += files.iter().map(|file| file.rows.len() as u64).sum::<u64>();
        if outcome.done.stderr.contains("panicked") {
            judgement.finds("panic", format!("run {run}: {}", outcome.done.stderr));
        }
        if outcome.done.code == Some(0) {
            take_run(run, files, case, outcome, &mut expected, &mut judgement);
        } else {
            refused(run, files, outcome, &mut judgement);
        }
    }
    // A job that fails for good comes after the tables were emptied that the run replaces, and after other jobs, whose
    // rows are there until the package is loaded or dropped.
    if outcomes.iter().any(is_mixed) {
        return Ok(judgement);
    }
    let dataset = dataset::read(&folder.join("out.duckdb"))?;
    let notes = outcomes.iter().flat_map(|outcome| &outcome.notes).cloned().collect();
    compare(&expected, &dataset, notes, &mut judgement);
    Ok(judgement)
}

/// A run that failed must name what it failed at, and leaves nothing.
fn refused(run: usize, files: &[InputFile], outcome: &RunOutcome, judgement: &mut Judgement) {
    let said = &outcome.done.stderr;
    let names_file = (0..files.len()).any(|nth| said.contains(&file_name(run, nth, &files[nth])));
    let mut keys = files.iter().flat_map(|file| &file.rows).flat_map(|row| &row.values).map(|(key, _)| key);
    let names_column = said.contains("table t") && keys.any(|key| said.contains(&names::column(key)));
    // Rows of Parquet have no load id, and a table that also has rows of JSON or CSV asks for one: known, and loud.
    if is_mixed(outcome) {
        judgement.counts.refused += values_of(files.iter().flat_map(|file| &file.rows));
        return;
    }
    if outcome.done.code != Some(1) || !(names_file || names_column) {
        judgement
            .finds("error without a name", format!("run {run}, exit code {:?}: {said}", outcome.done.code));
    }
    judgement.counts.refused += values_of(files.iter().flat_map(|file| &file.rows));
}

/// Whether a run failed because rows of Parquet have no load id: they came to a table that asks for one, or were there
/// when it began to ask.
fn is_mixed(outcome: &RunOutcome) -> bool {
    let said = &outcome.done.stderr;
    match outcome.done.code {
        Some(3) => said.contains("NOT NULL constraint failed") && said.contains("._dlt_load_id"),
        Some(1) => said.contains("column _dlt_load_id must not be null, but table"),
        _ => false,
    }
}

fn values_of<'r>(rows: impl Iterator<Item = &'r Row>) -> u64 {
    rows.flat_map(|row| &row.values).map(|(_, value)| value.leaves() as u64).sum()
}

/// Adds the rows of a run that succeeded to what must be there.
fn take_run<'c>(
    run: usize,
    files: &'c [InputFile],
    case: &Case,
    outcome: &RunOutcome,
    expected: &mut [BTreeMap<&'c str, Expected<'c>>],
    judgement: &mut Judgement,
) {
    for (table, disposition) in case.tables.iter().enumerate() {
        if *disposition == Disposition::Replace && files.iter().any(|file| file.table == table) {
            let gone = std::mem::take(&mut expected[table]);
            judgement.counts.replaced += values_of(gone.values().map(|gone| gone.row));
        }
    }
    for (nth, file) in files.iter().enumerate() {
        for (line, row) in file.rows.iter().enumerate() {
            let place = format!("{} row {}", file_name(run, nth, file), line + 1);
            if let Some(kept) = outcome.kept.iter().find(|kept| kept.row.contains(&row.id)) {
                judgement.counts.quarantine += values_of(std::iter::once(row));
                let object = Given::Object(
                    std::iter::once(("id".to_owned(), Given::Text(row.id.clone())))
                        .chain(row.values.iter().cloned())
                        .collect(),
                );
                let is_whole = file.format == Format::Csv
                    || json::read(&kept.row).is_some_and(|value| is_json(&value, &object));
                if !is_whole {
                    let text = format!("{place}: {row:?} is kept as {} because {}", kept.row, kept.reason);
                    judgement.finds("kept apart, but not whole", text);
                }
                continue;
            }
            if let Some(before) = expected[file.table].insert(&row.id, Expected { row, place }) {
                judgement.counts.replaced += values_of(std::iter::once(before.row));
            }
        }
    }
    for kept in &outcome.kept {
        if !files.iter().flat_map(|file| &file.rows).any(|row| kept.row.contains(&row.id)) {
            let text = format!("run {run}: {:?} because {}", kept.row, kept.reason);
            judgement.finds("a row without its id is kept apart", text);
        }
    }
}

fn compare(
    expected: &[BTreeMap<&str, Expected<'_>>],
    dataset: &Dataset,
    notes: Vec<Note>,
    judgement: &mut Judgement,
) {
    let mut search = Search::new(dataset, notes);
    for (table, rows) in expected.iter().enumerate() {
        let table = table_name(table);
        for (id, Expected { row, place }) in rows {
            let found = search.root(&table, id);
            match found[..] {
                [] => {
                    let values: Vec<_> = row.values.iter().collect();
                    judgement.finds("lost row", format!("{table}: {place}: {id} {values:?}"));
                }
                [at] => {
                    for (key, value) in &row.values {
                        search.value(&table, at, key, value, place, judgement);
                    }
                }
                _ => judgement
                    .finds("doubled row", format!("{table}: {place}: {id} is there {} times", found.len())),
            }
        }
    }
    search.made_up(judgement);
}
