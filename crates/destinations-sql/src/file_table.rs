//! Loads files where no transaction holds that: a file goes into a table of its own in the staging dataset first, and one
//! transaction inserts its rows from there and claims the entry of the job.
//!
//! The table is recreated by each attempt, or loading replaces what is in it, so that it does not matter where an
//! earlier one ended. The ledger knows
//! it from the beginning of the load, so that this load or the next one drops it.

use cartage_destinations_api::{JobFile, LoadKey, LoadPlan, Result, SqlScript};
use cartage_schema::Table;

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::TableRef;
use crate::statements::ddl;

impl<E: SqlEngine> SqlDestination<E> {
    /// The table of a file. No table has a load like this one.
    pub(crate) fn file_table(&self, load: &LoadKey, job: &str) -> TableRef {
        // Names of jobs may have characters that those of tables cannot have.
        let name: String = job.chars().map(|each| if each.is_alphanumeric() { each } else { '_' }).collect();
        self.staged(&LoadKey { load_id: format!("{}\0file\0{job}", load.load_id), ..load.clone() }, &name)
    }

    /// Names of the tables of all files of a load.
    pub(crate) fn all_file_tables(&self, plan: &LoadPlan) -> Vec<String> {
        if self.engine().commit_model().bulk {
            return Vec::new();
        }
        plan.jobs.iter().map(|job| self.file_table(&plan.key, job).table).collect()
    }

    /// The statements before a file is loaded: a table which asks for nothing, empty where loading adds to it.
    pub(crate) fn make_file_table(&self, from: &TableRef, table: &Table, job: &JobFile) -> Result<SqlScript> {
        let replaces = self.dialect().loads_replace();
        let mut script = if replaces { SqlScript::default() } else { self.drop_file_table(from, job) };
        script.push(
            format!("create the table of {}", job.id),
            ddl::create_file_table(self.dialect(), from, table, replaces)?,
        );
        Ok(script)
    }

    /// The statement that inserts the rows of a file.
    pub(crate) fn insert_from_file(
        &self,
        from: &TableRef,
        target: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<SqlScript> {
        let columns: Vec<&str> = table.complete_columns().map(|column| column.name.as_str()).collect();
        let columns = self.dialect().column_list(&columns);
        let values = table.complete_columns().map(|column| self.dialect().value_of_file(column));
        let values = values.collect::<Result<Vec<_>>>()?.join(", ");
        let (from, target) = (self.dialect().qualified(from), self.dialect().qualified(target));
        let mut script = SqlScript::default();
        script.push(
            format!("insert the rows of {} into table {}", job.id, job.table),
            format!("INSERT INTO {target} ({columns}) SELECT {values} FROM {from}"),
        );
        Ok(script)
    }

    /// The statement after the rows were inserted.
    pub(crate) fn drop_file_table(&self, from: &TableRef, job: &JobFile) -> SqlScript {
        let mut script = SqlScript::default();
        script.push(
            format!("drop the table of {}", job.id),
            format!("DROP TABLE IF EXISTS {}", self.dialect().qualified(from)),
        );
        script
    }

    /// Brings a file into its own table.
    pub(crate) fn fill(
        &self,
        session: &E::Session<'_>,
        from: &TableRef,
        table: &Table,
        job: &JobFile,
    ) -> Result<()> {
        session.run(&self.make_file_table(from, table, job)?)?;
        self.engine().load_file(session, from, table, job).map(drop)
    }
}
