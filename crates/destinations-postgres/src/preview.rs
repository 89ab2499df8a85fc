//! The statements of a load, for people.

use cartage_destinations_api::sql::ddl::{self, Existing};
use cartage_destinations_api::sql::{Dialect, SqlScript, TableRef, widen};
use cartage_destinations_api::{Destination, JobFile, LoadPlan, Preview, Result};

use crate::copy;
use crate::destination::Postgres;
use crate::job::{follow_up_script, not_in_plan, staged, target};
use crate::row_key;
use crate::schema_sql::PostgresDialect;
use crate::steps::{planned_tables, staged_constraints};

impl Preview for Postgres {
    fn statements(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        let mut script = SqlScript::default();
        let staging = &self.pool.config().staging_dataset;
        for (what, dataset) in [("the dataset", self.dataset()), ("the staging dataset", staging.as_str())] {
            let create = format!("CREATE SCHEMA IF NOT EXISTS {}", PostgresDialect.dataset(dataset));
            script.push(format!("create {what}"), create);
        }
        for table in &plan.drop {
            let name = PostgresDialect.qualified(&TableRef::new(self.dataset(), table));
            script.push(format!("refresh: drop table {table}"), format!("DROP TABLE IF EXISTS {name}"));
        }
        script.extend(widen(&PostgresDialect, self.dataset(), plan)?);
        let tables = planned_tables(plan)?;
        let (existing, indexes) = (Existing::default(), self.capabilities().create_indexes);
        let (made, later) = row_key::defer(&tables, &existing, indexes);
        let all: Vec<_> = made.iter().map(AsRef::as_ref).collect();
        let migration =
            ddl::migrate(&PostgresDialect, self.dataset(), &all, &existing, indexes, &|_| Ok(false))?;
        for statement in migration.script.statements {
            script.push(format!("where it is missing: {}", statement.purpose), statement.sql);
        }
        for (table, _) in tables.iter().filter(|(_, is_staged)| *is_staged) {
            let target = staged(self, plan, &table.name);
            let constraints = staged_constraints(plan, &table.name, indexes);
            let create = ddl::create_table(&PostgresDialect, &target, table, constraints)?;
            script.push(format!("stage table {}", table.name), create);
        }
        for table in &plan.truncate {
            let target = TableRef::new(self.dataset(), table);
            script.push(format!("empty table {table}"), PostgresDialect.empty_table(&target));
        }
        for job in jobs {
            let target = target(self, plan, &job.table)?;
            let table = plan.schema.tables.get(&job.table).ok_or_else(|| not_in_plan(&job.table, plan))?;
            let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
            let purpose =
                format!("insert {} into table {}, of the columns those in the file", job.id, job.table);
            script.push(purpose, copy::statement(&target, &columns, true));
        }
        for chain in &plan.chains {
            script.extend(follow_up_script(self, plan, chain)?);
        }
        for (table, _) in tables.iter().filter(|(table, _)| later.contains(&table.name.as_str())) {
            let Some(add) = row_key::statement(self.dataset(), table) else { continue };
            script.push(format!("where the load has made the table: {}", add.purpose), add.sql);
        }
        Ok(script)
    }
}
