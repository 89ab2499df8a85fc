//! The statements of a load, for people.

use std::path::Path;

use cartage_destinations_api::sql::ddl::{self, Existing};
use cartage_destinations_api::sql::{Dialect, SqlScript, TableRef, widen};
use cartage_destinations_api::{Destination, JobFile, LoadPlan, Preview, Result};

use crate::client::Session;
use crate::database::attachment;
use crate::destination::{DuckDb, planned_tables};
use crate::job::ScriptJob;
use crate::schema_sql::DuckDbDialect;
use crate::staged;

/// What a preview is compared with.
enum Database {
    /// Nothing.
    NotAsked,
    /// There is no file yet.
    Absent,
    /// What is there.
    Open(Session),
}

impl Preview for DuckDb {
    fn statements(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        self.script(plan, jobs, &Database::NotAsked)
    }

    fn compares(&self) -> bool {
        true
    }

    fn statements_now(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        let database = self.client.existing()?.map_or(Database::Absent, Database::Open);
        self.script(plan, jobs, &database)
    }
}

impl DuckDb {
    /// The statements, compared with the database as far as it was asked.
    fn script(&self, plan: &LoadPlan, jobs: &[JobFile], database: &Database) -> Result<SqlScript> {
        let is_asked = !matches!(database, Database::NotAsked);
        let session = match database {
            Database::Open(session) => Some(session),
            Database::NotAsked | Database::Absent => None,
        };
        let mut script = SqlScript::default();
        let place = self.client.config().path.as_deref().unwrap_or(Path::new(":memory:"));
        script.push("attach the file by the name that the statements know it by", attachment(place)?);
        let staging = &self.client.config().staging_dataset;
        let is_staged = plan.tables.iter().any(|table| table.staged);
        for (what, dataset) in [("the dataset", self.dataset()), ("the staging dataset", staging.as_str())] {
            let is_there = session.is_some_and(|session| session.has_dataset(dataset).unwrap_or_default());
            let is_needed = what == "the dataset" || is_staged || !is_asked;
            if is_there || !is_needed {
                continue;
            }
            let create = format!("CREATE SCHEMA IF NOT EXISTS {}", DuckDbDialect.dataset(dataset));
            script.push(format!("create {what}"), create);
        }
        for table in &plan.drop {
            let name = DuckDbDialect.qualified(&TableRef::new(self.dataset(), table));
            script.push(format!("refresh: drop table {table}"), format!("DROP TABLE IF EXISTS {name}"));
        }
        script.extend(widen(&DuckDbDialect, self.dataset(), plan)?);
        let tables = planned_tables(plan)?;
        let all: Vec<_> = tables.iter().map(|(table, _)| *table).collect();
        let mut existing = match session {
            Some(session) => session.existing(self.dataset(), &all)?,
            None => Existing::default(),
        };
        for table in &plan.drop {
            existing.forget(&DuckDbDialect, table);
        }
        let has_rows = |table: &str| session.map_or(Ok(false), |session| self.has_rows(session, table));
        let indexes = self.capabilities().create_indexes;
        let migration = ddl::migrate(&DuckDbDialect, self.dataset(), &all, &existing, indexes, &has_rows)?;
        for statement in migration.script.statements {
            let purpose = if is_asked {
                statement.purpose
            } else {
                format!("where it is missing: {}", statement.purpose)
            };
            script.push(purpose, statement.sql);
        }
        let in_flight = tables.iter().filter(|(_, is_staged)| *is_staged).map(|(table, _)| *table);
        let creations = staged::create(&self.client, plan, in_flight)?;
        script.statements.extend(creations.into_iter().map(|(_, create)| create));
        for table in &plan.truncate {
            let target = TableRef::new(self.dataset(), table);
            script.push(format!("empty table {table}"), DuckDbDialect.empty_table(&target));
        }
        for job in jobs {
            script.extend(ScriptJob::insert(&self.client, plan, job)?.script);
        }
        for chain in &plan.chains {
            script.extend(ScriptJob::usual_follow_up(&self.client, plan, chain)?.script);
        }
        Ok(script)
    }
}
