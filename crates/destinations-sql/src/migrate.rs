//! Brings the tables to where the load needs them, before its first row.

use cartage_destinations_api::{
    LoadPlan, PreparedLoad, Result, SqlScript, Statement, ledger as entries, system,
};
use cartage_schema::Table;

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::late_keys::Made;
use crate::statements::ledger::EntryState;
use crate::statements::{TableRef, ddl, system_rows, widen};
use crate::targets::{is_merged, planned_tables, staged_constraints};

impl<E: SqlEngine> SqlDestination<E> {
    /// Runs `script` with its ledger entry, unless that is done.
    fn once(&self, session: &E::Session<'_>, plan: &LoadPlan, entry: &str, script: &SqlScript) -> Result<()> {
        self.alone(session, || self.do_once(session, plan, entry, script))
    }

    /// Drops what a refresh drops, and with it what is known of the schema.
    pub(crate) fn drop_tables(&self, session: &E::Session<'_>, plan: &LoadPlan) -> Result<()> {
        if plan.drop.is_empty() {
            return Ok(());
        }
        let dataset = &self.datasets().dataset;
        let mut script = self.drops(plan);
        if session.has_table(dataset, system::VERSION_TABLE)? {
            script.extend(system_rows::forget_versions(self.dialect(), dataset, &plan.schema.name).into());
        }
        self.once(session, plan, entries::DROP, &script)
    }

    pub(crate) fn drops(&self, plan: &LoadPlan) -> SqlScript {
        let drop = |table: &String| {
            let name = self.dialect().qualified(&self.direct(table));
            Statement::new(format!("refresh: drop table {table}"), format!("DROP TABLE IF EXISTS {name}"))
        };
        SqlScript { statements: plan.drop.iter().map(drop).collect() }
    }

    pub(crate) fn widen(&self, session: &E::Session<'_>, plan: &LoadPlan) -> Result<()> {
        if plan.widen.is_empty() {
            return Ok(());
        }
        self.once(session, plan, entries::WIDEN, &widen(self.dialect(), &self.datasets().dataset, plan)?)
    }

    /// Brings the tables up to the schema, stores its version and makes the staged tables.
    pub(crate) fn migrate(&self, session: &E::Session<'_>, plan: &LoadPlan) -> Result<PreparedLoad> {
        let tables = planned_tables(plan)?;
        let all: Vec<&Table> = tables.iter().map(|planned| planned.table).collect();
        let dataset = &self.datasets().dataset;
        self.alone(session, || {
            let existing = session.existing(dataset, &all)?;
            let Made { tables: made, later } = self.made(&tables, &existing);
            let made: Vec<&Table> = made.iter().map(AsRef::as_ref).collect();
            let has_rows = |table: &str| self.has_rows(session, table);
            let indexes = self.engine().capabilities().tables.create_indexes;
            let migration = ddl::migrate(self.dialect(), dataset, &made, &existing, indexes, &has_rows)?;
            session.run(&migration.script)?;
            session.execute(&system_rows::store_version(
                self.dialect(),
                dataset,
                &plan.schema,
                &plan.schema_document,
                self.engine().capabilities().values.max_text_length,
                plan.now_micros,
            )?)?;
            self.remember_late_keys(session, plan, &later)?;
            for (target, create) in self.staged_tables(plan)? {
                let entry = entries::staged_entry(&target.table);
                let mut script = SqlScript::default();
                if self.ddl_commits() {
                    // What an attempt has made that did not live to say so.
                    script.extend(self.drop_staged(&[(entry.clone(), EntryState::Planned)]));
                }
                script.extend(create.into());
                self.do_once(session, plan, &entry, &script)?;
            }
            Ok(migration.changes)
        })
    }

    fn remember_late_keys(&self, session: &E::Session<'_>, plan: &LoadPlan, tables: &[&str]) -> Result<()> {
        let late: Vec<(String, EntryState)> =
            tables.iter().map(|table| (entries::late_key_entry(table), EntryState::Planned)).collect();
        if late.is_empty() { Ok(()) } else { self.plan_entries(session, plan, &late) }
    }

    /// The staged tables of a load with the statements that make them.
    pub(crate) fn staged_tables(&self, plan: &LoadPlan) -> Result<Vec<(TableRef, Statement)>> {
        let indexes = self.engine().capabilities().tables.create_indexes;
        let mut staged = Vec::new();
        for planned in planned_tables(plan)?.into_iter().filter(|planned| planned.is_staged) {
            let (table, name) = (planned.table, &planned.table.name);
            let target = self.staged(&plan.key, name);
            let constraints = staged_constraints(plan, table, indexes);
            let dialect = self.engine().staged_dialect(is_merged(plan, name));
            let create = ddl::create_table(dialect, &target, table, constraints)?;
            staged.push((target, Statement::new(format!("stage table {name}"), create)));
        }
        Ok(staged)
    }

    /// Empties the tables that a replacement empties first.
    pub(crate) fn truncate(&self, session: &E::Session<'_>, plan: &LoadPlan) -> Result<()> {
        if plan.truncate.is_empty() {
            return Ok(());
        }
        let mut script = SqlScript::default();
        for table in &plan.truncate {
            if session.has_table(&self.datasets().dataset, table)? {
                script.extend(self.empty(table).into());
            }
        }
        self.once(session, plan, entries::TRUNCATE, &script)
    }

    pub(crate) fn empty(&self, table: &str) -> Statement {
        Statement::new(format!("empty table {table}"), self.dialect().empty_table(&self.direct(table)))
    }

    /// Number of rows of a table.
    pub(crate) fn count(&self, session: &E::Session<'_>, table: &TableRef) -> Result<u64> {
        let name = self.dialect().qualified(table);
        let purpose = format!("count the rows of {}", table.table);
        let rows = session.query(&Statement::new(purpose, format!("SELECT count(*) FROM {name}")))?;
        let count = rows.first().map(|row| row.int(0)).transpose()?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }

    pub(crate) fn has_rows(&self, session: &E::Session<'_>, table: &str) -> Result<bool> {
        let name = self.dialect().qualified(&self.direct(table));
        session.has_row(&Statement::new(
            format!("whether table {table} has rows"),
            format!("SELECT 1 FROM {name} LIMIT 1"),
        ))
    }
}
