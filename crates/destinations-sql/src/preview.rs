//! The statements of a load, for people.

use cartage_destinations_api::{JobFile, LoadPlan, Preview, Result, SqlScript};
use cartage_schema::Table;

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::late_keys::Made;
use crate::statements::ddl::{self, Existing};
use crate::statements::widen;
use crate::swap::swaps;
use crate::targets::{planned_tables, schema_table};

/// What a preview is compared with.
enum Database<S> {
    /// The destination was not asked.
    NotAsked,
    /// There is none yet.
    Absent,
    /// An existing database, which is only read.
    Open(S),
}

impl<E: SqlEngine> Preview for SqlDestination<E> {
    fn statements(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        self.script(plan, jobs, &Database::NotAsked)
    }

    fn compares(&self) -> bool {
        true
    }

    fn statements_now(&self, plan: &LoadPlan, jobs: &[JobFile]) -> Result<SqlScript> {
        let database = self.engine().existing_session()?.map_or(Database::Absent, Database::Open);
        self.script(plan, jobs, &database)
    }
}

impl<E: SqlEngine> SqlDestination<E> {
    /// The statements, compared with the database as far as it was asked.
    fn script(
        &self,
        plan: &LoadPlan,
        jobs: &[JobFile],
        database: &Database<E::Session<'_>>,
    ) -> Result<SqlScript> {
        let mut script = self.engine().preamble()?;
        script.extend(self.create_datasets(plan, database)?);
        script.extend(self.drops(plan));
        script.extend(widen(self.dialect(), &self.datasets().dataset, plan)?);
        let later = self.migration(plan, database, &mut script)?;
        script.statements.extend(self.staged_tables(plan)?.into_iter().map(|(_, create)| create));
        script.statements.extend(plan.truncate.iter().map(|table| self.empty(table)));
        for job in jobs {
            let (target, table) = (self.target(plan, &job.table)?, schema_table(plan, &job.table)?);
            if self.engine().commit_model().bulk {
                script.extend(self.engine().load_statement(&target, table, job)?.into());
                continue;
            }
            let from = self.file_table(&plan.key, &job.id);
            if !self.holds_rows() {
                let attempt = Self::attempt(&from, "attempt");
                script.extend(self.make_like(&attempt, &target));
                script.extend(self.engine().load_statement(&attempt, table, job)?.into());
                script.extend(self.finish_attempt(&attempt, &from).into());
                script.extend(self.show_move(&from, &target));
                continue;
            }
            script.extend(self.make_file_table(&from, table, job)?);
            script.extend(self.engine().load_statement(&from, table, job)?.into());
            script.extend(self.insert_from_file(&from, &target, table, job)?);
            script.extend(self.drop_file_table(&from, job));
        }
        for chain in &plan.chains {
            let tables = self.chained(plan, chain)?;
            let moves = !self.holds_rows() && !swaps(chain.follow_up);
            if moves {
                script.extend(self.make_arrivals(&tables));
            }
            let follow_up = || self.follow_up_script(plan, chain, &tables, None);
            script.extend(self.engine().before_transaction(&follow_up)?);
            script.extend(follow_up()?);
            for table in tables.iter().filter(|_| moves) {
                script.extend(self.show_move(&table.arrivals, &table.target));
            }
        }
        for name in later {
            let Some(add) = self.late_key(schema_table(plan, &name)?) else { continue };
            script.push(format!("where the load has made the table: {}", add.purpose), add.sql);
        }
        Ok(script)
    }

    fn create_datasets(&self, plan: &LoadPlan, database: &Database<E::Session<'_>>) -> Result<SqlScript> {
        let (dataset, staging) = (&self.datasets().dataset, &self.datasets().staging);
        let is_staged = plan.tables.iter().any(|table| table.staged);
        let mut script = SqlScript::default();
        for (what, name) in [("the dataset", dataset), ("the staging dataset", staging)] {
            let is_needed = match database {
                Database::NotAsked => true,
                Database::Absent => name == dataset || is_staged,
                Database::Open(session) => (name == dataset || is_staged) && !session.has_dataset(name)?,
            };
            if is_needed && let Some(create) = self.dialect().create_dataset(name) {
                script.push(format!("create {what}"), create);
            }
        }
        Ok(script)
    }

    /// Adds what changes the tables; returns the names of those whose keys are added later.
    fn migration(
        &self,
        plan: &LoadPlan,
        database: &Database<E::Session<'_>>,
        script: &mut SqlScript,
    ) -> Result<Vec<String>> {
        let dataset = &self.datasets().dataset;
        let tables = planned_tables(plan)?;
        let all: Vec<&Table> = tables.iter().map(|planned| planned.table).collect();
        let mut existing = match database {
            Database::Open(session) => session.existing(dataset, &all)?,
            Database::NotAsked | Database::Absent => Existing::default(),
        };
        for table in &plan.drop {
            existing.forget(self.dialect(), table);
        }
        let has_rows = |table: &str| match database {
            Database::Open(session) => self.has_rows(session, table),
            Database::NotAsked | Database::Absent => Ok(false),
        };
        let Made { tables: made, later } = self.made(&tables, &existing);
        let made: Vec<&Table> = made.iter().map(AsRef::as_ref).collect();
        let indexes = self.engine().capabilities().tables.create_indexes;
        let migration = ddl::migrate(self.dialect(), dataset, &made, &existing, indexes, &has_rows)?;
        for mut statement in migration.script.statements {
            if matches!(database, Database::NotAsked) {
                statement.purpose = format!("where it is missing: {}", statement.purpose);
            }
            script.statements.push(statement);
        }
        Ok(later.into_iter().map(str::to_owned).collect())
    }
}
