//! The engine that ends where a test wants it.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use cartage_destinations_api::{
    Capabilities, Description, Error, JobFile, LoadKey, LoadPlan, Probe, ReplaceStrategy, Result, SqlScript,
    Statement,
};
use cartage_schema::Table;

use super::Faults;
use crate::engine::{CommitModel, Datasets, LedgerAccess, LedgerGuard, SqlEngine, SqlSession};
use crate::row::Row;
use crate::statements::ddl::Existing;
use crate::statements::merge::UpdateRows;
use crate::statements::{ChainTable, Dialect, TableRef};

/// An engine whose process ends, and whose transactions may hold less than those of its database.
#[derive(Debug)]
pub struct Faulty<E> {
    inner: E,
    model: CommitModel,
    capabilities: Capabilities,
    faults: Arc<Faults>,
}

impl<E: SqlEngine> Faulty<E> {
    /// `inner` until `faults` strike. What `model` does not hold commits what was done before it (statements that change
    /// tables), or may not be done in a transaction (loading files).
    pub fn new(inner: E, model: CommitModel, faults: Arc<Faults>) -> Self {
        let mut capabilities = inner.capabilities().clone();
        if inner.commit_model().ddl && !model.ddl {
            // That takes a statement which renames several tables, as only databases of this kind have it.
            capabilities.strategies.replace.retain(|strategy| *strategy != ReplaceStrategy::StagingOptimized);
        }
        Self { inner, model, capabilities, faults }
    }

    fn wrap<'a>(&'a self, inner: E::Session<'a>) -> FaultySession<'a, E::Session<'a>> {
        let commits_ddl = self.inner.commit_model().ddl && !self.model.ddl;
        let (is_open, temporary) = (Cell::new(false), RefCell::default());
        FaultySession { inner, faults: &self.faults, commits_ddl, is_open, temporary }
    }
}

/// A session with such an end.
#[derive(Debug)]
pub struct FaultySession<'a, S> {
    inner: S,
    faults: &'a Faults,
    /// Whether statements that change tables commit what was done before them, and the database would not do that.
    commits_ddl: bool,
    /// Whether a transaction is open.
    is_open: Cell<bool>,
    /// Tables of the session alone, which transactions of all databases hold.
    temporary: RefCell<HashSet<String>>,
}

impl<S: SqlSession> FaultySession<'_, S> {
    fn commit_before(&self, statement: &Statement) -> Result<()> {
        if self.commits_ddl && self.changes_tables(&statement.sql) && self.is_open.replace(false) {
            return self.inner.commit();
        }
        Ok(())
    }

    fn changes_tables(&self, sql: &str) -> bool {
        let mut words = sql.split(' ').filter(|word| !["IF", "NOT", "EXISTS"].contains(word));
        let mut next = || words.next().unwrap_or_default();
        match (next(), next(), next()) {
            ("CREATE", "TEMP" | "TEMPORARY", _) => {
                self.temporary.borrow_mut().insert(next().to_owned());
                false
            }
            ("DROP", "TEMPORARY", _) => false,
            ("DROP", _, table) => !self.temporary.borrow().contains(table),
            (verb, ..) => ["CREATE", "ALTER"].contains(&verb),
        }
    }
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
        self.model
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn session(&self) -> Result<Self::Session<'_>> {
        self.faults.alive()?;
        Ok(self.wrap(self.inner.session()?))
    }

    fn existing_session(&self) -> Result<Option<Self::Session<'_>>> {
        self.faults.alive()?;
        Ok(self.inner.existing_session()?.map(|session| self.wrap(session)))
    }

    fn load_file(
        &self,
        session: &Self::Session<'_>,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<u64> {
        if !self.model.bulk && session.is_open.get() {
            return Err(Error::invalid("a file is loaded in a transaction, which cannot hold that"));
        }
        self.faults.step(|| self.inner.load_file(&session.inner, target, table, job))
    }

    fn move_rows(&self, session: &Self::Session<'_>, from: &TableRef, to: &TableRef) -> Result<()> {
        self.faults.step(|| self.inner.move_rows(&session.inner, from, to))
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

    fn staged_dialect(&self, is_merged: bool) -> &dyn Dialect {
        self.inner.staged_dialect(is_merged)
    }

    fn update_rows(
        &self,
        session: Option<&Self::Session<'_>>,
        tables: &[ChainTable<'_>],
    ) -> Result<UpdateRows> {
        self.inner.update_rows(session.map(|session| &session.inner), tables)
    }

    fn claims_last(&self) -> bool {
        self.inner.claims_last()
    }

    fn before_transaction(&self, script: &dyn Fn() -> Result<SqlScript>) -> Result<SqlScript> {
        self.inner.before_transaction(script)
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
        self.faults.step(|| {
            self.commit_before(statement)?;
            self.inner.execute(statement)
        })
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.faults.alive()?;
        self.inner.query(statement)
    }

    fn begin(&self) -> Result<()> {
        self.faults.alive()?;
        self.inner.begin()?;
        self.is_open.set(true);
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        self.faults.step(|| if self.is_open.replace(false) { self.inner.commit() } else { Ok(()) })
    }

    /// The database does it by itself when the process has ended.
    fn roll_back(&self) {
        self.is_open.set(false);
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
