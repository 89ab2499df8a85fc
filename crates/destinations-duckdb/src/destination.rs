//! [`DuckDb`]: carries out the plan of a load.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use cartage_destinations_api::sql::ddl;
use cartage_destinations_api::sql::{
    Appends, Dialect, SqlScript, Statement, TableRef, ledger, system_rows, widen,
};
use cartage_destinations_api::{
    Capabilities, Chain, ConnectRequest, DatasetReader, Description, Destination, Job, JobFile, LoadCommit,
    LoadInFlight, LoadKey, LoadPlan, LoadStatus, PreparedLoad, Preview, Probe, Result, Staging, StateSync,
    system, taken_over,
};
use cartage_schema::Table;

use crate::check;
use crate::client::{Client, Session, not_in_plan};
use crate::config::Config;
use crate::job::ScriptJob;
use crate::schema_sql::DuckDbDialect;
use crate::staged;

/// One dataset in a DuckDB database.
#[derive(Clone, Debug)]
pub struct DuckDb {
    pub(crate) client: Arc<Client>,
    capabilities: Capabilities,
}

impl DuckDb {
    /// Reads the settings. The file is opened by the first call that needs it.
    ///
    /// # Errors
    /// Invalid if a setting is unknown or its value cannot be.
    pub fn connect(request: &ConnectRequest) -> Result<Self> {
        let config = Config::read(request)?;
        let mut capabilities =
            Capabilities::of("duckdb").expect("the api knows duckdb").with_settings(&config.common)?;
        capabilities.max_parallel_load_jobs.get_or_insert(config.parallel_jobs());
        Ok(Self { client: Arc::new(Client::new(config)), capabilities })
    }

    pub(crate) fn dataset(&self) -> &str {
        &self.client.config().dataset
    }

    fn staging_dataset(&self) -> &str {
        &self.client.config().staging_dataset
    }

    /// Checks what the load builds on, makes the ledger, takes over from other loads of the pipeline and
    /// writes this one into the ledger, so that no other load removes it.
    fn begin(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        let database = self.client.database()?;
        let _alone = database.ledger.write().unwrap_or_else(PoisonError::into_inner);
        let staging = self.staging_dataset();
        session.transaction(|| {
            plan.base.check(&plan.key, self.stored_state(session, &plan.key.pipeline)?.as_ref())?;
            let entries = if session.has_table(staging, ledger::TABLE)? {
                self.take_over(session, plan)?;
                session.entries(staging, &plan.key)?
            } else {
                session.run(&ledger::create(&DuckDbDialect, staging))?;
                Vec::new()
            };
            let appends = Appends::of(plan).into_iter().map(|table| table.entry());
            let wanted: Vec<String> = std::iter::once(ledger::BEGUN.to_owned()).chain(appends).collect();
            let missing: Vec<&str> =
                wanted.iter().filter(|entry| !entries.contains(entry)).map(String::as_str).collect();
            session.run(&ledger::record_all(
                &DuckDbDialect,
                staging,
                &plan.key,
                &missing,
                plan.now_micros,
            ))?;
            let schema = format!("CREATE SCHEMA IF NOT EXISTS {}", DuckDbDialect.dataset(self.dataset()));
            session.execute(&Statement::new("create the dataset", schema)).map(drop)
        })
    }

