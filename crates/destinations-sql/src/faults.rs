//! An engine whose process ends where a test wants it: after any statement that changes something, before its answer
//! comes. That is before the next one, too.
//!
//! What comes of a load whose process ended is what the database makes of it: the transaction that was open is undone,
//! locks are free again. [`for_each_end`] tries all ends of a load, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartage_destinations_api::{
    Capabilities, Description, Error, JobFile, LoadKey, LoadPlan, Probe, Result, SqlScript, Statement,
};
use cartage_schema::Table;

use crate::engine::{CommitModel, Datasets, LedgerAccess, LedgerGuard, SqlEngine, SqlSession};
use crate::row::Row;
use crate::statements::ddl::{Constraints, Existing};
use crate::statements::merge::UpdateRows;
use crate::statements::{ChainTable, Dialect, TableRef};

/// The end of a process: at which statement, counted from 1.
#[derive(Debug)]
pub struct Faults {
    nth: usize,
    seen: AtomicUsize,
}

impl Faults {
    /// An end at the `nth` statement that changes something.
    pub fn new(nth: usize) -> Self {
        Self { nth, seen: AtomicUsize::new(0) }
    }

    /// Whether the end has come.
    pub fn have_struck(&self) -> bool {
        self.seen.load(Ordering::SeqCst) >= self.nth
    }

    fn ended() -> Error {
        Error::transient("the process has ended, as the test wants it")
    }

    fn alive(&self) -> Result<()> {
        if self.have_struck() { Err(Self::ended()) } else { Ok(()) }
    }

    fn step<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.alive()?;
        let is_last = self.seen.fetch_add(1, Ordering::SeqCst) + 1 >= self.nth;
        let done = work();
        // Whatever came of the last one: nobody is there to hear of it.
        if is_last { Err(Self::ended()) } else { done }
    }
}

/// Runs `scenario` with an end at the first statement, the second and so on, until it is through before its end comes.
/// Returns how many ends there were.
pub fn for_each_end(scenario: impl Fn(Arc<Faults>)) -> usize {
    let mut ends = 0;
    loop {
        let faults = Arc::new(Faults::new(ends + 1));
        scenario(Arc::clone(&faults));
        if !faults.have_struck() {
            return ends;
        }
        ends += 1;
    }
}

/// An engine with such an end.
#[derive(Debug)]
pub struct Faulty<E> {
    inner: E,
    faults: Arc<Faults>,
}

impl<E> Faulty<E> {
    /// `inner` until `faults` strike.
    pub fn new(inner: E, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

/// A session with such an end.
#[derive(Debug)]
pub struct FaultySession<'a, S> {
    inner: S,
    faults: &'a Faults,
}

impl<E: SqlEngine> SqlEngine for Faulty<E> {
    type Session<'a>
        = FaultySession<'a, E::Session<'a>>
    where
        Self: 'a;

    fn dialect(&self) -> &dyn Dialect {
        self.inner.dialect()
    }

    fn datasets(&self) -> &Datasets {
        self.inner.datasets()
    }

    fn description(&self) -> Description {
        self.inner.description()
    }

    fn commit_model(&self) -> CommitModel {
        self.inner.commit_model()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn session(&self) -> Result<Self::Session<'_>> {
        self.faults.alive()?;
        Ok(FaultySession { inner: self.inner.session()?, faults: &self.faults })
    }

    fn existing_session(&self) -> Result<Option<Self::Session<'_>>> {
        self.faults.alive()?;
        let session = self.inner.existing_session()?;
        Ok(session.map(|inner| FaultySession { inner, faults: &self.faults }))
    }

    fn load_file(
        &self,
        session: &Self::Session<'_>,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<u64> {
        self.faults.step(|| self.inner.load_file(&session.inner, target, table, job))
    }

    fn load_statement(&self, target: &TableRef, table: &Table, job: &JobFile) -> Result<Statement> {
        self.inner.load_statement(target, table, job)
    }

    fn probes(&self) -> (Vec<Probe<'_>>, Vec<Probe<'_>>) {
        self.inner.probes()
    }

    fn begin_work(&self, load: &LoadKey) -> Result<()> {
        self.faults.alive()?;
        self.inner.begin_work(load)
    }

    fn end_work(&self) {
        self.inner.end_work();
    }

    fn tune(&self, session: &Self::Session<'_>, plan: &LoadPlan) -> Result<()> {
        self.faults.step(|| self.inner.tune(&session.inner, plan))
    }

    fn guard_ledger(&self, access: LedgerAccess) -> Result<Option<LedgerGuard>> {
        self.inner.guard_ledger(access)
    }

    fn create_staged(
        &self,
        target: &TableRef,
        table: &Table,
        constraints: Constraints,
        is_merged: bool,
    ) -> Result<String> {
        self.inner.create_staged(target, table, constraints, is_merged)
    }

    fn update_rows(
        &self,
        session: Option<&Self::Session<'_>>,
        tables: &[ChainTable<'_>],
    ) -> Result<UpdateRows> {
        self.inner.update_rows(session.map(|session| &session.inner), tables)
    }

    fn late_keys(&self) -> Option<SqlScript> {
        self.inner.late_keys()
    }

    fn preamble(&self) -> Result<SqlScript> {
        self.inner.preamble()
    }
}

impl<S: SqlSession> SqlSession for FaultySession<'_, S> {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        self.faults.step(|| self.inner.execute(statement))
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.faults.alive()?;
        self.inner.query(statement)
    }

    fn begin(&self) -> Result<()> {
        self.faults.alive()?;
        self.inner.begin()
    }

    fn commit(&self) -> Result<()> {
        self.faults.step(|| self.inner.commit())
    }

    /// The database does it by itself when the process has ended.
    fn roll_back(&self) {
        self.inner.roll_back();
    }

    fn create_dataset(&self, dataset: &str) -> Result<()> {
        self.faults.step(|| self.inner.create_dataset(dataset))
    }

    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        self.faults.step(|| self.inner.drop_empty_dataset(dataset))
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        self.faults.alive()?;
        self.inner.has_dataset(dataset)
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        self.faults.alive()?;
        self.inner.tables(dataset)
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        self.faults.alive()?;
        self.inner.has_table(dataset, table)
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        self.faults.alive()?;
        self.inner.columns(table)
    }

    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        self.faults.alive()?;
        self.inner.existing(dataset, tables)
    }

    fn may_create_datasets(&self) -> Result<bool> {
        self.faults.alive()?;
        self.inner.may_create_datasets()
    }

    fn lock_dataset(&self, staging: &str) -> Result<()> {
        self.faults.alive()?;
        self.inner.lock_dataset(staging)
    }

    /// As for [`roll_back`](Self::roll_back).
    fn unlock_dataset(&self, staging: &str) {
        self.inner.unlock_dataset(staging);
    }
}
