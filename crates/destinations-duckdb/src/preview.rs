//! The statements of a load, for people.

use std::path::Path;

use cartage_destinations_api::sql::ddl::{self, Existing};
use cartage_destinations_api::sql::{Dialect, SqlScript, TableRef};
use cartage_destinations_api::{Destination, JobFile, LoadPlan, Preview, Result};

use crate::database::attachment;
use crate::destination::{DuckDb, planned_tables};
use crate::job::ScriptJob;
use crate::schema_sql::DuckDbDialect;
use crate::staged;

impl Preview for DuckDb {
    fn statements(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        let mut script = SqlScript::default();
        let place = self.client.config().path.as_deref().unwrap_or(Path::new(":memory:"));
        script.push("attach the file by the name that the statements know it by", attachment(place)?);
        let staging = &self.client.config().staging_dataset;
        for (what, dataset) in [("the dataset", self.dataset()), ("the staging dataset", staging.as_str())] {
            let create = format!("CREATE SCHEMA IF NOT EXISTS {}", DuckDbDialect.dataset(dataset));
            script.push(format!("create {what}"), create);
        }
        for table in &plan.drop {
            let name = DuckDbDialect.qualified(&TableRef::new(self.dataset(), table));
            script.push(format!("refresh: drop table {table}"), format!("DROP TABLE IF EXISTS {name}"));
        }
        let tables = planned_tables(plan)?;
        let all: Vec<_> = tables.iter().map(|(table, _)| *table).collect();
        let (existing, indexes) = (Existing::default(), self.capabilities().create_indexes);
        let migration =
            ddl::migrate(&DuckDbDialect, self.dataset(), &all, &existing, indexes, &|_| Ok(false))?;
        for statement in migration.script.statements {
            script.push(format!("where it is missing: {}", statement.purpose), statement.sql);
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
