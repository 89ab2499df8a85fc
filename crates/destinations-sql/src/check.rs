//! What a load needs of a database, tried without leaving anything.

use cartage_destinations_api::{LoadInFlight, Result, SqlScript, TRIAL_NAME};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::{Dialect, TableRef, ledger};

/// Makes a table in a dataset that is there, and writes a row.
pub fn trial(dialect: &dyn Dialect, dataset: &str) -> SqlScript {
    let table = dialect.qualified(&TableRef::new(dataset, TRIAL_NAME));
    let mut script = SqlScript::default();
    script.push(format!("create a table in {dataset}"), format!("CREATE TABLE {table} (id BIGINT)"));
    script.push(format!("write a row in {dataset}"), format!("INSERT INTO {table} VALUES (1)"));
    script
}

impl<E: SqlEngine> SqlDestination<E> {
    /// Makes datasets and a table in each, writes a row, and takes everything back.
    pub(crate) fn try_writing(&self) -> Result<String> {
        let Some(session) = self.engine().existing_session()? else {
            return Ok("the first load makes the database".to_owned());
        };
        let (dataset, staging) = (&self.datasets().dataset, &self.datasets().staging);
        let mut made = Vec::new();
        session.undone(|| {
            for dataset in [dataset, staging] {
                let is_there = session.has_dataset(dataset)?;
                session.create_dataset(dataset)?;
                session.run(&trial(self.dialect(), dataset))?;
                made.push(format!("{dataset} {}", if is_there { "(is there)" } else { "(can be made)" }));
            }
            Ok(())
        })?;
        Ok(format!("tables can be made and filled in {}", made.join(" and ")))
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
