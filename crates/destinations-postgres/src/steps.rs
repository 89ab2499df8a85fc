//! The steps of a load before its first row and after its last one.

use std::collections::BTreeMap;

use cartage_destinations_api::sql::ddl::{self, Constraints, Existing};
use cartage_destinations_api::sql::{
    Appends, Dialect, SqlScript, Statement, TableRef, ledger, system_rows, widen,
};
use cartage_destinations_api::{
    Destination, Error, FollowUp, LoadCommit, LoadKey, LoadPlan, PreparedLoad, ReplaceStrategy, Result,
    system, taken_over,
};
use cartage_schema::Table;

use crate::client::Session;
use crate::destination::{Postgres, plain};
use crate::job::{not_in_plan, staged};
use crate::lock;
use crate::row_key;
use crate::schema_sql::PostgresDialect;

impl Postgres {
    /// Checks what the load builds on, makes the datasets and the ledger, takes over from other loads of the
    /// pipeline and writes this one into the ledger, so that no other load removes it.
    pub(crate) fn begin(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        let staging = self.staging_dataset();
        session.transaction(|| {
            lock::alone(session, staging)?;
            plan.base.check(&plan.key, self.stored_state(session, &plan.key.pipeline)?.as_ref())?;
            for dataset in [staging, self.dataset()] {
                // Even `IF NOT EXISTS` needs the right to make one.
                if !has_dataset(session, dataset)? {
                    let create = format!("CREATE SCHEMA {}", PostgresDialect.dataset(dataset));
                    session.execute(&plain(format!("create dataset {dataset}"), create))?;
                }
            }
            if !session.has_table(staging, ledger::TABLE)? {
                session.execute(&ledger::create_table(&PostgresDialect, staging))?;
            }
            self.take_over(session, plan)?;
            self.claim(session, plan, ledger::BEGUN)?;
            for table in Appends::of(plan) {
                self.claim(session, plan, &table.entry())?;
            }
            Ok(())
        })
    }

    /// Whether a load is in flight, as far as the transaction that is open is concerned: nobody takes over
    /// from it before this transaction ends.
    pub(crate) fn is_in_flight(&self, session: &Session, load: &LoadKey) -> Result<bool> {
        if !session.has_table(self.staging_dataset(), ledger::TABLE)? {
            return Ok(false);
        }
        let table = PostgresDialect.qualified(&TableRef::new(self.staging_dataset(), ledger::TABLE));
        let statement = Statement::new(
            "whether this load is in flight",
            format!("SELECT 1 FROM {table} WHERE pipeline = $1 AND load_id = $2 AND entry = $3 FOR SHARE"),
        )
        .with_params(vec![
            load.pipeline.as_str().into(),
            load.load_id.as_str().into(),
            ledger::BEGUN.into(),
        ]);
        Ok(!session.query(&statement, |_| Ok(()))?.is_empty())
    }

    /// Removes what other loads of this pipeline have written, and forgets them.
    fn take_over(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        let staging = self.staging_dataset();
        let mut statement = ledger::entries_of_pipeline(&PostgresDialect, staging, &plan.key.pipeline);
        // Waits for jobs of theirs that are about to commit, so that their rows are seen below.
        statement.sql.push_str(" FOR UPDATE");
        let entries: Vec<(String, String)> =
            session.query(&statement, |row| Ok((row.try_get(0)?, row.try_get(1)?)))?;
        let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (load_id, entry) in entries.into_iter().filter(|(load_id, _)| *load_id != plan.key.load_id) {
            others.entry(load_id).or_default().push(entry);
        }
        for (load_id, entries) in others {
            tracing::warn!(load_id, "a load that was not completed is undone");
            let present = session.tables(self.dataset())?;
            let mut appends: Vec<Appends> = entries.iter().filter_map(|entry| Appends::read(entry)).collect();
            appends.retain(|table| {
                present.contains(&table.table)
                    && table.parent.as_ref().is_none_or(|link| present.contains(&link.table))
            });
            let mut script = Appends::undo(appends, &PostgresDialect, self.dataset(), &load_id);
            for table in entries.iter().filter_map(|entry| entry.strip_prefix(ledger::STAGED_PREFIX)) {
                script.extend(self.drop_staged(table));
            }
            let left = LoadKey { load_id, ..plan.key.clone() };
            script.extend(ledger::forget(&PostgresDialect, staging, &left).into());
            session.run(&script)?;
            // Its tables stay, and so does what is to be done for them.
            for entry in entries.iter().filter(|entry| entry.starts_with(row_key::PREFIX)) {
                self.claim(session, plan, entry)?;
            }
        }
        Ok(())
    }

