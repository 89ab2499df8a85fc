//! What a load needs of a database, tried without leaving anything.

use cartage_destinations_api::{LoadInFlight, Result, SqlScript, Statement, TRIAL_NAME};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::{Dialect, TableRef, ledger};

/// Makes a table in a dataset that is there, and writes a row.
pub fn trial(dialect: &dyn Dialect, dataset: &str) -> SqlScript {
    let table = dialect.qualified(&TableRef::new(dataset, TRIAL_NAME));
    let options = dialect.table_options();
    let mut script = SqlScript::default();
    script.push(format!("create a table in {dataset}"), format!("CREATE TABLE {table} (id BIGINT){options}"));
    script.push(format!("write a row in {dataset}"), format!("INSERT INTO {table} VALUES (1)"));
    script
}

fn drop_trial(dialect: &dyn Dialect, dataset: &str) -> Statement {
    let table = dialect.qualified(&TableRef::new(dataset, TRIAL_NAME));
    Statement::new(format!("remove the table from {dataset}"), format!("DROP TABLE IF EXISTS {table}"))
}

impl<E: SqlEngine> SqlDestination<E> {
    /// Makes datasets and a table in each, writes a row, and takes everything back.
    pub(crate) fn try_writing(&self) -> Result<String> {
        let Some(session) = self.engine().existing_session()? else {
            return Ok("the first load creates the database".to_owned());
        };
        let (dataset, staging) = (&self.datasets().dataset, &self.datasets().staging);
        let mut made = Vec::new();
        let mut try_it = |dataset: &str| {
            let is_there = session.has_dataset(dataset)?;
            session.create_dataset(dataset)?;
            session.run(&trial(self.dialect(), dataset))?;
            made.push(format!("{dataset} {}", if is_there { "(is there)" } else { "(can be created)" }));
            Ok(is_there)
        };
        if self.ddl_commits() {
            for dataset in [dataset, staging] {
                let drop = drop_trial(self.dialect(), dataset);
                if session.has_table(dataset, TRIAL_NAME)? {
                    session.execute(&drop)?;
                }
                let is_there = try_it(dataset)?;
                session.execute(&drop)?;
                if !is_there {
                    session.drop_empty_dataset(dataset)?;
                }
            }
        } else {
            session.undone(|| [dataset, staging].into_iter().try_for_each(|name| try_it(name).map(drop)))?;
        }
        Ok(format!("tables can be created and filled in {}", made.join(" and ")))
    }

    pub(crate) fn all_loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        let staging = &self.datasets().staging;
        let Some(session) = self.engine().existing_session()? else { return Ok(Vec::new()) };
        if !session.has_table(staging, ledger::TABLE)? {
            return Ok(Vec::new());
        }
        let rows = session.query(&ledger::loads_in_flight(self.dialect(), staging))?;
        rows.iter().map(|row| Ok(LoadInFlight::new(row.text(0)?, row.text(1)?))).collect()
    }
}