    /// Removes what other loads of this pipeline have written, and forgets them.
    fn take_over(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        let staging = self.staging_dataset();
        let statement = ledger::entries_of_pipeline(&DuckDbDialect, staging, &plan.key.pipeline);
        let entries: Vec<(String, String)> =
            session.query(&statement, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (load_id, entry) in entries.into_iter().filter(|(load_id, _)| *load_id != plan.key.load_id) {
            others.entry(load_id).or_default().push(entry);
        }
        for (load_id, entries) in others {
            tracing::warn!(load_id, "a load that was not completed is undone");
            let mut appends: Vec<Appends> = entries.iter().filter_map(|entry| Appends::read(entry)).collect();
            let present = session.tables(self.dataset())?;
            let is_present = |table: &str| present.iter().any(|name| name.eq_ignore_ascii_case(table));
            appends.retain(|table| {
                is_present(&table.table) && table.parent.as_ref().is_none_or(|link| is_present(&link.table))
            });
            let mut script = Appends::undo(appends, &DuckDbDialect, self.dataset(), &load_id);
            for table in entries.iter().filter_map(|entry| entry.strip_prefix(ledger::STAGED_PREFIX)) {
                script.extend(self.drop_staged(table));
            }
            let left = LoadKey { load_id, ..plan.key.clone() };
            script.extend(ledger::forget(&DuckDbDialect, staging, &left).into());
            session.run(&script)?;
        }
        Ok(())
    }

    fn drop_staged(&self, table: &str) -> SqlScript {
        let name = DuckDbDialect.qualified(&TableRef::new(self.staging_dataset(), table));
        Statement::new(format!("drop staged rows {table}"), format!("DROP TABLE IF EXISTS {name}")).into()
    }

    /// Runs `script` with its ledger entry, unless the entry is there.
    fn once(&self, session: &Session, plan: &LoadPlan, entry: &str, script: &SqlScript) -> Result<()> {
        let staging = self.staging_dataset();
        session.transaction(|| {
            if session.has_entry(staging, &plan.key, entry)? {
                return Ok(());
            }
            session.run(script)?;
            session
                .execute(&ledger::record(&DuckDbDialect, staging, &plan.key, entry, plan.now_micros))
                .map(drop)
        })
    }

    fn drop_tables(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        if plan.drop.is_empty() {
            return Ok(());
        }
        let mut script = SqlScript::default();
        for table in &plan.drop {
            let name = DuckDbDialect.qualified(&TableRef::new(self.dataset(), table));
            script.push(format!("refresh: drop table {table}"), format!("DROP TABLE IF EXISTS {name}"));
        }
        if session.has_table(self.dataset(), system::VERSION_TABLE)? {
            script.extend(
                system_rows::forget_versions(&DuckDbDialect, self.dataset(), &plan.schema.name).into(),
            );
        }
        self.once(session, plan, ledger::DROP, &script)
    }

    fn widen(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        if plan.widen.is_empty() {
            return Ok(());
        }
        self.once(session, plan, ledger::WIDEN, &widen(&DuckDbDialect, self.dataset(), plan)?)
    }

    pub(crate) fn has_rows(&self, session: &Session, table: &str) -> Result<bool> {
        let name = DuckDbDialect.qualified(&TableRef::new(self.dataset(), table));
        let statement = Statement::new(
            format!("whether table {table} has rows"),
            format!("SELECT 1 FROM {name} LIMIT 1"),
        );
        Ok(!session.query(&statement, |_| Ok(()))?.is_empty())
    }

    /// Brings the tables up to the schema, stores its version and makes the staged tables.
    fn migrate(&self, session: &Session, plan: &LoadPlan) -> Result<PreparedLoad> {
        let tables = planned_tables(plan)?;
        let refs: Vec<&Table> = tables.iter().map(|(table, _)| *table).collect();
        session.transaction(|| {
            let existing = session.existing(self.dataset(), &refs)?;
            let has_rows = |table: &str| self.has_rows(session, table);
            let indexes = self.capabilities.create_indexes;
            let migration =
                ddl::migrate(&DuckDbDialect, self.dataset(), &refs, &existing, indexes, &has_rows)?;
            session.run(&migration.script)?;
            session.execute(&system_rows::store_version(
                &DuckDbDialect,
                self.dataset(),
                &plan.schema,
                &plan.schema_document,
                self.capabilities.max_text_length,
                plan.now_micros,
            )?)?;
            let in_flight = tables.iter().filter(|(_, is_staged)| *is_staged).map(|(table, _)| *table);
            for (target, create) in staged::create(&self.client, plan, in_flight)? {
                make_staged(session, plan, &target, &create)?;
            }
            Ok(migration.changes)
        })
    }

    fn truncate(&self, session: &Session, plan: &LoadPlan) -> Result<()> {
        if plan.truncate.is_empty() {
            return Ok(());
        }
        let mut script = SqlScript::default();
        for table in &plan.truncate {
            if session.has_table(self.dataset(), table)? {
                let target = TableRef::new(self.dataset(), table);
                script.push(format!("empty table {table}"), DuckDbDialect.empty_table(&target));
            }
        }
        self.once(session, plan, ledger::TRUNCATE, &script)
    }

    fn commit(&self, session: &Session, commit: &LoadCommit) -> Result<()> {
        let staging = self.staging_dataset();
        let entries = session.entries(staging, &commit.key)?;
        if !entries.iter().any(|entry| entry == ledger::BEGUN) {
            let is_complete = self.is_complete(session, &commit.key)?;
            return if is_complete { Ok(()) } else { Err(taken_over(&commit.key)) };
        }
        commit.base.check(&commit.key, self.stored_state(session, &commit.key.pipeline)?.as_ref())?;
        let mut script = SqlScript::from(system_rows::record_load(
            &DuckDbDialect,
            self.dataset(),
            &commit.key,
            &commit.schema,
            commit.now_micros,
        ));
        for table in entries.iter().filter_map(|entry| entry.strip_prefix(ledger::STAGED_PREFIX)) {
            script.extend(self.drop_staged(table));
        }
        script.extend(ledger::forget(&DuckDbDialect, staging, &commit.key).into());
        session.run(&script)
    }

    fn is_complete(&self, session: &Session, load: &LoadKey) -> Result<bool> {
        if !session.has_table(self.dataset(), system::LOADS_TABLE)? {
            return Ok(false);
        }
        let statement = system_rows::completed_load(&DuckDbDialect, self.dataset(), load);
        Ok(!session.query(&statement, |_| Ok(()))?.is_empty())
    }

    /// Removes the ledger and the staging dataset where nothing is in flight any more. Another load of
    /// this process that is at work keeps them; it removes them at its own end.
    fn tidy(&self, session: &Session) -> Result<()> {
        let database = self.client.database()?;
        let Ok(_alone) = database.ledger.try_write() else { return Ok(()) };
        let staging = self.staging_dataset();
        let table = DuckDbDialect.qualified(&TableRef::new(staging, ledger::TABLE));
        if session.has_table(staging, ledger::TABLE)? {
            let statement =
                Statement::new("whether loads are in flight", format!("SELECT 1 FROM {table} LIMIT 1"));
            if !session.query(&statement, |_| Ok(()))?.is_empty() {
                return Ok(());
            }
        }
        let ledger = Statement::new("remove the empty ledger", format!("DROP TABLE IF EXISTS {table}"));
        let drop = format!("DROP SCHEMA IF EXISTS {}", DuckDbDialect.dataset(staging));
        let dataset = Statement::new("remove the empty staging dataset", drop);
        let both = session.transaction(|| {
            session.execute(&ledger)?;
            session.execute(&dataset)
        });
        // DuckDB refuses to drop a dataset that has something in it.
        both.or_else(|_| session.execute(&ledger)).map(std::mem::drop)
    }
}

/// Bytes of files from which a load leaves its small row groups as they are.
const LARGE_LOAD: u64 = 16 << 20;

/// Lets checkpoints join small row groups unless the load is large and removes no rows.
///
/// Every thread leaves a small row group at the end of a job. Joining them writes their big neighbours
/// once more, which takes as long as loading them did, while a few small ones harm nobody. Small loads must
/// join them: each would leave one more in every table, with half a megabyte in the file.
fn set_vacuum(session: &Session, plan: &LoadPlan) -> Result<()> {
    let only_appends = plan.chains.is_empty() && plan.truncate.is_empty();
    let leaves_them = only_appends && plan.bytes >= LARGE_LOAD;
    let sql = if leaves_them { "SET GLOBAL max_vacuum_tasks = 0" } else { "RESET GLOBAL max_vacuum_tasks" };
    session.execute(&Statement::new("choose whether checkpoints join row groups", sql)).map(drop)
}

/// Makes a staged table and remembers it, unless it was made before.
fn make_staged(session: &Session, plan: &LoadPlan, target: &TableRef, create: &Statement) -> Result<()> {
    let entry = ledger::staged_entry(&target.table);
    if session.has_entry(&target.dataset, &plan.key, &entry)? {
        return Ok(());
    }
    session.execute(create)?;
    let record = ledger::record(&DuckDbDialect, &target.dataset, &plan.key, &entry, plan.now_micros);
    session.execute(&record).map(drop)
}

/// The tables of the plan that have a column, and whether each is staged.
pub(crate) fn planned_tables(plan: &LoadPlan) -> Result<Vec<(&Table, bool)>> {
    plan.tables
        .iter()
        .map(|planned| {
            let table =
                plan.schema.tables.get(&planned.name).ok_or_else(|| not_in_plan(&planned.name, &plan.key))?;
            Ok((table, planned.staged && !table.is_new()))
        })
        .collect()
}

impl Destination for DuckDb {
    fn description(&self) -> Description {
        let location = match &self.client.config().path {
            Some(path) => path.display().to_string(),
            None => ":memory:".to_owned(),
        };
        let look = format!("duckdb {location}");
        Description::new("duckdb", location, self.dataset()).look_with(look)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        let Some(session) = self.client.existing()? else { return Ok(LoadStatus::New) };
        // The commit clears the ledger, so a load with entries is not complete.
        if !session.entries(self.staging_dataset(), load)?.is_empty() {
            return Ok(LoadStatus::Started);
        }
        let complete = self.is_complete(&session, load)?;
        Ok(if complete { LoadStatus::Complete } else { LoadStatus::New })
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        let _look = self.client.look();
        let session = self.client.session()?;
        self.begin(&session, plan)?;
        self.client.set_in_flight(true);
        set_vacuum(&session, plan)?;
        self.drop_tables(&session, plan)?;
        self.widen(&session, plan)?;
        let changes = self.migrate(&session, plan)?;
        self.truncate(&session, plan)?;
        Ok(changes)
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        self.capabilities.file_format(Some(job.format))?;
        Ok(Box::new(ScriptJob::insert(&self.client, plan, job)?))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        let _look = self.client.look();
        let session = self.client.session()?;
        session.transaction(|| self.commit(&session, commit))?;
        self.client.set_in_flight(false);
        if let Err(error) = self.tidy(&session) {
            // The load is complete; the next one tidies up.
            tracing::debug!(%error, "the staging dataset could not be removed");
        }
        Ok(())
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        check::probes(self)
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        check::loads_in_flight(self)
    }

    fn staging(&self) -> Option<&dyn Staging> {
        Some(self)
    }

    fn preview(&self) -> Option<&dyn Preview> {
        Some(self)
    }

    fn state_sync(&self) -> Option<&dyn StateSync> {
        Some(self)
    }

    fn reader(&self) -> Option<&dyn DatasetReader> {
        Some(self)
    }
}

impl Staging for DuckDb {
    fn open_follow_up<'a>(&'a self, plan: &'a LoadPlan, chain: &'a Chain) -> Result<Box<dyn Job + 'a>> {
        Ok(Box::new(ScriptJob::follow_up(&self.client, plan, chain)?))
    }
}