    /// Records a load as complete in the transaction that is open, and forgets what is kept for it.
    pub(crate) fn commit(&self, session: &Session, commit: &LoadCommit) -> Result<()> {
        let staging = self.staging_dataset();
        lock::alone(session, staging)?;
        if !self.is_in_flight(session, &commit.key)? {
            let is_complete = self.is_complete(session, &commit.key)?;
            return if is_complete { Ok(()) } else { Err(taken_over(&commit.key)) };
        }
        commit.base.check(&commit.key, self.stored_state(session, &commit.key.pipeline)?.as_ref())?;
        let mut script = SqlScript::from(system_rows::record_load(
            &PostgresDialect,
            self.dataset(),
            &commit.key,
            &commit.schema,
            commit.now_micros,
        ));
        let entries = session.entries(staging, &commit.key)?;
        for table in entries.iter().filter_map(|entry| entry.strip_prefix(ledger::STAGED_PREFIX)) {
            script.extend(self.drop_staged(table));
        }
        script.extend(ledger::forget(&PostgresDialect, staging, &commit.key).into());
        session.run(&script)
    }

    pub(crate) fn is_complete(&self, session: &Session, load: &LoadKey) -> Result<bool> {
        if !session.has_table(self.dataset(), system::LOADS_TABLE)? {
            return Ok(false);
        }
        let statement = system_rows::completed_load(&PostgresDialect, self.dataset(), load);
        Ok(!session.query(&statement, |_| Ok(()))?.is_empty())
    }

    /// Writes a ledger entry in the transaction that is open; `false` if it is there already.
    ///
    /// Where another transaction is about to write the same entry, this waits for its end.
    pub(crate) fn claim(&self, session: &Session, plan: &LoadPlan, entry: &str) -> Result<bool> {
        let mut statement =
            ledger::record(&PostgresDialect, self.staging_dataset(), &plan.key, entry, plan.now_micros);
        statement.sql.push_str(" ON CONFLICT DO NOTHING");
        Ok(session.execute(&statement)? > 0)
    }

    /// Takes a ledger entry back in the transaction that is open; `false` if it is not there.
    pub(crate) fn disclaim(&self, session: &Session, load: &LoadKey, entry: &str) -> Result<bool> {
        let table = PostgresDialect.qualified(&TableRef::new(self.staging_dataset(), ledger::TABLE));
        let statement = Statement::new(
            format!("forget that '{entry}' is recorded"),
            format!("DELETE FROM {table} WHERE pipeline = $1 AND load_id = $2 AND entry = $3"),
        )
        .with_params(vec![load.pipeline.as_str().into(), load.load_id.as_str().into(), entry.into()]);
        Ok(session.execute(&statement)? > 0)
    }

    /// Runs `script` with its ledger entry, unless the entry is there.
    fn once(&self, session: &Session, plan: &LoadPlan, entry: &str, script: &SqlScript) -> Result<()> {
        session.transaction(|| {
            lock::alone(session, self.staging_dataset())?;
            if self.claim(session, plan, entry)? { session.run(script) } else { Ok(()) }
        })
    }

    fn drop_staged(&self, table: &str) -> SqlScript {
        let name = PostgresDialect.qualified(&TableRef::new(self.staging_dataset(), table));
        plain(format!("drop staged rows {table}"), format!("DROP TABLE IF EXISTS {name}")).into()
    }

    pub(crate) fn drop_tables(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        if plan.drop.is_empty() {
            return Ok(());
        }
        let mut script = SqlScript::default();
        for table in &plan.drop {
            let name = PostgresDialect.qualified(&TableRef::new(self.dataset(), table));
            script.push(format!("refresh: drop table {table}"), format!("DROP TABLE IF EXISTS {name}"));
        }
        if session.has_table(self.dataset(), system::VERSION_TABLE)? {
            script.extend(
                system_rows::forget_versions(&PostgresDialect, self.dataset(), &plan.schema.name).into(),
            );
        }
        self.once(session, plan, ledger::DROP, &script)
    }

    pub(crate) fn widen(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        if plan.widen.is_empty() {
            return Ok(());
        }
        self.once(session, plan, ledger::WIDEN, &widen(&PostgresDialect, self.dataset(), plan)?)
    }

    /// Brings the tables up to the schema, stores its version and makes the staged tables.
    pub(crate) fn migrate(&self, session: &Session, plan: &LoadPlan) -> Result<PreparedLoad> {
        let tables = planned_tables(plan)?;
        let indexes = self.capabilities().create_indexes;
        session.transaction(|| {
            lock::alone(session, self.staging_dataset())?;
            let existing = self.existing(session)?;
            let (made, later) = row_key::defer(&tables, &existing, indexes);
            let refs: Vec<&Table> = made.iter().map(AsRef::as_ref).collect();
            let has_rows = |table: &str| self.has_rows(session, table);
            let migration =
                ddl::migrate(&PostgresDialect, self.dataset(), &refs, &existing, indexes, &has_rows)?;
            session.run(&migration.script)?;
            session.execute(&system_rows::store_version(
                &PostgresDialect,
                self.dataset(),
                &plan.schema,
                &plan.schema_document,
                self.capabilities().max_text_length,
                plan.now_micros,
            )?)?;
            for table in later {
                self.claim(session, plan, &format!("{}{table}", row_key::PREFIX))?;
            }
            for (table, _) in tables.iter().filter(|(_, is_staged)| *is_staged) {
                self.make_staged(session, plan, table)?;
            }
            Ok(migration.changes)
        })
    }

    fn make_staged(&self, session: &Session, plan: &LoadPlan, table: &Table) -> Result<()> {
        let target = staged(self, plan, &table.name);
        if !self.claim(session, plan, &ledger::staged_entry(&target.table))? {
            return Ok(());
        }
        let constraints = staged_constraints(plan, table, self.capabilities().create_indexes);
        let create = ddl::create_table(&PostgresDialect, &target, table, constraints)?;
        session.execute(&plain(format!("stage table {}", table.name), create)).map(drop)
    }

    pub(crate) fn truncate(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        if plan.truncate.is_empty() {
            return Ok(());
        }
        let mut script = SqlScript::default();
        let present = session.tables(self.dataset())?;
        for table in plan.truncate.iter().filter(|table| present.contains(table)) {
            let target = TableRef::new(self.dataset(), table);
            script.push(format!("empty table {table}"), PostgresDialect.empty_table(&target));
        }
        self.once(session, plan, ledger::TRUNCATE, &script)
    }

    /// Removes the ledger and the staging dataset where nothing is in flight any more. They stay where we
    /// could not make them again.
    pub(crate) fn tidy(&self, session: &Session) -> Result<()> {
        let staging = self.staging_dataset();
        session.transaction(|| {
            lock::alone(session, staging)?;
            let may_create = Statement::new(
                "whether datasets may be made",
                "SELECT 1 WHERE has_database_privilege(current_database(), 'CREATE')",
            );
            if session.query(&may_create, |_| Ok(()))?.is_empty() {
                return Ok(());
            }
            if session.has_table(staging, ledger::TABLE)? {
                let table = PostgresDialect.qualified(&TableRef::new(staging, ledger::TABLE));
                let in_flight =
                    plain("whether loads are in flight", format!("SELECT 1 FROM {table} LIMIT 1"));
                if !session.query(&in_flight, |_| Ok(()))?.is_empty() {
                    return Ok(());
                }
                session.execute(&plain("remove the empty ledger", format!("DROP TABLE {table}")))?;
            }
            if has_dataset(session, staging)? && session.tables(staging)?.is_empty() {
                let drop_schema = format!("DROP SCHEMA {}", PostgresDialect.dataset(staging));
                session.execute(&plain("remove the empty staging dataset", drop_schema))?;
            }
            Ok(())
        })
    }

    fn existing(&self, session: &Session) -> Result<Existing> {
        let statement = Statement::new(
            "read the columns of the dataset",
            "SELECT c.relname::text, a.attname::text FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
             ORDER BY c.relname, a.attnum",
        )
        .with_params(vec![self.dataset().into()]);
        let columns: Vec<(String, String)> =
            session.query(&statement, |row| Ok((row.try_get(0)?, row.try_get(1)?)))?;
        let mut existing = Existing::default();
        for table in columns.chunk_by(|a, b| a.0 == b.0) {
            existing.insert(&PostgresDialect, &table[0].0, table.iter().map(|(_, column)| column.clone()));
        }
        Ok(existing)
    }

    fn has_rows(&self, session: &Session, table: &str) -> Result<bool> {
        let name = PostgresDialect.qualified(&TableRef::new(self.dataset(), table));
        let statement =
            plain(format!("whether table {table} has rows"), format!("SELECT 1 FROM {name} LIMIT 1"));
        Ok(!session.query(&statement, |_| Ok(()))?.is_empty())
    }
}

pub(crate) fn has_dataset(session: &Session, dataset: &str) -> Result<bool> {
    let statement = Statement::new(
        format!("whether there is a dataset {dataset}"),
        "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
    )
    .with_params(vec![dataset.into()]);
    Ok(!session.query(&statement, |_| Ok(()))?.is_empty())
}

/// The tables of the plan, and whether each is staged.
pub(crate) fn planned_tables(plan: &LoadPlan) -> Result<Vec<(&Table, bool)>> {
    plan.tables
        .iter()
        .map(|planned| {
            let table =
                plan.schema.tables.get(&planned.name).ok_or_else(|| not_in_plan(&planned.name, plan))?;
            Ok((table, planned.staged && !table.is_new()))
        })
        .collect::<Result<_, Error>>()
}

/// A staged table that takes the place of its target has the target's constraints.
pub(crate) fn staged_constraints(plan: &LoadPlan, table: &Table, indexes: bool) -> Constraints {
    let is_among = |tables: &[String]| tables.contains(&table.name);
    let follow_up = plan.chains.iter().find(|chain| is_among(&chain.tables)).map(|chain| &chain.follow_up);
    match follow_up {
        Some(FollowUp::Merge(_)) => Constraints::of_merged(table),
        Some(FollowUp::Replace(ReplaceStrategy::StagingOptimized)) => {
            Constraints { not_null: true, unique: indexes }
        }
        _ => Constraints { not_null: true, unique: false },
    }
}
